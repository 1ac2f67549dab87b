#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

member_info member(std::string instance, std::vector<std::string> declares, bool known = true) {
  member_info who;
  who.id = instance.find('/') == std::string::npos ? instance + "/12345678" : instance;
  who.instance = std::move(instance);
  served_work work;
  for (const auto& id : declares) work.declared.push_back(seed_of(id));
  std::ranges::sort(work.declared);
  if (known) who.work = std::make_shared<const served_work>(std::move(work));
  return who;
}

scheduler_options only_operating() {
  scheduler_options options;
  options.operate_only = true;
  return options;
}

/// It has declared the jobs a and b of a file, from which b is to go.
class declared_world : public sharing_world {
 public:
  declared_world() {
    scheduler.task("work", [] {});
    start();
    wait_for(scheduler.declare("file", jobs));
  }

  const std::vector<job_definition> without_b{definition("a", "every 10s")};
  const std::vector<job_definition> jobs{without_b.front(), definition("b", "every 10s")};
};

template <typename Work>
std::string conflict_of(const Work& work) {
  try {
    work();
  } catch (const boost::system::system_error& failure) {
    CHECK(failure.code() == errc::conflict);
    return failure.what();
  }
  FAIL("this should not have been done");
  return {};
}

}  // namespace

TEST_SUITE("operations on a shared store") {
  TEST_CASE("what is added while the store is being opened waits until it is open") {
    sharing_world world;
    world.store->held.insert("open");
    world.start();
    world.add_ticking("a");
    world.settle();
    CHECK(world.store->calls["add"] == 0);
    world.store->release("open");
    world.settle();
    CHECK(world.store->calls["add"] == 1);
    world.pass(10s);
    CHECK(world.ran == std::vector<std::string>{"a 10"});
  }

  TEST_CASE("those of an instance that does not own the job do as those of its owner") {
    sharing_world world;
    world.store->owner = [](const job_definition&) { return false; };
    world.scheduler.task("work", [] {});
    world.start();
    CHECK(world.wait_for(world.scheduler.put(world.definition("a", "every 10s"))) == put_result::added);
    CHECK(world.wait_for(world.scheduler.pause("a", "month end")));
    CHECK(world.record("a").note == "month end");
    CHECK(world.wait_for(world.scheduler.resume("a")));
    CHECK(world.wait_for(world.scheduler.skip_next("a", 2)));
    CHECK(world.record("a").skip_next == 2);
    CHECK(world.wait_for(world.scheduler.reschedule("a", trigger{"every 1h"})).cursor ==
          simulation_start + 1h);
    CHECK(world.wait_for(world.scheduler.next_runs(2, "a")).size() == 2);
    CHECK(world.wait_for(world.scheduler.next_runs(1)).at(0).job == "a");
    CHECK(world.wait_for(world.scheduler.run_now("a")));
    CHECK(world.record("a").next_waiting);
    CHECK(world.wait_for(world.scheduler.remove("a")));
    CHECK(!world.wait_for(world.scheduler.get("a")));
    CHECK(world.wait_for(world.scheduler.health()).jobs == 0);
  }

  TEST_CASE("a scheduler that only operates stays out, and fires nothing") {
    sharing_world world{only_operating()};
    world.start();
    CHECK(world.store->stays_out);
    CHECK(world.store->served.empty());
    auto job = world.definition("a", "every 10s");
    job_options options;
    options.executor = "command";
    job.options = intern(options);
    CHECK(world.wait_for(world.scheduler.put(job)) == put_result::added);
    std::vector<job_definition> jobs{world.definition("f", "every 10s")};
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)).added == 1);
    CHECK(world.wait_for(world.scheduler.next_runs(3)).size() == 3);
    world.pass(60s);
    CHECK(world.store->calls["claim"] == 0);
    CHECK_THROWS_AS(world.scheduler.add("x", trigger{"every 1s"}, [] {}), std::logic_error);
  }

  TEST_CASE("of two people who modify one job at once, one is told of the conflict in clear words") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s")));
    const auto seen = world.record("a").revision;
    job_changes first;
    first.when = trigger{"every 20s"};
    first.expected_revision = seen;
    const auto changed = world.wait_for(world.scheduler.modify("a", first));
    CHECK(changed.revision > seen);
    job_changes second;
    second.when = trigger{"every 30s"};
    second.expected_revision = seen;
    const auto why = conflict_of([&] { world.wait_for(world.scheduler.modify("a", second)); });
    CHECK(why.find("every 20s") != std::string::npos);
    CHECK(world.record("a").definition->when.text() == "every 20s");
    second.expected_revision.reset();
    world.wait_for(world.scheduler.modify("a", second));
    CHECK(world.record("a").definition->when.text() == "every 30s");
  }

  TEST_CASE("two changes under way at once: one is made") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s")));
    job_changes changes;
    changes.expected_revision = world.record("a").revision;
    world.store->held.insert("update");
    changes.when = trigger{"every 20s"};
    auto one = world.scheduler.modify("a", changes)(boost::asio::use_future);
    changes.when = trigger{"every 30s"};
    auto two = world.scheduler.modify("a", changes)(boost::asio::use_future);
    world.settle();
    world.store->release("update");
    world.settle();
    CHECK(one.get().definition->when.text() == "every 20s");
    conflict_of([&] { two.get(); });
  }

  TEST_CASE("a schedule is given to a job at its revision, or not at all") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s")));
    const at_revision seen{world.record("a").revision};
    world.wait_for(world.scheduler.reschedule("a", trigger{"every 20s"}, std::nullopt, seen));
    conflict_of(
        [&] { world.wait_for(world.scheduler.reschedule("a", trigger{"every 5s"}, std::nullopt, seen)); });
    CHECK(world.record("a").definition->when.text() == "every 20s");
  }

  TEST_CASE("run_now whose answer is lost is asked again, and runs once") {
    sharing_world world;
    world.scheduler.add("a", trigger{"every 1h"}, [&] { world.ran.push_back(world.second()); });
    world.start();
    world.store->lost["enqueue"] = errc::store_unreachable;
    auto asked = world.scheduler.run_now("a")(boost::asio::use_future);
    world.settle();
    world.store->lost.clear();
    world.pass(10s);
    CHECK(asked.get());
    CHECK(world.ran.size() == 1);
    REQUIRE(world.store->tokens.size() == 2);
    CHECK(world.store->tokens[0] == world.store->tokens[1]);
    CHECK(!world.store->tokens[0].empty());
  }

  TEST_CASE("a job that left its file goes with the instance that had it, not with one that starts") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    std::vector<job_definition> jobs{world.definition("a", "every 10s"), world.definition("b", "every 10s")};
    const auto strand = boost::asio::make_strand(world.io);
    job_record old;  // From a version of the file that nobody has any more.
    auto gone = world.definition("old", "every 10s");
    gone.origin = "file";
    old.definition = std::make_shared<const job_definition>(gone);
    world.run_on(strand, world.store->inner().add(old, on_conflict::refuse));
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)) == declare_result{2, 0, 0, 0});
    jobs.pop_back();
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)) == declare_result{0, 0, 1, 1});
    CHECK(!world.wait_for(world.scheduler.get("b")));
    CHECK(world.wait_for(world.scheduler.get("old")));
    CHECK(world.wait_for(world.scheduler.declare("file", jobs, undeclared::remove_all)) ==
          declare_result{0, 0, 1, 1});
    CHECK(!world.wait_for(world.scheduler.get("old")));
  }

  TEST_CASE("what it declares others know before it is there, so that nobody takes it for left over") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.store->held = {"told_others"};
    const std::vector<job_definition> jobs{world.definition("a", "every 10s")};
    auto did = world.scheduler.declare("file", jobs)(boost::asio::use_future);
    world.pass(1s);
    CHECK(world.store->served.back().declares(seed_of("a")));
    CHECK(!world.wait_for(world.scheduler.get("a")));
    world.store->release("told_others");
    world.settle();
    CHECK(did.get().added == 1);
    CHECK(world.wait_for(world.scheduler.get("a")));
  }

  TEST_CASE("it stays as long as another live instance declares it, or may") {
    declared_world world;
    SUBCASE("it does") { world.store->live = {member("test", {"a", "b"}), member("other", {"a", "b"})}; }
    SUBCASE("another of the same name does") {
      world.store->live = {member("test", {"a"}), member("test/87654321", {"a", "b"})};
    }
    SUBCASE("nobody knows yet") { world.store->live = {member("test", {"a"}), member("other", {}, false)}; }
    const auto did = world.wait_for(world.scheduler.declare("file", world.without_b));
    CHECK(did == declare_result{0, 0, 1, 0, 1});
    CHECK(world.wait_for(world.scheduler.get("b")));
  }

  TEST_CASE("instances that are told of a new file at once wait for each other, and it goes") {
    declared_world world;
    world.store->live = {member("other", {"a", "b"})};
    auto did = world.scheduler.declare("file", world.without_b)(boost::asio::use_future);
    world.pass(3s);
    CHECK(world.wait_for(world.scheduler.get("b")));
    world.store->live = {member("other", {"a"})};
    world.pass(5s);
    CHECK(did.get() == declare_result{0, 0, 1, 1});
  }

  TEST_CASE("what an instance declared that was killed stays until its lease ends, and goes then") {
    declared_world world;
    world.store->live = {member("test", {"a", "b"}), member("test/87654321", {"a", "b"})};  // Its own ghost.
    world.store->killed = true;
    auto rest = undeclared::remove_all;
    SUBCASE("at SIGHUP") { rest = undeclared::remove_ours; }
    SUBCASE("by run --prune") {}
    auto did = world.scheduler.declare("file", world.without_b, rest)(boost::asio::use_future);
    world.pass(30s);
    CHECK(world.wait_for(world.scheduler.get("b")));
    world.store->live = {member("test", {"a"})};
    world.pass(3s);
    CHECK(did.get() == declare_result{0, 0, 1, 1});
  }

  TEST_CASE("who ends while it waits for such a lease removes nothing that another declares") {
    declared_world world;
    world.store->live = {member("test/87654321", {"a", "b"})};
    world.store->killed = true;
    auto did =
        world.scheduler.declare("file", world.without_b, undeclared::remove_all)(boost::asio::use_future);
    world.pass(3s);
    world.stop();
    CHECK(did.get().removed == 0);
  }

  TEST_CASE("a job that is declared again while its removal waits stays") {
    declared_world world;
    world.store->live = {member("other", {"b"})};
    world.store->killed = true;
    auto did = world.scheduler.declare("file", world.without_b)(boost::asio::use_future);
    world.pass(3s);
    world.wait_for(world.scheduler.declare("file", world.jobs));
    world.store->live.clear();
    world.pass(3s);
    CHECK(did.get() == declare_result{0, 0, 1, 0});
    CHECK(world.wait_for(world.scheduler.get("b")));
  }

  TEST_CASE("the last to declare a job wins, which is logged and noted") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    std::vector<job_definition> jobs{world.definition("a", "every 10s")};
    world.wait_for(world.scheduler.declare("file", jobs));
    jobs[0].when = trigger{"every 20s"};
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)).changed == 1);
    CHECK(world.record("a").note.find("file") != std::string::npos);
    CHECK(world.logged("declares it otherwise") == 1);
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)).unchanged == 1);
  }

  TEST_CASE("its health is that of its store as well") {
    sharing_world world;
    world.start();
    CHECK(world.wait_for(world.scheduler.health()).healthy);
    world.store->healthy = {false, "partition 3 was not claimed from for 12 s"};
    const auto health = world.wait_for(world.scheduler.health());
    CHECK(!health.healthy);
    CHECK(health.why == "partition 3 was not claimed from for 12 s");
  }

  TEST_CASE("a store may be handed over as a value") {
    simulation world;
    scheduler_options options;
    options.clock = world.clock();
    options.logger = std::make_shared<spdlog::logger>("test", std::make_shared<log_keeper>());
    scheduler scheduler{world.io, memory_store{10}, options};
    int runs = 0;
    scheduler.add("tick", trigger{"every 5s"}, [&] { ++runs; });
    boost::asio::co_spawn(world.io, scheduler.run(), [](std::exception_ptr) {});
    world.pass(5s);
    CHECK(runs == 1);
    scheduler.shutdown()([](std::exception_ptr) {});
    world.settle();
  }
}
