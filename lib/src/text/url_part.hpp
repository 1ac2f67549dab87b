#pragma once
#include <fmt/format.h>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <carillon/error.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::text {

/// What stands from `begin` to `end` of a URL, with its escapes (%20) read.
///
/// Errors: throws `parse_failure` at `begin`, naming `what` it is, where a % begins no escape.
inline std::string url_part(std::string_view url, std::size_t begin, std::size_t end, std::string_view what) {
  const auto part = boost::urls::make_pct_string_view(url.substr(begin, end - begin));
  if (!part)
    throw parse_failure(
        parse_error{fmt::format("{}: a % that is not followed by two hexadecimal digits", what), begin,
                    "write % as %25"});
  return part->decode();
}

}  // namespace carillon::text
