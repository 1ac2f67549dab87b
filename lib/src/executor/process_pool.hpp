#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/executor/process_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/loop_farewell.hpp"
#include "executor/pool_worker.hpp"

namespace carillon {

/// Keeps as many workers as it was told to: starts them, finds one for each run, replaces those that go. It
/// may outlive the loop that it was opened on.
///
/// Thread safety: none; used on the executor that it was opened with.
class process_pool : public std::enable_shared_from_this<process_pool> {
 public:
  explicit process_pool(process_executor_options options) : options_(std::move(options)) {}

  const process_executor_options& options() const noexcept { return options_; }
  /// What it is given first holds; closed, it is not opened again.
  void open(const boost::asio::any_io_executor& where);
  boost::asio::awaitable<void> execute(run& which);
  boost::asio::awaitable<void> close();
  void kill_all() noexcept;
  std::vector<int> numbers() const;

 private:
  using worker_ptr = std::shared_ptr<pool_worker>;

  void fill();
  bool start_one();
  void changed(pool_worker& who);
  void gone(pool_worker& who);
  void start_failed(const std::string& why);
  std::size_t serving() const;
  worker_ptr idle_worker() const;
  boost::asio::awaitable<worker_ptr> find_worker();
  boost::asio::awaitable<void> wait_for_change();
  void leave_loop();
  std::shared_ptr<spdlog::logger> logger() const;

  process_executor_options options_;
  boost::asio::any_io_executor where_;  ///< None before it is opened, and when it is closed.
  loop_farewell farewell_;
  std::optional<boost::asio::steady_timer> changes_;  ///< Never rings: cancelled to wake who waits.
  std::optional<boost::asio::steady_timer> pause_;    ///< Before workers are started again.
  std::vector<worker_ptr> workers_;
  std::uint32_t failed_starts_ = 0;  ///< In a row.
  std::string last_failure_;
  bool pausing_ = false, closing_ = false;
};

}  // namespace carillon
