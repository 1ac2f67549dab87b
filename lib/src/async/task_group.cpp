#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <carillon/async/task_group.hpp>
#include <cassert>
#include <utility>

namespace carillon {

task_group::task_group(const loop_executor& where, failure_handler on_failure)
    : where_{where}, on_failure_{std::move(on_failure)}, idle_{where} {}

task_group::~task_group() {
  // Elsewhere than on its strand it goes because the event loop has ended, with all that was in it.
  assert((running_.empty() || !where_.running_in_this_thread()) && "join() before the group is destroyed");
}

void task_group::spawn(loop_awaitable<void> task) {
  const auto who = running_.emplace(running_.end());
  auto on_done = [this, who](std::exception_ptr failure) { ended(who, std::move(failure)); };
  boost::asio::co_spawn(where_, std::move(task),
                        boost::asio::bind_cancellation_slot(who->slot(), std::move(on_done)));
}

void task_group::cancel(boost::asio::cancellation_type type) {
  for (auto who = running_.begin(); who != running_.end();) {
    auto& each = *who++;  // To be cancelled may be to end at once.
    each.emit(type);
  }
}

loop_awaitable<void> task_group::join() {
  while (!running_.empty()) co_await idle_.wait();
}

void task_group::ended(tasks::iterator who, std::exception_ptr failure) {
  running_.erase(who);
  if (failure) on_failure_(std::move(failure));
  if (running_.empty()) idle_.notify();
}

}  // namespace carillon
