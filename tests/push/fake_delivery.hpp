#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/async/condition.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "push/delivery.hpp"

namespace carillon::testing {

/// Delivers to nobody, and writes down what it was asked to.
class fake_delivery final : public pushes::delivery {
 public:
  explicit fake_delivery(const loop_executor& where) : held_{where} {}

  loop_awaitable<pushes::delivered> deliver(const pushes::push& what) override {
    asked.push_back(what);
    ++at_once_;
    most_at_once = std::max(most_at_once, at_once_);
    struct counted {
      std::size_t& now;
      ~counted() { --now; }
    } leaving{at_once_};
    if (holds) {
      while (holds(what)) co_await held_.wait();
    }
    auto how = answers ? answers(what) : pushes::delivered{};
    if (how.what == pushes::delivered::kind::ok) ++arrived[what.key];
    co_return how;
  }
  loop_awaitable<void> check() override { co_return; }
  loop_awaitable<void> close() override { co_return; }
  std::string describe() const override { return "a test"; }

  /// Lets those go on that `holds` does not hold any more.
  void go_on() { held_.notify(); }

  std::vector<pushes::push> asked;
  std::map<std::string, int> arrived;  ///< By key.
  std::size_t most_at_once = 0;
  std::function<bool(const pushes::push&)> holds;
  std::function<pushes::delivered(const pushes::push&)> answers;

 private:
  condition held_;
  std::size_t at_once_ = 0;
};

}  // namespace carillon::testing
