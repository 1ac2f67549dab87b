#pragma once
#include <boost/asio/use_future.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/sql/job_store.hpp>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "sql/sql_world.hpp"

namespace carillon::testing {

/// Two schedulers on one database, each with a store of its own, in real time.
class scheduler_pair : temporary_folder, public loop_world {
 public:
  struct instance {
    instance(scheduler_pair& world, std::string name, bool operates)
        : scheduler{world.io, sql::job_store{world.store_options()},
                    options_of(world, std::move(name), operates)} {}
    carillon::scheduler scheduler;
    bool over = true;
  };

  /// @param operates Whether the second only asks for runs.
  explicit scheduler_pair(const test_database& database, bool operates)
      : url_{database.new_url(*this)},
        first{std::in_place, *this, "first", false},
        second{std::in_place, *this, "second", operates} {}
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

 private:
  sql::job_store_options store_options() const {
    sql::job_store_options how;
    how.url = url_;
    how.partitions = 4;
    how.timeout = std::chrono::seconds{20};  // A busy machine is no finding.
    how.lease = std::chrono::seconds{30};
    how.connections = 2;
    how.look_for_changes = milliseconds{20};
    how.logger = logger;
    return how;
  }
  static scheduler_options options_of(scheduler_pair& world, std::string name, bool operates) {
    scheduler_options how;
    how.instance = std::move(name);
    how.operate_only = operates;
    how.logger = world.logger;
    return how;
  }

  std::string url_;

 public:
  std::optional<instance> first, second;
};

}  // namespace carillon::testing
