#pragma once
#include <string>
#include <vector>

#include "trigger/evaluate.hpp"

namespace carillon {

/// What may surprise about a trigger, in sentences; those about clock changes look two years ahead of `now`.
std::vector<std::string> warnings_about(const trigger_node& node, const question& asked, instant now);

}  // namespace carillon
