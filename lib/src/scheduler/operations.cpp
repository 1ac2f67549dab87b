// Operations that change jobs.

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

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

std::string words_of_conflict(const job_record& now, std::uint64_t expected) {
  auto words = fmt::format("job '{}' is at revision {}, not {}: it is {} now and fires '{}'", now.id(),
                           now.revision, expected, name(now.state), now.definition->when.text());
  if (!now.note.empty()) words += fmt::format("; its note says: {}", now.note);
  return words;
}

[[noreturn]] void refuse_ended(const job_definition& job) {
  throw std::invalid_argument(fmt::format("job '{}': '{}' never fires again", job.id, job.when.text()));
}

}  // namespace

/// A job as the store has it; throws if there is none.
loop_awaitable<loaded_job> engine::require(std::string id) {
  auto job = co_await store_->load(id);
  if (!job || job->record.state == job_state::removed)
    throw boost::system::system_error(errc::no_such_job, job_in_words(id));
  co_return std::move(*job);
}

/// Writes a change if the job is still as it was seen, and has its loop follow. False: somebody else was
/// faster.
loop_awaitable<bool> engine::change(job_record seen, job_change what) {
  const own_change noted{*this, seen.id()};
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

/// What gives a job another definition. Its cursor stays where the new schedule fires there too, unless it is
/// to begin afresh.
job_change engine::change_to(const job_record& old, definition_ptr definition, bool afresh) {
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
    const bool goes_on = next || when.follows();
    if (!goes_on) what.state = job_state::ended;
    if (goes_on && over) what.state = job_state::active;
  }
  what.definition = std::move(definition);
  return what;
}

/// False: somebody else was faster.
loop_awaitable<bool> engine::replace_definition(job_record old, definition_ptr definition, bool afresh) {
  auto what = change_to(old, definition, afresh);
  // What a paused job has to say is why it is paused.
  if (shared_ && old.state != job_state::paused)
    what.note = fmt::format("declared by {} on {}", definition->origin.str(), options_.instance);
  const bool done = co_await change(old, std::move(what));
  if (done) tell_job(event_kind::job_changed, definition->id);
  co_return done;
}

/// Changes a definition, at the revision that one expects, or whatever it is.
loop_awaitable<job_record> engine::redefine(std::string id, std::function<void(job_definition&)> edit,
                                            bool afresh, std::optional<std::uint64_t> expected_revision) {
  for (;;) {
    const auto job = co_await require(id);
    const auto& record = job.record;
    if (expected_revision && record.revision != *expected_revision)
      throw boost::system::system_error(errc::conflict, words_of_conflict(record, *expected_revision));
    auto definition = *record.definition;
    edit(definition);
    const auto changed = checked(std::move(definition));
    if (!afresh) refuse_misfit(*changed);
    if (!(changed->when == record.definition->when)) co_await refuse_cycle(changed);
    auto what = change_to(record, changed, afresh);
    if (what.state == job_state::ended) refuse_ended(*changed);
    const bool done = co_await change(record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_changed, id);
  const auto now_there = co_await require(id);
  co_return as_seen_here(now_there.record);
}

loop_awaitable<job_record> engine::modify(std::string id, job_changes changes) {
  const auto expected = changes.expected_revision;
  std::function<void(job_definition&)> edit = [changes](job_definition& definition) {
    if (changes.when) definition.when = *changes.when;
    if (changes.task) definition.task = *changes.task;
    if (changes.arguments) definition.arguments = *changes.arguments;
    if (changes.options) definition.options = intern(*changes.options);
  };
  return redefine(std::move(id), std::move(edit), false, expected);
}

loop_awaitable<job_record> engine::reschedule(std::string id, schedule when,
                                              std::optional<instant> first_time,
                                              std::optional<std::uint64_t> expected_revision) {
  std::function<void(job_definition&)> edit = [when = std::move(when), first_time](job_definition& job) {
    job.when = when.when;
    job.first_time = first_time;
  };
  return redefine(std::move(id), std::move(edit), true, expected_revision);
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

/// Of a loop that cannot go on: as often as it takes.
loop_awaitable<void> engine::pause_with_note(std::string id, std::string why) {
  for (std::uint32_t failures = 0; at_work(); ++failures) {
    std::exception_ptr failure;
    try {
      co_await pause_job(id, why);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    if (!is_store_failure(failure)) std::rethrow_exception(failure);
    tell_trouble(failure);
    co_await rest(failures);
  }
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
      if (plan.ends && !job.record.definition->when.follows()) what.state = job_state::ended;
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
  forget_call(id);
  co_await store_->remove(id, std::nullopt, declared);
  co_await follow(id);
  tell_job(event_kind::job_removed, *job->record.definition);
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
  const auto ids = std::make_shared<std::vector<std::string>>();
  *ids = co_await ids_of(std::nullopt);
  const auto removed = std::make_shared<std::size_t>(0);
  std::function<loop_awaitable<void>(std::size_t)> remove_one = [this, ids, removed](std::size_t number) {
    return remove_counted((*ids)[number], removed);
  };
  co_await for_each(ids->size(), std::move(remove_one));
  tell_of_store(event_kind::jobs_cleared, {}, *removed);
  co_return *removed;
}

loop_awaitable<void> engine::remove_counted(std::string id, std::shared_ptr<std::size_t> removed) {
  const bool done = co_await remove(std::move(id));
  if (done) ++*removed;
}

void engine::pause_here() {
  if (std::exchange(paused_, true)) return;
  if (wanted(event_kind::scheduler_paused)) events_.tell(make_event(event_kind::scheduler_paused));
}

void engine::resume_here(resume_from where) {
  if (!std::exchange(paused_, false)) return;
  const auto now = clock_.now();
  for (auto* job : jobs_) {
    if (where == resume_from::now && job->cursor.due <= now) job->leave_out_paused = true;
  }
  chores_.spawn(wake_all());
  if (wanted(event_kind::scheduler_resumed)) events_.tell(make_event(event_kind::scheduler_resumed));
}

/// Moves on a fixed_delay job that waits for a run which never was, or which is lost.
loop_awaitable<void> engine::restart_fixed_delay(job_record record) {
  auto bound = bound_to(record);
  bound.fired = fired_of(record);
  job_change what;
  what.cursor = move_of(record, fire_after_run(record.definition->when, bound, clock_.now()));
  if (!what.cursor->cursor) what.state = job_state::ended;
  co_await store_->update(record.id(), record.revision, std::move(what));
}

}  // namespace carillon
