// Runs outside the schedule, and runs that are to end.

#include <fmt/format.h>
#include <xxhash.h>
#include <algorithm>
#include <carillon/time/timestamp.hpp>
#include <stdexcept>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr std::uint32_t most_repeats = 2;  // Of what may safely be asked twice.
constexpr std::size_t most_backfilled = 10'000;

/// By it the store knows which of a job's times it was asked for before.
std::string token_of_backfill(const job_record& job, instant time) {
  const auto whose = XXH64(job.id().data(), job.id().size(), job.born);
  return fmt::format("backfill:{:016x}:{:x}", whose, time.time_since_epoch().count());
}

void check_backfill(std::string_view id, instant from, instant to, const backfill_options& how, instant now) {
  const auto words = [](instant time) { return format_instant(time, zone()); };
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(fmt::format("backfill of job '{}': {}", id, why));
  };
  if (how.limit < 1 || how.limit > most_backfilled)
    refuse(fmt::format("limit: {} is not allowed; 1 to {}", how.limit, most_backfilled));
  if (from > to) refuse(fmt::format("it ends at {}, before it begins at {}", words(to), words(from)));
  if (to > now)
    refuse(fmt::format("it ends at {}, and it is {} now: what is to come the schedule will fire", words(to),
                       words(now)));
}

/// The nominal times in [from, to], earliest first.
std::vector<instant> nominal_times(const job_record& job, const binding& bound, instant from, instant to,
                                   std::size_t limit) {
  const auto& when = job.definition->when;
  if (when.fixed_delay()) {
    throw std::invalid_argument(
        fmt::format("backfill of job '{}': when '{}' fires depends on its runs: it has no times of its own",
                    job.id(), when.text()));
  }
  const auto before = from - milliseconds{1};
  const auto there = when.count(bound, before, to).value();
  if (there > limit) {
    throw std::invalid_argument(fmt::format(
        "backfill of job '{}': '{}' has {} times from {} to {}, and at most {} are put down at once: ask for "
        "parts",
        job.id(), when.text(), there, format_instant(from, job.where), format_instant(to, job.where), limit));
  }
  std::vector<instant> times;
  times.reserve(there);
  for (auto time = when.next(bound, before).value(); time && *time <= to;
       time = when.next(bound, *time).value())
    times.push_back(*time);
  return times;
}

}  // namespace

/// Puts down a run, again where no answer came. 0: there is no such job; else its number.
loop_awaitable<std::uint64_t> engine::put_down(extra_run run) {
  for (std::uint32_t failures = 0;; ++failures) {
    std::exception_ptr failure;
    std::uint64_t found = 0;
    try {
      if (run.awaited) {
        found = co_await store_->enqueue_awaited(run);
      } else {
        found = co_await store_->enqueue(run);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return found;
    const bool again = store_failure(failure) == errc::store_unreachable && failures < most_repeats;
    if (!again) std::rethrow_exception(failure);
    co_await rest(failures);
  }
}

loop_awaitable<bool> engine::run_now(std::string id) {
  co_return co_await trigger_at(std::move(id), clock_.now());
}

loop_awaitable<bool> engine::trigger_at(std::string id, instant time) {
  extra_run run;
  run.id = id;
  run.occurrence = time;
  run.at = clock_.now();
  const auto token = run_ids_.next();  // By it the store knows what is asked twice.
  run.token.assign(token.data(), token.size());
  const auto found = co_await put_down(run);
  if (found == 0) co_return false;
  tell_requested(run);
  co_await follow(id);
  co_return true;
}

loop_awaitable<backfill_result> engine::backfill(std::string id, instant from, instant to,
                                                 backfill_options how) {
  const auto now = clock_.now();
  check_backfill(id, from, to, how, now);
  const auto job = co_await require(id);
  const auto times = nominal_times(job.record, bound_to(job.record), from, to, how.limit);
  backfill_result answer{times.size(), 0};
  for (const auto time : times) {  // One after the other: they run in the order in which they are put down.
    extra_run run;
    run.id = id;
    run.occurrence = time;
    run.at = now;
    if (how.again) {
      const auto token = run_ids_.next();
      run.token.assign(token.data(), token.size());
    } else {
      run.token = token_of_backfill(job.record, time);
    }
    const auto found = co_await put_down(run);
    if (found == 0) throw boost::system::system_error(errc::no_such_job, job_in_words(id));
    if (found <= job.record.revision) continue;  // One that an earlier call has put down keeps its number.
    ++answer.put_down;
    tell_requested(run);
  }
  if (!times.empty()) co_await follow(id);
  co_return answer;
}

loop_awaitable<std::size_t> engine::cancel_runs(std::string id) {
  const auto here = cancel_all(id, cancel_reason::user);
  const auto everywhere = co_await store_->stop_runs(std::move(id), std::string(), cancel_reason::user);
  co_return std::max(here, everywhere);
}

loop_awaitable<bool> engine::cancel_one_run(std::string id, std::string run_id) {
  if (run_id.empty()) throw std::invalid_argument("cancel_run: the id of a run must not be empty");
  const bool here = cancel_run_of(id, run_id, cancel_reason::user);
  const auto elsewhere = co_await store_->stop_runs(std::move(id), std::move(run_id), cancel_reason::user);
  co_return here || elsewhere > 0;
}

loop_awaitable<bool> engine::cancel_waiting(std::string id) {
  for (;;) {
    const auto job = co_await require(id);
    if (!job.record.next_waiting) co_return false;
    job_change what;
    what.drop_waiting = true;
    const bool done = co_await change(job.record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_changed, id, "the run that waits is dropped");
  co_return true;
}

}  // namespace carillon
