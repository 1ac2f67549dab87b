#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/job/arguments.hpp>
#include <carillon/job/outcome.hpp>

#include <exception>

#include "job/json_text.hpp"

namespace carillon::detail {

namespace {

constexpr std::size_t longest_quote = 60;

/// The value, or its beginning; cut between characters.
std::string quote(const json::value& value) {
  auto text = json::serialize(value);
  if (text.size() <= longest_quote) return text;
  auto end = longest_quote;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

json::array parse_arguments(std::string_view text) {
  if (text.empty()) return {};
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = deepest_value;
  auto value = json::parse(text, failed, json::storage_ptr(), options);
  if (failed == json::error::too_deep) throw argument_error(fmt::format("the arguments are {}", too_deep));
  if (failed) throw argument_error("the arguments are not JSON: " + failed.message());
  if (!value.is_array())
    throw argument_error("the arguments must be a JSON array, one element an argument, not " + quote(value));
  return std::move(value.get_array());
}

std::string write_arguments(const json::array& arguments) {
  return arguments.empty() ? std::string{} : json::serialize(arguments);
}

std::string argument_path(std::size_t index) { return fmt::format("argument {}", index + 1); }

std::string wrong_count(std::size_t expected, std::size_t found) {
  return fmt::format("{} argument{} expected, {} given", expected, expected == 1 ? " is" : "s are", found);
}

void fail_for_arguments(const std::string& fault) { throw failure("arguments", fault, true); }

std::string misfit(std::string_view path, std::string_view expected, const json::value& found) {
  return fmt::format("{}: {} is expected, not {}", path, expected, quote(found));
}

std::string unknown_member(std::string_view path, std::string_view member, std::string_view known) {
  return fmt::format("{}: there is no member '{}'; there are {}", path, member, known);
}

std::string missing_member(std::string_view path, std::string_view member, std::string_view expected) {
  return fmt::format("{}.{}: is missing; {} is expected", path, member, expected);
}

std::string refused(std::string_view path, std::string_view expected, const json::value& found) {
  try {
    throw;
  } catch (const boost::system::system_error&) {  // Its words are Boost.JSON's, and say less.
    return misfit(path, expected, found);
  } catch (const std::exception& why) {
    return fmt::format("{}: {}", path, why.what());
  }
}

}  // namespace carillon::detail
