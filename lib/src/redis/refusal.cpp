#include "redis/refusal.hpp"

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <string>

namespace carillon::redis {

namespace {

constexpr const char* advice_on_permission =
    "allow the user what is missing: ACL SETUSER … +@all ~carillon:* &carillon:*";

std::string_view unwrapped(std::string_view words) {
  constexpr std::string_view wrapped = "ERR Error running script";
  if (!words.starts_with(wrapped)) return words;
  const auto inner = words.rfind(": -");
  return inner == std::string_view::npos ? words : words.substr(inner + 3);
}

}  // namespace

std::string_view refusal_code(std::string_view words) {
  words = unwrapped(words);
  return words.substr(0, words.find(' '));
}

bool may_pass(std::string_view refusal_code) {
  constexpr std::array<std::string_view, 7> passing{"LOADING",  "MASTERDOWN", "READONLY",  "CLUSTERDOWN",
                                                    "TRYAGAIN", "BUSY",       "NOREPLICAS"};
  return std::find(passing.begin(), passing.end(), refusal_code) != passing.end();
}

std::string with_advice(std::string_view words) {
  const auto code = refusal_code(words);
  const bool of_channel = words.find("can't publish") != std::string_view::npos;
  const char* const advice = code == "OOM"                    ? "raise maxmemory, or remove keys"
                             : code == "MISCONF"              ? "look at the server's disk and its log"
                             : code == "NOPERM" || of_channel ? advice_on_permission
                                                              : nullptr;
  if (!advice) return std::string{words};
  words = unwrapped(words);
  words = words.substr(0, words.find(" script: "));  // Which of ours it was is no help here.
  while (words.ends_with('.')) words.remove_suffix(1);
  return std::string{words} + "; " + advice;
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
