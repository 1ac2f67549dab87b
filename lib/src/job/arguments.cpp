#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/job/arguments.hpp>

namespace carillon::detail {

namespace {

constexpr std::size_t longest_quote = 60;

std::string quote(const json::value& value) {
  auto text = json::serialize(value);
  if (text.size() > longest_quote) text = text.substr(0, longest_quote) + "...";
  return text;
}

}  // namespace

json::array parse_arguments(std::string_view text) {
  if (text.empty()) return {};
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed) throw argument_error("the arguments are not JSON: " + failed.message());
  if (!value.is_array())
    throw argument_error("the arguments must be a JSON array, one element an argument, not " + quote(value));
  return std::move(value.get_array());
}

std::string write_arguments(const json::array& arguments) {
  return arguments.empty() ? std::string{} : json::serialize(arguments);
}

std::string misfit(std::string_view path, std::string_view expected, const json::value& found) {
  return fmt::format("{}: {} is expected, not {}", path, expected, quote(found));
}

std::string unknown_member(std::string_view path, std::string_view member, std::string_view known) {
  return fmt::format("{}: there is no member '{}'; there are {}", path, member, known);
}

std::string wrong_count(std::size_t expected, std::size_t found) {
  return fmt::format("{} argument{} expected, {} given", expected, expected == 1 ? " is" : "s are", found);
}

}  // namespace carillon::detail
