#include "push/push.hpp"

#include <fmt/format.h>

#include <chrono>

namespace carillon::pushes {

namespace {

void append_encoded(std::string& key, std::string_view text, char also) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char each : text) {
    if (each > ' ' && each < '\x7f' && each != '%' && each != also) {
      key += each;
    } else {
      const auto byte = static_cast<unsigned char>(each);
      key += '%';
      key += digits[byte >> 4U];
      key += digits[byte & 15U];
    }
  }
}

}  // namespace

std::string idempotency_key(std::string_view user, std::string_view tag, instant due) {
  std::string key;
  key.reserve(user.size() + tag.size() + 18);
  append_encoded(key, user, '|');
  key += '|';
  append_encoded(key, tag, '%');
  const auto day = std::chrono::floor<std::chrono::days>(due);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(due - day)};
  fmt::format_to(std::back_inserter(key), "|{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                 time.minutes().count(), time.seconds().count());
  return key;
}

}  // namespace carillon::pushes
