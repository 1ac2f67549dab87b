#pragma once
#include <carillon/time/zone.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "push/complaints.hpp"
#include "push/outbox.hpp"

namespace carillon::pushes {

/// Looks for what is due, reserves it and hands it to the outbox: a slice of the subscriptions at a time, so
/// that instances can share the work.
///
/// A look at time t covers what is due in (t - grace, t + lookahead]. Slice k of n has of each minute the
/// pages p for which (minute of the day + p) mod n = k; the slice behind the last has the rich subscriptions,
/// and what is to be done once a look. Ranks shift when the set changes meanwhile: what one look does not see
/// for that, the next one does, as each minute is looked at as often as the window is long.
///
/// Thread safety: none; one strand. Lifetime: of all it is made with.
class look {
 public:
  struct parts {
    reservations& state;
    outbox& out;
    complaints& wrong;
    carillon::clock& clock;
    push_figures& figures;
    loop_executor where;
    std::shared_ptr<spdlog::logger> logger;
  };
  look(parts all, const push_options& how);

  /// How often a run looks.
  enum class passes : std::uint8_t {
    one,
    /// Again after each minute for as long as something of it has not ended: no minute is left out however
    /// long that takes, as each window begins where the one before ended, or earlier. And again after a lease
    /// where other processes had something reserved: if one of them has died, that is free then.
    as_needed,
  };

  /// Looks. Returns when all that it has reserved has ended.
  ///
  /// Errors: throws `system_error` when the store cannot be asked; what was reserved has ended then.
  /// Cancellation: terminal; what was reserved goes on in the outbox.
  loop_awaitable<void> run(std::uint32_t slice, passes often = passes::as_needed);

  /// What was due until `reach` may go out as late as `grace`, and no later.
  void look_behind(instant reach, milliseconds grace) {
    reach_ = reach;
    reach_grace_ = grace;
  }

  /// Begins no further look: those that run end when what they have reserved has ended.
  void stop() {
    stopping_ = true;
    stopped_.notify();
  }

  /// Looks that begin before then wait for it.
  void hold_until(instant time) { held_until_ = time; }

 private:
  struct pass {
    outbox::share& mine;
    std::uint32_t slice = 0;
    std::uint64_t with_others = 0;
  };
  loop_awaitable<void> look_on(std::uint32_t slice, passes often, outbox::share& mine);
  loop_awaitable<void> read_window(pass& now, instant from, instant to, instant covered);
  loop_awaitable<void> read_minute(pass& now, instant due, std::chrono::minutes time);
  loop_awaitable<void> read_rich(pass& now, instant from, instant to);
  loop_awaitable<void> take(pass& now, std::vector<wanted_push>& wanted);
  template <typename Ask>
  loop_awaitable<void> reserve(pass& now, std::size_t most, const Ask& ask);
  loop_awaitable<void> keep_house();
  loop_awaitable<void> rest_until(instant time);
  loop_awaitable<void> ring_at(instant time);
  void count(pass& now, const reserved_page& page);

  parts all_;
  push_options how_;
  zone zone_;
  condition stopped_;
  bool stopping_ = false;
  instant swept_{};
  instant reach_{};
  milliseconds reach_grace_{0};
  instant held_until_ = instant::min();
};

}  // namespace carillon::pushes
