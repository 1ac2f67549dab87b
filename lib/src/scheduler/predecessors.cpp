// Jobs that run after others: what they follow must be there, and must not follow them.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <carillon/job/predecessors.hpp>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_seen =
    1'000;  // Of the jobs above one, before one believes that there is no cycle.

}  // namespace

/// By way of which jobs a job would run after itself, as far as the store has them; empty: it does not.
/// `missing`: those that it follows itself and that are not there.
loop_awaitable<std::string> engine::cycle_of(definition_ptr job, std::vector<std::string>& missing) {
  std::map<std::string, definition_ptr, std::less<>> seen;
  std::vector<definition_ptr> to_see{job};
  while (!to_see.empty() && seen.size() < most_seen) {
    const auto one = std::move(to_see.back());
    to_see.pop_back();
    for (const auto& each : one->when.predecessors()) {
      if (each.job == job->id || seen.contains(each.job)) continue;
      const auto there = co_await store_->load(each.job);
      const bool is_there = there && there->record.state != job_state::removed;
      seen[each.job] = is_there ? there->record.definition : nullptr;
      if (is_there && there->record.definition->when.follows()) to_see.push_back(there->record.definition);
      if (!is_there && one == job) missing.push_back(each.job);
    }
  }
  const auto known = [&seen](std::string_view id) {
    const auto found = seen.find(id);
    return found == seen.end() ? nullptr : found->second.get();
  };
  co_return find_cycle(*job, known);
}

/// Refuses a job that would run after itself by way of those that are there.
loop_awaitable<void> engine::refuse_cycle(definition_ptr job) {
  if (!job->when.follows()) co_return;
  std::vector<std::string> missing;
  const auto cycle = co_await cycle_of(job, missing);
  if (!cycle.empty())
    throw std::invalid_argument(fmt::format("job '{}' would run after itself: {}", job->id, cycle));
  for (const auto& other : missing) refuse_elsewhere(job->id, other);
}

/// A job may follow one that is not there yet, but not one that is in another store: nobody would tell it.
/// What is there while stores are being opened is told in the background only.
void engine::refuse_elsewhere(const std::string& id, const std::string& missing) {
  if (leads_alone() || phase_ != phase::running || is_declared_here(missing)) return;
  const auto elsewhere = store_that_has(missing);
  if (!elsewhere.empty()) refuse_to_follow(id, missing, elsewhere);
}

/// Of jobs that were declared. With the mutex held.
void engine::refuse_declared_elsewhere(const job_definition& job) {
  if (!job.when.follows()) return;
  for (const auto& each : job.when.predecessors()) {
    const auto seed = seed_of(each.job);
    if (declared_ids_.contains(seed)) continue;
    const auto& lead = *common_->lead;
    if (lead.declared_ids_.contains(seed)) refuse_to_follow(job.id, each.job, lead.alias_);
    for (const auto& other : lead.others_) {
      if (other->declared_ids_.contains(seed)) refuse_to_follow(job.id, each.job, other->alias_);
    }
  }
}

void engine::refuse_to_follow(const std::string& id, const std::string& other,
                              const std::string& store) const {
  throw std::invalid_argument(fmt::format(
      "job '{}' in store '{}' would run after '{}', which is in store '{}': a job follows those of "
      "its own store only",
      id, alias_, other, store));
}

/// Of jobs that were declared and are not in the store yet: throws as well.
void engine::refuse_declared_cycle(const job_definition& job) const {
  if (!job.when.follows()) return;
  const auto cycle = find_cycle(job, [this](std::string_view id) -> const job_definition* {
    for (const auto& each : declared_) {
      if (each->id == id) return each.get();
    }
    return nullptr;
  });
  if (!cycle.empty())
    throw std::invalid_argument(fmt::format("job '{}' would run after itself: {}", job.id, cycle));
}

/// A job with a loop here follows others: what is wrong with that is told in the background.
void engine::look_at_predecessors(const job_entry& job) {
  if (!job.definition->when.follows()) return;
  followers_.insert(job.id());
  ask(checking_);
}

loop_awaitable<void> engine::check_followers() {
  while (!followers_.empty() && at_work()) {
    const auto id = *followers_.begin();
    const auto known = jobs_.find(std::string_view{id});
    if (known != jobs_.end()) {
      const auto definition = (*known)->definition;
      std::vector<std::string> missing;
      const auto cycle = co_await cycle_of(definition, missing);
      tell_missing(id, missing);
      // Several were added at once, so that nobody could refuse it.
      if (!cycle.empty()) {
        logger_->error("{}: paused: it would run after itself: {}", id, cycle);
        co_await pause_with_note(id, fmt::format("would run after itself: {}", cycle));
      }
    }
    followers_.erase(id);
  }
}

/// Of those that this program declares it is known that they come.
bool engine::is_declared_here(const std::string& id) {
  for (const auto& [origin, jobs] : files_) {
    for (const auto& each : jobs) {
      if (each->id == id) return true;
    }
  }
  const std::lock_guard lock{declared_mutex_};
  return declared_ids_.contains(seed_of(id));
}

void engine::tell_missing(const std::string& id, const std::vector<std::string>& missing) {
  for (const auto& job : missing) {
    if (!is_declared_here(job))
      logger_->warn("{}: runs after {}, and there is no such job", id,
                    leads_alone() ? fmt::format("'{}'", job) : job_in_words(job));
  }
}

}  // namespace carillon
