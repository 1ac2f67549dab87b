#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace carillon::app {

/// Lets this process open at least so many files at once, where it may. What is wrong if it may not, as a
/// sentence; nothing if it can now.
std::optional<std::string> make_room_for_files(std::size_t count);

}  // namespace carillon::app
