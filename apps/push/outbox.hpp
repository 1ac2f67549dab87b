#pragma once
#include <spdlog/logger.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "push/delivery.hpp"
#include "push/figures.hpp"
#include "push/options.hpp"
#include "push/reservations.hpp"

namespace carillon::pushes {

/// What has been reserved and has not ended: delivers it, as many at once as the options allow, tries again
/// what failed, keeps the leases, marks what was sent and buries what failed for good, in batches.
///
/// Who adds pushes has a `share` in it and may wait for that. What a share has goes on when its holder does
/// not wait any more: a look that loses its job must not take back what has been sent or is being sent.
/// Nothing begins to be sent when it is not known that its lease goes on; it waits until that is renewed, or
/// somebody else has it. Lifetime: of all it is made with; `close` has returned before it is destroyed.
/// Thread safety: none; one strand.
class outbox {
 public:
  struct parts {
    loop_executor where;
    reservations& state;
    delivery& way;
    carillon::clock& clock;
    push_figures& figures;
    std::shared_ptr<spdlog::logger> logger;
  };
  outbox(parts all, const push_options& how);
  ~outbox();
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  /// What one look has reserved.
  class share {
   public:
    explicit share(outbox& owner);
    /// How many pushes have not ended.
    std::size_t size() const noexcept { return all_->size; }

   private:
    friend class outbox;
    struct state {
      explicit state(const loop_executor& where) : over{where} {}
      condition over;
      std::size_t size = 0;
    };
    std::shared_ptr<state> all_;
  };

  /// Places that somebody has taken to reserve into; they are free again with it.
  class places {
   public:
    places(outbox& owner, std::size_t count) : owner_{&owner}, count_{count} { owner_->taken_ += count; }
    places(places&& other) noexcept : owner_{other.owner_}, count_{std::exchange(other.count_, 0)} {}
    places& operator=(places&&) = delete;
    ~places() { owner_->give_places(count_); }

   private:
    outbox* owner_;
    std::size_t count_;
  };
  /// Waits until there is room for so many. Cancellation: terminal.
  loop_awaitable<places> room(std::size_t count);

  /// Takes over what was reserved by a call that was begun at `asked_at`. What was in hand already, and taken
  /// again because its lease was over, goes on under its new token.
  void add(const share& into, std::vector<reservation> won, std::chrono::steady_clock::time_point asked_at);

  /// Returns when all of it has ended. Cancellation: terminal; it goes on.
  loop_awaitable<void> finish(share& mine);

  /// Ends: what has not begun is given back, what is under way is cut off, what was sent is marked, and
  /// returns when nothing is left. Waits some seconds at most for a Redis that is away. Cancellation: none.
  /// @pre Nothing is added any more.
  loop_awaitable<void> close();

 private:
  enum class stage : std::uint8_t { ready, stalled, under_way, waiting, ending };
  struct entry;
  using entry_ptr = std::shared_ptr<entry>;
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  // Delivering: outbox.cpp.
  void tell_failure(const std::exception_ptr& failure);
  void adopt(entry& which, reservation again, std::chrono::steady_clock::time_point held_until);
  void dispatch();
  loop_awaitable<void> deliver(entry_ptr which);
  void settle(const entry_ptr& which, delivered how);
  void delivered_well(const entry_ptr& which);
  bool is_hopeless(const entry& which) const;
  std::chrono::milliseconds pause_after(const entry& which, const delivered& how);
  loop_awaitable<void> wake_waiting();
  void drop_waiting(const entry_ptr& which);

  // Ending and keeping: outbox_ends.cpp.
  void to_be_ended(std::vector<entry_ptr>& kind, const entry_ptr& which);
  loop_awaitable<void> end_all();
  loop_awaitable<void> commit_some();
  void tell_overtaken(const std::vector<entry_ptr>& some, const std::vector<std::size_t>& places);
  loop_awaitable<void> bury_some();
  void tell_dead(const entry& which);
  template <typename Step>
  loop_awaitable<void> end_in_store(std::vector<entry_ptr>& kind, const std::vector<entry_ptr>& some,
                                    const Step& step, std::string_view trouble);
  loop_awaitable<void> release_some();
  loop_awaitable<void> pause_for_trouble(std::string_view what, const std::string& why);
  void ended(const std::vector<entry_ptr>& which);
  loop_awaitable<void> keep_leases();
  loop_awaitable<bool> renew_all(bool news);
  void renewed(const std::vector<entry_ptr>& some, const std::vector<std::string>& tokens,
               const std::vector<std::size_t>& gone, std::chrono::steady_clock::time_point held_until);
  void lost(const entry_ptr& which);
  void give_places(std::size_t count);

  parts all_;
  push_options how_;
  std::mt19937_64 random_{std::random_device{}()};
  std::list<entry_ptr> entries_;
  boost::unordered_flat_map<std::string_view, entry*> by_name_;  // of `entries_`, those that nobody else has
  std::deque<entry_ptr> ready_;
  std::multimap<std::chrono::steady_clock::time_point, entry_ptr> waiting_;
  std::vector<entry_ptr> sent_, dead_, unsent_;
  std::size_t under_way_ = 0;
  std::size_t taken_ = 0;  // places
  bool dispatching_ = false;
  int enders_ = 0;       // `end_all` runs so many times
  bool waking_ = false;  // `wake_waiting` runs
  int keepers_ = 0;      // `keep_leases` runs: one at most
  bool in_trouble_ = false;
  bool closing_ = false;
  bool gave_up_ = false;                              // Redis was away when all was to end
  std::size_t unmarked_ = 0;                          // so many were left for that
  std::size_t dead_told_ = 0;                         // in this stretch of time ...
  std::chrono::steady_clock::time_point told_since_;  // ... which began then
  condition freed_, emptied_;
  timer wake_timer_;
  timer lease_timer_;
  task_group deliveries_, work_;
};

}  // namespace carillon::pushes
