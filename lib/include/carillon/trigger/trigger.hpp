#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/clock_change.hpp>
#include <carillon/trigger/date_calendars.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

class cron_expression;
struct predecessor;
struct trigger_node;  // private: lib/src/trigger/node.hpp

/// What a trigger cannot know by itself: the job it belongs to. Kept in the job's record, never in the
/// trigger's text.
struct binding {
  /// Of jitter and random gaps: `seed_of(job id)`.
  std::uint64_t seed = 0;
  /// When the job was added: where grids without a `starting` begin; else the `after` (`before`, `from`)
  /// asked with.
  std::optional<instant> anchor;
  /// For schedules that name no zone.
  zone where;
  /// The lists that `except calendar …` names; may be null. Must outlive the question only.
  const date_calendars* calendars = nullptr;
  /// How much of `limit` was used up before the anchor: for `fixed_delay`, whose anchor moves.
  std::uint64_t fired = 0;
};

/// XXH64 with seed 0 of the job's id: the same on every machine.
std::uint64_t seed_of(std::string_view job_id) noexcept;

/// When a job fires: an immutable value with a canonical text form. Copies share one constant node.
///
/// All questions are pure: same trigger, same binding, same arguments, same answer, on every machine. They
/// cost the same whether the last fire was a second or ten years ago, but for combinations, which search, and
/// for calendar intervals that mix months with days, which take a step for each fire.
/// Nothing fires before `starting`; without it, intervals fire nothing before the anchor, nor does any
/// trigger with a `limit`, which counts from there. Errors: `errc::search_exhausted` where an `and` was
/// searched to its bound without meeting, `errc::unknown_calendar` where the binding lacks a list that the
/// trigger names. Thread safety: distinct and shared objects, safe.
class trigger {
 public:
  /// Reads the schedule text (docs/triggers.md). The same as `parse_trigger`, but throws `parse_failure`.
  explicit trigger(std::string_view text);
  explicit trigger(cron_expression expression);
  explicit trigger(std::shared_ptr<const trigger_node> node) noexcept : node_{std::move(node)} {}

  /// The first nominal fire strictly after `after`; nothing when the trigger has ended.
  result<std::optional<instant>> next(const binding& bound, instant after) const;
  /// The last nominal fire strictly before `before`.
  result<std::optional<instant>> previous(const binding& bound, instant before) const;
  /// How many nominal fires lie in (from, to].
  result<std::uint64_t> count(const binding& bound, instant from, instant to) const;
  /// The last nominal fire in (from, to].
  result<std::optional<instant>> latest(const binding& bound, instant from, instant to) const;
  /// The first cursor of a job that is added at `added`: the first fire after it, or at it with
  /// `immediately`; of an `at` that has passed, that time, which the job's misfire grace then judges.
  result<std::optional<instant>> first(const binding& bound, instant added) const;
  /// When the fire of `nominal` is due: `nominal` plus its jitter, never past the next nominal time.
  instant due(const binding& bound, instant nominal) const;

  /// Whether the next fire is measured from the end of the last run: `next` is then asked with that end as
  /// anchor and `after`, and `binding::fired` counts against a limit.
  bool fixed_delay() const noexcept;
  /// Whether the trigger also fires at once, at its anchor (or at its start, if that is later).
  bool immediately() const noexcept;
  milliseconds jitter() const noexcept;
  /// How many times it fires at most.
  std::optional<std::uint64_t> limit() const noexcept;
  /// The zone the trigger names itself.
  std::optional<zone> where() const noexcept;
  /// Whether it also fires when runs of other jobs have ended: a job that has no times (any more) then goes
  /// on waiting for these.
  bool follows() const noexcept;
  /// The jobs whose runs it follows, in the order of their ids; one of which it follows successes and
  /// failures apart is there twice.
  std::vector<predecessor> predecessors() const;
  /// The lists of dates it names, in alphabetical order.
  std::vector<std::string> calendars() const;

  /// The canonical text: `parse_trigger(text())` gives an equal trigger.
  const std::string& text() const noexcept;
  friend bool operator==(const trigger& a, const trigger& b) noexcept {
    return a.node_ == b.node_ || a.text() == b.text();
  }

  /// These return a changed copy; what was set before is replaced. They throw `parse_failure` where the
  /// grammar would refuse the same words.
  trigger in(std::string_view zone_name) const;
  trigger starting(std::string_view when) const;
  trigger starting(instant when) const;
  trigger until(std::string_view when) const;
  trigger until(instant when) const;
  trigger limit(std::uint64_t fires) const;
  trigger jitter(milliseconds width) const;
  trigger gap(gap_policy policy) const;
  trigger overlap(overlap_policy policy) const;
  trigger like(std::string_view preset) const;  ///< "vixie", "quartz", "apscheduler"
  trigger except(const trigger& other) const;
  trigger except(std::string_view dates) const;  ///< "2026-12-25, 2027-01-01", "calendar holidays"
  trigger within(milliseconds threshold) const;  ///< Of an `and`.
  trigger fire_immediately() const;              ///< `immediately`
  trigger delay_from_end() const;                ///< `fixed_delay`
  friend trigger operator&&(const trigger& a, const trigger& b);
  friend trigger operator||(const trigger& a, const trigger& b);

  const trigger_node& node() const noexcept { return *node_; }

 private:
  std::shared_ptr<const trigger_node> node_;
};

/// Fires where all do, within a second (`within` sets another threshold); where any does. Also for what
/// becomes a trigger.
trigger operator&&(const trigger& a, const trigger& b);
trigger operator||(const trigger& a, const trigger& b);

/// Reads the schedule text. One grammar for programs, configuration, command line and stores.
///
/// Errors: a `parse_error` that names the character and, where one can guess, what would be right.
parse_result<trigger> parse_trigger(std::string_view text);

}  // namespace carillon
