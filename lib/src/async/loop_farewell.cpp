#include "async/loop_farewell.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <map>
#include <mutex>
#include <utility>

namespace carillon {

/// Of one loop, by the order in which they were asked for.
struct loop_farewell::calls {
  std::mutex mutex;
  std::map<std::uint64_t, std::function<void()>> all;
  std::uint64_t last = 0;
};

/// Lives in the loop. Services end one after another before the first is destroyed: what strands and timers
/// need is still there when this one ends.
class loop_farewells final : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;

  explicit loop_farewells(boost::asio::execution_context& loop)
      : boost::asio::execution_context::service(loop) {}

  const std::shared_ptr<loop_farewell::calls>& calls() const noexcept { return calls_; }

 private:
  void shutdown() override {
    std::map<std::uint64_t, std::function<void()>> all;
    {
      const std::lock_guard lock{calls_->mutex};
      all.swap(calls_->all);
    }
    for (const auto& [number, call] : all) call();
  }

  std::shared_ptr<loop_farewell::calls> calls_ = std::make_shared<loop_farewell::calls>();
};

boost::asio::execution_context::id loop_farewells::id;

loop_farewell::loop_farewell(const boost::asio::any_io_executor& where, std::function<void()> call) {
  auto& loop = boost::asio::query(where, boost::asio::execution::context);
  calls_ = boost::asio::use_service<loop_farewells>(loop).calls();
  const std::lock_guard lock{calls_->mutex};
  number_ = ++calls_->last;
  calls_->all.emplace(number_, std::move(call));
}

loop_farewell& loop_farewell::operator=(loop_farewell&& other) noexcept {
  if (this != &other) {
    take_back();
    calls_ = std::move(other.calls_);
    number_ = other.number_;
  }
  return *this;
}

void loop_farewell::take_back() noexcept {
  const auto told = std::exchange(calls_, nullptr);
  if (!told) return;
  std::function<void()> call;  // goes outside the lock
  const std::lock_guard lock{told->mutex};
  const auto mine = told->all.find(number_);
  if (mine == told->all.end()) return;
  call = std::move(mine->second);
  told->all.erase(mine);
}

}  // namespace carillon
