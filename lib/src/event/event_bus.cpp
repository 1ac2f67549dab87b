#include <spdlog/spdlog.h>
#include <carillon/event/event_bus.hpp>

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
  /// The union of all masks: what most events are held against, and nothing else.
  std::atomic<event_mask> wanted = 0;

  /// @pre `mutex` is held
  void replace(list next);
};

struct subscription::listener {
  event_mask kinds = 0;
  event_bus::handler call;
  std::weak_ptr<event_bus::listeners> bus;
  std::atomic<bool> ended = false;
};

void event_bus::listeners::replace(list next) {
  event_mask kinds = 0;
  for (const auto& one : next) kinds |= one->kinds;
  wanted.store(kinds, std::memory_order_relaxed);
  all = std::make_shared<const list>(std::move(next));
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
  const auto bus = ending->bus.lock();
  if (!bus) return;
  const std::lock_guard lock{bus->mutex};
  auto rest = *bus->all;
  std::erase(rest, ending);
  bus->replace(std::move(rest));
}

event_bus::event_bus(std::shared_ptr<spdlog::logger> log)
    : listeners_{std::make_shared<listeners>()}, log_{std::move(log)} {}

event_bus::~event_bus() = default;

subscription event_bus::on(event_mask kinds, handler call) {
  auto added = std::make_shared<subscription::listener>();
  added->kinds = kinds;
  added->call = std::move(call);
  added->bus = listeners_;
  const std::lock_guard lock{listeners_->mutex};
  auto more = *listeners_->all;
  more.push_back(added);
  listeners_->replace(std::move(more));
  return subscription{std::move(added)};
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
    if ((one->kinds & mask(happened.kind)) == 0 || one->ended.load(std::memory_order_acquire)) continue;
    std::string fault;
    try {
      one->call(happened);
      continue;
    } catch (const std::exception& why) {
      fault = why.what();
    } catch (...) {
      fault = "something that is no std::exception was thrown";
    }
    auto* log = log_ ? log_.get() : spdlog::default_logger_raw();
    if (log) log->error("a listener to {} failed: {}", name(happened.kind), fault);
  }
}

}  // namespace carillon
