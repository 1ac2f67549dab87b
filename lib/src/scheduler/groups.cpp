// Groups: limits that jobs share. Those of one process are places as executors have them; with a shared store
// the places are the store's, which gives them to instances, and each gives them to its runs. With several
// stores a run of a shared one needs both, for a limit holds over all that goes on in one process.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

/// By which a store orders runs of all instances: by priority, then by when they were due.
std::uint64_t rank_of(const runner& who) {
  constexpr std::int64_t latest = (std::int64_t{1} << 44) - 1;
  const auto due = std::clamp<std::int64_t>(who.attempt.context.due.time_since_epoch().count(), 0, latest);
  const auto behind = static_cast<std::uint64_t>(100 - who.attempt.definition->options->priority);
  return (behind << 44) | static_cast<std::uint64_t>(due);
}

}  // namespace

/// Of all stores: each that is shared has places of its own to give, and all runs of this process have
/// theirs.
void engine::set_group(std::string name, group_limits limits) {
  check(limits);
  if (const auto fault = fault_of_id(name, "the name of a group")) throw std::invalid_argument(*fault);
  auto all = others();
  all.insert(all.begin(), shared_from_this());
  const bool somewhere =
      std::ranges::any_of(all, [](const auto& each) { return each->store_->has_groups(); });
  if (!options_.operate_only && !somewhere)
    throw std::invalid_argument(fmt::format("group '{}': {}", name, no_groups));
  std::vector<std::pair<std::shared_ptr<engine>, std::shared_ptr<executor_place>>> places;
  {
    const std::lock_guard lock{declared_mutex_};
    places.emplace_back(all.front(), group_in(common_->groups, name, limits, false));
    for (const auto& each : all) {
      if (each->shared_) places.emplace_back(each, group_in(each->shares_, name, limits, true));
    }
  }
  boost::asio::post(strand_, [all, places, limits] {
    for (const auto& [owner, group] : places) owner->change_group(*group, {limits.running, limits.queued});
    for (const auto& each : all) each->look_at_parked();
  });
}

/// The group of that name, made if there is none. With the mutex held.
std::shared_ptr<executor_place> engine::group_in(place_list& known, const std::string& name,
                                                 const group_limits& limits, bool of_store) {
  auto& group = known[name];
  if (group) return group;
  group = std::make_shared<executor_place>();
  group->name = name;
  group->what = executor_place::kind::group;
  group->limits = {limits.running, limits.queued};
  if (of_store) group->share = std::make_unique<group_share>();
  return group;
}

/// A store that is added later has the groups that there are.
void engine::take_over_groups() {
  const std::lock_guard lock{declared_mutex_};
  if (!shared_) return;
  for (const auto& [name, group] : common_->groups)
    group_in(shares_, name, {group->limits.running, group->limits.queued}, true);
}

/// The places of all stores in this process for those of the store.
executor_place* engine::group_here(const executor_place& of_store) {
  const std::lock_guard lock{declared_mutex_};
  const auto known = common_->groups.find(of_store.name);
  return known == common_->groups.end() ? nullptr : known->second.get();
}

void engine::change_group(executor_place& group, executor_limits limits) {
  group.limits = limits;
  if (group.share) {
    group.share->told_limit = 0;
    if (group.running > 0 || !group.queue.empty()) ask_for_share(group);
    return;
  }
  while (!group.queue.empty() && group.has_room()) fill_place(group);
}

std::vector<std::shared_ptr<executor_place>> engine::groups() {
  const std::lock_guard lock{declared_mutex_};
  std::vector<std::shared_ptr<executor_place>> all;
  for (const auto& [name, group] : groups_) all.push_back(group);
  return all;
}

// ---- With a shared store.

/// Gives a place back to the store, for the run of any instance that goes first.
void engine::leave_group(runner& who) {
  auto& group = *who.group;
  if (!group.share) return leave_place(group);
  if (who.group_term != group.share->term) return;  // The store has taken it already.
  --group.running;
  ++group.share->returned;
  ask_for_share(group);
}

/// Has the store told what has changed of our part in a group, together with what else changes now.
void engine::ask_for_share(executor_place& group) {
  auto& share = *group.share;
  share.wanted = true;
  if (share.under_way || !opened_ || !member_) return;
  share.under_way = true;
  chores_.spawn(ask_share(group));
}

loop_awaitable<void> engine::ask_share(executor_place& group) {
  auto& share = *group.share;
  co_await boost::asio::post(boost::asio::deferred);
  for (std::uint32_t failures = 0; share.wanted && member_;) {
    share.wanted = false;
    const auto term = share.term;
    std::optional<group_answer> answer;
    std::exception_ptr failure;
    try {
      answer = co_await store_->share_group(part_in(group));
    } catch (...) {
      failure = std::current_exception();
    }
    if (answer && term == share.term) {
      failures = 0;
      store_answers();
      take_share(group, *answer);
    } else if (failure && !is_store_failure(failure)) {
      logger_->critical("group '{}': {}", group.name, outcome_of(failure).message);
      break;
    } else if (failure) {
      if (store_failure(failure) != errc::lease_lost) tell_trouble(failure);
      share.wanted = true;
      if (!at_work()) break;  // What it has is free when it leaves.
      co_await rest(failures++);
    }
  }
  share.under_way = false;
}

group_request engine::part_in(executor_place& group) {
  auto& share = *group.share;
  group_request part;
  part.group = group.name;
  part.number = ++share.questions;
  part.limit = group.limits.running;
  part.given = share.given;
  part.returned = share.returned;
  part.waiting = group.queue.size();
  const auto told = std::min(group.queue.size(), group_request::most_ranks);
  for (std::size_t i = 0; i < told; ++i) part.ranks.push_back(rank_of(*group.queue[i]));
  return part;
}

/// Gives out the places that the store has given. Those for whom they were meant may have gone.
void engine::take_share(executor_place& group, const group_answer& answer) {
  auto& share = *group.share;
  const auto term = share.term;
  tell_group_limit(group, answer.limit);
  auto fresh = answer.given - std::min(answer.given, share.given);
  const bool some_untold = fresh > 0 && group.queue.size() > group_request::most_ranks;
  share.given += fresh;
  for (; fresh > 0 && !group.queue.empty() && term == share.term; --fresh) {
    auto& next = *group.queue.front();
    group.queue.pop_front();
    take_place(next, group);
  }
  if (term != share.term) return;
  share.returned += fresh;
  share.wanted = share.wanted || fresh > 0 || some_untold;
}

/// Instances that do not agree on a limit: the smallest counts, and whoever has another is told of it.
void engine::tell_group_limit(executor_place& group, std::uint32_t limit) {
  const auto ours = group.limits.running;
  if (limit == ours) {
    group.share->told_limit = 0;
    return;
  }
  if (limit > ours || std::exchange(group.share->told_limit, limit) == limit) return;
  const auto words = fmt::format(
      "group '{}' has {} places here, but {} by another instance: until all agree the smaller "
      "number counts",
      group.name, ours, limit);
  logger_->warn("{}", words);
  if (!wanted(event_kind::group_limits_differ)) return;
  auto happened = make_event(event_kind::group_limits_differ);
  happened.name = group.name;
  happened.count = limit;
  happened.message = words;
  events_.tell(happened);
}

void engine::on_group_place(const std::string& name) {
  for (const auto& group : groups()) {
    if (group->name == name) ask_for_share(*group);
  }
}

/// What this instance had of the store's groups is others' now: it is a member no more.
void engine::lose_shares() {
  for (const auto& group : groups()) {
    if (!group->share) continue;
    auto& share = *group->share;
    ++share.term;
    share.given = share.returned = 0;
    group->running = 0;
    share.wanted = false;
  }
}

/// A place that has become free is told of; but the hint may be lost, and whoever died tells nobody.
void engine::look_at_groups(bool all_of_them) {
  if (!shared_) return;
  for (const auto& group : groups()) {
    const bool concerned =
        !group->queue.empty() || group->share->wanted || (all_of_them && group->running > 0);
    if (concerned) ask_for_share(*group);
  }
}

}  // namespace carillon
