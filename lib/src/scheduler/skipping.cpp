// Fires that are to be left out.

#include <fmt/format.h>
#include <algorithm>
#include <carillon/time/timestamp.hpp>
#include <stdexcept>

#include "scheduler/engine_parts.hpp"
#include "scheduler/skip_limits.hpp"

namespace carillon {

namespace {

[[noreturn]] void refuse_skip(const job_record& job, instant time, const std::string& why) {
  throw std::invalid_argument(
      fmt::format("job '{}': {} cannot be left out: {}", job.id(), format_instant(time, job.where), why));
}

/// "it fires at … before that and at … after it"
std::string nearest_fires(const job_record& job, const binding& bound, instant time) {
  const auto& when = job.definition->when;
  auto before = when.previous(bound, time).value();
  if (before && *before < *job.cursor) before = std::nullopt;
  const auto after = when.next(bound, time).value();
  const auto words = [&](instant at) { return format_instant(at, job.where); };
  if (before && after)
    return fmt::format("the nearest fires are at {} and {}", words(*before), words(*after));
  if (before || after) return fmt::format("the nearest fire is at {}", words(before ? *before : *after));
  return "there are no fires near it";
}

/// Whether a job will fire then is known here. Throws if it will not.
void refuse_what_is_no_fire(const job_record& job, const binding& bound, instant time, instant now) {
  if (job.state == job_state::ended) refuse_skip(job, time, "the job has ended");
  if (!job.cursor) refuse_skip(job, time, "the next fire is not known before its run has ended");
  if (time == *job.cursor) return;
  const auto next = format_instant(*job.cursor, job.where);
  if (time < *job.cursor) {
    const auto* why = time <= now ? "it is over" : "the job does not fire then";
    refuse_skip(job, time, fmt::format("{}: the next fire is at {}", why, next));
  }
  if (job.definition->when.fixed_delay())
    refuse_skip(job, time, fmt::format("of a fixed_delay only the next fire is known, which is at {}", next));
  if (!fires_at(job.definition->when, bound, time))
    refuse_skip(job, time, "the job does not fire then; " + nearest_fires(job, bound, time));
}

}  // namespace

loop_awaitable<bool> engine::skip_next(std::string id, std::uint32_t fires) {
  if (fires > most_skips)
    throw std::invalid_argument(fmt::format("skip_next: {} fires: 0 to {}", fires, most_skips));
  for (;;) {
    const auto job = co_await require(id);
    if (job.record.state == job_state::ended) co_return false;
    job_change what;
    what.skip_next = fires;
    const bool done = co_await change(job.record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_changed, id, fmt::format("the next {} fires are left out", fires));
  co_return true;
}

loop_awaitable<bool> engine::skip_at(std::string id, instant time) {
  for (;;) {
    const auto job = co_await require(id);
    refuse_what_is_no_fire(job.record, bound_to(job.record), time, clock_.now());
    auto times = times_ahead(job.record);
    const auto place = std::ranges::lower_bound(times, time);
    if (place != times.end() && *place == time) co_return false;
    if (times.size() >= most_times_left_out)
      refuse_skip(job.record, time,
                  fmt::format("{} times are left out already, the most there may be", most_times_left_out));
    times.insert(place, time);
    job_change what;
    what.skip_at = std::move(times);
    const bool done = co_await change(job.record, std::move(what));
    if (!done) continue;
    tell_job(event_kind::job_changed, id,
             fmt::format("the fire at {} is left out", format_instant(time, job.record.where)));
    co_return true;
  }
}

loop_awaitable<bool> engine::take_back_skip_at(std::string id, instant time) {
  for (;;) {
    const auto job = co_await require(id);
    auto times = times_ahead(job.record);
    if (std::erase(times, time) == 0) co_return false;
    job_change what;
    what.skip_at = std::move(times);
    const bool done = co_await change(job.record, std::move(what));
    if (!done) continue;
    tell_job(event_kind::job_changed, id,
             fmt::format("the fire at {} is no longer left out", format_instant(time, job.record.where)));
    co_return true;
  }
}

}  // namespace carillon
