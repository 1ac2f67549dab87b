#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Named lists of dates that triggers leave out: `(cron 0 9 * * mon-fri) except calendar holidays`.
///
/// A trigger keeps only the name, so that one list serves all triggers and can be changed without touching
/// them. Whoever asks a trigger says in the `binding` which lists are in force.
/// Thread safety: distinct objects, safe; shared objects, safe while nobody changes them.
class date_calendars {
 public:
  using date = std::chrono::local_days;

  /// Puts a list under a name, in the place of one that had it.
  ///
  /// Errors: throws `std::invalid_argument` if the name is not made of letters, digits, `_`, `-` and `.`.
  void define(std::string_view name, std::vector<date> dates);

  /// The dates under a name, earliest first, each once; null if there is no such list.
  const std::vector<date>* find(std::string_view name) const noexcept;

  /// All names, in alphabetical order.
  std::vector<std::string_view> names() const;

  friend bool operator==(const date_calendars&, const date_calendars&) = default;

 private:
  std::map<std::string, std::vector<date>, std::less<>> lists_;
};

/// Whether a list of dates may have that name.
bool is_calendar_name(std::string_view name) noexcept;

}  // namespace carillon
