// The loop of each job: sleep until something is due, claim it, start what was won.

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr std::uint16_t most_failures = 100;  // More are counted as so many.

}  // namespace

loop_awaitable<void> engine::job_loop(job_entry& job) {
  // Kept as small as it is, and everything that can fail kept out of it: a million of these frames exist at
  // once.
  for (auto step = wait_for(job); step != loop_step::end; step = look(job)) {
    if (step == loop_step::ask) co_await ask_store(job);
    co_await job.bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }
  loop_ended(job);
}

/// Does what is due, and sets when to look again.
engine::loop_step engine::look(job_entry& job) noexcept {
  if (job.retired) return loop_step::end;
  if (shared_) return something_due(job) ? loop_step::ask : wait_for(job);
  try {
    const bool answered = serve_now(job);
    if (!answered) return loop_step::ask;
  } catch (...) {
    recover(job, std::current_exception());
  }
  return wait_for(job);
}

engine::loop_step engine::wait_for(job_entry& job) noexcept {
  if (job.retired) return loop_step::end;
  set_bell(job);
  return loop_step::wait;
}

/// Does what is due with a store that must be waited for, and sets when to look again.
loop_awaitable<void> engine::ask_store(job_entry& job) {
  std::exception_ptr failure;
  try {
    co_await serve(job);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) recover(job, failure);
  if (job.retired) {
    job.bell.set(instant::min());  // Comes round at once, and ends.
  } else {
    set_bell(job);
  }
}

/// Sets when the job is to be looked at next. It is looked at earlier whenever something about it changes.
void engine::set_bell(job_entry& job) {
  auto at = job_entry::never;
  const bool fires = job.state == job_state::active && !job.parked() && !job.stale && claims();
  if (fires && !(job.catching_up && job.full())) at = job.cursor.due;
  const bool takes = fires || job.state == job_state::ended;
  if (takes && !job.stale && !job.parked() && claims() && !job.no_room) at = std::min(at, job.next_waiting);
  if (at == job_entry::never) {
    job.bell.set_never();
  } else {
    const auto when = std::max(at, job.not_before);
    if (prioritized_)
      job.bell.set(when, job.place_in_order());
    else
      job.bell.set(when);
  }
}

bool engine::something_due(const job_entry& job) const {
  const auto now = clock_.now();
  const bool fires = job.state == job_state::active && !job.parked() && !job.stale && claims();
  return (fires && job.cursor.due <= now && job.not_before <= now) || wants_take(job, now);
}

/// Does what is due as far as the store answers at once. False: the rest needs a round trip.
bool engine::serve_now(job_entry& job) {
  const auto now = clock_.now();
  if (wants_take(job, now)) {
    const auto run_id = run_ids_.next();
    const auto answer = store_->take_now(ask_to_take(job, run_id, now));
    if (!answer) return false;
    took(job, *answer, run_id);
  }
  claim_work work;
  if (prepare_claim(job, work)) {
    const auto answer = store_->claim_now(work.request);
    if (!answer) return false;
    claimed(job, work, *answer);
  }
  job.failures = 0;
  return true;
}

/// The same with a store that must be waited for.
loop_awaitable<void> engine::serve(job_entry& job) {
  const auto now = clock_.now();
  // What is asked for names the job by its definition, which may be replaced before there is an answer.
  auto named_by = job.definition;
  if (wants_take(job, now)) {
    const auto run_id = run_ids_.next();
    const auto request = ask_to_take(job, run_id, now);
    const auto round = job.round;
    const auto answer = co_await store_->take(request);
    took(job, answer, run_id);
    if (round != job.round) reload(job);
  }
  claim_work work;
  named_by = job.definition;
  if (!job.retired && prepare_claim(job, work)) {
    const auto answer = co_await store_->claim(work.request);
    claimed(job, work, answer);
  }
  job.failures = 0;
  store_answers();
}

/// The loop goes on after a while. What is the store's fault is told once for all jobs; nobody expected
/// anything else.
void engine::recover(job_entry& job, const std::exception_ptr& failure) {
  const auto code = store_failure(failure);
  const auto wait = backoff_after(job.failures);
  if (job.failures < most_failures) ++job.failures;
  job.not_before = clock_.now() + wait;
  if (code == errc::lease_lost) return reload(job);  // Whose it is now is told, or has been meanwhile.
  if (code) return tell_trouble(failure);
  const auto why = outcome_of(failure).message;
  logger_->critical("{}: the loop of this job failed and starts again in {} ms: {}", job.id(), wait.count(),
                    why);
  if (!wanted(event_kind::loop_failed)) return;
  auto happened = make_event(event_kind::loop_failed);
  happened.job = job.id();
  happened.message = why;
  happened.until = job.not_before;
  happened.exception = failure;
  events_.tell(happened);
}

binding engine::bound_to(const job_entry& job) const {
  binding bound{seed_of(job.id()), std::nullopt, job.where, options_.calendars.get(), 0};
  if (job.anchor != job_entry::never) bound.anchor = job.anchor;
  return bound;
}

bool engine::wants_take(const job_entry& job, instant now) const {
  const bool may = job.state == job_state::active || job.state == job_state::ended;
  return may && !job.parked() && !job.stale && claims() && !job.no_room && job.next_waiting <= now &&
         job.not_before <= now;
}

take_request engine::ask_to_take(job_entry& job, std::string_view run_id, instant now) const {
  take_request request;
  request.id = job.id();
  request.handle = job.handle;
  request.now = now;
  request.member = options_.instance;
  request.run_id = run_id;
  request.carries = job.options().carries;
  return request;
}

void engine::took(job_entry& job, const take_answer& answer, std::string_view run_id) {
  job.next_waiting = answer.next_waiting.value_or(job_entry::never);
  switch (answer.what) {
    case take_answer::kind::won:
      start(job, {answer.occurrence, answer.due, answer.attempt, answer.fence, run_id, answer.carried,
                  answer.follows});
      break;
    case take_answer::kind::none_due:
    case take_answer::kind::still_runs: break;
    case take_answer::kind::already_ran: tell_skipped(job, answer.occurrence, "already ran"); break;
    case take_answer::kind::full:
      job.no_room = true;
      if (shared_) crowded_.insert(job.id());  // Those who hold the places may be others.
      break;
    case take_answer::kind::paused:
    case take_answer::kind::gone: reload(job); break;
  }
}

planner_job engine::planned(const job_entry& job, const binding& bound) const {
  const auto places = job.options().max_instances;
  std::span<const instant> skip_at;
  if (job.skip_at) skip_at = *job.skip_at;
  return {job.definition->when, bound,         job.options(),
          job.cursor,           job.skip_next, places - std::min(job.active, places),
          job.catching_up,      skip_at};
}

/// Plans what is due and writes the request. False: nothing is.
bool engine::prepare_claim(job_entry& job, claim_work& work) {
  const auto now = clock_.now();
  const bool may = job.state == job_state::active && !job.parked() && !job.stale && claims();
  if (!may || job.cursor.due > now || job.not_before > now) return false;
  try {
    const auto bound = bound_to(job);
    const auto what = planned(job, bound);
    work.plan = job.leave_out_paused ? plan_to_leave_out(what, now, "paused") : plan_fires(what, now);
  } catch (const boost::system::system_error& failure) {
    pause_exhausted(job, failure.what());
    return false;
  }
  job.catching_up = work.plan.more;
  if (work.plan.empty()) return false;
  write_request(job, work, now);
  return true;
}

void engine::write_request(const job_entry& job, claim_work& work, instant now) {
  work.round = job.round;
  auto& request = work.request;
  const auto& plan = work.plan;
  request.id = job.id();
  request.handle = job.handle;
  request.expected_cursor = job.cursor.nominal;
  request.expected_revision = job.revision;
  if (plan.next) {
    request.next_cursor = plan.next->nominal;
    request.next_due = plan.next->due;
  }
  request.ends = plan.ends && !job.definition->when.follows();
  request.now = now;
  request.member = options_.instance;
  request.skips_used = plan.skips_used;
  request.carries = job.options().carries;
  work.ids.resize(plan.runs.size());  // All at once: the views below must stay where they point.
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    work.ids[i] = run_ids_.next();
    request.runs.push_back({plan.runs[i].nominal, plan.runs[i].due, work.ids[i]});
  }
  request.left_out = std::move(work.plan.left_out);
}

void engine::claimed(job_entry& job, const claim_work& work, const claim_answer& answer) {
  if (answer.what != claim_answer::kind::claimed) return reload(job);
  // What was heard of the job while the claim was under way may be older than its answer, or newer.
  const bool in_order = work.round == job.round && !job.retired;
  if (in_order) follow_plan(job, work, answer);
  for (const auto& stretch : work.request.left_out) tell_left_out(job, stretch);
  for (std::size_t i = 0; i < answer.runs.size(); ++i)
    won_or_not(job, work.request.runs[i], answer.runs[i], answer.carried);
  if (!in_order) return reload(job);
  if (job.active == 0) settle_idle(job);
}

void engine::follow_plan(job_entry& job, const claim_work& work, const claim_answer& answer) {
  const auto& plan = work.plan;
  job.set_cursor(plan.next);
  job.skip_next -= std::min(job.skip_next, plan.skips_used);
  job.leave_out_paused = false;
  job.next_waiting = answer.next_waiting.value_or(job_entry::never);
  job.fired += static_cast<std::uint32_t>(plan.runs.size());
  for (const auto& stretch : work.request.left_out) job.fired += static_cast<std::uint32_t>(stretch.count);
  if (!work.request.ends) return;
  job.state = job_state::ended;
  tell_job(event_kind::job_ended, job.id());
}

void engine::won_or_not(job_entry& job, const planned_run& planned, const run_answer& answer,
                        std::string_view carried) {
  if (!answer.cancel_run.empty()) cancel_run(answer.cancel_run, cancel_reason::overlap);
  switch (answer.what) {
    case run_answer::kind::won:
      return start(job, {planned.occurrence, planned.due, 1, answer.fence, planned.run_id, carried});
    case run_answer::kind::skipped: return tell_skipped(job, planned.occurrence, "overlap");
    case run_answer::kind::already_ran: return tell_skipped(job, planned.occurrence, "already ran");
    case run_answer::kind::still_runs: return;
    case run_answer::kind::queued: return tell_queued(job, planned);
  }
}

void engine::tell_skipped(const job_entry& job, instant occurrence, const char* why) {
  ledger_stretch left_out;
  left_out.kind = outcome_kind::skipped;
  left_out.first = left_out.last = occurrence;
  left_out.reason = why;
  tell_left_out(job, left_out);
}

/// The trigger cannot say when it fires next: nobody but a person can help.
void engine::pause_exhausted(job_entry& job, std::string why) {
  job.state = job_state::paused;
  chores_.spawn(pause_with_note(job.id(), std::move(why)));
}

/// Somebody else has changed the job: what we know of it is worth nothing until the store has told us more.
void engine::reload(job_entry& job) {
  if (job.retired) return;
  job.stale = true;
  look_again(job.id());
}

}  // namespace carillon
