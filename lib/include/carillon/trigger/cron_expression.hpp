#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/trigger/cron_fields.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// A cron expression: a set of wall times, in whole seconds, without a zone. An immutable value.
///
/// Searching goes over bit sets of fields, so that any answer costs the same however far away it is.
/// Thread safety: distinct and shared objects, safe.
class cron_expression {
 public:
  /// One field of the named dialect as it was written; positions count from wherever the caller counts.
  struct named_field {
    std::string_view name;
    std::size_t name_position = 0;
    std::string_view value;
    std::size_t value_position = 0;
  };

  /// Reads an expression of the crontab or the quartz dialect.
  ///
  /// Errors: a `parse_error` with the position in `text`. An expression that can never fire is one.
  static parse_result<cron_expression> parse(cron_dialect dialect, std::string_view text);

  /// Reads named fields: year month day week day_of_week hour minute second, in any order, each at most once.
  ///
  /// Errors: a `parse_error` with a position that counts on from the field's own.
  static parse_result<cron_expression> parse(std::span<const named_field> fields);

  /// An expression that the compiler has read already: what `_cron` and `_quartz` are made of.
  cron_expression(cron_dialect dialect, const cron_fields& fields, std::string_view text);

  cron_dialect dialect() const noexcept { return dialect_; }

  /// The canonical text: "0 9 * * mon-fri", "@daily", "day=last sun; hour=2". Fields keep their spelling.
  const std::string& text() const noexcept { return text_; }

  /// One field's text, "*" of a `week` or `year` that the dialect lacks; empty for a named field or seconds
  /// left out.
  std::string_view field(cron_field which) const noexcept;

  /// Whether it leaves values to the job's id, as `~ 3 * * *` does. Its fields are then all that may be.
  bool is_drawn() const noexcept { return fields_.drawn; }

  /// The expression of one job: itself, or with a value in the place of each `~`, by a hash of the seed
  /// (`seed_of(job id)`).
  cron_expression for_job(std::uint64_t seed) const;

  /// The sets behind the text.
  const cron_fields& fields() const noexcept { return fields_; }

  /// Whether the hour field is written `*`, or begins with `*/n` (or, named, left out with minute or second
  /// given): what `auto_` asks.
  bool follows_real_time() const noexcept { return fields_.follows_real_time; }

  /// The first time strictly after `after`, up to the year 9999.
  std::optional<wall_time> next_wall(wall_time after) const noexcept;
  /// The last time strictly before `before`, back to the year 1.
  std::optional<wall_time> previous_wall(wall_time before) const noexcept;
  /// How many times lie in (from, to].
  std::uint64_t count_walls(wall_time from, wall_time to) const noexcept;
  /// How many times w in (from, to] there are for which w + distance is one of the times as well.
  std::uint64_t count_wall_pairs(wall_time from, wall_time to, milliseconds distance) const noexcept;

  friend bool operator==(const cron_expression& a, const cron_expression& b) noexcept {
    return a.dialect_ == b.dialect_ && a.text_ == b.text_;
  }

 private:
  cron_expression(cron_dialect dialect, const cron_fields& fields, std::string text,
                  std::shared_ptr<const std::vector<std::uint64_t>> far_years) noexcept;
  int next_year(int year) const noexcept;
  int previous_year(int year) const noexcept;
  bool in_year(int year) const noexcept;
  std::uint32_t days_in(int year, unsigned month) const noexcept;
  std::uint32_t days_around(std::chrono::local_days day,
                            const std::chrono::year_month_day& date) const noexcept;
  bool fires_on(std::chrono::local_days day) const noexcept;
  std::optional<std::chrono::local_days> first_day(int year, unsigned month) const noexcept;
  std::optional<std::chrono::local_days> last_day(int year, unsigned month) const noexcept;
  std::uint64_t count_days(std::chrono::local_days from, std::chrono::local_days to) const noexcept;

  cron_fields fields_;
  cron_dialect dialect_;
  std::string text_;
  std::shared_ptr<const std::vector<std::uint64_t>>
      far_years_;  // from 1970 on, where some years after 2161 are meant
};

}  // namespace carillon
