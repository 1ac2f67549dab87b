#pragma once
#include <carillon/job/arguments.hpp>
#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/trigger/after.hpp>
#include <carillon/trigger/schedule.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Says a job in words: `job("charge-42").every(1h).task("charge").args(42, money{9.99})`. Becomes a
/// `job_definition` where one is wanted.
///
/// Errors: each call throws `std::invalid_argument` with a sentence for what is not allowed, and its subclass
/// `parse_failure` for a schedule that does not parse; options are checked at the end (`build`).
/// Thread safety: distinct objects, safe.
class job_builder {
 public:
  explicit job_builder(std::string id);

  /// When it fires: a trigger, a cron literal, or what `every()` begins, whose tags become the job's.
  job_builder& when(schedule fires);
  /// A schedule text: `when("every day at 06:30")`.
  job_builder& when(std::string_view schedule_text);
  /// `every(90s)`: elapsed time, in whole milliseconds.
  template <typename Rep, typename Period>
  job_builder& every(std::chrono::duration<Rep, Period> elapsed) {
    return every(std::chrono::floor<milliseconds>(elapsed));
  }
  job_builder& every(milliseconds elapsed);
  /// Once.
  job_builder& at(instant time);
  /// When a run of another job has ended: beside what was said before, so that several predecessors mean any
  /// of them, and `every(1h).after("import")` fires by both.
  job_builder& after(std::string_view job, on_end ends = on_end::success);
  /// Fires nothing before this instant.
  job_builder& first_time(instant time);

  /// The name under which a program has registered the body; else it is the job's id.
  job_builder& task(std::string_view name);
  /// The body's arguments, of types that Boost.JSON converts. That they fit is seen where the body is known:
  /// when the job is put, or loaded.
  template <typename... Args>
  job_builder& args(const Args&... arguments) {
    arguments_ = detail::encode_arguments(arguments...);
    return *this;
  }
  /// The same, as a JSON array.
  job_builder& args_json(std::string_view array);

  /// All options at once; what the following set is kept when it comes after.
  job_builder& options(job_options all);
  job_builder& max_instances(std::uint32_t runs);
  job_builder& priority(std::int32_t higher_first);
  job_builder& on_overlap(overlap_action action);
  /// `overlap_action::queue`, with room for so many.
  job_builder& queue(std::uint32_t places);
  job_builder& coalesce(coalesce_policy policy);
  /// `coalesce_policy::all`, of at most so many.
  job_builder& catch_up(std::uint32_t most);
  /// None: a fire is never too late.
  job_builder& misfire_grace(std::optional<milliseconds> grace);
  job_builder& timeout(milliseconds of_one_attempt);
  job_builder& retry(retry_policy policy);
  job_builder& pause_after(std::uint32_t failed_runs);
  job_builder& on_lost(lost_action action);
  job_builder& keep(bool when_ended = true);
  job_builder& keep_result(milliseconds time);
  job_builder& carries(bool data = true);
  job_builder& executor(std::string name);
  job_builder& group(std::string name);
  job_builder& description(std::string words);
  job_builder& tag(std::string label);
  job_builder& metadata(std::string key, std::string value);

  /// Throws `std::invalid_argument` for an id or options that are not allowed, and when it was not said when
  /// the job fires.
  job_definition build() const;
  operator job_definition() const { return build(); }  // NOLINT(google-explicit-constructor)

 private:
  std::string id_;
  std::optional<trigger> when_;
  std::vector<std::string> schedule_tags_;
  std::string task_;
  std::string arguments_;
  std::optional<instant> first_time_;
  job_options options_;
};

/// Begins a job's definition.
inline job_builder job(std::string id) { return job_builder{std::move(id)}; }

}  // namespace carillon
