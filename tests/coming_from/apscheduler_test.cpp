// The lines of docs/coming_from/apscheduler.md.
#include <spdlog/spdlog.h>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/sql/job_store.hpp>
#include <sstream>

#include "coming_from/same.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::coming_from {

using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

/// What the bodies of the page do.
struct bodies {
  int ticks = 0;
  std::vector<std::string> sent;
  std::vector<std::string> heard_of;
};

bodies& done() {
  static bodies one;
  return one;
}

void tick() { ++done().ticks; }
void send_report(run&, const std::string& team, int copies) {
  done().sent.push_back(team + " " + std::to_string(copies));
}
asio::awaitable<void> charge_customer(run& run, int customer) {
  done().sent.push_back(run.job_id() + " pays for " + std::to_string(customer));
  co_return;
}
void resize(std::string, int) {}
void heard(const event& what) { done().heard_of.emplace_back(name(what.kind)); }

/// A scheduler at work, with a job "report".
struct aps_world : testing::scheduler_world {
  aps_world() {
    done() = {};
    scheduler.add("report", cron("0 9 * * mon-fri"), carillon::bind(send_report, "billing", 3));
    scheduler.add("count", every(24h), [] { return 42; });
  }
};

asio::awaitable<void> manage(carillon::scheduler& scheduler, std::ostringstream& out) {
  const auto report = co_await scheduler.get("report");
  CHECK(report->cursor == testing::simulation_start + 9h);
  const auto page = co_await scheduler.list(job_query());
  CHECK(page.jobs.size() == 2);

  job_options options;
  options.max_instances = 3;
  job_changes changes;
  changes.options = options;
  co_await scheduler.modify("report", changes);
  const auto modified = co_await scheduler.get("report");
  CHECK(modified->definition->options->max_instances == 3);

  co_await scheduler.reschedule("report", every(2h));
  const auto fires = co_await scheduler.next_runs(5, "report");
  CHECK(fires.front().at == scheduler.now() + 2h);
  co_await scheduler.pause("report", "month end");
  const auto paused = co_await scheduler.get("report");
  CHECK(paused->state == job_state::paused);
  co_await scheduler.resume("report");
  co_await scheduler.pause("report", "again");
  co_await scheduler.resume("report", resume_from::catch_up);
  const auto resumed = co_await scheduler.get("report");
  CHECK(resumed->state == job_state::active);
  co_await scheduler.run_now("report");
  co_await scheduler.print_jobs(out);
  const auto exported = co_await scheduler.export_jobs();
  co_await scheduler.import_jobs(exported.document);
  co_await scheduler.pause();
  co_await scheduler.resume();

  ledger_query of_report;
  of_report.job = "report";
  const auto history = co_await scheduler.history(of_report);
  CHECK(history.entries.size() <= 1);
  const auto counted = co_await scheduler.run_now("count", and_wait(30s));
  CHECK(counted->as<int>() == 42);
  const auto kept = co_await scheduler.result("count", counted->run);
  CHECK(kept->as_int64() == 42);
  co_await scheduler.remove("report");
  const auto removed = co_await scheduler.get("report");
  CHECK(removed->state == job_state::removed);
  co_await scheduler.clear();
}

asio::awaitable<void> put_jobs(carillon::scheduler& scheduler) {
  auto charge = job("charge-42").every(1h).task("charge").args(42);
  co_await scheduler.put(std::move(charge), on_conflict::replace);
  auto later = job("charge-43").every(1h).task("charge").args(43).first_time(scheduler.now() + 10min);
  co_await scheduler.put(std::move(later));
  auto held = job("charge-44").every(1h).task("charge").args(44);
  co_await scheduler.put(std::move(held));
  co_await scheduler.pause("charge-44", "not yet");
}

asio::awaitable<void> end(carillon::scheduler& scheduler) {
  shutdown_options at_once;
  at_once.drain = 0ms;
  co_await scheduler.shutdown(at_once);
}

/// What main would be. Never in a worker here: the pool is not opened.
int main_with_processes(carillon::scheduler& scheduler) {
  task_registry tasks;
  tasks.add("resize", resize);
  if (const auto worker = run_worker(tasks)) return *worker;  // in a worker process, that was all
  scheduler.tasks(tasks);
  process_executor_options pool;
  pool.workers = 4;
  scheduler.executor("processes", std::make_shared<process_executor>(tasks, pool));
  scheduler.add(job("pictures").every(1h).task("resize").args("cat.png", 640).executor("processes"));
  return 0;
}

}  // namespace

TEST_SUITE("coming from APScheduler") {
  TEST_CASE("its triggers") {
    same(every(5s), "every 5s");
    same(every(1h + 30min), "every 1h30m");
    same(every(48h), "every 2d");
    same(every(1h).starting("2026-01-05T08:00"), "every 1h starting 2026-01-05T08:00");
    same(every(1h).until("2026-12-31 18:00"), "every 1h until 2026-12-31T18:00");
    same(every(1h).jitter(30s), "every 1h jitter 30s");
    same(at("2026-12-31T23:59:59"), "at 2026-12-31T23:59:59");
    same(trigger{"cron{hour=9; minute=30}"}, "cron{hour=9; minute=30}");
    same(trigger{"cron{day_of_week=mon-fri; hour=9}"}, "cron{day_of_week=mon-fri; hour=9}");
    same(trigger{"cron{day=last sun; hour=2}"}, "cron{day=last sun; hour=2}");
    same(trigger{"cron{day=2nd fri, last; hour=9}"}, "cron{day=2nd fri, last; hour=9}");
    same(trigger{"cron{year=2026-2030; week=*/2; day_of_week=wed}"},
         "cron{year=2026-2030; week=*/2; day_of_week=wed}");
    same(trigger{"cron{second=*/10}"}, "cron{second=*/10}");
    same(trigger{"cron{hour=9} in Europe/Oslo starting 2026-01-01 until 2026-12-31 jitter 10s"},
         "cron{hour=9} in Europe/Oslo starting 2026-01-01 until 2026-12-31 jitter 10s");
    same(cron("0 9 * * mon-fri"), "cron 0 9 * * mon-fri");
    same(every(3).months().at("08:00").starting("2026-01-15"), "every 3 months at 08:00 starting 2026-01-15");
    same(trigger{"every 1 year 2 months at 08:00"}, "every 1 year 2 months at 08:00");
    same((cron("0 9 * * *") && cron("0 9 13 * *")).within(0s),
         "(cron 0 9 * * *) and (cron 0 9 13 * *) within 0s");
    same(cron("0 9 * * *") && cron("0 9 13 * *"), "(cron 0 9 * * *) and (cron 0 9 13 * *)");
    same(cron("0 9 * * *") || every(5h), "(cron 0 9 * * *) or (every 5h)");
    same(any_of({cron("0 9 * * mon-fri"), every().saturday().at("11:00")}),
         "(cron 0 9 * * mon-fri) or (every sat at 11:00)");
    same(cron("30 2 * * *").in("Europe/Oslo").like("apscheduler"),
         "cron 30 2 * * * in Europe/Oslo gap shift overlap both");
    same(cron("0 9 * * *").except("2026-12-25, 2027-01-01"),
         "(cron 0 9 * * *) except 2026-12-25, 2027-01-01");
  }

  TEST_CASE("what its weekday numbers mean") {
    const testing::added_job job{"2026-01-01T00:00Z"};  // a Thursday
    CHECK(job.fires("cron 0 9 * * 1", 1) == "2026-01-05T09:00:00+00:00");
    CHECK(job.fires("cron{day_of_week=1; hour=9}", 1) == "2026-01-06T09:00:00+00:00");
    CHECK(job.fires("cron 0 9 * * 1-5", 5) == job.fires("cron{day_of_week=0-4; hour=9}", 5));
    CHECK(job.fires("cron 0 9 1 * mon", 2) == "2026-01-01T09:00:00+00:00 2026-01-05T09:00:00+00:00");
    CHECK(job.fires("cron{day=1; day_of_week=mon; hour=9}", 1) == "2026-06-01T09:00:00+00:00");
  }

  TEST_CASE("jobs that a program adds") {
    aps_world world;
    auto& scheduler = world.scheduler;
    scheduler.add("tick", every(5s), tick);
    scheduler.add("copies", every(10s), carillon::bind(send_report, "billing", 3));
    auto now = scheduler.once(0s, tick);
    auto at_noon = scheduler.once_at(scheduler.now() + 12h, tick);
    scheduler.task("charge", charge_customer);
    scheduler.add("invoices", after("report"), tick);
    auto listening = scheduler.on(event::run_failed | event::run_missed, heard);
    auto next_only = scheduler.on_next(event::run_succeeded, heard);
    world.start();
    world.run(put_jobs(scheduler));
    CHECK(done().ticks == 1);  // `now`
    world.pass(60s);
    CHECK(done().ticks == 13);
    CHECK(done().sent.size() == 6);
    CHECK(done().heard_of == std::vector<std::string>{"run_succeeded"});
    world.time().set(world.now() + 1h);  // Everything is late by an hour.
    world.pass(1s);
    CHECK(std::ranges::count(done().heard_of, "run_missed") > 1);
    listening.off();
    const auto heard_so_far = done().heard_of.size();
    world.pass(12h);
    CHECK(done().heard_of.size() == heard_so_far);
    CHECK(std::ranges::count(done().sent, "charge-42 pays for 42") > 0);
    CHECK(std::ranges::count(done().sent, "charge-43 pays for 43") > 0);
    CHECK(std::ranges::count(done().sent, "charge-44 pays for 44") == 0);
    CHECK_FALSE(now.pending());
    CHECK_FALSE(at_noon.pending());
  }

  TEST_CASE("the options of a job and of a scheduler") {
    job_options options;
    options.misfire_grace = 60s;
    CHECK(options.misfire_grace == 60s);
    options.misfire_grace = std::nullopt;
    options.coalesce = coalesce_policy::latest;
    options.coalesce = coalesce_policy::earliest;
    options.coalesce = coalesce_policy::all;
    options.catch_up = 50;
    options.max_instances = 3;
    options.executor = "threads";
    options.description = "Sends the report of the day";
    options.metadata = {{"team", "billing"}};
    options.keep_result = 1h;
    options.carries = true;
    options.timeout = 10min;
    options.retry.attempts = 3;
    options.on_lost = lost_action::rerun;
    options.on_overlap = overlap_action::queue;
    options.keep = true;
    CHECK_NOTHROW(check(options));

    asio::io_context io;
    scheduler_options settings;
    settings.time_zone = zone::find("Europe/Oslo").value();
    settings.logger = spdlog::default_logger();
    settings.instance = "cellar";
    settings.limits.running = 100;
    carillon::scheduler scheduler{io, settings};
    thread_executor_options twenty;
    twenty.threads = 20;
    scheduler.executor("threads", std::make_shared<thread_executor>(twenty));
    scheduler.group("billing", group_limits{3});
    options.group = "billing";
    scheduler.add("report", every(1h), tick, options);
    CHECK_THROWS_AS(scheduler.executor("threads", std::make_shared<thread_executor>()),
                    std::invalid_argument);
    CHECK(main_with_processes(scheduler) == 0);
  }

  TEST_CASE("late, paused and piled-up fires") {
    aps_world world;
    auto& scheduler = world.scheduler;
    job_options options;
    options.misfire_grace = std::nullopt;
    scheduler.add("tick", every(10s), tick, options);
    world.start();
    world.time().set(world.now() + 1h);
    world.pass(1s);
    CHECK(done().ticks == 1);  // One run for 360 fires.
    CHECK(world.last(event::run_coalesced).count == 359);
  }

  TEST_CASE("operations on jobs") {
    aps_world world;
    world.start();
    std::ostringstream out;
    world.run(manage(world.scheduler, out));
    CHECK(out.str().find("every 2h") != std::string::npos);
    world.run(end(world.scheduler));
    CHECK_FALSE(world.is_running());
  }

  TEST_CASE("its schedulers") {
    scheduler_options settings;
    settings.logger = std::make_shared<spdlog::logger>("test");
    settings.clock = std::make_shared<manual_clock>(testing::simulation_start);
    {
      asio::io_context io;
      carillon::scheduler scheduler{io, settings};
      asio::post(io, [&] { scheduler.shutdown(shutdown_options(), asio::detached); });
      run_until_signalled(io, scheduler);
    }
    {
      asio::io_context io;
      carillon::scheduler scheduler{io, settings};
      asio::co_spawn(io, scheduler.run(), asio::detached);
      scheduler.shutdown(shutdown_options(), asio::detached);
      CHECK(io.run() > 0);
    }
    background_scheduler background{settings};
    background->add("tick", every(5s), tick);
    background.stop();
    embedded_scheduler in_a_loop{settings};
    in_a_loop->add("tick", every(5s), tick);
    in_a_loop.run_pending();
    in_a_loop.stop();
  }

  TEST_CASE("its store in Redis") {
    const testing::redis_server server;
    const auto url = server.url();
    asio::io_context io;
    redis::link link{io, {.url = url, .name_space = "billing"}};
    carillon::scheduler scheduler{io, redis::job_store{link}};
    scheduler.add("tick", every(1h), tick);
    asio::co_spawn(io, scheduler.run(), asio::detached);
    auto added = scheduler.wait_for(event::job_added, std::nullopt, asio::use_future);
    while (added.wait_for(0s) != std::future_status::ready) io.run_one();
    CHECK(added.get()->job == "tick");
    CHECK(server.cli({"KEYS", "*billing*"}) != "");
    scheduler.shutdown(shutdown_options(), asio::detached);
    io.run();
  }

  TEST_CASE("several stores, by alias") {
    const testing::redis_server server;
    asio::io_context io;
    redis::link link{io, {.url = server.url(), .name_space = "billing"}};
    carillon::scheduler scheduler{io};
    scheduler.store("shared", redis::job_store{link});
    scheduler.in("shared").add("tick", every(5s), tick);
    asio::co_spawn(io, scheduler.run(), asio::detached);
    auto added = scheduler.wait_for(event::job_added, std::nullopt, asio::use_future);
    while (added.wait_for(0s) != std::future_status::ready) io.run_one();
    CHECK(added.get()->store == "shared");
    scheduler.shutdown(shutdown_options(), asio::detached);
    io.run();
  }

  TEST_CASE("its store in a database") {
    const testing::temporary_folder folder;
    const auto url = "sqlite:" + (folder.path() / "jobs.db").string();
    const auto in_one_life = [&](const auto& what) {
      asio::io_context io;
      carillon::scheduler scheduler{io, sql::job_store{{.url = url}}};
      scheduler.task("tick", tick);
      asio::co_spawn(io, scheduler.run(), asio::detached);
      auto done = what(scheduler);
      while (done.wait_for(0s) != std::future_status::ready) io.run_one();
      scheduler.shutdown(shutdown_options(), asio::detached);
      io.run();
      return done.get();
    };
    in_one_life([](carillon::scheduler& scheduler) {
      return scheduler.put(job("tick").every(1h).task("tick"), on_conflict::refuse, asio::use_future);
    });
    const auto found =
        in_one_life([](carillon::scheduler& scheduler) { return scheduler.get("tick", asio::use_future); });
    CHECK(found->definition->when.text() == "every 1h");
  }
}

}  // namespace carillon::coming_from
