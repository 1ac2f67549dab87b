#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/// `text` with the specifiers of systemd (`%n`, `%i`, …) that are known without a machine replaced; none if
/// another one is there. `unit` is the name of the unit, "dump@main.service".
std::optional<std::string> expand_specifiers(std::string_view text, const std::string& unit);

/// What is said of a line where `expand_specifiers` has no answer.
inline constexpr std::string_view unknown_specifier = "a specifier that only systemd knows";

}  // namespace carillon::app
