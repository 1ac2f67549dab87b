#include "redis/refusal.hpp"

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <string>

namespace carillon::redis {

std::string_view refusal_code(std::string_view words) {
  constexpr std::string_view wrapped = "ERR Error running script";
  if (words.starts_with(wrapped)) {
    const auto inner = words.rfind(": -");
    if (inner != std::string_view::npos) words.remove_prefix(inner + 3);
  }
  return words.substr(0, words.find(' '));
}

bool may_pass(std::string_view refusal_code) {
  constexpr std::array<std::string_view, 7> passing{"LOADING",  "MASTERDOWN", "READONLY",  "CLUSTERDOWN",
                                                    "TRYAGAIN", "BUSY",       "NOREPLICAS"};
  return std::find(passing.begin(), passing.end(), refusal_code) != passing.end();
}

void throw_refusal(std::string_view words) { throw_refusal(std::string(words), words); }

void throw_refusal(const std::string& what, std::string_view words) {
  const auto code = may_pass(refusal_code(words)) ? errc::store_unreachable : errc::store_refused;
  throw boost::system::system_error(make_error_code(code), what);
}

void throw_unreachable(std::string_view why) {
  throw boost::system::system_error(make_error_code(errc::store_unreachable), std::string(why));
}

}  // namespace carillon::redis
