// The lines of docs/coming_from/quartz.md.
#include <carillon/sql/job_store.hpp>

#include "coming_from/same.hpp"

namespace carillon::coming_from {

using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

struct quartz_world : testing::scheduler_world {
  std::vector<int> copies_sent;
  std::vector<std::string> heard_kinds;
};

asio::awaitable<void> operate_as_quartz(quartz_world& world) {
  auto& scheduler = world.scheduler;
  const auto send_report = [&world](int copies) { world.copies_sent.push_back(copies); };
  const auto heard = [&world](const event& what) { world.heard_kinds.emplace_back(name(what.kind)); };
  scheduler.task("report", send_report);
  auto report = job("billing/report").when("quartz 0 0 9 ? * MON-FRI").task("report").args(3);
  co_await scheduler.put(std::move(report));
  auto again = job("billing/report").when("quartz 0 0 9 ? * MON-FRI").task("report").args(4);
  co_await scheduler.put(std::move(again), on_conflict::replace);
  auto listening = scheduler.on(event_filter(run_ends).of_job("billing/report"), heard);
  job_query billing;
  billing.id_prefix = "billing/";
  const auto page = co_await scheduler.list(billing);
  CHECK(page.jobs.size() == 1);
  const auto fires = co_await scheduler.next_runs(5, "billing/report");
  CHECK(fires.front().at == testing::simulation_start + 9h);
  co_await scheduler.reschedule("billing/report", quartz("0 0 10 ? * MON-FRI"));
  co_await scheduler.pause("billing/report", "month end");
  const auto found = co_await scheduler.get("billing/report");
  CHECK(found->state == job_state::paused);
  co_await scheduler.resume("billing/report", resume_from::catch_up);
  co_await scheduler.run_now("billing/report");
  co_await world.sleep(1s);
  CHECK(world.copies_sent == std::vector<int>{4});
  CHECK(world.heard_kinds == std::vector<std::string>{"run_succeeded"});
  const auto sent = co_await scheduler.run_now("billing/report", and_wait(30s));
  CHECK(sent->succeeded());
  scheduler.add("billing/archive", after("billing/report"), [] {});
  co_await scheduler.cancel_runs("billing/report");
  co_await scheduler.remove("billing/report");
  const auto gone = co_await scheduler.get("billing/report");
  CHECK_FALSE(gone.has_value());
  co_await scheduler.pause_all();
  co_await scheduler.resume_all();
  co_await scheduler.shutdown();
}

}  // namespace

TEST_SUITE("coming from Quartz") {
  TEST_CASE("its triggers") {
    same(quartz("0 0 12 * * ?"), "quartz 0 0 12 * * ?");
    same(quartz("0 15 10 ? * 6L"), "quartz 0 15 10 ? * 6L");
    same(quartz("0 15 10 ? * 6#3"), "quartz 0 15 10 ? * 6#3");
    same(quartz("0 0 9 LW * ?"), "quartz 0 0 9 LW * ?");
    same(quartz("0 0 9 15W * ?"), "quartz 0 0 9 15W * ?");
    same(quartz("0 0 12 L-3 * ?"), "quartz 0 0 12 L-3 * ?");
    same(quartz("0 0 0 1 1 ? 2026-2030"), "quartz 0 0 0 1 1 ? 2026-2030");
    same(quartz("0 30 2 * * ?").in("Europe/Oslo").like("quartz"),
         "quartz 0 30 2 * * ? in Europe/Oslo gap skip overlap second");
    same(every(10s).immediately(), "every 10s immediately");
    same(every(10s).immediately().limit(5), "every 10s limit 5 immediately");
    same(every(1h).starting("2026-01-05T08:00").until("2026-12-31 18:00"),
         "every 1h starting 2026-01-05T08:00 until 2026-12-31T18:00");
    same(every().month().on(31).at("08:00").clamp(), "every month on 31 at 08:00 clamp");
    same(every(5).minutes().from("09:00").to("17:00").on("mon-fri"),
         "every 5m from 09:00 to 17:00 on mon-fri");
    same(every().weekday().at("09:00").build().except("calendar holidays"),
         "(every weekday at 09:00) except calendar holidays");
    same(trigger{every(5min)}.except(cron("* * * * sat,sun")), "(every 5m) except (cron * * * * sat,sun)");
    same(any_of({quartz("0 0 9 ? * MON-FRI"), quartz("0 0 12 ? * SAT")}),
         "(quartz 0 0 9 ? * MON-FRI) or (quartz 0 0 12 ? * SAT)");
    const testing::added_job added{"2026-01-01T00:00Z"};
    CHECK(added.fires("every 10s limit 5 immediately", 2) ==
          "2026-01-01T00:00:10+00:00 2026-01-01T00:00:20+00:00");
    CHECK(added.fires("quartz 0 15 10 ? * 6#3", 1) == "2026-01-16T10:15:00+00:00");
  }

  TEST_CASE("its first program") {
    quartz_world world;
    auto& io = world.io;
    auto& scheduler = world.scheduler;
    const auto send_report = [&](int copies) { world.copies_sent.push_back(copies); };
    scheduler.add("billing/report", quartz("0 0 9 ? * MON-FRI").in("Europe/Oslo"),
                  carillon::bind(send_report, 3));
    asio::co_spawn(io, scheduler.run(), asio::detached);
    world.pass(48h);
    CHECK(world.copies_sent == std::vector<int>{3, 3});
    world.stop();
  }

  TEST_CASE("its operations") {
    quartz_world world;
    world.start();
    world.run(operate_as_quartz(world));
    world.settle();
    CHECK_FALSE(world.is_running());
  }

  TEST_CASE("its options") {
    job_options options;
    options.misfire_grace = 60s;
    CHECK(options.misfire_grace == 60s);
    options.misfire_grace = std::nullopt;
    options.coalesce = coalesce_policy::all;
    options.max_instances = 10'000;
    CHECK_NOTHROW(check(options));
    options.max_instances = 1;
    options.on_overlap = overlap_action::queue;
    options.on_lost = lost_action::rerun;
    options.carries = true;
    options.priority = 10;
    options.retry.attempts = 3;
    options.pause_after = 1;
    options.keep = true;
    options.description = "Sends the report";
    CHECK_NOTHROW(check(options));

    asio::io_context io;
    scheduler_options settings;
    settings.instance = "cellar";
    carillon::scheduler scheduler{io, settings};
    thread_executor_options ten;
    ten.threads = 10;
    scheduler.executor("threads", std::make_shared<thread_executor>(ten));
    CHECK_NOTHROW(scheduler.add("report", every(1h), [] {}, options));
  }

  TEST_CASE("its store in a database") {
    const std::string url = "sqlite:jobs.db";
    asio::io_context io;
    carillon::scheduler scheduler{io, sql::job_store{{.url = url}}};  // Opened by run(), not before.
    CHECK_NOTHROW(scheduler.add("report", every(1h), [] {}));
  }
}

}  // namespace carillon::coming_from
