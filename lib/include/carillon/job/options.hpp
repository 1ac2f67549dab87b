#pragma once
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// What becomes of fires that piled up while nobody ran, within the misfire grace.
enum class coalesce_policy : std::uint8_t {
  latest,    ///< The last of them runs and stands for the rest.
  earliest,  ///< The first of them runs and stands for the rest.
  all,       ///< Each runs, up to the `catch_up` most recent ones.
};

/// What becomes of a fire that finds `max_instances` runs of its job active.
enum class overlap_action : std::uint8_t {
  skip,            ///< It is left out, and recorded.
  queue,           ///< It waits for a free place, with up to `queue_limit - 1` others.
  cancel_running,  ///< The oldest active run is cancelled, and it waits for that one's place.
};

/// What becomes of a run whose instance died.
enum class lost_action : std::uint8_t {
  skip,   ///< Nothing: at most once.
  rerun,  ///< It runs again as the next attempt: at least once.
};

/// When a run that failed is tried again: the same occurrence, the next attempt.
struct retry_policy {
  std::uint32_t attempts = 1;         ///< In all, the first included. 1 to 1,000.
  milliseconds backoff_min{1'000};    ///< Before the second attempt; doubles with each one after it ...
  milliseconds backoff_max{300'000};  ///< ... up to this, with a deterministic jitter of up to a tenth.
  std::vector<std::string> only;  ///< Names of failures that are tried again (`failure::name`; "http:5*": all
                                  ///< that begin so); empty: all ...
  std::vector<std::string> never;  ///< ... but these.
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/// How a job behaves. Every member has the default that semantics.md promises.
struct job_options {
  std::uint32_t max_instances = 1;  ///< Active runs at once, over all instances. 1 to 10,000.
  overlap_action on_overlap = overlap_action::skip;
  std::uint32_t queue_limit = 1;  ///< Of `overlap_action::queue`.
  coalesce_policy coalesce = coalesce_policy::latest;
  std::uint32_t catch_up = 100;  ///< Of `coalesce_policy::all`. 1 to 10,000.
  std::optional<milliseconds> misfire_grace = milliseconds{30'000};  ///< None: a fire is never too late.
  std::optional<milliseconds> timeout;                               ///< Of one attempt.
  retry_policy retry;
  std::uint32_t pause_after = 0;  ///< Consecutive failed runs that pause the job; 0: never.
  lost_action on_lost = lost_action::skip;
  /// Among jobs that are due at the same instant, and among runs that wait for a place of their executor, the
  /// higher first. -100 to 100. It stops nothing that runs, and says nothing across instances.
  std::int32_t priority = 0;
  /// For how long what a body returned is kept (`scheduler::result`), once its run has succeeded. 0: not at
  /// all. Up to 30 days.
  milliseconds keep_result{3'600'000};
  bool carries = false;  ///< Its runs hand on data, one to the next (`run::carried`, `run::carry`).
  bool keep = false;     ///< Keep a job put at run time when its trigger has ended.
  std::string executor;  ///< Name of the executor; empty: the default, in the event loop.
  /// Name of the group whose places it shares with other jobs, over all instances (`scheduler::group`);
  /// empty: none. A run that waits for a place there counts as active.
  std::string group;
  std::string description;
  std::vector<std::string> tags;
  std::map<std::string, std::string> metadata;
  friend bool operator==(const job_options&, const job_options&) = default;
};

/// Throws `std::invalid_argument` naming the first field that is out of range, its value and the range.
void check(const job_options& options);

}  // namespace carillon
