#pragma once
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <cstdint>
#include <future>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/simulation.hpp"

namespace carillon::testing {

/// Of numbers in braces, where a check compares with them.
inline std::vector<std::int64_t> list(std::initializer_list<std::int64_t> values) { return values; }

/// Keeps what is logged, for tests that ask for it, and for the output of those that fail.
class log_keeper final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  std::vector<std::string> lines;

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    lines.emplace_back(line.payload.data(), line.payload.size());
  }
  void flush_() override {}
};

/// A scheduler in a simulation, and all that it tells.
class scheduler_world : public simulation {
 public:
  explicit scheduler_world(scheduler_options options = {}, instant start = simulation_start)
      : simulation{start}, scheduler{io, with_defaults(std::move(options))} {
    listen();
  }
  explicit scheduler_world(std::shared_ptr<job_store> store, scheduler_options options = {})
      : scheduler{io, std::move(store), with_defaults(std::move(options))} {
    listen();
  }
  ~scheduler_world() override {
    if (running_) stop();
  }

  /// Begins `scheduler.run()`.
  void start() {
    running_ = true;
    boost::asio::co_spawn(io, scheduler.run(), [this](std::exception_ptr failure) {
      running_ = false;
      run_failure = failure;
    });
    settle();
  }

  /// Runs an operation of the scheduler to its end.
  template <typename Operation>
  auto wait_for(Operation operation) {
    auto future = std::move(operation)(boost::asio::use_future);
    for (settle();
         future.wait_for(std::chrono::seconds{0}) != std::future_status::ready && time().next_alarm();
         settle()) {
      time().advance_to(*time().next_alarm());
    }
    REQUIRE_MESSAGE(future.wait_for(std::chrono::seconds{0}) == std::future_status::ready,
                    "this operation waits for something that never happens");
    return future.get();
  }

  /// Shuts down and runs until `run()` has returned.
  void stop(milliseconds drain = milliseconds{0}) {
    shutdown_options how;
    how.drain = drain;
    wait_for(scheduler.shutdown(how));
    settle();
  }
  bool is_running() const { return running_; }

  /// Milliseconds since the world began: short to write in a table.
  std::int64_t at() const { return (now() - began_).count(); }
  std::int64_t since_start(instant when) const { return (when - began_).count(); }

  /// How many events of a kind there were.
  std::size_t count(event_kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(events, kind, &event::kind));
  }
  const event& last(event_kind kind) const {
    const auto found = std::ranges::find(events.rbegin(), events.rend(), kind, &event::kind);
    REQUIRE(found != events.rend());
    return *found;
  }

  std::vector<ledger_entry> ledger(std::string job = {}) {
    ledger_query query;
    query.job = std::move(job);
    query.limit = 1'000'000;
    auto page = wait_for(scheduler.history(query));
    std::ranges::reverse(page.entries);
    return std::move(page.entries);
  }

  std::shared_ptr<log_keeper> log = std::make_shared<log_keeper>();
  carillon::scheduler scheduler;
  std::vector<event> events;
  std::exception_ptr run_failure;

 private:
  void listen() {
    all_events_ = scheduler.on(all_events, [this](const event& what) { events.push_back(what); });
  }
  scheduler_options with_defaults(scheduler_options options) {
    options.clock = clock();
    if (options.instance.empty()) options.instance = "test";
    if (!options.time_zone) options.time_zone = zone{};
    options.logger = std::make_shared<spdlog::logger>("test", log);
    return options;
  }

  instant began_ = now();
  bool running_ = false;
  subscription all_events_;
};

}  // namespace carillon::testing
