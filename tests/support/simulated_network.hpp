#pragma once
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/async/wall_timer.hpp>
#include <carillon/error.hpp>
#include <carillon/time/clock.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

namespace carillon::testing {

/// What happens at which time on the way between instances and their store; in that order, and of one time
/// in the order in which it was sent. On a clock that is moved by hand it is the same each time.
class simulated_network {
 public:
  simulated_network(std::shared_ptr<clock> time, boost::asio::io_context& io);
  /// @pre Nothing is under way, or the io_context does not run any more.
  ~simulated_network();

  instant now() const { return time_->now(); }
  void at(instant when, std::function<void()> what);

 private:
  struct happening {
    instant when;
    std::uint64_t number = 0;
    std::function<void()> what;
    bool operator>(const happening& other) const {
      return std::pair{when, number} > std::pair{other.when, other.number};
    }
  };
  void wait();
  void deliver();

  std::shared_ptr<clock> time_;
  loop_executor strand_;
  wall_timer bell_;
  std::priority_queue<happening, std::vector<happening>, std::greater<>> queue_;
  std::uint64_t sent_ = 0;
  std::optional<instant> armed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// How bad a link is. The default is perfect: every call takes effect and is answered at once.
struct link_faults {
  milliseconds least{0}, most{0};  ///< How long each way takes.
  int slow_percent = 0;  ///< Of ways that take up to `slowest` instead: what was sent later overtakes.
  milliseconds slowest{0};
  int lost_requests = 0;  ///< In percent.
  int lost_answers = 0;   ///< Of requests that took effect.
  int lost_notices = 0;
  milliseconds deadline{1'000};  ///< After which a call is given up.

  bool perfect() const noexcept { return most == milliseconds{0} && lost_requests == 0 && lost_answers == 0; }
};

/// The way from one instance to the store.
class simulated_link {
 public:
  simulated_link(simulated_network& network, std::uint64_t seed, link_faults faults)
      : network_{network}, random_{seed}, faults_{faults} {}

  link_faults& faults() noexcept { return faults_; }
  void cut() { cut_ = true; }
  void mend();
  bool is_cut() const noexcept { return cut_; }
  /// Called when it is found to be cut, and when it is mended.
  std::function<void(bool reachable)> on_reachable;
  std::uint64_t calls() const noexcept { return calls_; }

  /// Has `effect` take place at the other end, some time, perhaps, and answers what it did, perhaps.
  template <typename T>
  loop_awaitable<T> call(std::function<T()> effect) {
    ++calls_;
    if (faults_.perfect() && !cut_) co_return effect();
    const loop_executor where = co_await boost::asio::this_coro::executor;
    auto state = std::make_shared<pending<T>>(where);
    send(state, std::move(effect));
    co_await state->wait(boost::asio::deferred);
    if (state->failure) std::rethrow_exception(state->failure);
    co_return std::move(*state->answer);
  }
  /// Tells something in the other direction.
  void notify(std::function<void()> what);

 private:
  template <typename T>
  struct pending {
    explicit pending(loop_executor where_) : where{std::move(where_)} {}
    template <typename Token>
    auto wait(Token&& token) {
      return boost::asio::async_initiate<Token, void()>(
          [this](auto handler) { resume = boost::asio::any_completion_handler<void()>(std::move(handler)); },
          token);
    }
    void end() {
      if (std::exchange(over, true)) return;
      boost::asio::post(where, std::exchange(resume, nullptr));
    }
    loop_executor where;
    bool over = false;
    std::optional<T> answer;
    std::exception_ptr failure;
    boost::asio::any_completion_handler<void()> resume;
  };

  template <typename T>
  void send(std::shared_ptr<pending<T>> state, std::function<T()> effect) {
    const auto now = network_.now();
    const auto arrives = now + way();
    const auto answered = arrives + way();
    const bool request_lost = chance(faults_.lost_requests);
    const bool answer_lost = chance(faults_.lost_answers);
    network_.at(arrives, [this, state, effect = std::move(effect), request_lost, answer_lost, answered] {
      if (request_lost || cut_) return;
      std::optional<T> answer;
      std::exception_ptr failure;
      try {
        answer.emplace(effect());
      } catch (...) {
        failure = std::current_exception();
      }
      if (answer_lost) return;
      network_.at(answered, [this, state, answer = std::move(answer), failure]() mutable {
        if (cut_ || state->over) return;
        state->answer = std::move(answer);
        state->failure = failure;
        state->end();
      });
    });
    network_.at(now + faults_.deadline, [this, state] {
      if (state->over) return;
      if (cut_) found_cut();
      state->failure = std::make_exception_ptr(boost::system::system_error(errc::store_unreachable));
      state->end();
    });
  }

  milliseconds way();
  bool chance(int percent) { return percent > 0 && static_cast<int>(random_() % 100) < percent; }
  void found_cut();

  simulated_network& network_;
  std::mt19937_64 random_;
  link_faults faults_;
  bool cut_ = false;
  bool told_ = false;
  std::uint64_t calls_ = 0;
};

}  // namespace carillon::testing
