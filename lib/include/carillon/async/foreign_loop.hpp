#pragma once
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace carillon {

/// An event loop that is not Asio's (a toolkit's, a poll() of one's own, a game's) as an execution context of
/// Asio's: what is posted to its executor, from any thread, is called by `run_pending`, on the thread of that
/// loop.
///
///     asio::post(gui.get_executor(), [] { … });                        // called on that thread
///     asio::co_spawn(gui.get_executor(), refresh(window), token);      // each of its parts runs there
///
/// Timers and sockets made with its executor work: Asio waits for them on a thread of its own, and their
/// handlers are called by `run_pending`. Thread safety: everything but `run_pending` from any thread;
/// `run_pending` from one thread at a time. Lifetime: longer than what refers to its executor; what is
/// pending when it goes is dropped.
class foreign_loop final : public boost::asio::execution_context {
 public:
  class executor_type;

  /// Errors: throws `std::system_error` when the system has no descriptors left.
  foreign_loop();
  ~foreign_loop();

  executor_type get_executor() noexcept;

  /// Readable, as poll() and its like see it, as long as something is pending. To be watched and nothing
  /// else: neither read nor closed.
  int descriptor() const noexcept;

  /// Calls what is pending, in the order in which it came, but not what comes meanwhile; never waits. Answers
  /// how many calls that were. Errors: throws what a call throws; the others stay pending.
  std::size_t run_pending();

  bool has_pending() const;

 private:
  struct call {
    virtual ~call() = default;
    virtual void operator()() = 0;
  };
  template <typename Function>
  struct call_of final : call {
    explicit call_of(Function what) : function{std::move(what)} {}
    void operator()() override { std::move(function)(); }
    Function function;
  };
  struct queue;

  void add(std::unique_ptr<call> what);
  std::unique_ptr<call> take();

  std::unique_ptr<queue> queue_;
};

/// Puts calls into a `foreign_loop`, never at once. A small value.
class foreign_loop::executor_type {
 public:
  foreign_loop& query(boost::asio::execution::context_t) const noexcept { return *loop_; }
  static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }

  template <typename Function>
  void execute(Function&& function) const {
    loop_->add(std::make_unique<call_of<std::decay_t<Function>>>(std::forward<Function>(function)));
  }

  friend bool operator==(const executor_type&, const executor_type&) noexcept = default;

 private:
  friend class foreign_loop;
  explicit executor_type(foreign_loop& loop) noexcept : loop_{&loop} {}
  foreign_loop* loop_;
};

inline foreign_loop::executor_type foreign_loop::get_executor() noexcept { return executor_type{*this}; }

}  // namespace carillon
