#pragma once
#include <carillon/executor/command_line.hpp>
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

/// Adds what is done at fixed times. Commands are told by a digest: they may hold what is nobody's business.
void add_fixed_work(service_definition& to, const std::vector<std::string>& times, const std::string& work);
std::string fixed_work_of(const command_line& command);
std::string fixed_work_of(const std::string& url);
inline constexpr const char* fixed_function = "a function";

/// As it is kept: JSON.
std::string to_text(const service_definition& what);

/// What differs, for people: "grace is 10m there and 1h here; slices …". A text that cannot be read differs
/// in all.
std::string differences(std::string_view theirs, const service_definition& ours);

}  // namespace carillon::pushes
