#pragma once
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/trigger.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::testing {

inline instant time_of(std::string_view text) { return parse_timestamp(text).value().in({}); }

/// A job in a zone, added at some time: what a trigger is asked with.
struct added_job {
  binding bound;

  explicit added_job(std::string_view added, std::string_view zone_name = "UTC")
      : bound{.seed = seed_of("a job"), .anchor = time_of(added), .where = zone::find(zone_name).value()} {}

  /// The first fires after `after` (or after it was added) in the job's zone, parted by blanks; "end" where
  /// there is none.
  std::string fires(const trigger& when, std::size_t number, std::string_view after = {}) const {
    auto last = after.empty() ? *bound.anchor : time_of(after);
    std::string text;
    for (std::size_t i = 0; i < number; ++i) {
      const auto found = when.next(bound, last);
      if (i > 0) text += ' ';
      if (!found) return text + found.error().message();
      if (!*found) return text + "end";
      text += format_instant(**found, bound.where);
      last = **found;
    }
    return text;
  }
  std::string fires(std::string_view text, std::size_t number, std::string_view after = {}) const {
    return fires(trigger{text}, number, after);
  }
};

}  // namespace carillon::testing
