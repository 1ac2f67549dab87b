#include "carillon/import/specifiers.hpp"

#include <charconv>

namespace carillon::app {
namespace {

// Of a part of a unit's name, as it was before systemd-escape(1).
std::string without_unit_escapes(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    unsigned value = 0;
    const auto digits = name.substr(i + 1 < name.size() ? i + 2 : i, 2);
    const bool escaped =
        name.substr(i, 2) == "\\x" && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, value, 16).ptr == digits.data() + 2;
    plain += escaped ? static_cast<char>(value) : name[i] == '-' ? '/' : name[i];
    if (escaped) i += 3;
  }
  return plain;
}

}  // namespace

std::optional<std::string> expand_specifiers(std::string_view text, const std::string& unit) {
  const auto stem = unit.substr(0, unit.rfind('.'));
  const auto at = stem.find('@');
  const auto instance = at == std::string::npos ? std::string{} : stem.substr(at + 1);
  std::string expanded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      expanded += text[i];
      continue;
    }
    switch (++i < text.size() ? text[i] : '\0') {
      case '%': expanded += '%'; break;
      case 'n': expanded += unit; break;
      case 'N': expanded += stem; break;
      case 'p': expanded += stem.substr(0, at); break;
      case 'P': expanded += without_unit_escapes(stem.substr(0, at)); break;
      case 'i': expanded += instance; break;
      case 'I': expanded += without_unit_escapes(instance); break;
      case 't': expanded += "/run"; break;
      case 'S': expanded += "/var/lib"; break;
      case 'C': expanded += "/var/cache"; break;
      case 'L': expanded += "/var/log"; break;
      case 'E': expanded += "/etc"; break;
      case 'T': expanded += "/tmp"; break;
      case 'V': expanded += "/var/tmp"; break;
      default: return std::nullopt;
    }
  }
  return expanded;
}

}  // namespace carillon::app
