#include <fmt/format.h>
#include <carillon/scheduler/options.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>

#include "carillon/log.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

using enum event_kind;
using namespace std::chrono_literals;

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view last_line(std::string_view text) {
  const auto start = text.find_last_of('\n');
  return start == std::string_view::npos ? std::string_view{} : text.substr(start + 1);
}

// "exit code 75: disk full": what it was, and the last thing that was said.
std::string reason(const event& what) {
  const auto& message = what.result.message.empty() ? what.message : what.result.message;
  std::string words{first_line(message)};
  const auto last = last_line(message);
  if (!last.empty()) words += fmt::format(": {}", last);
  return words;
}

std::string with_reason(const std::string& words, const event& what) {
  const auto why = reason(what);
  return why.empty() ? words : words + ": " + why;
}

// "09:00:00" of today is not told from that of yesterday: so the date, too.
std::string when(instant time, const zone& where) {
  auto text = format_instant(time, where);
  if (text.size() > 19) text.resize(19), text[10] = ' ';
  return text;
}

std::string stretch(const event& what, const zone& where) {
  if (!what.occurrence) return fmt::format("{} fire{}", what.count, what.count == 1 ? "" : "s");
  if (what.count == 1 || !what.last) return fmt::format("the fire of {}", when(*what.occurrence, where));
  return fmt::format("{} fires from {} to {}", what.count, when(*what.occurrence, where),
                     when(*what.last, where));
}

std::string started(const event& what) {
  std::string words = what.attempt > 1 ? fmt::format("attempt {} started", what.attempt) : "started";
  if (what.lateness >= 1ms) words += fmt::format(", {} late", spoken(what.lateness));
  return words;
}

std::string timed_out(const event& what) {
  const auto last = last_line(what.result.message);
  return fmt::format("timed out after {}{}{}", spoken(what.duration), last.empty() ? "" : ": ", last);
}

std::string retrying(const event& what) {
  const auto wait = what.until ? *what.until - what.at : milliseconds{0};
  return fmt::format("attempt {} in {}", what.attempt + 1, spoken(wait));
}

std::string words_of_run(const event& what, const zone& where) {
  switch (what.kind) {
    case run_started: return started(what);
    case run_succeeded: return fmt::format("succeeded in {}", spoken(what.duration));
    case run_failed: return with_reason(fmt::format("failed after {}", spoken(what.duration)), what);
    case run_timed_out: return timed_out(what);
    case run_cancelled:
      return fmt::format("cancelled after {} ({})", spoken(what.duration), name(what.result.reason));
    case run_lost: return with_reason("lost: the instance that ran it is gone", what);
    case run_missed: return with_reason("missed " + stretch(what, where), what);
    case run_skipped: return with_reason("skipped " + stretch(what, where), what);
    case run_coalesced:
      return with_reason("left out " + stretch(what, where) + ", one run stands for all", what);
    case run_requested: return with_reason("a run was asked for", what);
    case run_claimed: return with_reason("claimed", what);
    case run_queued: return with_reason("waits for a free place", what);
    case run_waiting: return what.message;
    case run_retrying: return retrying(what);
    case run_unreported: return with_reason("has ended, but the store has not confirmed that", what);
    default: return with_reason("was asked to stop and has not", what);
  }
}

std::string words_of(const event& what, const zone& where) {
  switch (what.kind) {
    case scheduler_started: return with_reason("the scheduler has started", what);
    case scheduler_paused: return with_reason("the scheduler is paused", what);
    case scheduler_resumed: return with_reason("the scheduler goes on", what);
    case scheduler_stopped: return with_reason("the scheduler has stopped", what);
    case clock_stepped: return with_reason("the clock was set, or the machine slept", what);
    case loop_failed: return with_reason("the job's loop failed and starts again", what);
    case loop_blocked: return with_reason("the event loop was blocked", what);
    case clock_differs: return with_reason("this machine's clock is not the store's", what);
    case store_lost: return with_reason("the store does not answer", what);
    case store_back: return with_reason("the store answers again", what);
    case store_replaced: return with_reason("the store was emptied or is another", what);
    case lease_lost: return with_reason("not a member of the store any more", what);
    case heartbeats_lost: return with_reason("the store does not answer heartbeats", what);
    case heartbeats_back: return with_reason("the store answers heartbeats again", what);
    case ownership_changed: return fmt::format("this instance runs {} now", counted(what.count, "job"));
    case job_added: return with_reason("added", what);
    case job_changed: return with_reason("changed", what);
    case job_removed: return with_reason("removed", what);
    case job_paused: return with_reason("paused", what);
    case job_resumed: return with_reason("resumed", what);
    case job_ended: return with_reason("has ended: its schedule has no more times", what);
    case job_parked: return with_reason("parked", what);
    case job_unparked: return with_reason("goes on: what it waited for is there", what);
    case job_changed_elsewhere: return with_reason("changed, or asked for, by another instance", what);
    case jobs_cleared: return fmt::format("all jobs were removed: {}", what.count);
    case store_opened: return with_reason("the store is open", what);
    case store_closed: return with_reason("the store is closed", what);
    case executor_added: return fmt::format("executor '{}' was added", what.name);
    case executor_closed: return fmt::format("executor '{}' is closed", what.name);
    case group_limits_differ: return what.message;
    case task_added: return fmt::format("task '{}' was registered", what.name);
    default: return words_of_run(what, where);
  }
}

log_level level_of(event_kind kind) {
  switch (kind) {
    case run_failed:
    case run_timed_out:
    case run_lost:
    case run_stuck:
    case run_unreported:
    case store_lost:
    case store_replaced:
    case lease_lost:
    case heartbeats_lost:
    case loop_failed:
    case job_parked: return log_level::error;
    case run_missed:
    case run_skipped:
    case run_retrying:
    case run_cancelled:
    case group_limits_differ:
    case loop_blocked:
    case clock_stepped:
    case clock_differs:
    case job_paused: return log_level::warn;
    case scheduler_started:
    case scheduler_stopped:
    case store_opened:
    case store_closed:
    case executor_added:
    case executor_closed:
    case task_added:
    case run_claimed:
    case run_waiting:
    case job_changed_elsewhere:
    case job_added: return log_level::debug;  // the daemon itself says more
    default: return log_level::info;
  }
}

void add_times(boost::json::object& fields, const event& what, const zone& where) {
  if (what.occurrence) fields["scheduled_for"] = format_instant(*what.occurrence, where);
  if (what.last && what.count > 1) fields["last"] = format_instant(*what.last, where);
  if (what.count > 1) fields["count"] = what.count;
  if (what.until) fields["next_attempt_at"] = format_instant(*what.until, where);
  if (what.kind == run_started) fields["lateness_ms"] = what.lateness.count();
  const bool is_end = what.kind == run_succeeded || what.kind == run_failed || what.kind == run_timed_out ||
                      what.kind == run_cancelled;
  if (!is_end) return;
  fields["duration_ms"] = what.duration.count();
  fields["outcome"] = name(what.result.kind);
  if (!what.result.failure.empty()) fields["failure"] = what.result.failure;
  if (what.result.is_failure() && !what.result.message.empty()) fields["output"] = what.result.message;
}

}  // namespace

event_line describe(const event& what, const zone& where) {
  event_line line;
  line.level = level_of(what.kind);
  const auto words = words_of(what, where);
  const bool of_another_store = !what.store.empty() && what.store != default_store_name;
  line.words = what.job;
  if (of_another_store && what.job.empty()) line.words = fmt::format("store '{}'", what.store);
  if (!what.run.empty()) line.words += fmt::format("[{}]", what.run);
  line.words += line.words.empty() ? words : ": " + words;
  line.fields["event"] = name(what.kind);
  if (of_another_store) line.fields["store"] = what.store;
  if (!what.job.empty()) line.fields["job"] = what.job;
  if (!what.run.empty()) line.fields["run"] = what.run;
  if (what.attempt != 0) line.fields["attempt"] = what.attempt;
  add_times(line.fields, what, where);
  line.fields["message"] = words;
  return line;
}

}  // namespace carillon::app
