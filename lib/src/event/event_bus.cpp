#include <spdlog/spdlog.h>
#include <carillon/event/event_bus.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace carillon {

struct event_bus::listeners {
  std::mutex mutex;
  std::vector<std::shared_ptr<subscription::listener>> all;
  std::atomic<event_mask> wanted =
      0;  // The union of all masks: what most events are held against, and nothing else.

  void count_again();
};

struct subscription::listener {
  event_mask kinds = 0;
  event_bus::handler call;
  std::weak_ptr<event_bus::listeners> bus;
  std::atomic<bool> ended = false;
};

void event_bus::listeners::count_again() {
  event_mask kinds = 0;
  for (const auto& one : all) kinds |= one->kinds;
  wanted.store(kinds, std::memory_order_relaxed);
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
  std::erase(bus->all, ending);
  bus->count_again();
}

event_bus::event_bus() : listeners_{std::make_shared<listeners>()} {}

event_bus::~event_bus() = default;

subscription event_bus::on(event_mask kinds, handler call) {
  auto added = std::make_shared<subscription::listener>();
  added->kinds = kinds;
  added->call = std::move(call);
  added->bus = listeners_;
  const std::lock_guard lock{listeners_->mutex};
  listeners_->all.push_back(added);
  listeners_->count_again();
  return subscription{std::move(added)};
}

bool event_bus::wanted(event_mask kinds) const noexcept {
  return (listeners_->wanted.load(std::memory_order_relaxed) & kinds) != 0;
}

void event_bus::tell(const event& happened) {
  if (!wanted(mask(happened.kind))) return;
  std::vector<std::shared_ptr<subscription::listener>> called;
  {
    const std::lock_guard lock{listeners_->mutex};
    called = listeners_->all;
  }
  for (const auto& one : called) {
    if ((one->kinds & mask(happened.kind)) == 0 || one->ended.load(std::memory_order_acquire)) continue;
    try {
      one->call(happened);
    } catch (const std::exception& why) {
      spdlog::error("a listener to {} failed: {}", name(happened.kind), why.what());
    } catch (...) {
      spdlog::error("a listener to {} failed with something that is no std::exception", name(happened.kind));
    }
  }
}

}  // namespace carillon
