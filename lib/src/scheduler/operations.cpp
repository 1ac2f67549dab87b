// Operations that change jobs.

#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::uint32_t most_skips = 10'000;

ledger_entry entry_of(const std::string& job, const ledger_stretch& stretch) {
  ledger_entry entry;
  entry.job = job;
  entry.result.kind = stretch.kind;
  entry.result.message = stretch.reason;
  entry.first = stretch.first;
  entry.last = stretch.last;
  entry.count = stretch.count;
  entry.into = stretch.into;
  return entry;
}

/// A move from the cursor of a record to another fire, or to none.
job_change::cursor_move move_of(const job_record& from, std::optional<fire> next) {
  job_change::cursor_move move;
  move.from = from.cursor;
  if (!next) return move;
  move.cursor = next->nominal;
  move.due = next->due;
  return move;
}

}  // namespace

/// A job as the store has it; throws if there is none.
loop_awaitable<loaded_job> engine::require(std::string id) {
  auto job = co_await store_->load(id);
  if (!job || job->record.state == job_state::removed)
    throw boost::system::system_error(errc::no_such_job, id);
  co_return std::move(*job);
}

/// Writes a change if the job is still as it was seen, and has its loop follow. False: somebody else was
/// faster.
loop_awaitable<bool> engine::change(job_record seen, job_change what) {
  const auto answer = co_await store_->update(seen.id(), seen.revision, std::move(what));
  co_await follow(seen.id());
  co_return answer == change_answer::done;
}

/// Passes over what is due of a job by its old schedule, with the reason in the ledger. Answers the plan it
/// followed.
fire_plan engine::leave_out_due(const job_record& record, job_change& what, std::string_view reason) {
  fire_plan plan;
  if (!record.cursor) return plan;
  const auto bound = bound_to(record);
  const planner_job job{record.definition->when, bound, *record.definition->options,
                        fire{*record.cursor, record.due}};
  plan = plan_to_leave_out(job, clock_.now(), reason);
  for (const auto& stretch : plan.left_out) what.ledger.push_back(entry_of(record.id(), stretch));
  return plan;
}

/// Gives a job another definition. Its cursor stays where the new schedule fires there too, unless it is to
/// begin afresh.
loop_awaitable<bool> engine::replace_definition(job_record old,
                                                std::shared_ptr<const job_definition> definition,
                                                bool afresh) {
  job_change what;
  const auto& when = definition->when;
  const bool same_times =
      when == old.definition->when && definition->first_time == old.definition->first_time;
  const bool over = old.state == job_state::ended || old.state == job_state::removed;
  const bool keeps = !over && old.cursor && fires_at(when, bound_to(old), *old.cursor);
  if (afresh || (!same_times && !keeps) || (over && !same_times)) {
    const auto now = clock_.now();
    const auto plan = leave_out_due(old, what, "rescheduled");
    auto bound = bound_to(old);
    what.anchor = bound.anchor = now;
    const auto next = first_fire(when, bound, now, definition->first_time);
    what.cursor = move_of(old, next);
    if (!next) what.state = job_state::ended;
    if (next && over) what.state = job_state::active;
  }
  what.definition = definition;
  const bool done = co_await change(old, std::move(what));
  if (done) tell_job(event_kind::job_changed, definition->id);
  co_return done;
}

loop_awaitable<job_record> engine::modify(std::string id, job_changes changes) {
  for (;;) {
    const auto job = co_await require(id);
    auto definition = *job.record.definition;
    if (changes.when) definition.when = *changes.when;
    if (changes.task) definition.task = *changes.task;
    if (changes.arguments) definition.arguments = *changes.arguments;
    if (changes.options) definition.options = intern(*changes.options);
    const auto changed = checked(std::move(definition));
    refuse_misfit(*changed);
    const bool done = co_await replace_definition(job.record, changed, false);
    if (done) break;
  }
  const auto now_there = co_await require(id);
  co_return as_seen_here(now_there.record);
}

loop_awaitable<job_record> engine::reschedule(std::string id, schedule when,
                                              std::optional<instant> first_time) {
  for (;;) {
    const auto job = co_await require(id);
    auto definition = *job.record.definition;
    definition.when = when.when;
    definition.first_time = first_time;
    const auto changed = checked(std::move(definition));
    const bool done = co_await replace_definition(job.record, changed, true);
    if (done) break;
  }
  const auto now_there = co_await require(id);
  co_return as_seen_here(now_there.record);
}

loop_awaitable<bool> engine::pause_job(std::string id, std::string note) {
  for (;;) {
    const auto job = co_await require(id);
    if (job.record.state != job_state::active) co_return false;
    job_change what;
    what.state = job_state::paused;
    what.note = note;
    const bool done = co_await change(job.record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_paused, id, std::move(note));
  co_return true;
}

/// Of a loop that cannot go on.
loop_awaitable<void> engine::pause_with_note(std::string id, std::string why) {
  const bool paused = co_await pause_job(std::move(id), std::move(why));
  static_cast<void>(paused);
}

loop_awaitable<bool> engine::resume_job(std::string id, resume_from where) {
  for (;;) {
    const auto job = co_await require(id);
    if (job.record.state != job_state::paused) co_return false;
    job_change what;
    what.state = job_state::active;
    what.note = std::string{};
    if (where == resume_from::now) {
      const auto plan = leave_out_due(job.record, what, "paused");
      if (!plan.empty()) what.cursor = move_of(job.record, plan.next);
      if (plan.ends) what.state = job_state::ended;
    }
    const bool done = co_await change(job.record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_resumed, id);
  co_return true;
}

loop_awaitable<bool> engine::remove(std::string id) {
  const auto job = co_await store_->load(id);
  if (!job || job->record.state == job_state::removed) co_return false;
  const bool declared = !job->record.definition->origin.empty();
  co_await store_->remove(id, std::nullopt, declared);
  co_await follow(id);
  tell_job(event_kind::job_removed, id);
  co_return true;
}

/// Removes a job that nobody declares any more: nothing of it is kept.
loop_awaitable<bool> engine::remove_for_good(std::string id) {
  const auto answer = co_await store_->remove(id, std::nullopt, false);
  co_await follow(id);
  if (answer != change_answer::done) co_return false;
  tell_job(event_kind::job_removed, id);
  co_return true;
}

loop_awaitable<std::size_t> engine::clear() {
  std::size_t removed = 0;
  const auto ids = co_await ids_of(std::nullopt);
  for (const auto& id : ids) {
    const bool done = co_await remove(id);
    if (done) ++removed;
  }
  co_return removed;
}

loop_awaitable<bool> engine::run_now(std::string id) {
  extra_run run;
  run.id = id;
  run.occurrence = run.at = clock_.now();
  const bool found = co_await store_->enqueue(run);
  if (found) co_await follow(id);
  co_return found;
}

loop_awaitable<bool> engine::skip_next(std::string id, std::uint32_t fires) {
  if (fires > most_skips)
    throw std::invalid_argument(fmt::format("skip_next: {} fires: 0 to {}", fires, most_skips));
  for (;;) {
    const auto job = co_await require(id);
    if (job.record.state == job_state::ended) co_return false;
    job_change what;
    what.skip_next = fires;
    const bool done = co_await change(job.record, std::move(what));
    if (done) co_return true;
  }
}

loop_awaitable<std::size_t> engine::cancel_runs(std::string id) {
  const auto known = jobs_.find(std::string_view{id});
  if (known == jobs_.end()) co_return 0;
  co_return cancel_all(**known, cancel_reason::user);
}

loop_awaitable<void> engine::pause_all() {
  if (std::exchange(paused_, true)) co_return;
  if (wanted(event_kind::scheduler_paused)) events_.tell(make_event(event_kind::scheduler_paused));
}

loop_awaitable<void> engine::resume_all(resume_from where) {
  if (!std::exchange(paused_, false)) co_return;
  const auto now = clock_.now();
  for (auto* job : jobs_) {
    if (where == resume_from::now && job->cursor.due <= now) job->leave_out_paused = true;
  }
  chores_.spawn(wake_all());
  if (wanted(event_kind::scheduler_resumed)) events_.tell(make_event(event_kind::scheduler_resumed));
}

/// Moves on a fixed_delay job that waits for a run which never was.
loop_awaitable<void> engine::restart_fixed_delay(std::string id) {
  const auto job = co_await store_->load(id);
  const bool waits = job && job->record.state == job_state::active && !job->record.cursor;
  if (waits) {
    const auto bound = bound_to(job->record);
    job_change what;
    what.cursor = move_of(job->record, fire_after_run(job->record.definition->when, bound, clock_.now()));
    co_await store_->update(id, job->record.revision, std::move(what));
  }
  co_await follow(id);
}

}  // namespace carillon
