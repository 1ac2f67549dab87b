#include "lock/lost_waiters.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace carillon {

namespace {

std::exception_ptr aborted() {
  return std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted));
}

}  // namespace

void lost_waiters::add(detail::completion_handler<void> done, const boost::asio::any_io_executor& otherwise) {
  const auto one = std::make_shared<detail::completer<void>>(std::move(done), otherwise);
  // Set before anybody else can complete it: afterwards the slot belongs to the handler's strand.
  one->on_cancel([all = std::weak_ptr(state_), who = std::weak_ptr(one)] {
    const auto in = all.lock();
    const auto found = who.lock();
    if (!in || !found) return;
    {
      const std::scoped_lock lock{in->guard};
      if (std::erase(in->waiting, found) == 0) return;
    }
    (*found)(aborted());
  });
  std::optional<std::exception_ptr> outcome;
  {
    const std::scoped_lock lock{state_->guard};
    outcome = state_->outcome;
    if (!outcome) state_->waiting.push_back(one);
  }
  if (outcome) (*one)(*outcome);
}

void lost_waiters::end(std::exception_ptr outcome) {
  std::vector<std::shared_ptr<detail::completer<void>>> all;
  {
    const std::scoped_lock lock{state_->guard};
    if (state_->outcome) return;
    state_->outcome = outcome;
    all.swap(state_->waiting);
  }
  for (const auto& each : all) (*each)(outcome);
}

void lost_waiters::end_given_back() { end(aborted()); }

}  // namespace carillon
