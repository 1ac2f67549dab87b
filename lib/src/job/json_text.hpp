#pragma once
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace carillon {

/// What was written with `boost::json::serialize`, whatever bytes its texts are made of; none: it is no JSON.
inline std::optional<boost::json::value> json_in(std::string_view text) {
  boost::json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;
  boost::system::error_code failed;
  auto value = boost::json::parse(text, failed, boost::json::storage_ptr(), lenient);
  return failed ? std::nullopt : std::optional{std::move(value)};
}

}  // namespace carillon
