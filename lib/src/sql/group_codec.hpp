#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "sql/job_codec.hpp"
#include "store/group_shares.hpp"

namespace carillon::sql {

/// What members have of a group.
std::string text_of(const group_shares& all);

/// What is said of a member, or of all if it is empty, that is not understood and is left out.
using unreadable_share = std::function<void(std::string_view member, const unreadable& why)>;
void read_shares(std::string_view text, group_shares& into, const unreadable_share& tell);

}  // namespace carillon::sql
