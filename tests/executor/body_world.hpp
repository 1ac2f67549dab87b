#pragma once
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/executor/executor.hpp>
#include <carillon/job/task.hpp>
#include <list>
#include <memory>
#include <string>

#include "support/loop_world.hpp"
#include "support/made_run.hpp"

namespace carillon::testing {

/// Runs that an executor carries out on an event loop in real time, as a scheduler would have it done.
class body_world : public loop_world {
 public:
  /// One run, from its start to its outcome.
  struct one_run : made_run {
    one_run() : made_run{"work", 3} {}
    std::string name;
    boost::asio::cancellation_signal stop;
    bool over = false;
    std::exception_ptr thrown;
    outcome result;
  };

  /// Begins a run of the task `name`; `body` may be null if the executor knows it by name.
  one_run& begin(executor& how, std::string name, const task* body, std::string arguments = {}) {
    auto& one = runs_.emplace_back();
    one.name = std::move(name);
    one.arguments = std::move(arguments);
    auto& context = one.context;
    context.task = &one.name;
    context.id = "r-" + std::to_string(runs_.size());
    context.fence = 18'000'000'000'000'000'000u;
    context.logger = logger.get();
    boost::asio::any_io_executor where{strand};
    boost::asio::co_spawn(
        where, carried(&how, &one, body),
        boost::asio::bind_cancellation_slot(one.stop.slot(), [&one](std::exception_ptr why) {
          one.thrown = why;
          one.result = outcome_of(why);
          one.over = true;
        }));
    return one;
  }

  /// Asks a run to stop, as the engine does.
  void cancel(one_run& one, cancel_reason why = cancel_reason::timeout) {
    boost::asio::post(strand, [&one, why] {
      one.context.reason = why;
      one.stop.emit(boost::asio::cancellation_type::all);
    });
  }

  /// The outcome of a run that ends by itself.
  outcome end_of(one_run& one) {
    REQUIRE(until([&] { return one.over; }));
    return one.result;
  }

  void close(executor& how) {
    bool closed = false;
    boost::asio::any_io_executor where{strand};
    boost::asio::co_spawn(where, how.close(), [&](std::exception_ptr) { closed = true; });
    REQUIRE(until([&] { return closed; }));
  }

 private:
  static boost::asio::awaitable<void> carried(executor* how, one_run* one, const task* body) {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
    co_await how->execute(one->handle, body);
  }

  std::list<one_run> runs_;
};

}  // namespace carillon::testing
