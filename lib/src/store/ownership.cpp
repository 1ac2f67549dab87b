#include "store/ownership.hpp"

#include <xxhash.h>

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t most_known = 65'536;

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  return XXH64(text.data(), text.size(), seed);
}

/// What a partition, a task and an executor have in common for all members.
std::uint64_t unit_of(std::uint32_t partition, std::string_view task, std::string_view executor) {
  return hash(executor, hash(task, partition));
}

/// The member of the highest weight among those that `may`; of equal weights the last by id.
template <typename May>
const member_info* first_of(const std::vector<member_info>& members, std::uint64_t unit, May may) {
  const member_info* best = nullptr;
  std::uint64_t most = 0;
  for (const auto& member : members) {
    if (!may(member)) continue;
    const auto weight = hash(member.id, unit);
    if (best && weight < most) continue;
    best = &member;
    most = weight;
  }
  return best;
}

}  // namespace

ownership::ownership(std::vector<member_info> members, std::string me)
    : members_{std::move(members)}, me_{std::move(me)} {
  std::ranges::sort(members_, {}, &member_info::id);
}

const member_info* ownership::owner(std::uint32_t partition, std::string_view task,
                                    std::string_view executor) const {
  const auto unit = unit_of(partition, task, executor);
  const auto serves = [&](const member_info& who) { return who.work && who.work->serves(task, executor); };
  const auto takes = [&](const member_info& who) { return who.takes_jobs && serves(who); };
  const auto* eligible = first_of(members_, unit, takes);
  return eligible ? eligible : first_of(members_, unit, serves);
}

bool ownership::is_mine(std::uint32_t partition, std::string_view task, std::string_view executor) const {
  if (members_.empty()) return false;
  const auto unit = unit_of(partition, task, executor);
  if (const auto known = known_.find(unit); known != known_.end()) return known->second;
  const auto* const who = owner(partition, task, executor);
  const bool mine = who && who->id == me_;
  if (known_.size() >= most_known) known_.clear();  // Every job may have a task of its own.
  known_.emplace(unit, mine);
  return mine;
}

bool ownership::is_reaper(std::uint32_t partition) const {
  const auto unit = unit_of(partition, {}, {});
  const auto* who = first_of(members_, unit, [](const member_info& each) { return each.takes_jobs; });
  if (!who) who = first_of(members_, unit, [](const member_info&) { return true; });
  return who && who->id == me_;
}

bool ownership::is_live(std::string_view member) const {
  const auto place = std::ranges::lower_bound(members_, member, {}, &member_info::id);
  return place != members_.end() && place->id == member;
}

bool ownership::same_as(const ownership& other) const {
  const auto same = [](const member_info& a, const member_info& b) {
    return a.id == b.id && a.takes_jobs == b.takes_jobs && a.work_digest == b.work_digest &&
           !a.work == !b.work;
  };
  return me_ == other.me_ && std::ranges::equal(members_, other.members_, same);
}

}  // namespace carillon
