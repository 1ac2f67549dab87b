#pragma once
#include <doctest/doctest.h>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <stdexcept>

#include "support/scheduler_pair.hpp"

namespace carillon::contract {

/// The second of two schedulers, which runs nothing itself, asks for runs and waits for them.
inline void one_reads_what_runs_of_the_other_return(testing::scheduler_pair& pair) {
  using namespace std::chrono_literals;
  job_options options;
  options.carries = true;
  options.retry.attempts = 2;
  options.retry.backoff_min = options.retry.backoff_max = 1ms;
  const auto count = [](run& run) {
    const auto number = run.carried<int>().value_or(0) + 1;
    if (run.attempt() == 1 && number == 2) throw std::runtime_error("once more");
    run.carry(number);
    return number;
  };
  pair.first->scheduler.add("count", trigger{"every 1d"}, count, options);
  pair.start(*pair.first);
  pair.start(*pair.second);
  auto& asker = pair.second->scheduler;
  REQUIRE(pair.until([&] { return pair.wait_for(asker.get("count")).has_value(); }));
  const auto first = pair.wait_for(asker.run_now("count", and_wait(25s)));
  REQUIRE(first.has_value());
  CHECK(first->succeeded());
  CHECK(first->as<int>() == 1);
  CHECK(first->attempt == 1);
  CHECK(first->instance == "first");
  const auto second = pair.wait_for(asker.trigger_at("count", instant{}, and_wait(25s)));
  REQUIRE(second.has_value());
  CHECK(second->as<int>() == 2);
  CHECK(second->attempt == 2);
  CHECK(pair.wait_for(asker.result("count", second->run)) == boost::json::value(2));
  CHECK(pair.wait_for(asker.get("count"))->carried == "2");
  pair.wait_for(asker.set_carried("count", 9));
  const auto third = pair.wait_for(asker.run_now("count", and_wait(25s)));
  REQUIRE(third.has_value());
  CHECK(third->as<int>() == 10);
}

/// The same for runs that do not begin: its time passes, or their job is removed.
inline void one_hears_of_runs_that_never_begin(testing::scheduler_pair& pair) {
  using namespace std::chrono_literals;
  pair.first->scheduler.add("work", trigger{"every 1d"}, [] { return 1; });
  pair.start(*pair.first);
  pair.start(*pair.second);
  auto& asker = pair.second->scheduler;
  REQUIRE(pair.until([&] { return pair.wait_for(asker.get("work")).has_value(); }));
  pair.wait_for(asker.pause("work", "for now"));
  CHECK_FALSE(pair.wait_for(asker.run_now("work", and_wait(1ms))).has_value());
  const auto before = pair.wait_for(asker.get("work"))->revision;
  auto waiting = asker.run_now("work", and_wait(25s))(boost::asio::use_future);
  REQUIRE(pair.until([&] { return pair.wait_for(asker.get("work"))->revision > before; }));
  pair.wait_for(asker.remove("work"));
  REQUIRE(pair.until([&] { return pair.has_come(waiting); }));
  CHECK(waiting.get().value().result.message == "removed");
}

}  // namespace carillon::contract
