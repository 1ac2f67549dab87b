#pragma once
#include <carillon/store/group.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace carillon {

/// What a store keeps of a group for one member.
struct member_share {
  std::uint64_t number = 0;  ///< Of the last question.
  std::uint32_t limit = 1;
  std::uint64_t given = 0;
  std::uint64_t returned = 0;
  std::uint64_t waiting = 0;
  std::vector<std::uint64_t> ranks;

  std::uint64_t held() const noexcept { return given - returned; }
};

/// A group as a store keeps it, by the ids of members, and what a store does with it in one atomic step: for
/// backends that can read and write all of it under a lock. The script `group.lua` is the same in Lua.
struct group_shares {
  std::map<std::string, member_share, std::less<>> members;

  /// Drops who is no member any more, takes in what `member` says, and gives out free places, each to whoever
  /// has the lowest rank. `told` gets the others that were given some: they are to be told.
  group_answer share(const std::string& member, const group_request& request,
                     const std::function<bool(const std::string&)>& is_live, std::vector<std::string>& told);

 private:
  void take_in(member_share& mine, const group_request& request);
  std::uint32_t limit() const;
};

}  // namespace carillon
