#include <doctest/doctest.h>
#include <carillon/trigger/explanation.hpp>

#include <algorithm>

#include "support/trigger_world.hpp"

namespace carillon {

using testing::added_job;

namespace {

explanation explained(const char* text, const char* where = "Europe/London") {
  const added_job job{"2026-03-20T10:00Z", where};
  return explain(trigger{text}, job.bound, *job.bound.anchor, 2);
}

bool warns(const explanation& found, std::string_view words) {
  return std::ranges::any_of(found.warnings,
                             [&](const auto& warning) { return warning.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("a sentence says when each kind of schedule fires") {
  const std::pair<const char*, const char*> sentences[] = {
      {"cron 0 9 * * mon-fri", "At 09:00 on Monday through Friday, in Europe/London time."},
      {"at 2026-12-31T23:59:59+08:00", "Once, at 23:59:59 on 31 December 2026 (UTC+08:00)."},
      {"every 5m", "Every 5 minutes."},
      {"every 1h30m", "Every 1 hour and 30 minutes."},
      {"every hour", "Every hour."},
      {"every 2h..4h", "Every 2 hours to 4 hours at random."},
      {"every 5m from 09:00 to 17:00 on mon-fri",
       "Every 5 minutes from 09:00 to 17:00 on Monday through Friday, in Europe/London time."},
      {"every 1w from tue", "Every week, beginning on the first Tuesday."},
      {"every day at 09:00,12:00 in Asia/Tokyo", "At 09:00 and 12:00 every day, in Asia/Tokyo time."},
      {"every mon,wed at 08:00", "At 08:00 on Monday and Wednesday, in Europe/London time."},
      {"every hour at :30", "Every hour at minute 30, in Europe/London time."},
      {"every 6 hours at 34:19", "Every 6 hours at minute 34 and second 19, in Europe/London time."},
      {"every 2..4 days at 10:30", "Every 2 to 4 days at random, at 10:30, in Europe/London time."},
      {"every 3 months on 15 at 08:00", "Every 3 months on the 15th at 08:00, in Europe/London time."},
      {"every month on 31 clamp",
       "Every month on the 31st (or on the month's last day where it has none) at midnight, in Europe/London "
       "time."},
      {"cron */5 * * * *", "Every 5 minutes, in Europe/London time."},
      {"cron 23 0-20/2 * * *",
       "At minute 23 of hours 0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 20, in Europe/London time."},
      {"cron */15 6-8 * * mon-fri",
       "Every 15 minutes from 06:00 through 08:59 on Monday through Friday, in Europe/London time."},
      {"cron 30 4 1,15 * 5", "At 04:30 on the 1st and the 15th, and on Friday, in Europe/London time."},
      {"cron 15 * * * * *", "At second 15 of every minute, in Europe/London time."},
      {"quartz 0 15 10 LW * ? 2026-2030",
       "At 10:15 on the working day nearest to the month's last day in 2026 through 2030, in Europe/London "
       "time."},
      {"quartz 0 0 12 ? * 6L", "At 12:00 on the last Friday of the month, in Europe/London time."},
      {"cron{day=13; day_of_week=fri}", "At 00:00 on the 13th if that is a Friday, in Europe/London time."},
      {"(every 4m) and (every 6m) within 0s",
       "When these agree exactly: every 4 minutes; and every 6 minutes."},
      {"(every 5m) or (every day at 10:00)",
       "Every 5 minutes; or at 10:00 every day, in Europe/London time."},
      {"(every day at 10:00) except 2026-12-25, calendar holidays",
       "At 10:00 every day, in Europe/London time; except on 25 December 2026 and the dates of calendar "
       "holidays."},
      {"every 5m starting 2026-01-01T08:00 until 2027-01-01 limit 10 jitter 30s immediately",
       "Every 5 minutes, from 08:00 on 1 January 2026 on, until the end of 1 January 2027, at most 10 times, "
       "each time delayed by up to 30 seconds, and at once when it is added."},
      {"every 5m fixed_delay", "Every 5 minutes, counted from the end of the last run."},
  };
  for (const auto& [text, sentence] : sentences) {
    CAPTURE(text);
    CHECK(explained(text).sentence == sentence);
  }
}

TEST_CASE("the next fires are told, and that there are no more") {
  const auto found = explained("every 1h limit 1");
  CHECK(found.next.size() == 1);
  CHECK(found.ends);
  CHECK_FALSE(explained("every 1h").ends);
  CHECK(found.to_string() == "Every hour, once.\n  2026-03-20T11:00:00+00:00\n  and no more\n");
}

TEST_CASE("the pair of policies in force is told") {
  const auto fixed = explained("cron 30 1 * * *").on_change.value();
  CHECK(fixed.gap == gap_policy::at_gap_end);
  CHECK(fixed.overlap == overlap_policy::first);
  CHECK(fixed.automatic);
  const auto free = explained("cron */5 * * * *").on_change.value();
  CHECK(free.gap == gap_policy::skip);
  CHECK(free.overlap == overlap_policy::both);
  CHECK_FALSE(explained("cron 30 1 * * * like quartz").on_change.value().automatic);
  CHECK_FALSE(explained("every 5m").on_change.has_value());
}

TEST_CASE("a clock change that a schedule falls into is a warning that says what happens") {
  const auto fixed = explained("cron 30 1 * * *");
  CHECK(warns(fixed,
              "On 29 March 2026 the clocks of Europe/London go forward from 01:00 to 02:00: 01:30 does not "
              "exist then, and the fire comes at 02:00."));
  CHECK(warns(fixed,
              "On 25 October 2026 the clocks of Europe/London go back from 02:00 to 01:00: 01:30 comes twice "
              "then, and the fire comes the first time only."));
  CHECK(warns(explained("cron 30 1 * * * gap skip"), "nothing fires in its place"));
  CHECK(warns(explained("cron 30 1 * * * gap shift"), "the fire comes at 02:30"));
  CHECK(warns(explained("(cron 30 1 * * *) or (every 5m)"), "the fire comes at 02:00"));
  CHECK(explained("cron 30 3 * * *").warnings.empty());
  CHECK(explained("cron */5 * * * *").warnings.empty());
  CHECK(explained("cron 30 1 * * *", "UTC").warnings.empty());
}

TEST_CASE("what never comes, is uneven, skipped or read otherwise elsewhere is a warning") {
  CHECK(warns(explained("every 5m until 2025-01-01"), "It never fires."));
  CHECK(warns(explained("cron 0 0 1 1 * starting 2025-01-02 until 2025-06-01"), "It never fires."));
  CHECK(warns(explained("every 1h starting 2025-01-01 until 2025-06-01"), "It has ended"));
  CHECK(warns(explained("cron */7 * * * *"),
              "Steps of 7 don't divide the hour: after 56 comes 0 of the next one, 4 minutes later."));
  CHECK(warns(explained("cron 0 */5 * * *"), "Steps of 5 don't divide the day"));
  CHECK(warns(explained("cron 0 0 31 * *"), "Months without a 31st are skipped."));
  CHECK(warns(explained("cron 0 0 29 2 *"), "leap years only"));
  CHECK(warns(explained("every month on 30"), "clamp would take their last day"));
  CHECK_FALSE(warns(explained("every month on 30 clamp"), "clamp"));
  CHECK(warns(explained("cron 0 0 1 * mon"), "a date that matches either of them fires"));
  CHECK(warns(explained("cron 0 0 */2 * mon"), "Vixie's cron takes */2 for a star"));
  CHECK(warns(explained("every 2h from 10:00 to 11:00"), "only the window's start fires"));
  CHECK(warns(explained("(every day) except calendar holidays"), "No calendar 'holidays' is defined"));
  CHECK(warns(explained("(every 2m) and (every 2m starting 2026-01-01T00:00:30Z) within 0s"),
              "The search was given up"));
  CHECK(explained("cron 0 9 * * mon-fri").warnings.empty());
}

}  // namespace carillon
