#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/executor/thread_executor.hpp>
#include <map>
#include <stdexcept>
#include <vector>

#include "support/scheduler_world.hpp"
#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// What was answered to who waits, when it was.
struct answer {
  bool there = false;
  std::exception_ptr failure;
  std::optional<run_result> result;
  instant when{};
};

/// A scheduler with a job "report", once a day, and what its runs return.
struct result_world : scheduler_world {
  using scheduler_world::scheduler_world;

  void ask(answer& into, std::string id, and_wait how = {}) {
    scheduler.run_now(std::move(id),
                      how)([this, &into](std::exception_ptr failure, std::optional<run_result> got) {
      into.there = true;
      into.failure = failure;
      into.result = std::move(got);
      into.when = now();
    });
    settle();
  }
  run_result run(const std::string& id) {
    answer got;
    ask(got, id);
    for (int seconds = 0; !got.there && seconds < 600; ++seconds) pass(1s);
    REQUIRE(got.there);
    if (got.failure) std::rethrow_exception(got.failure);
    REQUIRE(got.result.has_value());
    return *got.result;
  }
  std::optional<boost::json::value> result(const std::string& job, const std::string& run) {
    return wait_for(scheduler.result(job, run));
  }
  std::string carried(const std::string& job) { return wait_for(scheduler.get(job))->carried; }
};

const trigger daily{"every 1d"};

job_options carrying() {
  job_options options;
  options.carries = true;
  return options;
}

/// A list in a list in a list.
boost::json::value nested(int levels) {
  boost::json::value all;
  for (int i = 0; i < levels; ++i) all = boost::json::array{std::move(all)};
  return all;
}

std::string words_of(const std::exception_ptr& failure) {
  if (!failure) return "nothing was thrown";
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& why) {
    return why.what();
  }
}

}  // namespace

TEST_SUITE("results of runs") {
  TEST_CASE("who asks for a run may wait for its outcome and what it returned") {
    result_world world;
    world.scheduler.add("plain", daily, [] { return std::map<std::string, int>{{"pages", 42}}; });
    world.scheduler.add("coroutine", daily, [&world]() -> boost::asio::awaitable<std::string> {
      co_await world.sleep(5s);
      co_return "done";
    });
    world.scheduler.add("nothing", daily, [](run& run) { run.note("all well"); });
    world.start();
    const auto plain = world.run("plain");
    CHECK(plain.succeeded());
    CHECK(plain.value == R"({"pages":42})");
    CHECK(plain.as<std::map<std::string, int>>().at("pages") == 42);
    CHECK(plain.attempt == 1);
    CHECK(plain.instance == "test");
    const auto coroutine = world.run("coroutine");
    CHECK(coroutine.as<std::string>() == "done");
    CHECK(*coroutine.finished - *coroutine.started == 5s);
    const auto nothing = world.run("nothing");
    CHECK(nothing.value.empty());
    CHECK(nothing.result.message == "all well");
    CHECK_THROWS_WITH(nothing.json(), "the run left no value: it succeeded: all well");
    CHECK(world.result("coroutine", coroutine.run) == boost::json::value("done"));
    CHECK_FALSE(world.result("nothing", nothing.run).has_value());
    CHECK_FALSE(world.result("plain", coroutine.run).has_value());
  }

  TEST_CASE("a result is kept as long as its job says") {
    result_world world;
    job_options brief, never;
    brief.keep_result = 1min;
    never.keep_result = 0ms;
    world.scheduler.add("brief", daily, [] { return 1; }, brief);
    world.scheduler.add("never", daily, [] { return 2; }, never);
    world.start();
    const auto kept = world.run("brief"), passing = world.run("never");
    CHECK(passing.as<int>() == 2);
    CHECK_FALSE(world.result("never", passing.run).has_value());
    world.pass(50s);
    CHECK(world.result("brief", kept.run) == boost::json::value(1));
    world.pass(20s);
    CHECK_FALSE(world.result("brief", kept.run).has_value());
  }

  TEST_CASE("runs of the schedule leave results as well") {
    result_world world;
    int count = 0;
    world.scheduler.add("count", trigger{"every 10s"}, [&count] { return ++count; });
    world.start();
    world.pass(20s);
    const auto ledger = world.ledger("count");
    REQUIRE(ledger.size() == 2);
    CHECK(world.result("count", ledger[1].run) == boost::json::value(2));
  }

  TEST_CASE("what is too long is left out, and said so; the run has succeeded") {
    result_world world;
    world.scheduler.add("long", daily, [] { return std::string(70'000, 'x'); });
    world.start();
    const auto ended = world.run("long");
    CHECK(ended.succeeded());
    CHECK(ended.value.empty());
    CHECK(ended.result.message ==
          "what it returned is left out: 70002 bytes as JSON, and 65536 are the most that is kept");
  }

  TEST_CASE("so is what is nested too deeply to be read again") {
    result_world world;
    world.scheduler.add("fits", daily, [] { return nested(32); });
    world.scheduler.add("deep", daily, [] { return nested(33); });
    world.start();
    const auto fits = world.run("fits"), deep = world.run("deep");
    CHECK(fits.json() == nested(32));
    CHECK(world.result("fits", fits.run) == nested(32));
    CHECK(deep.succeeded());
    CHECK(deep.value.empty());
    CHECK(deep.result.message ==
          "what it returned is left out: it is nested too deeply, and 32 levels are the most");
  }

  TEST_CASE("a run that fails leaves none, and who waits hears of its last attempt") {
    result_world world;
    int tries = 0;
    job_options options;
    options.retry.attempts = 3;
    options.retry.backoff_min = options.retry.backoff_max = 10s;
    const auto body = [&tries](run& run) {
      run.returns("never seen");
      if (++tries < 3) throw std::runtime_error("no luck");
      return tries;
    };
    world.scheduler.add("tries", daily, body, options);
    options.retry.attempts = 1;
    world.scheduler.add("fails", daily, [](run&) -> int { throw failure("paper", "no paper"); }, options);
    world.start();
    const auto ended = world.run("tries");
    CHECK(ended.attempt == 3);
    CHECK(ended.as<int>() == 3);
    const auto failed = world.run("fails");
    CHECK_FALSE(failed.succeeded());
    CHECK(failed.result.failure == "paper");
    CHECK_THROWS_WITH(failed.as<int>(), "the run left no value: it failed: no paper");
    CHECK_FALSE(world.result("fails", failed.run).has_value());
  }

  TEST_CASE("none is answered when the time has passed, and the run goes on") {
    result_world world;
    bool done = false;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<void> {
      co_await world.sleep(30s);
      done = true;
    });
    world.start();
    answer got;
    world.ask(got, "slow", and_wait(7s));
    world.pass(6s);
    CHECK_FALSE(got.there);
    world.pass(1s);
    REQUIRE(got.there);
    CHECK_FALSE(got.failure);
    CHECK_FALSE(got.result.has_value());
    world.pass(30s);
    CHECK(done);
  }

  TEST_CASE("a run of a time is waited for as well, and knows its time") {
    result_world world;
    world.scheduler.add("day", daily,
                        [](run& run) { return run.scheduled_for().time_since_epoch().count(); });
    world.start();
    const auto ended = world.wait_for(world.scheduler.trigger_at("day", simulation_start - 24h, and_wait()));
    REQUIRE(ended.has_value());
    CHECK(ended->as<std::int64_t>() == (simulation_start - 24h).time_since_epoch().count());
  }

  TEST_CASE("one that is dropped before it begins is skipped, with the reason") {
    result_world world;
    world.scheduler.add("one", daily, [] {});
    world.scheduler.add("two", daily, [] {});
    world.start();
    for (const auto* id : {"one", "two"}) world.wait_for(world.scheduler.pause(id, "for now"));
    answer one, two;
    world.ask(one, "one");
    world.ask(two, "two");
    world.pass(1min);
    CHECK_FALSE(one.there);
    world.wait_for(world.scheduler.cancel_waiting("one"));
    world.wait_for(world.scheduler.remove("two"));
    world.settle();
    REQUIRE(one.there);
    REQUIRE(two.there);
    CHECK(one.result.value().result.kind == outcome_kind::skipped);
    CHECK(one.result->result.message == "cancelled");
    CHECK(one.result->attempt == 0);
    CHECK(two.result.value().result.message == "removed");
  }

  TEST_CASE("one that is dropped between two attempts is skipped as well, and the ledger has the attempts") {
    result_world world;
    job_options options;
    options.retry.attempts = 3;
    options.retry.backoff_min = 1min;
    world.scheduler.add("flaky", daily, [] { throw std::runtime_error("no paper"); }, options);
    world.start();
    answer got;
    world.ask(got, "flaky");
    world.pass(1s);
    CHECK(world.wait_for(world.scheduler.cancel_waiting("flaky")));
    world.pass(1s);
    REQUIRE(got.result.has_value());
    CHECK(got.result->result.kind == outcome_kind::skipped);
    CHECK(got.result->result.message == "cancelled");
    CHECK(got.result->attempt == 0);
    const auto ledger = world.ledger("flaky");
    REQUIRE(ledger.size() == 2);
    CHECK(ledger[0].attempt == 1);
    CHECK(ledger[0].result.message == "no paper");
    CHECK_FALSE(ledger[0].final);
  }

  TEST_CASE("one whose job is removed while it runs is waited for to its end") {
    result_world world;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<int> {
      co_await world.sleep(30s);
      co_return 7;
    });
    world.start();
    answer got;
    world.ask(got, "slow");
    world.pass(1s);
    world.wait_for(world.scheduler.remove("slow"));
    world.pass(30s);
    REQUIRE(got.there);
    CHECK(got.result.value().as<int>() == 7);
  }

  TEST_CASE("a run that somebody cancels has ended so") {
    result_world world;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<int> {
      co_await world.sleep(1h);
      co_return 7;
    });
    world.start();
    answer got;
    world.ask(got, "slow");
    world.wait_for(world.scheduler.cancel_runs("slow"));
    world.settle();
    REQUIRE(got.there);
    CHECK(got.result.value().result.kind == outcome_kind::cancelled);
    CHECK(got.result->result.reason == cancel_reason::user);
    CHECK(got.result->value.empty());
  }

  TEST_CASE("there is nothing to wait for where there is no job, and when the scheduler ends") {
    result_world world;
    world.scheduler.add("later", daily, [] {});
    world.start();
    answer none, stopped;
    world.ask(none, "nobody");
    CHECK(words_of(none.failure).find("nobody") != std::string::npos);
    CHECK_THROWS_AS(world.wait_for(world.scheduler.run_now("later", and_wait(-1ms))), std::invalid_argument);
    world.wait_for(world.scheduler.pause("later", "for now"));
    world.ask(stopped, "later");
    world.stop();
    REQUIRE(stopped.there);
    CHECK_THROWS_WITH(std::rethrow_exception(stopped.failure),
                      boost::system::system_error(errc::stopped).what());
  }

  TEST_CASE("a run that ends while the scheduler drains is still answered") {
    result_world world;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<int> {
      co_await world.sleep(10s);
      co_return 7;
    });
    world.start();
    answer got;
    world.ask(got, "slow");
    world.stop(1min);
    REQUIRE(got.there);
    CHECK(got.result.value().as<int>() == 7);
  }

  TEST_CASE("to wait can be given up; the run goes on") {
    result_world world;
    bool done = false;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<void> {
      co_await world.sleep(10s);
      done = true;
    });
    world.start();
    boost::asio::cancellation_signal give_up;
    bool over = false;
    std::exception_ptr why;
    world.scheduler.run_now("slow", and_wait())(boost::asio::bind_cancellation_slot(
        give_up.slot(), [&](std::exception_ptr failure, std::optional<run_result>) {
          over = true;
          why = failure;
        }));
    world.pass(1s);
    give_up.emit(boost::asio::cancellation_type::terminal);
    world.settle();
    CHECK(over);
    CHECK(why);
    world.pass(10s);
    CHECK(done);
  }

  TEST_CASE("a body may wait for a run of another job") {
    result_world world;
    world.scheduler.add("inner", daily, [] { return 20; });
    world.scheduler.add("outer", daily, [&world]() -> boost::asio::awaitable<int> {
      const auto inner = co_await world.scheduler.run_now("inner", and_wait(1min));
      co_return inner.value().as<int>() + 1;
    });
    world.start();
    CHECK(world.run("outer").as<int>() == 21);
  }

  TEST_CASE("on a shared store it is found where nothing was told, and while the store fails for a while") {
    sharing_world world;
    world.scheduler.add("slow", daily, [&]() -> boost::asio::awaitable<int> {
      co_await world.sleep(2s);
      co_return 7;
    });
    world.start();
    std::optional<run_result> got;
    const auto wait = [&] {
      world.scheduler.run_now("slow", and_wait())(
          [&](std::exception_ptr, std::optional<run_result> ended) { got = std::move(ended); });
      world.settle();
    };
    wait();
    world.store->notices = false;
    world.store->refused["end_of"] = errc::store_unreachable;
    world.pass(11s);
    CHECK_FALSE(got.has_value());
    world.store->refused.clear();
    const auto asked = world.store->calls["end_of"];
    world.pass(5s);
    REQUIRE(got.has_value());
    CHECK(got->as<int>() == 7);
    CHECK(world.store->calls["end_of"] == asked + 1);
    world.store->notices = true;
    got.reset();
    wait();
    world.pass(2s);
    CHECK(got.has_value());
  }
}

TEST_SUITE("data carried from run to run") {
  TEST_CASE("each run reads what the last one handed on") {
    result_world world;
    std::vector<int> seen;
    const auto body = [&seen](run& run) {
      const auto last = run.carried<int>().value_or(0);
      seen.push_back(last);
      run.carry(last + 1);
    };
    world.scheduler.add("count", trigger{"every 10s"}, body, carrying());
    world.start();
    world.pass(30s);
    CHECK(seen == std::vector<int>{0, 1, 2});
    CHECK(world.carried("count") == "3");
    world.wait_for(world.scheduler.run_now("count"));
    world.settle();
    CHECK(world.carried("count") == "4");
  }

  TEST_CASE("a run that fails hands on nothing, and its retry reads what there was") {
    result_world world;
    std::vector<int> seen;
    auto options = carrying();
    options.retry.attempts = 2;
    options.retry.backoff_min = options.retry.backoff_max = 1s;
    const auto body = [&seen](run& run) {
      const auto last = run.carried<int>().value_or(0);
      seen.push_back(last);
      run.carry(last + 1);
      if (seen.size() == 2) throw std::runtime_error("no luck");
    };
    world.scheduler.add("count", trigger{"every 10s"}, body, options);
    world.start();
    world.pass(30s);
    CHECK(seen == std::vector<int>{0, 1, 1, 2});
  }

  TEST_CASE("null hands on nothing from then on") {
    result_world world;
    world.scheduler.add(
        "once", trigger{"every 10s"},
        [](run& run) { run.carried_json() ? run.carry(nullptr) : run.carry(std::string("here")); },
        carrying());
    world.start();
    world.pass(10s);
    CHECK(world.carried("once") == "\"here\"");
    world.pass(10s);
    CHECK(world.carried("once").empty());
  }

  TEST_CASE("bodies in threads and coroutines carry as well") {
    result_world world;
    world.scheduler.add(
        "coroutine", trigger{"every 10s"},
        [&world](run& run) -> boost::asio::awaitable<void> {
          co_await world.sleep(1s);
          run.carry(run.carried<int>().value_or(0) + 1);
        },
        carrying());
    world.start();
    world.pass(35s);
    CHECK(world.carried("coroutine") == "3");
  }

  TEST_CASE("a person may set it, and sees it; the next run reads it") {
    result_world world;
    std::optional<std::vector<int>> seen;
    world.scheduler.add(
        "list", trigger{"every 10s"}, [&seen](run& run) { seen = run.carried<std::vector<int>>(); },
        carrying());
    world.scheduler.add("other", trigger{"every 10s"}, [] {});
    world.start();
    world.wait_for(world.scheduler.set_carried("list", {1, 2, 3}));
    CHECK(world.carried("list") == "[1,2,3]");
    world.pass(10s);
    CHECK(seen == std::vector<int>{1, 2, 3});
    world.wait_for(world.scheduler.set_carried("list", nullptr));
    world.pass(10s);
    CHECK_FALSE(seen.has_value());
    world.wait_for(world.scheduler.set_carried("list", "100 \xb0"));
    CHECK(world.carried("list") == "\"100 \uFFFD\"");
    CHECK_THROWS_WITH(world.wait_for(world.scheduler.set_carried("other", 1)),
                      "job 'other' carries no data from run to run: its options must say `carries`");
    CHECK_THROWS_WITH(
        world.wait_for(world.scheduler.set_carried("list", boost::json::value(std::string(70'000, 'x')))),
        "job 'list': what it is to carry has 70002 bytes as JSON, and 65536 are the most");
    CHECK_THROWS_AS(world.wait_for(world.scheduler.set_carried("nobody", 1)), boost::system::system_error);
  }

  TEST_CASE("what does not fit fails the run for good, in words that say what") {
    result_world world;
    world.scheduler.add("typed", daily, [](run& run) { run.carried<int>(); }, carrying());
    world.scheduler.add("long", daily, [](run& run) { run.carry(std::string(70'000, 'x')); }, carrying());
    world.scheduler.add("without", daily, [](run& run) { run.carry(1); });
    world.start();
    world.wait_for(world.scheduler.set_carried("typed", "seven"));
    const auto typed = world.run("typed").result, too_long = world.run("long").result,
               without = world.run("without").result;
    CHECK(typed.failure == "carried");
    CHECK(typed.permanent);
    CHECK(typed.message.starts_with("carried: "));
    CHECK(too_long.failure == "carry");
    CHECK(too_long.message == "what the job is to carry has 70002 bytes as JSON, and 65536 are the most");
    CHECK(without.message == "job 'without' carries no data from run to run: its options must say `carries`");
  }

  TEST_CASE("what could not be read again is not carried, however it comes") {
    const std::string too_deep = "nested too deeply, and 32 levels are the most";
    result_world world;
    std::optional<boost::json::value> read;
    world.scheduler.add(
        "fits", daily,
        [&](run& run) {
          read = run.carried_json();
          run.carry_json(nested(32));
        },
        carrying());
    world.scheduler.add("deep", daily, [](run& run) { run.carry_json(nested(33)); }, carrying());
    world.start();
    for (int i = 0; i < 2; ++i) CHECK(world.run("fits").succeeded());
    CHECK(read == nested(32));
    const auto deep = world.run("deep").result;
    CHECK(deep.failure == "carry");
    CHECK(deep.permanent);
    CHECK(deep.message == "what the job is to carry is " + too_deep);
    CHECK_THROWS_WITH(world.wait_for(world.scheduler.set_carried("fits", nested(33))),
                      ("job 'fits': what it is to carry is " + too_deep).c_str());
    auto document = world.wait_for(world.scheduler.export_jobs()).document;
    import_options how;
    how.policy = on_conflict::replace;
    const auto same = world.wait_for(world.scheduler.import_jobs(document, how));
    REQUIRE(same.entries.size() == 2);
    CHECK(same.entries[1].why.empty());
    document.replace(document.find("[null]"), 6, "[[null]]");
    const auto deeper = world.wait_for(world.scheduler.import_jobs(document, how));
    CHECK(deeper.entries[1].why == "carried: " + too_deep);
  }

  TEST_CASE("arguments may be as deep, with the list that they are") {
    result_world world;
    boost::json::value seen;
    world.scheduler.task("echo", [&](boost::json::value data) { seen = std::move(data); });
    world.start();
    job_definition job{"echo", daily, {}, {}, default_options(), {}, {}};
    job.arguments = boost::json::serialize(nested(32));
    world.wait_for(world.scheduler.put(job));
    CHECK(world.run("echo").succeeded());
    CHECK(seen == nested(31));
    const auto document = world.wait_for(world.scheduler.export_jobs()).document;
    result_world other;
    other.start();
    const auto report = other.wait_for(other.scheduler.import_jobs(document));
    CHECK(report.entries.at(0).why.empty());
    job.arguments = boost::json::serialize(nested(33));
    CHECK_THROWS_WITH_AS(world.wait_for(world.scheduler.put(job, on_conflict::replace)),
                         doctest::Contains("the arguments are nested too deeply, and 32 levels are the most"),
                         std::invalid_argument);
  }

  TEST_CASE("it goes with an exported job, and an import says what it changes") {
    result_world world;
    world.scheduler.add("list", daily, [] {}, carrying());
    world.start();
    world.wait_for(world.scheduler.set_carried("list", {1, 2}));
    const auto document = world.wait_for(world.scheduler.export_jobs()).document;
    CHECK(document.find(R"("carried":[1,2])") != std::string::npos);
    world.wait_for(world.scheduler.set_carried("list", {3, 4}));
    import_options how;
    how.policy = on_conflict::replace;
    const auto report = world.wait_for(world.scheduler.import_jobs(document, how));
    REQUIRE(report.entries.size() == 1);
    CHECK(report.entries[0].why == "carried: [1,2], was [3,4]");
    CHECK(world.carried("list") == "[1,2]");
    result_world other;
    other.scheduler.task("list", [] {});
    other.start();
    other.wait_for(other.scheduler.import_jobs(document));
    CHECK(other.carried("list") == "[1,2]");
  }
}
