#pragma once
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <carillon/job/detail/json_fault.hpp>
#include <carillon/job/run_context.hpp>
#include <carillon/job/run_log.hpp>
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// The most bytes of JSON that a run returns, and that a job carries.
inline constexpr std::size_t longest_value = 65'536;

/// How many lists and objects may lie in each other in what a run returns, a job carries, or has as arguments
/// (with the list that they are).
inline constexpr std::size_t deepest_value = 32;

/// What a body is given: which occurrence this is, which attempt, and how to log and to notice that it should
/// stop.
///
/// A test of a body makes its own from a `run_context`.
/// Lifetime: until the body has returned. Thread safety: all but `note`, `returns` and `carry` from any
/// thread; those from where the body runs.
class run {
 public:
  explicit run(run_context& context) noexcept : context_{&context} {}
  run(const run&) = delete;
  run& operator=(const run&) = delete;

  const std::string& job_id() const noexcept { return *context_->job; }
  /// Under which the body was registered.
  const std::string& task_name() const noexcept { return context_->task ? *context_->task : *context_->job; }
  /// Of this run, unique in the fleet.
  const std::string& id() const noexcept { return context_->id; }
  /// Who runs it.
  const std::string& instance() const noexcept { return *context_->instance; }
  /// Nominal time of the occurrence.
  instant scheduled_for() const noexcept { return context_->scheduled_for; }
  /// With jitter; of a retry, when that was due.
  instant due() const noexcept { return context_->due; }
  /// From 1.
  std::uint32_t attempt() const noexcept { return context_->attempt; }
  /// Grows with each run of the job: pass it to what must not be written twice.
  std::uint64_t fence() const noexcept { return context_->fence; }
  /// The run of another job whose end was the fire (`after`); null: none. Until the body has returned.
  const followed_run* follows() const noexcept { return context_->follows.get(); }
  /// When the job's timeout ends this attempt; none: never.
  std::optional<instant> deadline() const noexcept { return context_->deadline; }
  /// The zone of the job, in which people read its times.
  const zone& where() const noexcept { return context_->where; }
  /// Says what history shall keep of this run if it succeeds: the message of its outcome. Made UTF-8 and cut
  /// as that of a failure (`outcome_of`).
  void note(std::string_view words);
  /// Says what this run returns, as a body does that returns a value; the last one counts. What is longer
  /// than `longest_value` as JSON, or deeper than `deepest_value`, is left out, and the message of the
  /// outcome says so.
  void returns(const boost::json::value& what);

  /// What the run before this one handed on: the last that has succeeded and said so with `carry`, as of when
  /// this one was claimed. None: nothing yet. T is a type that Boost.JSON converts.
  /// Errors: throws a permanent `failure`: "carries" without `job_options::carries`, "carried" for what is
  /// no T, with the member and the expected type.
  template <typename T>
  std::optional<T> carried() const {
    const auto data = carried_json();
    if (!data) return std::nullopt;
    try {
      return boost::json::value_to<T>(*data);
    } catch (const std::exception& why) {
      misfit_of_carried(detail::json_fault<T>(*data, "carried").value_or(why.what()));
    }
  }
  std::optional<boost::json::value> carried_json() const;
  /// Whether the job says that its runs hand on data.
  bool carries() const noexcept { return context_->carries; }
  /// Hands on data to the runs to come, in one step with the end of this run, if it succeeds; the last call
  /// counts, and null hands on nothing. Of runs that overlap the one that ends last wins.
  /// Errors: throws a permanent `failure`: "carries" as above, "carry" for more than `longest_value` as JSON,
  /// and for what is deeper than `deepest_value`.
  template <typename T>
  void carry(const T& data) {
    carry_json(boost::json::value_from(data));
  }
  void carry_json(const boost::json::value& data);

  /// A JSON array, one element an argument; empty when there are none.
  std::string_view arguments() const noexcept {
    return context_->arguments ? std::string_view{*context_->arguments} : std::string_view{};
  }
  /// Why the body should stop; `none` while it should not. A body that is a coroutine sees Asio cancellation
  /// as well.
  enum cancel_reason cancel_reason() const noexcept {
    return context_->reason.load(std::memory_order_acquire);
  }
  /// Logs with the job, the run and the attempt bound; formats only when the level is on.
  run_log log() const noexcept { return run_log{*context_}; }

 private:
  [[noreturn]] static void misfit_of_carried(const std::string& why);
  void require_carries() const;
  void leave_out(const std::string& why);

  run_context* context_;
};

}  // namespace carillon
