#include <carillon/event/event.hpp>

namespace carillon {

std::string_view name(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::scheduler_started: return "scheduler_started";
    case event_kind::scheduler_paused: return "scheduler_paused";
    case event_kind::scheduler_resumed: return "scheduler_resumed";
    case event_kind::scheduler_stopped: return "scheduler_stopped";
    case event_kind::clock_stepped: return "clock_stepped";
    case event_kind::loop_failed: return "loop_failed";
    case event_kind::loop_blocked: return "loop_blocked";
    case event_kind::clock_differs: return "clock_differs";
    case event_kind::store_lost: return "store_lost";
    case event_kind::store_back: return "store_back";
    case event_kind::store_replaced: return "store_replaced";
    case event_kind::lease_lost: return "lease_lost";
    case event_kind::ownership_changed: return "ownership_changed";
    case event_kind::heartbeats_lost: return "heartbeats_lost";
    case event_kind::heartbeats_back: return "heartbeats_back";
    case event_kind::store_opened: return "store_opened";
    case event_kind::store_closed: return "store_closed";
    case event_kind::executor_added: return "executor_added";
    case event_kind::executor_closed: return "executor_closed";
    case event_kind::task_added: return "task_added";
    case event_kind::jobs_cleared: return "jobs_cleared";
    case event_kind::job_added: return "job_added";
    case event_kind::job_changed: return "job_changed";
    case event_kind::job_removed: return "job_removed";
    case event_kind::job_paused: return "job_paused";
    case event_kind::job_resumed: return "job_resumed";
    case event_kind::job_ended: return "job_ended";
    case event_kind::job_parked: return "job_parked";
    case event_kind::job_changed_elsewhere: return "job_changed_elsewhere";
    case event_kind::job_unparked: return "job_unparked";
    case event_kind::run_started: return "run_started";
    case event_kind::run_succeeded: return "run_succeeded";
    case event_kind::run_failed: return "run_failed";
    case event_kind::run_timed_out: return "run_timed_out";
    case event_kind::run_cancelled: return "run_cancelled";
    case event_kind::run_lost: return "run_lost";
    case event_kind::run_missed: return "run_missed";
    case event_kind::run_skipped: return "run_skipped";
    case event_kind::run_coalesced: return "run_coalesced";
    case event_kind::run_queued: return "run_queued";
    case event_kind::run_retrying: return "run_retrying";
    case event_kind::run_stuck: return "run_stuck";
    case event_kind::run_unreported: return "run_unreported";
    case event_kind::run_requested: return "run_requested";
    case event_kind::run_claimed: return "run_claimed";
    case event_kind::run_waiting: return "run_waiting";
    case event_kind::group_limits_differ: return "group_limits_differ";
  }
  return "unknown";
}

}  // namespace carillon
