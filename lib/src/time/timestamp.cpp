#include <fmt/format.h>

#include <array>
#include <carillon/time/timestamp.hpp>

namespace carillon {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> month_names{"January",   "February", "March",    "April",
                                                       "May",       "June",     "July",     "August",
                                                       "September", "October",  "November", "December"};

/// Reads a timestamp from left to right; the first fault ends it.
class reader {
 public:
  explicit reader(std::string_view text) : text_{text} {}

  parse_result<timestamp> read() {
    timestamp time;
    if (!read_date(time)) return *error_;
    if (at_ == text_.size()) {
      time.date_only = true;
      return time;
    }
    if (!read_time(time) || !read_offset(time)) return *error_;
    if (at_ < text_.size())
      return refuse(at_, "'" + std::string{text_.substr(at_)} + "' is more than a time"), *error_;
    return time;
  }

 private:
  bool refuse(std::size_t position, std::string message, std::string hint = {}) {
    error_ = parse_error{std::move(message), position, std::move(hint)};
    return false;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool expect(char c) {
    return take(c) || refuse(at_, fmt::format("'{}' is missing", c), "as in 2026-12-31T23:59:59+08:00");
  }

  /// Exactly `digits` digits, at most `most`.
  bool number(std::size_t digits, int most, std::string_view name, int& out) {
    const auto begin = at_;
    out = 0;
    while (at_ < text_.size() && at_ < begin + digits && text_[at_] >= '0' && text_[at_] <= '9')
      out = out * 10 + (text_[at_++] - '0');
    if (at_ != begin + digits)
      return refuse(at_, fmt::format("the {} has {} digits", name, digits),
                    "as in 2026-12-31T23:59:59+08:00");
    return out <= most ||
           refuse(begin, fmt::format("{} {}: 0 to {}", name, text_.substr(begin, digits), most));
  }

  bool read_date(timestamp& time) {
    int year = 0, month = 0, day = 0;
    if (!number(4, 9999, "year", year) || !expect('-') || !number(2, 99, "month", month) || !expect('-') ||
        !number(2, 99, "day", day))
      return false;
    if (year == 0) return refuse(0, "year 0000: 0001 to 9999");
    if (month < 1 || month > 12) return refuse(5, fmt::format("month {:02}: 01 to 12", month));
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) {
      const auto last = static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
      return refuse(8, fmt::format("{}: {} {} has {} days", text_.substr(0, 10),
                                   month_names[static_cast<std::size_t>(month) - 1], year, last));
    }
    time.wall = std::chrono::local_days{date};
    return true;
  }

  bool read_time(timestamp& time) {
    int hour = 0, minute = 0, second = 0;
    if (!take('T')) return refuse(at_, "after the date comes T and a time", "as in 2026-12-31T23:59");
    if (!number(2, 23, "hour", hour) || !expect(':') || !number(2, 59, "minute", minute)) return false;
    if (take(':')) {
      if (!number(2, 59, "second", second)) return false;
      if (take('.') && !read_fraction(time)) return false;
    }
    time.wall += hours{hour} + minutes{minute} + seconds{second};
    return true;
  }

  bool read_fraction(timestamp& time) {
    const auto begin = at_;
    int worth = 100;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, worth /= 10)
      time.wall += milliseconds{(text_[at_] - '0') * worth};
    return at_ > begin || refuse(at_, "digits are missing after the point");
  }

  bool read_offset(timestamp& time) {
    if (at_ == text_.size()) return true;
    if (take('Z')) {
      time.offset = seconds{0};
      return true;
    }
    const bool west = at_ < text_.size() && text_[at_] == '-';
    if (!west && text_[at_] != '+') return true;
    ++at_;
    int hour = 0, minute = 0;
    if (!number(2, 23, "offset's hour", hour) || !expect(':') || !number(2, 59, "offset's minute", minute))
      return false;
    const auto distance = hours{hour} + minutes{minute};
    time.offset = west ? -distance : distance;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<parse_error> error_;
};

struct clock_face {
  std::chrono::year_month_day date;
  std::int64_t hour, minute, second, millisecond;

  explicit clock_face(wall_time wall) : date{std::chrono::floor<std::chrono::days>(wall)} {
    const auto of_day = (wall - std::chrono::floor<std::chrono::days>(wall)).count();
    hour = of_day / 3'600'000;
    minute = of_day / 60'000 % 60;
    second = of_day / 1'000 % 60;
    millisecond = of_day % 1'000;
  }
  std::string day() const {
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  }
};

std::string format_offset(seconds offset) {
  const auto length = (offset.count() < 0 ? -offset : offset).count();
  auto text = fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', length / 3600, length / 60 % 60);
  if (length % 60 != 0) text += fmt::format(":{:02}", length % 60);  // local mean times of the 19th century
  return text;
}

}  // namespace

instant timestamp::in(const zone& where) const {
  if (offset) return instant{wall.time_since_epoch() - *offset};
  const auto found = where.lookup(wall);
  return date_only && found.kind == wall_kind::gap ? found.change : found.first;
}

parse_result<timestamp> parse_timestamp(std::string_view text) {
  if (text.empty()) return parse_error{"a date is missing", 0, "as in 2026-12-31 or 2026-12-31T23:59"};
  return reader(text).read();
}

std::string format_timestamp(const timestamp& time) {
  const clock_face face(time.wall);
  auto text = face.day();
  if (time.date_only) return text;
  text += fmt::format("T{:02}:{:02}", face.hour, face.minute);
  if (face.second != 0 || face.millisecond != 0) text += fmt::format(":{:02}", face.second);
  if (face.millisecond != 0) {
    text += fmt::format(".{:03}", face.millisecond);
    while (text.ends_with('0')) text.pop_back();
  }
  if (time.offset) text += *time.offset == seconds{0} ? "Z" : format_offset(*time.offset);
  return text;
}

std::string format_instant(instant time, const zone& where) {
  const auto span = where.span_at(time);
  const clock_face face(wall_time{time.time_since_epoch() + span.offset});
  auto text = fmt::format("{}T{:02}:{:02}:{:02}", face.day(), face.hour, face.minute, face.second);
  if (face.millisecond != 0) text += fmt::format(".{:03}", face.millisecond);
  return text + format_offset(std::chrono::duration_cast<seconds>(span.offset));
}

}  // namespace carillon
