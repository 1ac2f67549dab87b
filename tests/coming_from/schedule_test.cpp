// The lines of docs/coming_from/schedule.md.
#include "coming_from/same.hpp"

namespace carillon::coming_from {

using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

/// A program with a loop of its own, and a clock that it moves.
struct loop_of_schedule {
  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(testing::simulation_start);
  scheduler_options options = quiet();
  embedded_scheduler scheduler{options};

  scheduler_options quiet() const {
    scheduler_options made;
    made.clock = clock;
    made.instance = "embedded";
    made.time_zone = zone{};
    made.drain = 0ms;
    made.logger = std::make_shared<spdlog::logger>("test");
    return made;
  }
  void pass(milliseconds time) {
    static_cast<void>(scheduler.next_wakeup());  // What was asked for before has been done.
    asio::post(scheduler->get_executor(), asio::use_future([&] { clock->advance(time); })).get();
    static_cast<void>(scheduler.next_wakeup());  // By then all that is due has been claimed.
    scheduler.run_pending();
  }
};

}  // namespace

TEST_SUITE("coming from schedule") {
  TEST_CASE("its loop") {
    loop_of_schedule world;
    auto& scheduler = world.scheduler;
    std::vector<std::string> said;
    const auto work = [&] { said.push_back("work"); };
    const auto greet = [&](const std::string& whom) { said.push_back(whom); };
    bool done = false;
    const auto noon = testing::simulation_start + 12h;
    const auto sleep = [&](milliseconds) {
      world.pass(5min);
      done = world.clock->now() > noon;
    };
    scheduler->add("work", every(10).minutes(), work);
    scheduler->add("greet", every().day().at("10:30"), carillon::bind(greet, "Anna"));
    while (!done) {
      scheduler.run_pending();
      sleep(1s);
    }
    CHECK(std::ranges::count(said, "work") == 72);
    CHECK(std::ranges::count(said, "Anna") == 1);
  }

  TEST_CASE("its words for when") {
    same(every(10).seconds(), "every 10s");
    same(every().second(), "every 1s");
    same(every(5).minutes(), "every 5m");
    same(every(3).hours(), "every 3h");
    same(every(2).days(), "every 2d");
    same(every(2).weeks(), "every 2w");
    same(every().monday(), "every 1w from monday");
    same(every().day().at("10:30"), "every day at 10:30");
    same(every().day().at("10:30", "Europe/Oslo"), "every day at 10:30 in Europe/Oslo");
    same(every(2).days().at("10:30"), "every 2 days at 10:30");
    same(every().wednesday().at("13:15"), "every wed at 13:15");
    same(every().hour().at(":30"), "every hour at :30");
    same(every(6).hours().at("34:19"), "every 6 hours at 34:19");
    same(every().minute().at(":17"), "every minute at :17");
    same(every(5).to(10).seconds(), "every 5s..10s");
    same(every().hour().until("18:30"), "every 1h until 18:30");
    same(every().hour().until(8h), "every 1h until 8h");
    same(every().hour().until("2026-12-31 18:30"), "every 1h until 2026-12-31T18:30");
    same(every().weekday().at("09:00"), "every weekday at 09:00");
    same(every().day().at("09:00,12:00,18:00"), "every day at 09:00,12:00,18:00");
    same(every(5).minutes().from("09:00").to("17:00"), "every 5m from 09:00 to 17:00");
    same(every(3).months().on(15).at("08:00"), "every 3 months on 15 at 08:00");
  }

  TEST_CASE("its functions") {
    loop_of_schedule world;
    auto& scheduler = world.scheduler;
    int works = 0;
    int runs = 0;
    std::string greeted;
    const auto work = [&] { ++works; };
    const auto greet = [&](const std::string& whom) { greeted = whom; };
    scheduler->add("work", every().hour(), work);
    scheduler->add("greet", every().day(), carillon::bind(greet, "Anna"));
    scheduler->add("again", every().hour(), [&] { ++runs; });
    scheduler->add("report", every().day().at("06:00").tag("reports", "daily"), work);
    scheduler.run_pending();

    auto idle = scheduler.next_wakeup();
    CHECK(idle == 1h);
    auto next = scheduler->next_runs(1, "", asio::use_future).get();
    REQUIRE(next.size() == 1);
    CHECK(next[0].at == testing::simulation_start + 1h);
    auto all = scheduler->list(job_query(), asio::use_future).get().jobs;
    CHECK(all.size() == 4);
    job_query reports;
    reports.tags = {"reports"};
    auto tagged = scheduler->list(reports, asio::use_future).get().jobs;
    REQUIRE(tagged.size() == 1);
    CHECK(tagged[0].id() == "report");

    world.pass(1h);
    CHECK(works == 1);
    CHECK(runs == 1);
    auto last = scheduler->get("work", asio::use_future).get()->last_fire;
    CHECK(last == testing::simulation_start + 1h);

    for (const auto& job : all) scheduler->run_now(job.id(), asio::use_future).get();
    world.pass(1ms);
    CHECK(works == 3);
    CHECK(greeted == "Anna");

    scheduler->remove("work", asio::use_future).get();
    CHECK(scheduler->get("work", asio::use_future).get()->state == job_state::removed);
    for (const auto& job : tagged) scheduler->remove(job.id(), asio::use_future).get();
    CHECK(scheduler->list(reports, asio::use_future).get().jobs.empty());
    scheduler->clear(asio::use_future).get();
    CHECK(scheduler->list(job_query(), asio::use_future).get().jobs.empty());
  }

  TEST_CASE("a job that ends itself, and a single call") {
    loop_of_schedule world;
    auto& scheduler = world.scheduler;
    int tries = 0;
    const auto work = [&] { ++tries; };
    scheduler->add("one try", every(5s), [&](run& run) { scheduler->remove(run.job_id(), asio::detached); });
    scheduler.run_pending();
    world.pass(5s);
    CHECK(scheduler->get("one try", asio::use_future).get()->state == job_state::removed);
    auto call = scheduler->once(10min, work);
    world.pass(1s);
    CHECK(call.pending());
    world.pass(10min);
    CHECK(tries == 1);
    CHECK_FALSE(call.cancel());
  }

  TEST_CASE("the calls of sched and threading.Timer") {
    loop_of_schedule world;
    auto& scheduler = world.scheduler;
    std::string order;
    const auto work = [&] { order += "w"; };
    auto common = scheduler->once(5s, [&] { order += "c"; });
    auto urgent = delayed_options();
    urgent.priority = 10;
    auto soon = scheduler->once(5s, work, urgent);
    auto then = scheduler->once_at(scheduler->now() + 1h, work);
    auto queue = scheduler->next_runs(100, "", asio::use_future).get();
    CHECK(queue.size() == 3);
    world.pass(5s);
    CHECK(order == "wc");
    CHECK_FALSE(soon.cancel());
    CHECK_FALSE(common.pending());
    CHECK(then.cancel());
    world.pass(2h);
    CHECK(order == "wc");

    const auto start = testing::simulation_start;
    scheduler_options options;
    options.clock = std::make_shared<manual_clock>(start);
    CHECK(options.clock->now() == start);
  }
}

}  // namespace carillon::coming_from
