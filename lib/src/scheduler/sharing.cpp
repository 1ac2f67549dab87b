// What a store tells that other instances use as well: whose jobs are whose, runs to begin and to end, and
// that this instance, or the store, is not what it was.

#include <spdlog/logger.h>
#include <boost/asio/post.hpp>
#include <carillon/time/duration.hpp>
#include <utility>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr milliseconds between_ticks{250};
constexpr std::uint64_t ticks_to_crowded = 8;       // Whether places have become free.
constexpr std::uint64_t ticks_to_awaiting = 40;     // Whether fixed_delay jobs wait for nothing.
constexpr std::uint64_t ticks_to_all_groups = 240;  // So that the store goes on keeping them.
constexpr milliseconds clocks_differ{1'000};

constexpr std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) {
  const auto both = seed ^ (number * 0x9e37'79b9'7f4a'7c15u);
  return (both ^ (both >> 32)) * 0xd6e8'feb8'6659'fd93u;
}

}  // namespace

void engine::on_ownership_changed() {
  const bool was_out = !std::exchange(member_, true);
  if (options_.operate_only || !at_work()) return;
  if (was_out) chores_.spawn(wake_all());
  look_at_groups(was_out);  // Whoever has left or died has given up its places.
  ask(owning_);
  ask(following_);
}

void engine::on_lease_lost() {
  member_ = false;
  forget_all_known();
  lose_shares();
  const auto held = cancel_held(cancel_reason::lost_lease);
  const auto cancelled = held == 0 ? std::string{}
                                   : fmt::format("; {} of its runs {} cancelled, for others take over", held,
                                                 held == 1 ? "is" : "are");
  logger_->critical(
      "scheduler {} has lost its place among the instances of {}: it claims nothing there until it is back{}",
      options_.instance, leads_alone() ? "its store" : store_in_words(), cancelled);
  tell_of_store(event_kind::lease_lost, {}, held);
}

/// What is known of jobs was true when they were ours: it is asked for again before it is used.
void engine::forget_all_known() {
  for (auto* job : jobs_) job->stale = true;
}

/// Asks all runs of this instance to stop. Answers how many there were.
std::size_t engine::cancel_held(cancel_reason reason) {
  std::vector<std::shared_ptr<runner>> held;
  for (const auto& who : runners_) {
    if (who->attempt.job) held.push_back(who);
  }
  for (const auto& who : held) cancel(*who, reason);
  return held.size();
}

void engine::on_stop_asked(const std::string&, const std::string& run_id, cancel_reason why) {
  cancel_run(run_id, why);
}

void engine::on_store_replaced() {
  logger_->critical(
      "{} was emptied, or another has taken its place: jobs that programs and files declare are added again, "
      "those that were put at run time are gone",
      store_in_words());
  tell_of_store(event_kind::store_replaced, {});
  wake_waiting_for({});
  if (options_.operate_only) return;
  forget_all_known();
  lose_shares();
  cancel_held(cancel_reason::lost_lease);
  std::vector<definition_ptr> again;
  {
    const std::lock_guard lock{declared_mutex_};
    again = declared_ever_;
  }
  const auto calls = pending_calls();
  again.insert(again.end(), calls.begin(), calls.end());
  for (const auto& [origin, jobs] : files_) again.insert(again.end(), jobs.begin(), jobs.end());
  put_back_declared(std::move(again));
  ask(declaring_);
  ask(owning_);
}

void engine::on_clock_offset(milliseconds offset) {
  if (!corrected_) return;
  corrected_->correct(offset);
  const bool differs = std::chrono::abs(offset) > clocks_differ;
  if (!differs || std::exchange(offset_told_, true)) return;
  const auto words =
      fmt::format("this machine's clock is {} ms {} {}: jobs fire by the store's",
                  std::chrono::abs(offset).count(), offset < milliseconds{0} ? "ahead of" : "behind",
                  leads_alone() ? "the store's" : "that of " + store_in_words());
  logger_->warn("{}", words);
  tell_of_store(event_kind::clock_differs, words);
}

void engine::on_reachable(bool reachable, const std::string& why) {
  reachable_ = reachable;
  if (!reachable) return store_is_lost(why);
  store_answers();
  wake_waiting_for({});
  if (!at_work()) return;
  wake_resting();
  // Loops that had begun to wait longer and longer come back within a moment, not all at once.
  for (auto* job : jobs_) {
    if (job->failures > 0) job->not_before = clock_.now() + some_of(options_.resume_spread);
  }
  chores_.spawn(wake_all());
}

/// That everything is out of reach has been told, if it is.
void engine::on_heartbeats(bool answered, const std::string& why, milliseconds left) {
  if (answered) {
    if (!std::exchange(heartbeats_lost_, false)) return;
    logger_->warn("{} answers heartbeats again", store_in_words());
    return tell_of_store(event_kind::heartbeats_back, {});
  }
  if (in_trouble_ || std::exchange(heartbeats_lost_, true)) return;
  logger_->error(
      "{} answers, but not the heartbeats, which have a connection of their own: the lease of this instance "
      "ends in {} unless one is answered: {}",
      store_in_words(), format_duration(left), why);
  if (!wanted(event_kind::heartbeats_lost)) return;
  auto happened = make_event(event_kind::heartbeats_lost);
  happened.message = why;
  happened.until = clock_.now() + left;
  events_.tell(happened);
}

// ---- Runs.

/// Whether a run that was won is to be begun: not when this instance is no member any more (it is given up as
/// lost), and not when it has been (its answer came twice).
bool engine::may_start(const job_entry& job, const taken_run& taken) {
  return member_ && started_.remember(mixed(seed_of(job.id()), taken.fence), clock_.elapsed());
}

void engine::on_run_found(const found_run& run) {
  if (!member_ || !at_work()) return;  // It is given up as lost.
  found_.push_back(run);
  ask(finding_);
}

loop_awaitable<void> engine::start_found() {
  while (!found_.empty()) {
    auto run = std::move(found_.front());
    found_.pop_front();
    std::exception_ptr failure;
    try {
      co_await start_found_run(run);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    found_.push_front(std::move(run));
    std::rethrow_exception(failure);
  }
}

/// Begins a run that was won by a call whose answer never came.
loop_awaitable<void> engine::start_found_run(found_run run) {
  const auto seed = mixed(seed_of(run.job), run.fence);
  if (!member_ || started_.contains(seed)) co_return;
  auto job = co_await store_->load(run.job);
  if (!member_ || !at_work() || started_.contains(seed)) co_return;
  if (!job || job->record.born != run.born) co_return report_unstarted(run);
  const auto known = jobs_.find(std::string_view{run.job});
  const bool has_loop = known != jobs_.end() && (*known)->revision >= run.born;
  const auto carried = std::move(job->record.carried);
  auto& entry = has_loop ? **known : host(std::move(*job));
  const taken_run taken{run.occurrence, run.due, run.attempt, run.fence, run.run_id, carried, run.follows};
  start(entry, taken);  // the last thing: it may be the end of the entry
}

/// A job that is another's, for one run of it.
job_entry& engine::host(loaded_job job) {
  auto owned = std::make_unique<job_entry>(clock_, strand_, std::move(job));
  owned->retired = owned->loop_over = true;
  if (!fault_of(*owned->definition)) owned->how = means_of(*owned->definition);
  return *owned.release();  // Until its run has ended: see release_if_over.
}

/// Ends a run whose job is gone.
void engine::report_unstarted(const found_run& run) {
  if (!started_.remember(mixed(seed_of(run.job), run.fence), clock_.elapsed())) return;
  auto work = std::make_shared<finish_work>();
  work->id = run.job;
  work->run_id = run.run_id;
  work->result.kind = outcome_kind::cancelled;
  work->result.reason = cancel_reason::removed;
  work->result.failure = std::string{name(cancel_reason::removed)};
  work->result.message = "the job was removed before this run had begun";
  auto& report = work->report;
  report.id = work->id;
  report.run_id = work->run_id;
  report.member = options_.instance;
  report.fence = run.fence;
  report.occurrence = run.occurrence;
  report.attempt = run.attempt;
  report.due = run.due;
  report.started = report.finished = clock_.now();
  report.result = &work->result;
  chores_.spawn(finish_slowly(std::move(work)));
}

// ---- What is done now and then.

/// Tells the store that the event loop answers, and looks at what others may have changed without a word.
void engine::tick() {
  if (!tick_bell_) return;
  store_->loop_answers();
  tell_ownership();
  if (++ticks_ % ticks_to_crowded == 0) {
    wake_crowded();
    look_at_groups(ticks_ % ticks_to_all_groups == 0);
  }
  if (ticks_ % ticks_to_awaiting == 0) {
    for (const auto& id : std::exchange(awaiting_, {})) {
      if (jobs_.contains(std::string_view{id})) look_again(id);
    }
  }
  tick_bell_->set(clock_.now() + between_ticks);
  tick_bell_->async_wait([weak = weak_from_this()](boost::system::error_code) {
    if (const auto self = weak.lock()) self->tick();
  });
}

/// Lets jobs whose waiting runs found no place ask again.
void engine::wake_crowded() {
  for (const auto& id : std::exchange(crowded_, {})) {
    const auto known = jobs_.find(std::string_view{id});
    if (known == jobs_.end()) continue;
    (*known)->no_room = false;
    (*known)->bell.wake();
  }
}

}  // namespace carillon
