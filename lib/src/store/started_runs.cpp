#include "store/started_runs.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace carillon {

namespace {

std::uint64_t hash_of(std::string_view text) { return XXH64(text.data(), text.size(), 0); }

}  // namespace

void started_runs::asking(std::string_view run_id) { asked_.insert(hash_of(run_id)); }

void started_runs::answered(std::string_view run_id) { asked_.erase(hash_of(run_id)); }

bool started_runs::is_asked(std::string_view run_id) const { return asked_.contains(hash_of(run_id)); }

bool started_runs::start(started_run run) {
  const key which{run.partition, run.fence};
  if (is_known(run.partition, run.fence)) return false;
  by_run_[hash_of(run.run_id)] = which;
  held_.emplace(which, std::move(run));
  return true;
}

bool started_runs::is_known(std::uint32_t partition, std::uint64_t fence) const {
  const key which{partition, fence};
  return held_.contains(which) || ended_.contains(which);
}

void started_runs::end(std::uint32_t partition, std::uint64_t fence) {
  const auto run = held_.find(key{partition, fence});
  if (run == held_.end()) return;
  by_run_.erase(hash_of(run->second.run_id));
  held_.erase(run);
  ended_.insert(key{partition, fence});
  ended_in_[partition].push_back({++steps_, fence});
}

started_run* started_runs::find(std::string_view run_id) {
  const auto which = by_run_.find(hash_of(run_id));
  if (which == by_run_.end()) return nullptr;
  auto* const run = find(which->second.first, which->second.second);
  return run && run->run_id == run_id ? run : nullptr;
}

started_run* started_runs::find(std::uint32_t partition, std::uint64_t fence) {
  const auto run = held_.find(key{partition, fence});
  return run == held_.end() ? nullptr : &run->second;
}

started_run* started_runs::body_of(std::uint64_t attempt) {
  for (auto& [which, run] : held_) {  // Only after a fail-over does anybody ask.
    if (run.attempt == attempt && run.body.empty() && !run.completed) return &run;
  }
  return nullptr;
}

void started_runs::adopt(started_run& body, started_run& again) {
  again.body = body.run_id;
  const auto before = std::exchange(body.goes_on_as, again.fence);
  if (before != 0) end(body.partition, before);  // Lost by a second fail-over.
}

std::vector<started_run> started_runs::held() const {
  std::vector<started_run> all;
  for (const auto& [which, run] : held_) all.push_back(run);
  std::ranges::sort(all, {}, [](const started_run& run) { return key{run.partition, run.fence}; });
  return all;
}

void started_runs::end_look(std::uint32_t partition, std::uint64_t number) {
  const auto ended = ended_in_.find(partition);
  if (ended == ended_in_.end()) return;
  auto& fences = ended->second;
  for (; !fences.empty() && fences.front().step < number; fences.pop_front()) {
    ended_.erase(key{partition, fences.front().fence});
  }
}

void started_runs::forget() {
  held_.clear();
  by_run_.clear();
  ended_.clear();
  ended_in_.clear();
}

std::uint64_t attempt_id(const attempted_occurrence& what) noexcept {
  const std::array<std::uint64_t, 4> rest{
      what.born, static_cast<std::uint64_t>(what.occurrence.time_since_epoch().count()), what.attempt,
      what.asked};
  return std::max<std::uint64_t>(XXH64(rest.data(), sizeof rest, hash_of(what.job)), 1);
}

bool started_attempts::start(std::uint64_t attempt, std::uint64_t revision) {
  if (most_ == 0) return true;
  const auto [known, is_new] = known_.try_emplace(attempt, memory{revision});
  if (!is_new) {
    if (known->second.revision >= revision) return false;
    known->second = {revision};
    return true;
  }
  order_.push_back(attempt);
  if (order_.size() > most_) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void started_attempts::give_up(std::uint64_t attempt) {
  const auto known = known_.find(attempt);
  if (known != known_.end()) known->second = {};
}

void started_attempts::retry(std::uint64_t attempt) {
  const auto known = known_.find(attempt);
  if (known != known_.end()) known->second.retried = true;
}

bool started_attempts::is_retried(std::uint64_t attempt) const {
  const auto known = known_.find(attempt);
  return known != known_.end() && known->second.retried;
}

}  // namespace carillon
