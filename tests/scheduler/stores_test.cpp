#include "support/scheduler_world.hpp"
#include "support/scripted_store.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A scheduler with two stores, of which the second is "archive"; bodies write down what ran, and when.
struct two_stores : scheduler_world {
  explicit two_stores(scheduler_options options = {}, store_options how = {})
      : scheduler_world{std::move(options)} {
    scheduler.store("archive", std::make_shared<memory_store>(), how);
  }
  carillon::scheduler& archive() { return scheduler.in("archive"); }

  void add(carillon::scheduler& where, const std::string& id, const char* when = "every 10s") {
    where.add(id, trigger{when}, [this, id] { ran.push_back(id + " " + std::to_string(at() / 1000)); });
  }
  /// One that takes ten seconds.
  void add_slow(carillon::scheduler& where, const std::string& id, const char* when) {
    where.add(id, trigger{when}, [this, id]() -> boost::asio::awaitable<void> {
      ran.push_back("+" + id);
      co_await sleep(10s);
      ran.push_back("-" + id);
    });
  }
  std::vector<std::string> take() { return std::exchange(ran, {}); }

  std::vector<std::string> ran;
};

std::vector<std::string> texts(std::initializer_list<std::string> values) { return values; }

job_definition job_for(std::string id, const char* when, std::string task) {
  job_definition job{std::move(id), trigger{when}, {}, {}, default_options(), {}, {}};
  job.task = task;
  return job;
}

/// What an operation says when it fails.
template <typename Operation>
std::string fault(scheduler_world& world, Operation operation) {
  try {
    world.wait_for(std::move(operation));
  } catch (const boost::system::system_error& why) {
    return outcome_of(std::make_exception_ptr(why)).message;
  } catch (const std::exception& why) {
    return why.what();
  }
  return "nothing";
}

std::shared_ptr<scripted_store> shut_store() {
  auto store = std::make_shared<scripted_store>();
  store->refused = {{"open", errc::store_unreachable}};
  return store;
}

}  // namespace

TEST_SUITE("several stores") {
  TEST_CASE("jobs of all stores run, each kept in its own; an id is unique within a store") {
    two_stores world;
    world.add(world.scheduler, "tick");
    world.add(world.archive(), "tick", "every 20s");
    world.add(world.archive(), "sweep", "every 20s");
    world.start();
    world.pass(20s);
    auto ran = world.take();
    std::ranges::sort(ran);
    CHECK(ran == texts({"sweep 20", "tick 10", "tick 20", "tick 20"}));
    CHECK(world.wait_for(world.scheduler.list({})).jobs.size() == 1);
    CHECK(world.wait_for(world.archive().list({})).jobs.size() == 2);
    CHECK(world.wait_for(world.archive().get("tick"))->definition->when.text() == "every 20s");
    CHECK(world.wait_for(world.archive().history({})).entries.size() == 2);
    CHECK(world.scheduler.stores() == texts({"default", "archive"}));
  }

  TEST_CASE("operations mean one store; that a job is not there says in which store it is") {
    two_stores world;
    world.add(world.scheduler, "tick");
    const auto sweep = [&] {
      world.add(world.archive(), "sweep");
      return job_ref{world.archive(), "sweep"};
    }();
    world.start();
    CHECK(world.wait_for(sweep.pause("so")));
    CHECK(world.wait_for(world.archive().get("sweep"))->state == job_state::paused);
    CHECK(fault(world, world.scheduler.pause("sweep", "so")) ==
          "'sweep' in store 'default' (there is one in store 'archive'): no such job");
    CHECK(fault(world, world.archive().resume("tock")) == "'tock' in store 'archive': no such job");
    CHECK(world.wait_for(world.archive().clear()) == 1);
    CHECK(world.wait_for(world.scheduler.get("tick")).has_value());
  }

  TEST_CASE("a task and an executor are registered once, for all stores, also while jobs wait for them") {
    two_stores world;
    world.start();
    world.wait_for(world.scheduler.put(job_for("a", "every 10s", "work")));
    world.wait_for(world.archive().put(job_for("b", "every 10s", "work")));
    world.pass(5s);
    CHECK(world.count(event_kind::job_parked) == 2);
    int runs = 0;
    world.archive().task("work", [&] { ++runs; });
    world.pass(5s);
    CHECK(runs == 2);
    CHECK(world.count(event_kind::task_added) == 1);
    CHECK_THROWS_AS(world.scheduler.task("work", [] {}), std::invalid_argument);
  }

  TEST_CASE("one limit holds for the runs of all stores together; the next to run may be of another store") {
    scheduler_options options;
    options.limits.running = 1;
    two_stores world{options};
    world.add_slow(world.scheduler, "a", "at 2024-01-01T00:00:01Z");
    world.add_slow(world.archive(), "b", "at 2024-01-01T00:00:02Z");
    world.add_slow(world.scheduler, "c", "at 2024-01-01T00:00:03Z");
    world.start();
    world.pass(60s);
    CHECK(world.take() == texts({"+a", "-a", "+b", "-b", "+c", "-c"}));
  }

  TEST_CASE("events say their store; listeners hear all, those of a store what is of it") {
    two_stores world;
    world.add(world.scheduler, "a");
    world.add(world.archive(), "b");
    std::vector<std::string> heard, here;
    const auto all = world.scheduler.on(
        event::run_succeeded, [&](const event& what) { heard.push_back(what.store + " " + what.job); });
    const auto some =
        world.archive().on(event::run_succeeded, [&](const event& what) { here.push_back(what.job); });
    auto stream = world.scheduler.events(event_filter(event::run_succeeded).of_store("default"));
    world.start();
    world.pass(10s);
    std::ranges::sort(heard);
    CHECK(heard == texts({"archive b", "default a"}));
    CHECK(here == texts({"b"}));
    CHECK(stream.try_next()->job == "a");
    CHECK(!stream.try_next());
    CHECK(world.count(event_kind::scheduler_started) == 1);
    CHECK(world.count(event_kind::store_opened) == 2);
    world.stop();
    CHECK(world.count(event_kind::scheduler_stopped) == 1);
    CHECK(world.events.back().kind == event_kind::scheduler_stopped);
    CHECK(world.count(event_kind::store_closed) == 2);
  }

  TEST_CASE("shutdown gives the runs of all stores one time to end, and cancels what then still runs") {
    two_stores world;
    world.add_slow(world.scheduler, "a", "at 2024-01-01T00:00:01Z");
    world.add_slow(world.archive(), "b", "at 2024-01-01T00:00:08Z");
    world.start();
    world.pass(9s);
    world.stop(5s);
    CHECK(!world.is_running());
    CHECK(world.at() == 14'000);
    CHECK(world.take() == texts({"+a", "+b", "-a"}));
    CHECK(world.count(event_kind::run_cancelled) == 1);
    CHECK(world.last(event_kind::run_cancelled).store == "archive");
  }

  TEST_CASE("pause, resume and health are of all stores on the scheduler, and of one on its view") {
    two_stores world;
    world.add(world.scheduler, "a");
    world.add(world.archive(), "b");
    world.start();
    world.wait_for(world.archive().pause());
    world.pass(10s);
    CHECK(world.take() == texts({"a 10"}));
    world.wait_for(world.archive().resume());
    world.wait_for(world.scheduler.pause());
    world.pass(10s);
    CHECK(world.take().empty());
    world.wait_for(world.scheduler.resume());
    world.wait_for(world.scheduler.in("default").pause());
    world.pass(10s);
    CHECK(world.take() == texts({"b 30"}));
    CHECK(world.wait_for(world.scheduler.health()).jobs == 2);
    CHECK(world.wait_for(world.archive().health()).jobs == 1);
  }

  TEST_CASE("a store that must be open and cannot be ends the start, before any job fires") {
    scheduler_world world;
    const auto store = shut_store();
    world.scheduler.store("archive", store);
    int runs = 0;
    world.scheduler.add("a", trigger{"every 1s immediately"}, [&] { ++runs; });
    world.start();
    CHECK(!world.is_running());
    REQUIRE(world.run_failure);
    CHECK(outcome_of(world.run_failure).message.starts_with("store 'archive': scripted"));
    CHECK(runs == 0);
    CHECK(fault(world, world.scheduler.in("archive").list({})).find("not running") != std::string::npos);
  }

  TEST_CASE("the jobs of the others do not wait for a store that need not be there; it is tried again") {
    scheduler_world world;
    const auto store = shut_store();
    store_options how;
    how.required = false;
    auto& archive = world.scheduler.store("archive", store, how);
    std::vector<std::string> ran;
    world.scheduler.add("a", trigger{"every 10s"}, [&] { ran.push_back("a"); });
    archive.add("b", trigger{"every 10s"}, [&] { ran.push_back("b"); });
    world.start();
    world.pass(10s);
    CHECK(ran == texts({"a"}));
    CHECK(world.count(event_kind::store_lost) == 1);
    CHECK(world.last(event_kind::store_lost).store == "archive");
    CHECK(fault(world, archive.get("b")).starts_with("store 'archive' is not open yet"));
    CHECK(!world.wait_for(world.scheduler.health()).healthy);
    store->refused.clear();
    world.pass(60s);
    CHECK(world.count(event_kind::store_back) == 1);
    CHECK(std::ranges::count(ran, "b") > 0);
    CHECK(world.wait_for(world.scheduler.health()).healthy);
  }

  TEST_CASE("a scheduler ends while it tries to open a store") {
    scheduler_world world;
    const auto store = shut_store();
    store_options how;
    how.required = false;
    world.scheduler.store("archive", store, how);
    world.start();
    world.pass(100s);
    CHECK(store->calls["open"] > 3);
    world.stop();
    CHECK(!world.is_running());
    CHECK(!world.run_failure);
  }

  TEST_CASE("a store that fails is nothing that the jobs of the others notice") {
    scheduler_world world;
    const auto store = std::make_shared<scripted_store>();
    auto& archive = world.scheduler.store("archive", store);
    std::vector<std::string> ran;
    world.scheduler.add("a", trigger{"every 10s"}, [&] { ran.push_back("a"); });
    archive.add("b", trigger{"every 10s"}, [&] { ran.push_back("b"); });
    world.start();
    store->refused = {{"claim", errc::store_unreachable}};
    world.pass(25s);
    CHECK(ran == texts({"a", "a"}));
    CHECK(world.count(event_kind::store_lost) == 1);
    CHECK(world.last(event_kind::store_lost).store == "archive");
    CHECK(std::ranges::any_of(world.log->lines, [](const std::string& line) {
      return line.starts_with("store 'archive' does not answer");
    }));
    store->refused.clear();
    world.pass(60s);
    CHECK(world.count(event_kind::store_back) == 1);
    CHECK(std::ranges::count(ran, "b") > 0);
    world.stop();
    CHECK(!world.run_failure);
  }

  TEST_CASE("a store may be added to a scheduler that runs") {
    scheduler_world world;
    world.start();
    world.pass(5s);
    auto& late = world.scheduler.store("late", memory_store{});
    int runs = 0;
    late.add("a", trigger{"every 10s"}, [&] { ++runs; });
    world.pass(10s);
    CHECK(runs == 1);
    CHECK(&world.scheduler.in("late") == &late);
  }

  TEST_CASE(
      "an alias is used once, and so is a store; one that nobody has added is named with those there are") {
    two_stores world;
    CHECK_THROWS_WITH(world.scheduler.store("archive", memory_store{}), "there is a store 'archive' already");
    CHECK_THROWS_WITH(world.scheduler.store("default", memory_store{}), "there is a store 'default' already");
    const auto one = std::make_shared<memory_store>();
    world.scheduler.store("one", one);
    CHECK_THROWS_WITH(world.scheduler.store("two", one), "store 'two' has another alias already");
    CHECK_THROWS_AS(world.scheduler.store("a\nb", memory_store{}), std::invalid_argument);
    CHECK_THROWS_AS(world.scheduler.store("none", std::shared_ptr<job_store>{}), std::invalid_argument);
    CHECK_THROWS_WITH(world.scheduler.in("attic"),
                      "there is no store 'attic' here; there is default, archive, one");
  }

  TEST_CASE("a group is one for the jobs of all stores, also of one that is added later") {
    two_stores world;
    world.archive().group("db", {.running = 1});
    job_options options;
    options.group = "db";
    const auto add = [&](carillon::scheduler& where, const std::string& id) {
      where.add(
          id, trigger{"at 2024-01-01T00:00:01Z"},
          [&world, id]() -> boost::asio::awaitable<void> {
            world.ran.push_back("+" + id);
            co_await world.sleep(10s);
            world.ran.push_back("-" + id);
          },
          options);
    };
    add(world.scheduler, "a");
    add(world.archive(), "b");
    add(world.scheduler.store("late", memory_store{}), "c");
    world.start();
    world.pass(5s);
    CHECK(world.wait_for(world.scheduler.health()).waiting == 2);
    world.pass(60s);
    const auto ran = world.take();
    REQUIRE(ran.size() == 6);
    for (std::size_t k = 0; k < 6; k += 2) CHECK(ran[k].substr(1) == ran[k + 1].substr(1));
  }

  TEST_CASE("a job runs after others of its own store only") {
    two_stores world;
    world.add(world.scheduler, "import");
    CHECK_THROWS_WITH(
        world.add(world.archive(), "report", "after import"),
        "job 'report' in store 'archive' would run after 'import', which is in store 'default': a "
        "job follows those of its own store only");
    world.add(world.scheduler, "digest", "after import");
    world.start();
    CHECK(fault(world, world.archive().put(job_for("report", "after import", "work")))
              .starts_with("job 'report' in store 'archive' would run after 'import', which is in store"));
    world.wait_for(world.archive().put(job_for("report", "every 1h", "work")));
    CHECK(
        fault(world, world.archive().reschedule("report", trigger{"after import"})).find("own store only") !=
        std::string::npos);
    CHECK(fault(world, world.scheduler.move_to("digest", "archive")).find("own store only") !=
          std::string::npos);
    world.pass(10s);
    CHECK(world.take() == texts({"import 10", "digest 10"}));
  }

  TEST_CASE("who waits for a run, its value and what jobs carry are of one store") {
    two_stores world;
    job_options options;
    options.carries = true;
    world.archive().add(
        "count", trigger{"every 1h"},
        [](carillon::run& run) {
          const auto number = run.carried<int>().value_or(0) + 1;
          run.carry(number);
          return number;
        },
        options);
    world.start();
    CHECK(fault(world, world.scheduler.run_now("count", and_wait())) ==
          "'count' in store 'default' (there is one in store 'archive'): no such job");
    const auto ended = world.wait_for(world.archive().run_now("count", and_wait()));
    REQUIRE(ended.has_value());
    CHECK(ended->as<int>() == 1);
    CHECK(world.wait_for(world.archive().result("count", ended->run)) == boost::json::value(1));
    CHECK(!world.wait_for(world.scheduler.result("count", ended->run)));
    world.wait_for(world.archive().move_to("count", "default"));
    const auto next = world.wait_for(world.scheduler.run_now("count", and_wait()));
    CHECK(next->as<int>() == 2);
  }

  TEST_CASE("a job moves to another store as it is, and its body with it") {
    two_stores world;
    world.add(world.scheduler, "tick");
    world.start();
    world.pass(15s);
    CHECK(world.take() == texts({"tick 10"}));
    world.wait_for(world.scheduler.move_to("tick", "archive"));
    CHECK(world.wait_for(world.scheduler.get("tick"))->state == job_state::removed);
    const auto moved = world.wait_for(world.archive().get("tick"));
    REQUIRE(moved.has_value());
    CHECK(moved->state == job_state::active);
    CHECK(world.since_start(*moved->cursor) == 20'000);
    world.pass(10s);
    CHECK(world.take() == texts({"tick 20"}));
  }

  TEST_CASE("a job that cannot move goes on where it is") {
    two_stores world;
    world.add(world.scheduler, "tick");
    world.add(world.archive(), "tick", "every 1h");
    world.start();
    CHECK(fault(world, world.scheduler.move_to("tick", "archive"))
              .starts_with("'tick' cannot be moved to store 'archive': it is there and differs: "));
    CHECK(world.wait_for(world.scheduler.get("tick"))->state == job_state::active);
    CHECK(fault(world, world.scheduler.move_to("tock", "archive")) ==
          "'tock' in store 'default': no such job");
    CHECK(fault(world, world.archive().move_to("tick", "archive")) ==
          "'tick' is to be moved to the store in which it is");
    world.pass(10s);
    CHECK(world.take() == texts({"tick 10"}));
    const auto call = world.scheduler.once(1h, [] {});
    world.settle();
    CHECK(fault(world, world.scheduler.move_to(call.id(), "archive")) ==
          "'" + call.id() + "' runs once, by its store");
  }

  TEST_CASE("a job that was half moved when a store failed fires nowhere; moving it again completes it") {
    scheduler_world world;
    const auto store = std::make_shared<scripted_store>();
    auto& archive = world.scheduler.store("archive", store);
    int runs = 0;
    world.scheduler.add("tick", trigger{"every 10s"}, [&] { ++runs; });
    world.start();
    SUBCASE("it has not arrived") { store->refused = {{"add", errc::store_unreachable}}; }
    SUBCASE("it has arrived, and nobody knows") { store->lost = {{"add", errc::store_unreachable}}; }
    CHECK(fault(world, world.scheduler.move_to("tick", "archive")) != "nothing");
    const auto here = world.wait_for(world.scheduler.get("tick"));
    CHECK(here->state == job_state::paused);
    CHECK(here->note == "is being moved to store 'archive'");
    store->refused.clear();
    store->lost.clear();
    world.wait_for(world.scheduler.move_to("tick", "archive"));
    CHECK(world.wait_for(world.scheduler.get("tick"))->state == job_state::removed);
    const auto there = world.wait_for(archive.get("tick"));
    REQUIRE(there.has_value());
    CHECK(there->state == job_state::active);
    CHECK(there->note.empty());
    world.pass(10s);
    CHECK(runs == 1);
  }

  TEST_CASE("the table of jobs has one for each store, those of a store what is of it") {
    two_stores world;
    world.add(world.archive(), "b");
    world.start();
    const auto all = world.wait_for(world.scheduler.table_of_jobs());
    CHECK(all.starts_with("store 'default'\nno jobs\n\nstore 'archive'\nJOB  SCHEDULE"));
    CHECK(world.wait_for(world.archive().table_of_jobs()).starts_with("JOB  SCHEDULE"));
    CHECK(world.wait_for(world.scheduler.in("default").table_of_jobs()) == "no jobs\n");
  }

  TEST_CASE("a paused job moves paused, with its note") {
    two_stores world;
    world.add(world.scheduler, "tick");
    world.start();
    world.wait_for(world.scheduler.pause("tick", "month end"));
    world.wait_for(world.scheduler.move_to("tick", "archive"));
    const auto moved = world.wait_for(world.archive().get("tick"));
    REQUIRE(moved.has_value());
    CHECK(moved->state == job_state::paused);
    CHECK(moved->note == "month end");
  }
}
