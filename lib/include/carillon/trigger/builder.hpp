#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/trigger/schedule.hpp>
#include <carillon/trigger/trigger.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Says a schedule in words: `every(5).minutes()`, `every().monday().at("09:00", "Europe/Oslo")`. All of
/// Python's `schedule`, and calendar intervals. Becomes a `trigger` or a `schedule` where one is wanted; each
/// has a text.
///
/// Without `at`, amounts of seconds to weeks and weekdays are elapsed time from when the job is added; with
/// it, `every(n)` first fires n units after that. Months and years are calendar time. Errors: each call
/// throws `std::invalid_argument` with a sentence for what does not make sense, and its subclass
/// `parse_failure` for a text that does not parse.
/// Thread safety: distinct objects, safe.
class schedule_builder {
 public:
  explicit schedule_builder(std::int64_t amount);
  explicit schedule_builder(milliseconds elapsed);

  /// The unit. The singular goes with `every()` alone: `every(2).day()` is refused.
  schedule_builder& second();
  schedule_builder& seconds();
  schedule_builder& minute();
  schedule_builder& minutes();
  schedule_builder& hour();
  schedule_builder& hours();
  schedule_builder& day();
  schedule_builder& days();
  schedule_builder& week();
  schedule_builder& weeks();
  schedule_builder& month();
  schedule_builder& months();
  schedule_builder& year();
  schedule_builder& years();
  /// A day of the week, or Monday to Friday: with `every()` alone.
  schedule_builder& monday();
  schedule_builder& tuesday();
  schedule_builder& wednesday();
  schedule_builder& thursday();
  schedule_builder& friday();
  schedule_builder& saturday();
  schedule_builder& sunday();
  schedule_builder& weekday();

  /// Makes the interval random, the same on every instance: `every(2).to(4).hours()`.
  schedule_builder& to(std::int64_t largest_amount);
  schedule_builder& to(milliseconds longest);

  /// The time of day ("10:30", "10:30:15", several with commas) of days, weekdays, weeks, months and years;
  /// the place in an hour (":30", "34:19" for minute and second) or in a minute (":17").
  schedule_builder& at(std::string_view time);
  /// The same in a zone: `at("10:30", "Europe/Oslo")`.
  schedule_builder& at(std::string_view time, std::string_view zone_name);
  /// The day of the month: `every(3).months().on(15)`; or the weekdays of a window: `on("mon-fri")`.
  schedule_builder& on(int day_of_month);
  schedule_builder& on(std::string_view weekdays);
  /// A window of the day: `every(5).minutes().from("09:00").to("17:00")`.
  schedule_builder& from(std::string_view time);
  schedule_builder& to(std::string_view time);

  /// No fire later than this: "2026-12-31 18:30", "2026-12-31 18:30:15", "2026-12-31" (its first moment, as
  /// in `schedule`), or "18:30" and "18:30:15" on the day the job is added; everything that the schedule text
  /// takes, too.
  schedule_builder& until(std::string_view when);
  schedule_builder& until(instant when);
  schedule_builder& until(std::chrono::year_month_day date);
  /// No fire later than this after the job is added.
  schedule_builder& until(milliseconds elapsed);

  /// Labels of the job: they are kept beside the trigger, not in it.
  template <std::convertible_to<std::string>... Labels>
  schedule_builder& tag(Labels&&... labels) {
    (add_tag(std::string{std::forward<Labels>(labels)}), ...);
    return *this;
  }

  /// What may follow any schedule; see `trigger`.
  schedule_builder& in(std::string_view zone_name);
  schedule_builder& starting(std::string_view when);
  schedule_builder& starting(instant when);
  schedule_builder& limit(std::uint64_t fires);
  schedule_builder& jitter(milliseconds width);
  schedule_builder& clamp();
  schedule_builder& immediately();
  schedule_builder& fixed_delay();
  schedule_builder& gap(gap_policy policy);
  schedule_builder& overlap(overlap_policy policy);
  schedule_builder& like(std::string_view preset);

  const std::vector<std::string>& tags() const noexcept { return tags_; }
  /// The schedule text of what was said so far.
  std::string text() const;
  trigger build() const;
  operator trigger() const { return build(); }                    // NOLINT(google-explicit-constructor)
  operator schedule() const { return schedule{build(), tags_}; }  // NOLINT(google-explicit-constructor)

 private:
  enum class unit : std::uint8_t {
    none,
    elapsed,
    second,
    minute,
    hour,
    day,
    week,
    month,
    year,
    weekday,
    working_day
  };

  schedule_builder& set_unit(unit of, bool singular, std::string_view name);
  schedule_builder& set_weekday(int day, std::string_view name);
  schedule_builder& add_clause(std::string_view clause, std::string_view argument);
  void add_tag(std::string label);
  std::string rule_text() const;
  std::string amount_text() const;
  std::string elapsed_text() const;
  milliseconds elapsed(std::int64_t amount) const;

  std::int64_t amount_ = 1;
  std::optional<std::int64_t> largest_;
  unit unit_ = unit::none;
  int weekday_ = 0;  // Monday is 0
  int day_of_month_ = 0;
  std::string at_;
  std::string from_;
  std::string to_;
  std::string window_days_;
  std::string clauses_;
  std::vector<std::string> tags_;
};

/// `every()`: one of what follows. `every(5)`: five of it.
schedule_builder every();
schedule_builder every(std::int64_t amount);

/// `every(90s)`: elapsed time, in whole milliseconds.
template <typename Rep, typename Period>
schedule_builder every(std::chrono::duration<Rep, Period> elapsed) {
  return schedule_builder{std::chrono::floor<milliseconds>(elapsed)};
}

/// Fires once: at an instant, or at "2026-12-31T23:59:59" in the job's zone.
trigger at(instant when);
trigger at(std::string_view when);

/// A crontab or a Quartz expression read at run time; `"…"_cron` is checked by the compiler.
trigger cron(std::string_view expression);
trigger quartz(std::string_view expression);

}  // namespace carillon
