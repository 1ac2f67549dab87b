#include <carillon/trigger/any_of.hpp>

#include <optional>
#include <stdexcept>

namespace carillon {

trigger any_of(const std::vector<trigger>& parts) {
  if (parts.empty()) throw std::invalid_argument("any_of: no trigger is given, and at least one is needed");
  if (parts.size() == 1) return parts.front();
  std::optional<trigger> all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    try {
      // The first is checked by itself, so that its fault is not taken for that of the second.
      all = all ? *all || parts[i] : parts[i] || parts[i];
      if (i == 0) all = parts[i];
    } catch (const parse_failure& failure) {
      auto why = failure.error();
      why.message = "trigger " + std::to_string(i + 1) + ": " + why.message;
      throw parse_failure(std::move(why));
    }
  }
  return *all;
}

parse_result<trigger> parse_any_of(std::span<const std::string> texts, std::size_t* faulty) {
  std::optional<trigger> all;
  if (faulty) *faulty = 0;
  if (texts.empty()) return parse_error{"no schedule is given, and at least one is needed", 0, ""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (faulty) *faulty = i;
    auto part = parse_trigger(texts[i]);
    if (!part) return part.error();
    if (texts.size() == 1) return part;
    // As a part it may say less; whoever reads the text in brackets knows where.
    const auto as_part = parse_trigger("(" + texts[i] + ") or (every 1h)");
    if (!as_part) {
      auto why = as_part.error();
      why.position -= why.position > 0 ? 1 : 0;
      return why;
    }
    all = all ? *all || *part : *part;
  }
  return *all;
}

}  // namespace carillon
