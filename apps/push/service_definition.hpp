#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "push/options.hpp"

namespace carillon::pushes {

/// What must be the same in all instances of one service: names of options and their values, as people write
/// them. Instances that differ in it would leave pushes out, or send them at different times or twice.
using service_definition = std::vector<std::pair<std::string, std::string>>;

/// Of options whose defaults are filled in.
service_definition definition_of(const push_options& how);

/// As it is kept: JSON.
std::string to_text(const service_definition& what);

/// What differs, for people: "grace is 10m there and 1h here; slices …". A text that cannot be read differs
/// in all.
std::string differences(std::string_view theirs, const service_definition& ours);

}  // namespace carillon::pushes
