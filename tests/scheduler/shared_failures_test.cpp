#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("a store that fails") {
  TEST_CASE("it is told of once, however many jobs notice, and they go on when it answers again") {
    sharing_world world;
    for (int i = 0; i < 200; ++i) world.add_ticking("a" + std::to_string(i));
    world.start();
    world.store->refused["claim"] = errc::store_unreachable;
    world.pass(40s);
    CHECK(world.ran.empty());
    CHECK(world.logged("does not answer") == 1);
    CHECK(world.count(event_kind::store_lost) == 1);
    CHECK(world.count(event_kind::loop_failed) == 0);
    world.store->refused.clear();
    world.pass(60s);
    CHECK(world.ran.size() >= 200);
    CHECK(world.count(event_kind::store_back) == 1);
    CHECK(world.logged("answers again") == 1);
  }

  TEST_CASE("what it refuses is told once while it says the same") {
    sharing_world world;
    for (int i = 0; i < 200; ++i) world.add_ticking("a" + std::to_string(i));
    world.start();
    world.store->refused["claim"] = errc::store_refused;
    world.pass(50s);
    CHECK(world.logged("would not do") == 1);
    CHECK(world.count(event_kind::loop_failed) == 1);
    world.store->refused.clear();
    world.pass(60s);
    CHECK(world.ran.size() >= 200);
  }

  TEST_CASE("nothing is claimed while it says that it cannot be reached, and all soon after") {
    sharing_world world;
    for (int i = 0; i < 50; ++i) world.add_ticking("a" + std::to_string(i));
    world.start();
    world.store->tell().on_reachable(false, "connection refused");
    CHECK(world.wait_for(world.scheduler.health()).why.find("does not answer") != std::string::npos);
    world.pass(25s);
    CHECK(world.store->calls["claim"] == 0);
    CHECK(world.last(event_kind::store_lost).message == "connection refused");
    world.store->tell().on_reachable(true, {});
    world.pass(1s);
    CHECK(world.ran.size() == 50);  // The latest stands for the one before.
    CHECK(world.count(event_kind::store_back) == 1);
    CHECK(world.wait_for(world.scheduler.health()).healthy);
  }

  TEST_CASE("heartbeats that alone are lost are told of once, with the end of the lease") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->tell().on_heartbeats(false, "no answer in time", 2s);
    CHECK(world.last(event_kind::heartbeats_lost).message == "no answer in time");
    CHECK(world.last(event_kind::heartbeats_lost).until == world.now() + 2s);
    CHECK(world.logged("ends in 2s unless one is answered: no answer in time") == 1);
    world.pass(15s);
    CHECK(world.ran.size() == 1);
    SUBCASE("they are answered again") {
      world.store->tell().on_heartbeats(true, {}, 10s);
      CHECK(world.logged("answers heartbeats again") == 1);
      CHECK(world.count(event_kind::heartbeats_back) == 1);
      CHECK(world.count(event_kind::store_lost) == 0);
    }
    SUBCASE("all else is lost as well: the end of both is one") {
      world.store->tell().on_reachable(false, "connection refused");
      world.store->tell().on_heartbeats(false, "no answer in time", 1s);
      world.store->tell().on_reachable(true, {});
      world.store->tell().on_heartbeats(true, {}, 10s);
      CHECK(world.count(event_kind::heartbeats_lost) == 1);
      CHECK(world.count(event_kind::heartbeats_back) == 0);
      CHECK(world.count(event_kind::store_back) == 1);
    }
  }

  TEST_CASE("a finish is repeated until it is taken, and the run counts until then") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->refused["finish"] = errc::store_refused;
    world.pass(15s);
    CHECK(world.wait_for(world.scheduler.health()).runs == 1);
    CHECK(world.store->calls["finish"] >= 2);
    world.store->refused.clear();
    world.pass(70s);
    CHECK(world.count(event_kind::run_unreported) == 0);
    CHECK(world.record("a").counters.succeeded >= 1);
    CHECK(world.record("a").active == 0);
    world.pass_until(world.now() + 9s);
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
  }

  TEST_CASE("a finish that fails for good ends the run here, and says what was lost") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->refused["finish"] = errc::lease_lost;
    world.pass(12s);
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
    CHECK(world.count(event_kind::run_unreported) == 1);
    CHECK(world.last(event_kind::run_unreported).job == "a");
    CHECK(world.last(event_kind::run_unreported).result.kind == outcome_kind::succeeded);
    CHECK(world.logged("has not confirmed") == 1);
  }

  TEST_CASE("what was declared while it failed is brought in afterwards, all of it, once") {
    sharing_world world;
    world.start();
    world.store->refused["add"] = errc::store_unreachable;
    for (int i = 0; i < 600; ++i) world.scheduler.add("a" + std::to_string(i), trigger{"every 1h"}, [] {});
    world.pass(10s);
    CHECK(world.wait_for(world.scheduler.health()).jobs == 0);
    world.store->refused.clear();
    world.pass(60s);
    CHECK(world.wait_for(world.scheduler.health()).jobs == 600);
    CHECK(world.count(event_kind::job_added) == 600);
  }

  TEST_CASE("an add whose answer was lost leaves no job without its loop") {
    sharing_world world;
    world.start();
    world.store->lost["add"] = errc::store_unreachable;
    world.add_ticking("a");
    world.pass(5s);
    world.store->lost.clear();
    world.pass(60s);
    CHECK(!world.ran.empty());
  }

  TEST_CASE("a scheduler ends though its store does not answer") {
    sharing_world world;
    world.add_lasting("a", 60s);
    world.add_ticking("b");
    world.start();
    world.pass(15s);
    for (const auto* what : {"claim", "take", "finish", "load", "close", "load_own", "add"})
      world.store->refused[what] = errc::store_unreachable;
    world.scheduler.add("late", trigger{"every 10s"}, [] {});
    world.pass(7s);
    const auto before = world.now();
    world.stop(2s);
    CHECK(!world.is_running());
    CHECK(world.now() - before <= 3s);
    CHECK(!world.run_failure);
    CHECK(world.ran.back() == "!a shutdown");
    CHECK(world.logged("could not be left in order") == 1);
  }

  TEST_CASE(
      "the drain time ends when it is over, though the store's clock was found to be behind meanwhile") {
    sharing_world world;
    world.add_lasting("a", 60s);
    world.start();
    world.pass(10s);
    shutdown_options how;
    how.drain = 10s;
    world.scheduler.shutdown(how)([](std::exception_ptr) {});
    world.settle();
    world.store->tell().on_clock_offset(-3s);  // What was to ring at 20 s rings by the store's clock at 17.
    world.pass(12s);
    CHECK(world.is_running());
    world.pass(2s);
    CHECK(world.ran == words{"+a 10", "!a shutdown"});
    CHECK_FALSE(world.is_running());
  }

  // Without an end to following this spins for ever.
  TEST_CASE("a scheduler that ends leaves changes alone that it had not come to yet") {
    sharing_world world;
    for (int i = 0; i < 5'000; ++i) world.add_ticking("job-" + std::to_string(i));
    world.start();
    const auto before = world.store->calls["load"];
    world.store->held.insert("load");
    for (int i = 0; i < 5'000; ++i)
      world.store->tell().on_job_changed("job-" + std::to_string(i), UINT64_MAX);
    world.settle();
    const auto asked = world.store->calls["load"] - before;
    CHECK(asked > 0);
    CHECK(asked < 5'000);
    world.scheduler.shutdown()([](std::exception_ptr) {});
    world.settle();
    world.store->release("load");
    world.pass(1s);
    CHECK_FALSE(world.is_running());
    CHECK(world.store->calls["load"] - before == asked);
  }

  TEST_CASE("a run that is won while the scheduler ends is given the drain time as well, and no more") {
    sharing_world world;
    world.add_lasting("a", 60s);
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    world.scheduler.shutdown()([](std::exception_ptr) {});
    world.pass(31s);
    CHECK(world.ran.empty());
    world.store->release("claim");
    world.pass(1s);
    CHECK(world.ran == words{"+a 41", "!a shutdown"});
    CHECK(!world.is_running());
  }

  TEST_CASE("a run that is won after the drain time and ends at once has ended, and is not cancelled") {
    sharing_world world;
    world.scheduler.add("a", trigger{"every 10s"}, [&]() -> boost::asio::awaitable<void> {
      world.ran.push_back("a " + world.second());
      co_return;
    });
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    world.scheduler.shutdown()([](std::exception_ptr) {});
    world.pass(31s);
    world.store->release("claim");
    world.pass(1s);
    CHECK(world.ran == words{"a 41"});
    CHECK(world.count(event_kind::run_succeeded) == 1);
    CHECK(!world.is_running());
  }

  TEST_CASE("a store that was emptied gets again what programs and files declare") {
    sharing_world world;
    const auto& store = world.store;
    world.scheduler.task("work", [&] { world.ran.push_back("file " + world.second()); });
    world.add_ticking("a");
    world.start();
    std::vector<job_definition> jobs{world.definition("f", "every 10s")};
    world.wait_for(world.scheduler.declare("file", jobs));
    world.wait_for(world.scheduler.put(world.definition("put", "every 10s")));
    world.pass(5s);
    const auto strand = boost::asio::make_strand(world.io);
    store->notices = false;
    for (const auto* id : {"a", "f", "put"}) {
      const auto gone = world.run_on(strand, store->inner().remove(id, std::nullopt, false));
      CHECK(gone == change_answer::done);
    }
    store->notices = true;
    store->tell().on_store_replaced();
    store->tell().on_ownership_changed();
    world.pass(15s);
    CHECK(world.ran == words{"a 15", "file 15"});
    CHECK(world.count(event_kind::store_replaced) == 1);
    CHECK(!world.wait_for(world.scheduler.get("put")));
    CHECK(world.wait_for(world.scheduler.health()).jobs == 2);
  }

  TEST_CASE("jobs fire by the store's clock, and a clock that differs is told of once") {
    sharing_world world;
    world.scheduler.add("a", trigger{"at 2024-01-01T00:01:00Z"},
                        [&] { world.ran.push_back(world.second()); });
    world.start();
    world.store->tell().on_clock_offset(30s);
    world.store->tell().on_clock_offset(30'100ms);
    world.pass(29s);
    CHECK(world.ran.empty());
    world.pass(1s);
    CHECK(world.ran == words{"29"});
    CHECK(world.count(event_kind::clock_differs) == 1);
    CHECK(world.logged("behind the store's") == 1);
  }

  TEST_CASE("to set the machine's clock changes nothing once the store's is known") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->tell().on_clock_offset(0ms);
    world.settle();
    world.time().set(world.now() + 1h);
    world.store->tell().on_clock_offset(-1h);
    world.pass(10s);
    CHECK(world.ran.size() == 1);
    CHECK(world.count(event_kind::clock_stepped) == 0);
    CHECK(world.count(event_kind::run_missed) + world.count(event_kind::run_coalesced) == 0);
  }

  TEST_CASE("the store is told that the loop answers, as long as it is open") {
    sharing_world world;
    world.start();
    world.pass(10s);
    CHECK(world.store->answers_of_the_loop >= 30);
    world.stop();
    const auto told = world.store->answers_of_the_loop;
    world.pass(10s);
    CHECK(world.store->answers_of_the_loop == told);
  }
}
