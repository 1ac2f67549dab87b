#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/link.hpp>
#include <memory>
#include <mutex>
#include <string_view>

#include "redis/background.hpp"
#include "redis/connection.hpp"

namespace carillon::redis {

/// What a link owns, for the stores and locks made with it. They may outlive the link; then their calls fail.
class link_state : public std::enable_shared_from_this<link_state> {
 public:
  link_state(boost::asio::io_context& io, link_options how);

  const link_options& options() const noexcept { return options_; }
  const connection_options& connecting() const noexcept { return connecting_; }
  const std::string& name_space() const noexcept { return options_.name_space; }
  boost::asio::io_context& io() noexcept { return io_; }

  /// A connection of its own for somebody, not started yet. `who` is added to the name in CLIENT LIST.
  std::unique_ptr<connection> connect(const loop_executor& where, std::string_view who) const;

  /// The thread for heartbeats and renewals; the first call starts it. Null once the link is gone.
  /// Thread safety: safe. Whoever holds it keeps its executor, though not the thread, which ends with the
  /// link at the latest. Not to be let go on that thread.
  std::shared_ptr<redis::background> background();

  /// Where locks are asked for, on that thread. Null once the link is gone. Thread safety: safe.
  std::shared_ptr<lock_desk> locks();

  /// Ends the thread. Thread safety: safe.
  void shut_down();

 private:
  boost::asio::io_context& io_;
  link_options options_;
  connection_options connecting_;
  std::mutex lock_;
  bool over_ = false;
  std::shared_ptr<redis::background> background_;
};

}  // namespace carillon::redis
