#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace carillon::redis {

/// Why a server that says this of itself (INFO) cannot keep jobs, and what to do about it; none: it can.
std::optional<std::string> fault_of_server(std::string_view info);

}  // namespace carillon::redis
