#pragma once
#include <boost/asio/use_future.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/job_store.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/loop_world.hpp"

namespace carillon::testing {

/// Two schedulers on one place for jobs, each with a store of its own, in real time.
class scheduler_pair : public loop_world {
 public:
  using store_maker = std::function<std::shared_ptr<job_store>(loop_world& where)>;

  struct instance {
    instance(scheduler_pair& pair, const store_maker& make_store, std::string name, bool operates)
        : scheduler{pair.io, make_store(pair), options_of(pair, std::move(name), operates)} {}
    carillon::scheduler scheduler;
    bool over = true;
  };

  /// @param operates Whether the second only asks for runs.
  scheduler_pair(const store_maker& make_store, bool operates)
      : first{std::in_place, *this, make_store, "first", false},
        second{std::in_place, *this, make_store, "second", operates} {}
  ~scheduler_pair() {
    stop(*second);
    stop(*first);
    second.reset();
    first.reset();
    io.restart();
    io.poll();
  }

  void start(instance& who) {
    who.over = false;
    boost::asio::co_spawn(io, who.scheduler.run(), [&who](std::exception_ptr) { who.over = true; });
  }
  void stop(instance& who) {
    if (who.over) return;
    shutdown_options at_once;
    at_once.drain = milliseconds{0};
    who.scheduler.shutdown(at_once)([](std::exception_ptr) {});
    until([&who] { return who.over; });
  }
  template <typename Operation>
  auto wait_for(Operation operation) {
    auto future = std::move(operation)(boost::asio::use_future);
    REQUIRE(until([&] { return has_come(future); }));
    return future.get();
  }
  template <typename T>
  static bool has_come(const std::future<T>& answer) {
    return answer.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  }

  std::optional<instance> first, second;

 private:
  static scheduler_options options_of(scheduler_pair& pair, std::string name, bool operates) {
    scheduler_options how;
    how.instance = std::move(name);
    how.operate_only = operates;
    how.logger = pair.logger;
    return how;
  }
};

}  // namespace carillon::testing
