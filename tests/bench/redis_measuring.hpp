#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/async/loop.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "redis/connection.hpp"
#include "redis/job_backend.hpp"
#include "support/redis_server.hpp"

namespace carillon::bench {

/// What a server has done so far; the difference of two is what it did between them.
struct redis_usage {
  double cpu = 0;       ///< Of its main thread, in seconds.
  double scripts = 0;   ///< Calls of scripts.
  double commands = 0;  ///< All commands, those within scripts included.
  double memory = 0;    ///< In bytes.
};

redis_usage usage_of(const testing::redis_server& server);
redis_usage operator-(const redis_usage& after, const redis_usage& before);

/// A job as the measurements have it: id `job-0000017`, task `work`, default options.
job_record job_number(std::size_t number, const trigger& when, instant anchor);
std::string id_of_job(std::size_t number);

/// A backend that is open, on a loop of its own. It hears no notices.
class opened_backend {
 public:
  explicit opened_backend(std::uint16_t port, std::string name_space = "bench");
  ~opened_backend();
  opened_backend(const opened_backend&) = delete;
  opened_backend& operator=(const opened_backend&) = delete;

  redis::job_backend& jobs() noexcept { return backend_; }
  std::uint32_t partitions() const noexcept { return store_.partitions; }

  /// Runs coroutines side by side to their end. Throws what the last of them threw.
  void run(std::vector<loop_awaitable<void>> all);
  void run(loop_awaitable<void> one);

  /// Adds jobs in batches, a few of them on their way at any time.
  void add(const std::vector<job_record>& all);

 private:
  struct deaf final : backend_listener {
    void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
    void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
    void on_gap() override {}
    void on_reachable(bool, const std::string&) override {}
  };

  boost::asio::io_context io_{1};
  loop_executor strand_{boost::asio::make_strand(io_)};
  redis::connection connection_;
  redis::job_backend backend_;
  deaf listener_;
  store_identity store_;
};

}  // namespace carillon::bench
