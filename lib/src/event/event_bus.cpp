#include <spdlog/spdlog.h>
#include <carillon/event/event_bus.hpp>
#include <carillon/job/outcome.hpp>

#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// The list is replaced, never changed: who tells an event goes through the one that was there.
struct event_bus::listeners {
  using list = std::vector<std::shared_ptr<subscription::listener>>;

  std::mutex mutex;
  std::shared_ptr<const list> all = std::make_shared<const list>();
  bool closed = false;
  /// The union of all masks: what most events are held against, and nothing else.
  std::atomic<event_mask> wanted = 0;

  /// @pre `mutex` is held
  void replace(list next);
  void remove(const subscription::listener& ending);
};

struct subscription::listener {
  event_filter which;
  event_bus::handler call;
  std::function<void()> at_end;
  bool once = false;
  std::weak_ptr<event_bus::listeners> bus;
  std::atomic<bool> ended = false;
};

void event_bus::listeners::replace(list next) {
  event_mask kinds = 0;
  for (const auto& one : next) kinds |= one->which.kinds();
  wanted.store(kinds, std::memory_order_relaxed);
  all = std::make_shared<const list>(std::move(next));
}

void event_bus::listeners::remove(const subscription::listener& ending) {
  const std::lock_guard lock{mutex};
  auto rest = *all;
  std::erase_if(rest, [&](const auto& one) { return one.get() == &ending; });
  replace(std::move(rest));
}

subscription& subscription::operator=(subscription&& other) noexcept {
  if (this != &other) {
    off();
    listener_ = std::move(other.listener_);
  }
  return *this;
}

void subscription::off() noexcept {
  const auto ending = std::exchange(listener_, nullptr);
  if (!ending) return;
  ending->ended.store(true, std::memory_order_release);
  if (const auto bus = ending->bus.lock()) bus->remove(*ending);
}

event_bus::event_bus(std::shared_ptr<spdlog::logger> log)
    : listeners_{std::make_shared<listeners>()}, log_{std::move(log)} {}

event_bus::~event_bus() { close(); }

subscription event_bus::on(event_filter which, handler call, std::function<void()> at_end) {
  return add(std::move(which), std::move(call), std::move(at_end), false);
}

subscription event_bus::on_next(event_filter which, handler call) {
  return add(std::move(which), std::move(call), nullptr, true);
}

subscription event_bus::add(event_filter which, handler call, std::function<void()> at_end, bool once) {
  auto added = std::make_shared<subscription::listener>();
  added->which = std::move(which);
  added->call = std::move(call);
  added->at_end = std::move(at_end);
  added->once = once;
  added->bus = listeners_;
  bool closed = false;
  {
    const std::lock_guard lock{listeners_->mutex};
    auto more = *listeners_->all;
    more.push_back(added);
    listeners_->replace(std::move(more));
    closed = listeners_->closed;
  }
  if (closed && added->at_end) added->at_end();
  return subscription{std::move(added)};
}

void event_bus::close() {
  std::shared_ptr<const listeners::list> all;
  {
    const std::lock_guard lock{listeners_->mutex};
    if (std::exchange(listeners_->closed, true)) return;
    all = listeners_->all;
  }
  for (const auto& one : *all) {
    if (one->at_end && !one->ended.load(std::memory_order_acquire)) one->at_end();
  }
}

bool event_bus::wanted(event_mask kinds) const noexcept {
  return (listeners_->wanted.load(std::memory_order_relaxed) & kinds) != 0;
}

void event_bus::tell(const event& happened) {
  if (!wanted(mask(happened.kind))) return;
  std::shared_ptr<const listeners::list> called;
  {
    const std::lock_guard lock{listeners_->mutex};
    called = listeners_->all;
  }
  for (const auto& one : *called) {
    const bool of_kind = (one->which.kinds() & mask(happened.kind)) != 0;
    if (of_kind && !one->ended.load(std::memory_order_acquire)) call(*one, happened);
  }
}

void event_bus::call(subscription::listener& one, const event& happened) const {
  std::string fault;
  try {
    if (!one.which(happened)) return;
    if (one.once) {
      if (one.ended.exchange(true, std::memory_order_acq_rel)) return;
      listeners_->remove(one);
    }
    return one.call(happened);
  } catch (...) {
    fault = outcome_of(std::current_exception()).message;
  }
  auto* log = log_ ? log_.get() : spdlog::default_logger_raw();
  if (log) log->error("a listener to {} failed: {}", name(happened.kind), fault);
}

}  // namespace carillon
