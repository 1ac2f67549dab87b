#pragma once
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <carillon/job/run.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

namespace carillon {

/// For texts of our own, in which values that may be as deep as `deepest_value` lie a few levels down.
inline boost::json::parse_options own_text() {
  boost::json::parse_options options;
  options.max_depth = 2 * deepest_value;
  return options;
}

/// What was written with `boost::json::serialize`, whatever bytes its texts are made of; none: it is no JSON.
inline std::optional<boost::json::value> json_in(std::string_view text) {
  auto lenient = own_text();
  lenient.allow_invalid_utf8 = true;
  boost::system::error_code failed;
  auto value = boost::json::parse(text, failed, boost::json::storage_ptr(), lenient);
  return failed ? std::nullopt : std::optional{std::move(value)};
}

/// What is said of a value that is not kept for that.
inline constexpr const char* too_deep = "nested too deeply, and 32 levels are the most";
static_assert(deepest_value == 32);

/// Whether lists and objects lie in each other more than `levels` deep.
inline bool is_too_deep(const boost::json::value& value, std::size_t levels = deepest_value) {
  const auto* const list = value.if_array();
  const auto* const object = value.if_object();
  if (!list && !object) return false;
  if (levels == 0) return true;
  if (list) {
    return std::ranges::any_of(*list,
                               [&](const boost::json::value& each) { return is_too_deep(each, levels - 1); });
  }
  return std::ranges::any_of(*object,
                             [&](const auto& member) { return is_too_deep(member.value(), levels - 1); });
}

}  // namespace carillon
