#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <carillon/executor/inline_executor.hpp>

#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

using heard = std::vector<std::string>;

/// A world with a job "tick" every 10 s, with a tag, and one "fail" every 10 s.
struct telling_world : scheduler_world {
  telling_world() {
    job_options tagged;
    tagged.tags = {"nightly"};
    scheduler.add("tick", trigger{"every 10s"}, [] {}, tagged);
    scheduler.add("fail", trigger{"every 10s"}, [] { throw std::runtime_error("no paper"); });
  }

  /// The kinds of the events of a job, in order; of no job, when empty.
  heard kinds_of(const std::string& job) const {
    heard all;
    for (const auto& what : events) {
      if (what.job == job) all.emplace_back(name(what.kind));
    }
    return all;
  }
  /// Writes down what comes out of a stream, until it ends.
  boost::asio::awaitable<void> take_all(event_stream& from, heard& into) {
    for (;;) {
      const auto what = co_await from.next();
      into.push_back(what ? what->job + " " + std::string{name(what->kind)} : "end");
      if (!what) break;
    }
  }
};

job_definition put_definition(std::string id, const char* when, const char* task) {
  job_definition job{std::move(id), trigger{when}, shared_text{task}, {}, default_options(), {}, {}};
  return job;
}

}  // namespace

TEST_SUITE("the events of a scheduler") {
  TEST_CASE("its life is told from the store's opening to its end") {
    telling_world world;
    world.scheduler.executor("few", std::make_shared<inline_executor>(executor_limits{.running = 1}));
    world.scheduler.task("charge", [] {});
    world.start();
    world.stop();
    CHECK(world.kinds_of("") == heard{"task_added", "task_added", "executor_added", "task_added",
                                      "store_opened", "scheduler_started", "executor_closed", "store_closed",
                                      "scheduler_stopped"});
    CHECK(world.events[0].name == "tick");
    CHECK(world.last(event::executor_added).name == "few");
    CHECK(world.last(event::task_added).name == "charge");
    CHECK(world.last(event::executor_closed).name == "few");
    CHECK(world.last(event::scheduler_stopped).exception == nullptr);
  }

  TEST_CASE("its end says what went wrong") {
    const auto store = std::make_shared<memory_store>();
    telling_world first;
    scheduler_world second{store};
    scheduler_world third{store};
    second.start();
    third.start();
    REQUIRE(third.run_failure);
    CHECK(third.last(event::scheduler_stopped).exception);
    CHECK(!third.last(event::scheduler_stopped).message.empty());
  }

  TEST_CASE("a run is told from its claim to its end, with the options of its job") {
    telling_world world;
    world.start();
    world.pass(10s);
    CHECK(world.kinds_of("tick") == heard{"job_added", "run_claimed", "run_started", "run_succeeded"});
    CHECK(world.kinds_of("fail") == heard{"job_added", "run_claimed", "run_started", "run_failed"});
    const auto& claimed = world.last(event::run_claimed);
    CHECK(!claimed.run.empty());
    CHECK(claimed.attempt == 1);
    CHECK(world.since_start(*claimed.occurrence) == 10'000);
    CHECK(world.last(event::run_succeeded).has_tag("nightly"));
    CHECK(world.since_start(world.last(event::job_added).next.value()) == 10'000);
  }

  TEST_CASE("a run that waits for its executor is claimed, and starts later") {
    telling_world world;
    world.scheduler.executor("one", std::make_shared<inline_executor>(executor_limits{.running = 1}));
    job_options there;
    there.executor = "one";
    for (const auto* id : {"a", "b"}) {
      world.scheduler.add(
          id, trigger{"every 15s"}, [&]() -> boost::asio::awaitable<void> { co_await world.sleep(2s); },
          there);
    }
    world.start();
    world.pass(16s);
    const auto waits = world.kinds_of("a").size() < world.kinds_of("b").size() ? "a" : "b";
    CHECK(world.kinds_of(waits) == heard{"job_added", "run_claimed", "run_waiting"});
    world.pass(2s);
    CHECK(world.kinds_of(waits) == heard{"job_added", "run_claimed", "run_waiting", "run_started"});
  }

  TEST_CASE("a run that is asked for, a change and a removal are told, and that all were removed") {
    telling_world world;
    world.start();
    world.wait_for(world.scheduler.run_now("tick"));
    world.settle();
    world.wait_for(world.scheduler.reschedule("tick", trigger{"every 20s"}));
    CHECK(world.since_start(world.last(event::job_changed).next.value()) == 20'000);
    world.wait_for(world.scheduler.skip_next("tick", 2));
    CHECK(world.last(event::job_changed).message == "the next 2 fires are left out");
    world.wait_for(world.scheduler.remove("tick"));
    CHECK(world.last(event::job_removed).has_tag("nightly"));
    CHECK(world.kinds_of("tick") == heard{"job_added", "run_requested", "run_claimed", "run_started",
                                          "run_succeeded", "job_changed", "job_changed", "job_removed"});
    world.wait_for(world.scheduler.clear());
    CHECK(world.last(event::jobs_cleared).count == 1);
    CHECK(world.kinds_of("fail") == heard{"job_added", "job_removed"});
  }

  TEST_CASE("a job that nobody here can run is told of, and that it goes on") {
    telling_world world;
    world.start();
    world.wait_for(world.scheduler.put(put_definition("charge", "every 10s", "pay")));
    world.scheduler.task("pay", [] {});
    world.settle();
    CHECK(world.kinds_of("charge") == heard{"job_parked", "job_added", "job_unparked"});
  }

  TEST_CASE("what another instance changes is told as that, and what this one changes is not") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    CHECK(world.count(event::job_changed_elsewhere) == 0);
    world.wait_for(world.scheduler.pause("a", "why"));
    CHECK(world.count(event::job_changed_elsewhere) == 0);
    world.store->tell().on_job_changed("a", ~0ull);
    world.settle();
    CHECK(world.last(event::job_changed_elsewhere).job == "a");
  }

  TEST_CASE("each of the 17 kinds that APScheduler 3 reports has its own here") {
    telling_world world;
    world.scheduler.executor("few", std::make_shared<inline_executor>(executor_limits{.running = 1}));
    job_options strict;
    strict.misfire_grace = 1s;
    world.scheduler.add("late", trigger{"every 1h"}, [] {}, strict);
    world.scheduler.add("long", trigger{"every 10s"},
                        [&]() -> boost::asio::awaitable<void> { co_await world.sleep(15s); });
    world.start();
    world.pass(25s);                 // "long" is still running at 20 s
    world.time().suspend(1h + 10s);  // "late" is missed
    world.pass(10s);
    world.wait_for(world.scheduler.reschedule("tick", trigger{"every 1m"}));
    world.wait_for(world.scheduler.pause());
    world.wait_for(world.scheduler.resume());
    world.wait_for(world.scheduler.remove("tick"));
    world.wait_for(world.scheduler.clear());
    world.stop();
    for (const auto kind : {event::scheduler_started, event::scheduler_stopped, event::scheduler_paused,
                            event::scheduler_resumed, event::executor_added, event::executor_closed,
                            event::store_opened, event::store_closed, event::jobs_cleared, event::job_added,
                            event::job_removed, event::job_changed, event::run_succeeded, event::run_failed,
                            event::run_missed, event::run_claimed, event::run_skipped}) {
      CAPTURE(name(kind));
      CHECK(world.count(kind) > 0);
    }
    CHECK(std::ranges::any_of(world.events, [](const event& what) {
      return what.kind == event::run_skipped && what.job == "long" && what.message == "overlap";
    }));
  }

  TEST_CASE("each of the 14 that APScheduler 4 reports has its own here, but that a task is removed") {
    telling_world world;
    world.scheduler.task("sum", [](int, int) {});
    world.start();
    auto sum = put_definition("sum", "every 10s", "sum");
    sum.arguments = shared_text{"[1, 2]"};
    world.wait_for(world.scheduler.put(sum));
    world.wait_for(world.scheduler.run_now("sum"));
    world.settle();
    sum.when = trigger{"every 20s"};
    world.wait_for(world.scheduler.put(sum, on_conflict::replace));
    world.wait_for(world.scheduler.put(put_definition("unknown", "every 10s", "nobody's")));
    world.wait_for(world.scheduler.remove("sum"));
    world.stop();
    CHECK(world.kinds_of("sum") == heard{"job_added", "run_requested", "run_claimed", "run_started",
                                         "run_succeeded", "job_changed", "job_removed"});
    CHECK(world.last(event::job_parked).job == "unknown");
    CHECK(world.last(event::task_added).name == "sum");
  }

  TEST_CASE("a listener may want a job, a tag, a run or what it likes") {
    telling_world world;
    heard all;
    const auto note = [&](const char* who) {
      return [&all, who](const event& what) { all.push_back(who + (" " + what.job)); };
    };
    const auto job = world.scheduler.on(event_filter(run_ends).of_job("fail"), note("job"));
    const auto tag = world.scheduler.on(event_filter(run_ends).with_tag("nightly"), note("tag"));
    const auto mine = world.scheduler.on(event_filter(run_ends).of_instance("another"), note("instance"));
    const auto next = world.scheduler.on_next(event_filter(event::run_failed), note("next"));
    world.start();
    world.pass(20s);
    std::ranges::sort(all);
    CHECK(all == heard{"job fail", "job fail", "next fail", "tag tick", "tag tick"});
  }

  TEST_CASE("events may be awaited one after another, to the scheduler's end") {
    telling_world world;
    auto stream = world.scheduler.events(event_filter(run_ends | event::scheduler_stopped).of_job("tick"));
    auto ends = world.scheduler.events(event::scheduler_stopped);
    heard taken, last;
    boost::asio::co_spawn(world.io, world.take_all(stream, taken), boost::asio::detached);
    boost::asio::co_spawn(world.io, world.take_all(ends, last), boost::asio::detached);
    world.start();
    world.pass(20s);
    CHECK(taken == heard{"tick run_succeeded", "tick run_succeeded"});
    world.stop();
    CHECK(taken.back() == "end");
    CHECK(last == heard{" scheduler_stopped", "end"});
  }

  TEST_CASE("one event may be waited for, so long and no longer") {
    telling_world world;
    world.start();
    const auto failed = world.wait_for(world.scheduler.wait_for(event::run_failed));
    REQUIRE(failed);
    CHECK(failed->result.message == "no paper");
    CHECK(world.at() == 10'000);
    const auto never = world.wait_for(world.scheduler.wait_for(event::run_lost, 3s));
    CHECK_FALSE(never);
    CHECK(world.at() == 13'000);
    const auto in_time =
        world.wait_for(world.scheduler.wait_for(event_filter(run_ends).of_job("tick"), 1min));
    REQUIRE(in_time);
    CHECK(world.at() == 20'000);
  }

  TEST_CASE("who waits for an event hears of the scheduler's end, and may ask before it has begun") {
    telling_world world;
    auto started = world.scheduler.wait_for(event::scheduler_started)(boost::asio::use_future);
    auto never = world.scheduler.wait_for(event::run_lost)(boost::asio::use_future);
    world.settle();
    world.start();
    CHECK(started.get()->kind == event::scheduler_started);
    world.stop();
    world.settle();
    CHECK_FALSE(never.get());
    CHECK_FALSE(world.wait_for(world.scheduler.wait_for(event::run_lost)));  // It is over already.
  }

  TEST_CASE("a wait for an event may be cancelled") {
    telling_world world;
    world.start();
    boost::asio::cancellation_signal stop;
    std::exception_ptr why;
    world.scheduler.wait_for(
        event::run_lost, std::nullopt,
        boost::asio::bind_cancellation_slot(
            stop.slot(), [&](std::exception_ptr failure, std::optional<event>) { why = failure; }));
    world.settle();
    stop.emit(boost::asio::cancellation_type::terminal);
    world.settle();
    CHECK(why);
    world.pass(10s);
  }
}
