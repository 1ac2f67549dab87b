#pragma once
#include <atomic>
#include <carillon/event/event.hpp>
#include <carillon/event/event_filter.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace spdlog {
class logger;
}

namespace carillon {

/// A listener's place on an `event_bus`: it ends when this is destroyed, assigned to, or `off` is called.
///
/// Thread safety: distinct objects, safe. Once `off` has returned on the thread that tells events, the
/// handler is not called again; from another thread, a call that has begun may still be going on.
class subscription {
 public:
  subscription() noexcept = default;
  subscription(subscription&& other) noexcept = default;
  subscription& operator=(subscription&& other) noexcept;
  ~subscription() { off(); }

  /// Ends it. Does nothing the second time.
  void off() noexcept;
  /// Lets it stay for as long as the bus lives.
  void keep() noexcept { listener_.reset(); }

 private:
  friend class event_bus;
  struct listener;
  explicit subscription(std::shared_ptr<listener> one) noexcept : listener_{std::move(one)} {}
  std::shared_ptr<listener> listener_;
};

/// Tells listeners what happened, in the order in which they came.
///
/// A handler that throws is logged, and the others are still called. Handlers may add and end listeners,
/// themselves included; one that is added while an event is told hears the next one. Thread safety: `on`,
/// `on_next`, `wanted` and ending a subscription, from any thread; `tell` and `close`, from one thread at a
/// time.
class event_bus {
 public:
  using handler = std::function<void(const event&)>;

  /// The log is for handlers that throw; null: spdlog's default.
  explicit event_bus(std::shared_ptr<spdlog::logger> log = nullptr);
  ~event_bus();
  event_bus(const event_bus&) = delete;
  event_bus& operator=(const event_bus&) = delete;

  /// Calls `call` for each event that `which` wants, on the thread that tells it, until the subscription
  /// ends. `at_end` is called once, when the bus is closed: at once if it is.
  [[nodiscard]] subscription on(event_filter which, handler call, std::function<void()> at_end = nullptr);
  /// The same for the next such event only: its place is given up before `call` is called.
  [[nodiscard]] subscription on_next(event_filter which, handler call);

  /// Whether anybody listens to one of these kinds: to be asked before an event is made.
  bool wanted(event_mask kinds) const noexcept;

  /// Calls the handlers that listen to this kind, one after another; none: costs one look at a mask.
  void tell(const event& happened);

  /// Tells those who wait for more that nothing follows. What is told all the same is still heard.
  void close();

 private:
  friend class subscription;
  struct listeners;
  subscription add(event_filter which, handler call, std::function<void()> at_end, bool once);
  void call(subscription::listener& one, const event& happened) const;

  std::shared_ptr<listeners> listeners_;
  std::shared_ptr<spdlog::logger> log_;
};

}  // namespace carillon
