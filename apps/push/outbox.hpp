#pragma once
#include <spdlog/logger.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
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
/// Who adds pushes has a `share` in it and waits for that. Each share is bounded by what others leave of
/// `push_options::most_reserved`. Lifetime: of all it is made with; `close` has returned before it is
/// destroyed. Thread safety: none; one strand.
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

  /// What one look has reserved. @pre Nothing of it is left when it is destroyed: `finish` or `abandon` has
  /// returned.
  class share {
   public:
    explicit share(outbox& owner);
    share(const share&) = delete;
    share& operator=(const share&) = delete;
    /// How many pushes have not ended.
    std::size_t size() const noexcept { return size_; }

   private:
    friend class outbox;
    task_group deliveries_;
    condition over_;
    std::size_t size_ = 0;
    bool abandoned_ = false;
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

  /// Takes over what was reserved.
  void add(share& into, std::vector<reservation> won);

  /// Returns when all of it has ended. Cancellation: terminal; it goes on.
  loop_awaitable<void> finish(share& mine);
  /// Gives back what has not been sent, and returns when all of it has ended. Cancellation: none.
  loop_awaitable<void> abandon(share& mine);

  /// @pre No share has anything left.
  loop_awaitable<void> close();

 private:
  enum class stage : std::uint8_t { ready, under_way, waiting, ending };
  struct entry;
  using entry_ptr = std::shared_ptr<entry>;
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  // Delivering: outbox.cpp.
  void dispatch();
  loop_awaitable<void> deliver(entry_ptr which);
  void settle(const entry_ptr& which, delivered how);
  void delivered_well(const entry_ptr& which);
  std::chrono::milliseconds pause_after(const entry& which, const delivered& how);
  loop_awaitable<void> wake_waiting();
  void drop_waiting(const entry_ptr& which);

  // Ending and keeping: outbox_ends.cpp.
  void to_be_ended(std::vector<entry_ptr>& kind, const entry_ptr& which);
  loop_awaitable<void> end_all();
  loop_awaitable<void> commit_some();
  loop_awaitable<void> bury_some();
  template <typename Step>
  loop_awaitable<void> end_in_store(const std::vector<entry_ptr>& some, const Step& step,
                                    std::string_view trouble, std::string_view given_up);
  loop_awaitable<void> release_some();
  static bool may_give_up(const std::vector<entry_ptr>& which, int tried);
  loop_awaitable<void> pause_for_trouble(std::string_view what, const std::string& why);
  void ended(const std::vector<entry_ptr>& which);
  loop_awaitable<void> keep_leases();
  void lost(const entry_ptr& which);
  void give_places(std::size_t count);

  parts all_;
  push_options how_;
  std::mt19937_64 random_{std::random_device{}()};
  std::list<entry_ptr> entries_;
  std::deque<entry_ptr> ready_;
  std::multimap<std::chrono::steady_clock::time_point, entry_ptr> waiting_;
  std::vector<entry_ptr> sent_, dead_, unsent_;
  std::size_t under_way_ = 0;
  std::size_t taken_ = 0;  // places
  bool dispatching_ = false;
  int enders_ = 0;        // `end_all` runs so many times
  bool waking_ = false;   // `wake_waiting` runs
  bool keeping_ = false;  // `keep_leases` runs
  bool in_trouble_ = false;
  condition freed_;
  timer wake_timer_;
  timer lease_timer_;
  task_group work_;
};

}  // namespace carillon::pushes
