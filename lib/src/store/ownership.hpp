#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <carillon/store/member.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Whose a job is, by the members that are live: computed by each instance for itself, with the same result
/// wherever the view is the same.
///
/// The owner of the jobs of one partition, task and executor is the eligible member of the highest weight,
/// XXH64(member id, XXH64(executor, XXH64(task, partition))), the second argument being the seed; of equal
/// weights the greater id. Eligible are those that take jobs and serve the task on that executor; if there is
/// none, all that serve it. So a member that comes or goes moves its own share only.
///
/// Thread safety: none: what was computed is kept.
class ownership {
 public:
  /// Of nobody: nothing is owned.
  ownership() = default;
  /// @param me Which of the members asks.
  ownership(std::vector<member_info> members, std::string me);

  /// None: nobody who is live serves it.
  const member_info* owner(std::uint32_t partition, std::string_view task, std::string_view executor) const;
  /// Whether `me` is the owner. Fast.
  bool is_mine(std::uint32_t partition, std::string_view task, std::string_view executor) const;
  /// Whether `me` is the one who ends the runs of dead members in a partition: the first of those that take
  /// jobs, whatever they serve; if there is none, of all.
  bool is_reaper(std::uint32_t partition) const;

  bool is_live(std::string_view member) const;
  const std::vector<member_info>& members() const noexcept { return members_; }
  /// Whether every question is answered the same.
  bool same_as(const ownership& other) const;

 private:
  std::vector<member_info> members_;  ///< By id.
  std::string me_;
  mutable boost::unordered_flat_map<std::uint64_t, bool> known_;
};

}  // namespace carillon
