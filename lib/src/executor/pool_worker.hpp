#pragma once
#include <array>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/executor/process_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "executor/child_process.hpp"
#include "executor/command_output.hpp"
#include "executor/pool_messages.hpp"

namespace carillon {

class run;

/// One process of a pool, as the pool sees it.
///
/// Thread safety: none; used on the executor that it was started with.
class pool_worker : public std::enable_shared_from_this<pool_worker> {
 public:
  enum class state : std::uint8_t {
    starting,  ///< Not ready yet.
    idle,
    busy,
    leaving,  ///< Takes no more runs, and is to end.
    ended,
  };
  using end_handler = boost::asio::any_completion_handler<void(run_end)>;

  /// Called when the state has changed; after `ended` never again.
  using change_listener = std::function<void(pool_worker&)>;

  pool_worker(const boost::asio::any_io_executor& where, const process_executor_options& options,
              change_listener on_change);
  pool_worker(const pool_worker&) = delete;
  pool_worker& operator=(const pool_worker&) = delete;
  ~pool_worker();

  /// Once, before all else. Errors: throws `failure` named "start".
  void start();

  state now() const noexcept { return state_; }
  /// It can be given a run.
  bool free() const noexcept { return state_ == state::idle && !socket_over_; }
  int number() const noexcept { return number_; }
  std::uint32_t runs() const noexcept { return runs_; }
  /// It has been told to end.
  bool left() const noexcept { return left_; }
  /// Of one that has ended: it had no run then.
  bool was_idle() const noexcept { return was_idle_; }
  /// Of one that has ended: how, for people.
  const std::string& epitaph() const noexcept { return epitaph_; }

  /// The message that asks for a run. Errors: throws `failure` for one that is too long.
  static std::string order_for(const run& which);

  /// Has a run carried out, for which `order` asks; completes with its end, which may be that of the worker.
  ///
  /// Cancellation: all kinds ask the body to stop, for the run's reason; it completes all the same.
  /// @pre `free()`
  template <typename Token>
  auto async_carry_out(run& which, std::string order, Token&& token) {
    return boost::asio::async_initiate<Token, void(run_end)>(
        [self = shared_from_this(), which = &which](auto handler, std::string bytes) {
          self->begin(*which, std::move(bytes), end_handler{std::move(handler)});
        },
        token, std::move(order));
  }

  /// Lets it end: at once, or after its run; if it does not, by signals.
  void retire();
  void kill() noexcept;
  /// Kills it, and lets go of who waits for its run: the loop goes.
  void abandon() noexcept;

 private:
  command_output new_output();
  void begin(run& which, std::string order, end_handler handler);
  void stop();
  void change(state to);
  void write(std::string bytes);
  void write_next();
  void read();
  void on_bytes(std::size_t bytes);
  void await_end();
  bool take_messages();
  void take(pool_message message);
  void take_end(run_end end);
  void complete(run_end end);
  void broken(const std::string& what);
  void log_line(std::string_view line);
  void log_words(int level, std::string_view words);
  bool within_budget(std::size_t bytes);
  void signal_after(milliseconds time);
  void wait_no_longer();
  void ended(child_end end);
  void conclude();
  std::shared_ptr<spdlog::logger> logger() const;

  boost::asio::any_io_executor where_;
  process_executor_options options_;
  change_listener on_change_;
  std::shared_ptr<child_process> child_;
  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer patience_;  ///< When it rings, the child has had its time.
  boost::asio::steady_timer
      rest_;  ///< Of reading, once too much has come; and how long a process may outlive its socket.
  command_output output_;
  message_reader messages_;
  std::array<char, 16'384> buffer_{};
  std::deque<std::string> unsent_;  ///< The first is under way.
  state state_ = state::starting;
  run* run_ = nullptr;  ///< While busy.
  end_handler on_end_;
  std::optional<run_end> last_words_;  ///< An end that waits for the output that belongs to it.
  std::optional<child_end> child_end_;
  std::string epitaph_;
  std::string trouble_;  ///< What it did that no worker does.
  std::size_t logged_ = 0;
  bool over_budget_ = false;
  bool reading_ = false, socket_over_ = false;
  bool left_ = false, was_idle_ = false;
  bool signalled_ = false;  ///< It was sent SIGTERM, and SIGKILL follows.
  int number_ = 0;
  std::uint64_t waits_ = 0;  ///< Tells the latest wait on `patience_` from those before it.
  std::uint32_t runs_ = 0;
};

}  // namespace carillon
