#include "store/group_shares.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/store/job_backend.hpp>
#include <limits>

namespace carillon {

group_answer group_shares::share(const std::string& member, const group_request& request,
                                 const std::function<bool(const std::string&)>& is_live,
                                 std::vector<std::string>& told) {
  group_answer answer;
  answer.member = is_live(member);
  if (!answer.member) return answer;
  std::erase_if(members, [&](const auto& each) { return !is_live(each.first); });
  auto& mine = members[member];
  if (request.number > mine.number) take_in(mine, request);
  answer.limit = limit();
  std::uint64_t held = 0;
  for (const auto& [id, each] : members) held += each.held();
  for (; held < answer.limit; ++held) {
    const std::string* who = nullptr;
    member_share* first = nullptr;
    for (auto& [id, each] : members) {
      if (each.ranks.empty() || (first && first->ranks.front() <= each.ranks.front())) continue;
      who = &id;
      first = &each;
    }
    if (!first) break;
    first->ranks.erase(first->ranks.begin());
    ++first->given;
    --first->waiting;
    if (*who != member && std::ranges::find(told, *who) == told.end()) told.push_back(*who);
  }
  answer.given = mine.given;
  return answer;
}

void group_shares::take_in(member_share& mine, const group_request& request) {
  mine.number = request.number;
  mine.limit = request.limit;
  mine.given = std::max(mine.given, request.given);  // A fail-over may have brought back less.
  mine.returned = std::min(std::max(mine.returned, request.returned), mine.given);
  // What was given while this question was under way, the first of those that wait will have.
  const auto gone = std::min<std::uint64_t>(mine.given - request.given, request.ranks.size());
  mine.ranks.assign(request.ranks.begin() + static_cast<std::ptrdiff_t>(gone), request.ranks.end());
  mine.waiting = std::max<std::uint64_t>(
      request.waiting - std::min(request.waiting, mine.given - request.given), mine.ranks.size());
}

std::uint32_t group_shares::limit() const {
  auto least = std::numeric_limits<std::uint32_t>::max();
  for (const auto& [id, each] : members) least = std::min(least, each.limit);
  return least;
}

loop_awaitable<group_answer> job_backend::share_group(std::string, const group_request& request) {
  const auto name = request.group;
  throw boost::system::system_error(errc::store_refused,
                                    "this store keeps no groups, and group '" + name + "' is one");
  co_return group_answer();
}

}  // namespace carillon
