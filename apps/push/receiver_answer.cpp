#include "push/receiver_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text/plain_text.hpp"

namespace carillon::pushes {

namespace {

constexpr std::chrono::seconds longest_retry_after = std::chrono::hours{24};

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

bool is_worth_another(unsigned status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

std::string in_words(const receiver_answer& answer) {
  auto words = fmt::format("{}", answer.status);
  if (!answer.reason.empty()) words += ' ' + text::excerpt(answer.reason, 60);
  if (!answer.body.empty()) words += ": " + text::excerpt(answer.body);
  return words;
}

}  // namespace

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

delivered judge(const receiver_answer& answer, instant now) {
  if (answer.status >= 200 && answer.status <= 299) return {};
  if (is_worth_another(answer.status))
    return delivered::again(in_words(answer), parse_retry_after(answer.retry_after, now));
  if (answer.status >= 300 && answer.status <= 399 && !answer.location.empty())
    return delivered::never(
        fmt::format("{} points to {}: redirections are not followed, name the receiver's last URL",
                    answer.status, text::excerpt(answer.location)));
  return delivered::never(in_words(answer));
}

}  // namespace carillon::pushes
