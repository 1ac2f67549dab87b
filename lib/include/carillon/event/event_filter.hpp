#pragma once
#include <carillon/event/event.hpp>
#include <functional>
#include <string>
#include <utility>

namespace carillon {

/// Which events somebody wants: kinds, and what else must hold, all of it.
///
///     scheduler.on(event_filter(run_ends).of_job("report"), handler);
///     scheduler.on(event_filter(event::job_paused).with_tag("billing"), handler);
///
/// A value. Thread safety: distinct objects, safe; what is given to `where` is called where events are told.
class event_filter {
 public:
  using condition = std::function<bool(const event&)>;

  event_filter(event_mask kinds = all_events) : kinds_{kinds} {}  // NOLINT(google-explicit-constructor)
  event_filter(event_kind kind) : kinds_{mask(kind)} {}           // NOLINT(google-explicit-constructor)

  /// Only of this job: its own events, and those of its runs.
  event_filter& of_job(std::string id);
  /// Only of this run, whichever attempt.
  event_filter& of_run(std::string id);
  /// Only of jobs with this tag. An event that does not know its job's options (`event::options`) is not.
  event_filter& with_tag(std::string tag);
  /// Only what this instance tells.
  event_filter& of_instance(std::string name);
  /// Only of this store of the scheduler, by its alias; "default" is the one it was made with.
  event_filter& of_store(std::string alias);
  /// Only those for which this holds, whatever else was said before. If it throws, that is logged, and the
  /// event is not wanted.
  event_filter& where(condition holds);

  event_mask kinds() const noexcept { return kinds_; }
  bool operator()(const event& happened) const;

 private:
  event_mask kinds_;
  std::string job_;
  std::string run_;
  std::string tag_;
  std::string instance_;
  std::string store_;
  condition holds_;
};

}  // namespace carillon
