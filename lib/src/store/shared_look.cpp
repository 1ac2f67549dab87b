// The standing look, every third of a lease: what no notice and no answer has told. And reaping.

#include <spdlog/logger.h>
#include <algorithm>
#include <carillon/trigger/trigger.hpp>

#include "store/shared_core.hpp"

namespace carillon {

namespace {

using std::chrono::nanoseconds;

constexpr std::size_t looks_at_once = 16;
constexpr std::string_view instance_died = "its instance died";

/// What is due no longer than this is being claimed, one would think.
constexpr milliseconds patient_for{1'000};

/// In which looks in a row a job that is still due is told of again: a scheduler that cannot serve it must
/// not reload it for ever.
bool worth_telling(std::uint32_t looks) { return (looks & (looks - 1)) == 0; }

lost_run lost_by_death(const active_record& run) {
  lost_run lost;
  lost.job = run.job;
  lost.run_id = run.run_id;
  lost.member = run.member;
  lost.fence = run.fence;
  lost.occurrence = run.occurrence;
  lost.due = run.due;
  lost.started = run.started;
  lost.attempt = run.attempt;
  lost.why = instance_died;
  return lost;
}

}  // namespace

void shared_core::look_soon() {
  next_look_ = time_->elapsed();
  sleeps_.wake_all();
}

loop_awaitable<void> shared_core::look_again_and_again() {
  next_look_ = time_->elapsed() + third();
  // Whose runs nobody was there to end waits no longer. What is due the scheduler, which begins, finds
  // itself.
  if (is_member()) co_await look_at_all(look_for::runs);
  while (!closing_) {
    co_await sleeps_.until(next_look_);
    if (closing_ || time_->elapsed() < next_look_) continue;
    next_look_ = time_->elapsed() + third();
    if (replacing_ || !is_member()) continue;
    if (std::exchange(gap_, false) && listening_) listener_.on_ownership_changed();
    co_await look_at_all(look_for::all);
  }
}

loop_awaitable<void> shared_core::look_at_all(look_for what) {
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t p = 0; p < partitions_.size(); ++p) {
    if (partitions_[p].concerns || owners_.is_reaper(p)) wanted.push_back(p);
  }
  task_group looks{strand_, [this](const std::exception_ptr& failure) {
                     logger_->error("shared store: a look failed: {}", what_of(failure));
                   }};
  std::size_t next = 0;
  const auto some = [&]() -> loop_awaitable<void> {
    while (next < wanted.size() && !closing_ && is_member()) co_await look_at(wanted[next++], what);
  };
  for (std::size_t k = 0; k < std::min(looks_at_once, wanted.size()); ++k) looks.spawn(some());
  co_await looks.join();
  if (!orphans_.empty()) membership_->refresh();
}

loop_awaitable<void> shared_core::look_at(std::uint32_t partition, look_for what) {
  const auto mine = lease_;
  const auto number = runs_.begin_look();
  const auto began = time_->elapsed();
  const auto generation = generation_;
  auto call = backend_->look(partition, store_now() - std::min(patient_for, options_.lease / 10));
  auto got = co_await attempted(std::move(call));
  if (got.failed_with(errc::other_store)) co_return co_await meet_other_store(generation);
  const bool usable = got.answer && mine && mine == lease_ && mine->good() && generation == generation_;
  if (!usable) co_return;
  partitions_[partition].looked = began;
  for (const auto& run : got.answer->runs) look_at_run(partition, run, mine);
  runs_.end_look(partition, number);
  if (what == look_for::runs) co_return;
  if (got.answer->ends && owners_.is_reaper(partition)) tell_ends(partition);
  auto overdue = std::move(got.answer->due);
  overdue.insert(overdue.end(), got.answer->waiting.begin(), got.answer->waiting.end());
  std::ranges::sort(overdue);
  const auto twice = std::ranges::unique(overdue);
  overdue.erase(twice.begin(), twice.end());
  co_await look_at_overdue(partition, std::move(overdue));
}

void shared_core::look_at_run(std::uint32_t partition, const active_record& run,
                              const std::shared_ptr<lease>& mine) {
  if (run.member == mine->member()) {
    const bool known = runs_.is_known(partition, run.fence) || runs_.is_asked(run.run_id);
    if (!known && mine->good()) found(partition, run);
    const auto* const held = runs_.find(run.run_id);
    if (held && run.stop != cancel_reason::none && listening_) {
      const auto body = held->body.empty() ? run.run_id : held->body;
      listener_.on_stop_asked(run.job, body, run.stop);
    }
  } else if (!owners_.is_live(run.member) && owners_.is_reaper(partition)) {
    const auto same = [&](const orphan& each) {
      return each.partition == partition && each.run.fence == run.fence;
    };
    if (std::ranges::none_of(orphans_, same)) orphans_.push_back({partition, run, membership_->questions()});
  }
}

/// A run that was won by a call whose answer never came.
void shared_core::found(std::uint32_t partition, const active_record& run) {
  if (hold(partition, run, false) != news::to_begin || !listening_) return;
  found_run what;
  what.job = run.job;
  what.run_id = run.run_id;
  what.born = run.born;
  what.fence = run.fence;
  what.occurrence = run.occurrence;
  what.due = run.due;
  what.attempt = run.attempt;
  what.follows = run.follows;
  listener_.on_run_found(what);
}

/// Tells of what is due for too long; of jobs that the scheduler has not heard of, if they are ours.
loop_awaitable<void> shared_core::look_at_overdue(std::uint32_t partition, std::vector<std::string> ids) {
  auto& before = partitions_[partition].overdue;
  decltype(partition_state::overdue) now;
  std::vector<std::string> strangers;
  for (const auto& id : ids) {
    const auto seed = seed_of(id);
    const auto known = before.find(seed);
    const auto looks = known == before.end() ? 1 : known->second + 1;
    now.emplace(seed, looks);
    if (!worth_telling(looks)) continue;
    if (told_.contains(seed)) {
      if (listening_) listener_.on_job_changed(id, UINT64_MAX);
    } else {
      strangers.push_back(id);
    }
  }
  before = std::move(now);
  for (std::size_t i = 0; i < strangers.size(); i += most_steps) {
    const std::span<const std::string> some{strangers.data() + i, std::min(most_steps, strangers.size() - i)};
    auto call = backend_->load(partition, some);
    const auto got = co_await attempted(std::move(call));
    if (!got.answer) co_return;
    for (const auto& job : *got.answer) {
      if (job && owns(*job) && listening_) listener_.on_job_changed(job->id(), UINT64_MAX);
    }
  }
}

/// Ends the runs whose members were not live when we asked after having seen the runs.
loop_awaitable<void> shared_core::reap_orphans(std::uint64_t view) {
  const auto mine = lease_;
  std::map<std::uint32_t, std::vector<active_record>> dead;
  std::erase_if(orphans_, [&](orphan& each) {
    if (view <= each.questions) return false;
    const bool live = owners_.is_live(each.run.member);
    if (!live && owners_.is_reaper(each.partition)) dead[each.partition].push_back(std::move(each.run));
    return true;
  });
  for (const auto& [partition, runs] : dead) {
    if (!mine || !mine->good() || mine != lease_) co_return;
    std::vector<reap_step> steps;
    for (const auto& run : runs) steps.push_back({run.run_id, run.job, run.fence, instance_died});
    auto call = reap(partition, std::move(steps));
    const auto got = co_await attempted(std::move(call));
    if (!got.answer) {  // The next look finds them again; the other partitions need not wait for it.
      if (!got.failed_with(errc::store_unreachable))
        logger_->error("runs of instances that are gone could not be ended in partition {}: {}", partition,
                       got.why);
      continue;
    }
    const auto ended = std::ranges::count(*got.answer, true);
    if (ended > 0)
      logger_->warn("ended {} runs of instances that are gone, in partition {}", ended, partition);
    for (std::size_t k = 0; k < runs.size(); ++k) {
      if ((*got.answer)[k] && listening_) listener_.on_run_lost(lost_by_death(runs[k]));
    }
  }
}

store_health shared_core::health() const {
  store_health seen;
  if (reachable_ == false) {
    seen.why = unreachable_why_;
  } else if (replacing_) {
    seen.why = "another store has taken the place of the one that was opened";
  } else if (takes_part_ && !is_member()) {
    seen.why = "this instance is not a member of its store";
  } else {
    const auto late = std::ranges::count_if(partitions_, [&](const partition_state& each) {
      return each.concerns && time_->elapsed() - each.looked > nanoseconds{options_.lease};
    });
    if (late > 0) seen.why = std::to_string(late) + " partitions were not looked at for a lease";
  }
  seen.healthy = seen.why.empty();
  return seen;
}

}  // namespace carillon
