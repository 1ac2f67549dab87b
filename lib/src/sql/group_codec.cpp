#include "sql/group_codec.hpp"

#include "sql/json_fields.hpp"

namespace carillon::sql {

namespace {

// A member that is added to a share does not compile until it is written here as well.

json::object json_of(const member_share& share) {
  const auto& [number, limit, given, returned, waiting, ranks] = share;
  field_writer out;
  out.put("number", number).put("limit", limit).put("given", given).put("returned", returned);
  auto all = out.put("waiting", waiting).take();
  if (!ranks.empty()) all["ranks"] = json::array(ranks.begin(), ranks.end());
  return all;
}

member_share share_in(const json::value& from) {
  member_share made;
  auto& [number, limit, given, returned, waiting, ranks] = made;
  const field_reader in{from};
  in.get("number", number).get("limit", limit).get("given", given).get("returned", returned);
  in.get("waiting", waiting).get_all("ranks", ranks);
  return made;
}

}  // namespace

std::string text_of(const group_shares& all) {
  json::object content;
  for (const auto& [member, share] : all.members) content[member] = json_of(share);
  return serialized(content);
}

void read_shares(std::string_view text, group_shares& into, const unreadable_share& tell) {
  try {
    const auto there = parsed(text);
    const field_reader is_object{there};
    for (const auto& [member, share] : there.get_object()) {
      try {
        into.members[member] = share_in(share);
      } catch (const unreadable& fault) {
        into.members.erase(member);
        tell(member, fault);
      }
    }
  } catch (const unreadable& fault) {
    tell({}, fault);
  }
}

}  // namespace carillon::sql
