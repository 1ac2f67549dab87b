#include <carillon/http/message.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <chrono>

namespace carillon::http {

namespace {

constexpr std::array<std::string_view, 6> headers_of_the_client{
    "Host", "Content-Length", "Connection", "Keep-Alive", "Expect", "Transfer-Encoding"};
constexpr std::chrono::seconds longest_retry_after = std::chrono::hours{24};

bool is_token(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.find(c) != std::string_view::npos;
}

std::optional<int> number_at(std::string_view text, std::size_t begin, std::size_t length) {
  int number = 0;
  const auto part = text.substr(begin, length);
  const auto [stop, wrong] = std::from_chars(part.data(), part.data() + part.size(), number);
  if (wrong != std::errc() || stop != part.data() + part.size()) return std::nullopt;
  return number;
}

// "Sun, 06 Nov 1994 08:49:37 GMT": the one form that senders still write.
std::optional<instant> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto day = number_at(text, 5, 2), year = number_at(text, 12, 4);
  const auto hour = number_at(text, 17, 2), minute = number_at(text, 20, 2), second = number_at(text, 23, 2);
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month == months.end()) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return instant{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
}

}  // namespace

std::optional<std::string> fault_of_header(std::string_view name, std::string_view value) {
  const auto same = [&](std::string_view other) { return boost::beast::iequals(name, other); };
  if (name.empty() || !std::ranges::all_of(name, is_token))
    return fmt::format("'{}' is no name of a header: letters, digits and -", name);
  if (std::ranges::any_of(headers_of_the_client, same))
    return fmt::format("{} is set by the client itself", name);
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::ranges::any_of(value, is_control))
    return fmt::format("{} has a line break or a control character", name);
  return std::nullopt;
}

std::optional<milliseconds> parse_retry_after(std::string_view header, instant now) {
  if (header.empty()) return std::nullopt;
  if (std::ranges::all_of(header, [](char c) { return c >= '0' && c <= '9'; })) {
    const auto seconds = header.size() > 9 ? std::nullopt : number_at(header, 0, header.size());
    return std::min(longest_retry_after, std::chrono::seconds{seconds.value_or(longest_retry_after.count())});
  }
  const auto until = parse_http_date(header);
  if (!until) return std::nullopt;
  return std::clamp<milliseconds>(*until - now, milliseconds{0}, longest_retry_after);
}

}  // namespace carillon::http
