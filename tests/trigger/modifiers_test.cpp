// Start, end, limit, jitter, immediately, fixed_delay; combinations and calendars of dates.
#include <doctest/doctest.h>

#include "support/trigger_world.hpp"

namespace carillon {

using testing::added_job;
using testing::time_of;

TEST_CASE("start and end are inclusive; a date begins with its first instant and ends with its last") {
  const added_job job{"2026-01-01T00:00Z", "Asia/Shanghai"};
  CHECK(job.fires("every day at 08:00 starting 2026-01-05T08:00 until 2026-01-06T08:00", 3) ==
        "2026-01-05T08:00:00+08:00 2026-01-06T08:00:00+08:00 end");
  CHECK(job.fires("cron 0 */12 * * * starting 2026-01-05 until 2026-01-05", 3) ==
        "2026-01-05T00:00:00+08:00 2026-01-05T12:00:00+08:00 end");
  CHECK(job.fires("cron 0 0 * * * until 2025-01-05", 1) == "end");
}

TEST_CASE("an end may be a time of the day on which the job is added, or a while after that") {
  const added_job job{"2026-01-01T10:00Z"};
  CHECK(job.fires("every 1h until 12:00", 3) == "2026-01-01T11:00:00+00:00 2026-01-01T12:00:00+00:00 end");
  CHECK(job.fires("every 1h until 90m", 2) == "2026-01-01T11:00:00+00:00 end");
  CHECK(job.fires("every 1h starting 2026-02-01 until 1h", 3) ==
        "2026-02-01T00:00:00+00:00 2026-02-01T01:00:00+00:00 end");
}

TEST_CASE("a limit counts fires from the anchor") {
  const added_job job{"2026-01-01T10:30Z"};
  CHECK(job.fires("cron 0 * * * * limit 2", 3) == "2026-01-01T11:00:00+00:00 2026-01-01T12:00:00+00:00 end");
  CHECK(job.fires("cron 0 * * * * limit 2", 1, "2026-01-01T12:00Z") == "end");
  CHECK(job.fires("every 1h immediately limit 2", 3, "2026-01-01T10:29Z") ==
        "2026-01-01T10:30:00+00:00 2026-01-01T11:30:00+00:00 end");
  CHECK(job.fires("(every 1h) or (every 90m) limit 3", 4) ==
        "2026-01-01T11:30:00+00:00 2026-01-01T12:00:00+00:00 2026-01-01T12:30:00+00:00 end");
  const trigger when{"cron 0 * * * * limit 2"};
  CHECK(when.previous(job.bound, time_of("2030-01-01")).value() == time_of("2026-01-01T12:00Z"));
  CHECK(when.count(job.bound, time_of("2020-01-01"), time_of("2030-01-01")).value() == 2);
  CHECK_FALSE(when.previous(job.bound, time_of("2026-01-01T11:00Z")).value().has_value());
}

TEST_CASE("a limit on a combination is as quick ten years later") {
  const added_job job{"2016-01-01T00:00Z"};
  CHECK(job.fires("(every 1s) or (every 7s) limit 5", 1, "2026-01-01") == "end");
}

TEST_CASE("fixed_delay counts from the end of the last run, and its limit from what was used up") {
  added_job job{"2026-01-01T10:00Z"};
  const trigger when{"every 5m fixed_delay limit 3"};
  CHECK(when.fixed_delay());
  job.bound.anchor = time_of("2026-01-01T10:07:13Z");  // the end of a run
  CHECK(job.fires(when, 1) == "2026-01-01T10:12:13+00:00");
  job.bound.fired = 2;
  CHECK(job.fires(when, 1) == "2026-01-01T10:12:13+00:00");
  job.bound.fired = 3;
  CHECK(job.fires(when, 1) == "end");
  CHECK(job.fires("every 5m fixed_delay starting 2026-02-01", 1) == "2026-02-01T00:00:00+00:00");
}

TEST_CASE("immediately adds one fire, at the anchor or at a later start") {
  const added_job job{"2026-01-01T10:30Z"};
  const trigger when{"every 1h immediately"};
  CHECK(when.first(job.bound, *job.bound.anchor).value() == job.bound.anchor);
  CHECK(job.fires(when, 1) == "2026-01-01T11:30:00+00:00");
  CHECK(when.count(job.bound, time_of("2026-01-01"), time_of("2026-01-01T11:30Z")).value() == 2);
  CHECK(job.fires("cron 0 12 * * * starting 2026-02-01T08:00 immediately", 2) ==
        "2026-02-01T08:00:00+00:00 2026-02-01T12:00:00+00:00");
  CHECK(job.fires("every 1h starting 2026-02-01T08:00 immediately", 2) ==
        "2026-02-01T08:00:00+00:00 2026-02-01T09:00:00+00:00");
}

TEST_CASE("jitter delays, never past the next fire, and moves no fire") {
  const added_job job{"2026-01-01T00:00Z"};
  const trigger when{"every 10s jitter 1h"};
  for (auto fire = *job.bound.anchor + std::chrono::seconds{10}; fire < time_of("2026-01-01T00:10Z");
       fire += std::chrono::seconds{10}) {
    CHECK(when.due(job.bound, fire) >= fire);
    CHECK(when.due(job.bound, fire) <= fire + std::chrono::seconds{10});
    CHECK(when.next(job.bound, fire).value() == fire + std::chrono::seconds{10});
  }
}

TEST_CASE("or fires once where two coincide") {
  const added_job job{"2026-01-01T00:00Z"};
  CHECK(job.fires("(every 2h) or (every 3h)", 4) ==
        "2026-01-01T02:00:00+00:00 2026-01-01T03:00:00+00:00 2026-01-01T04:00:00+00:00 "
        "2026-01-01T06:00:00+00:00");
  const trigger when{"(every 2h) or (every 3h)"};
  CHECK(when.count(job.bound, time_of("2026-01-01"), time_of("2027-01-01")).value() == 365 * (12 + 8 - 4));
}

TEST_CASE("and fires where all agree within the threshold, at the first of the shortest such stretch") {
  const added_job job{"2026-01-01T00:00Z"};
  CHECK(job.fires("(every 4m) and (every 6m) within 0s", 2) ==
        "2026-01-01T00:12:00+00:00 2026-01-01T00:24:00+00:00");
  CHECK(job.fires("(cron * * * * * *) and (cron 0 0 * * *)", 2) ==
        "2026-01-02T00:00:00+00:00 2026-01-03T00:00:00+00:00");
  CHECK(job.fires("(every 1h) and (every 1h starting 2026-01-01T00:00:05Z) within 5s", 2) ==
        "2026-01-01T01:00:00+00:00 2026-01-01T02:00:00+00:00");
}

TEST_CASE("an and that never meets says so instead of searching for ever") {
  const added_job job{"2026-01-01T00:00Z"};
  CHECK(job.fires("(every 2m) and (every 2m starting 2026-01-01T00:00:30Z) within 0s", 1) ==
        "the triggers never met within the bound of the search");
  const trigger when{"(every 2m) and (every 2m starting 2026-01-01T00:00:30Z) within 0s"};
  CHECK(when.next(job.bound, *job.bound.anchor).error() == errc::search_exhausted);
  CHECK(when.previous(job.bound, time_of("2036-01-01")).error() == errc::search_exhausted);
}

TEST_CASE("an and of ands, and of calendar intervals, is given up as soon") {
  const added_job job{"2026-01-01T00:00Z"};
  for (const auto* text : {"((every 2m) and (every 2m starting 2026-01-01T00:00:30Z)) and (every 3m starting "
                           "2026-01-01T00:00:15Z)",
                           "(every 1 month 16 days) and (every 4 months 3 days at 23:26)"}) {
    CAPTURE(text);
    CHECK(trigger{text}.next(job.bound, *job.bound.anchor).error() == errc::search_exhausted);
  }
}

TEST_CASE("except leaves out the fires of another trigger, and dates in the combination's zone") {
  const added_job job{"2026-12-24T00:00Z", "Asia/Shanghai"};
  CHECK(job.fires("(cron 0 9 * * *) except (cron 0 9 * * mon-fri)", 2) ==
        "2026-12-26T09:00:00+08:00 2026-12-27T09:00:00+08:00");
  CHECK(job.fires("(cron 0 3 * * * in Europe/London) except 2026-12-25", 2) ==
        "2026-12-24T11:00:00+08:00 2026-12-26T11:00:00+08:00");
  CHECK(job.fires("(cron 0 20 * * * in Europe/London) except 2026-12-25 in Europe/London", 2) ==
        "2026-12-25T04:00:00+08:00 2026-12-27T04:00:00+08:00");
  const trigger when{"(every 1s) except 2026-12-25"};
  CHECK(when.count(job.bound, time_of("2026-12-24T00:00Z"), time_of("2026-12-31T00:00Z")).value() ==
        6 * 86'400);
  CHECK(job.fires(when, 1, "2026-12-24T16:00Z") == "2026-12-26T00:00:00+08:00");
}

TEST_CASE("except goes past five days of seconds that are left out, and gives up where nothing is left") {
  const added_job job{"2026-01-04T23:59:59Z"};  // the end of a Sunday
  CHECK(job.fires("(cron * * * * * *) except (cron * * * * * mon-fri)", 1) == "2026-01-10T00:00:00+00:00");
  const trigger nothing{"(every 1s) except (every 1s)"};
  CHECK(nothing.next(job.bound, *job.bound.anchor).error() == errc::search_exhausted);
  CHECK(nothing.count(job.bound, *job.bound.anchor, time_of("2026-01-06")).value() == 0);
}

TEST_CASE("named calendars of dates are shared by triggers and come with the question") {
  added_job job{"2026-12-24T00:00Z"};
  const trigger when{"(every day at 09:00) except calendar holidays"};
  CHECK(when.calendars() == std::vector<std::string>{"holidays"});
  CHECK(when.next(job.bound, *job.bound.anchor).error() == errc::unknown_calendar);
  date_calendars calendars;
  using std::chrono::local_days;
  using namespace std::chrono_literals;
  calendars.define("holidays",
                   {local_days{2026y / 12 / 25}, local_days{2026y / 12 / 24}, local_days{2026y / 12 / 25}});
  job.bound.calendars = &calendars;
  CHECK(job.fires(when, 1) == "2026-12-26T09:00:00+00:00");
  calendars.define("holidays", {local_days{2026y / 12 / 26}});  // the same trigger, another list
  CHECK(job.fires(when, 2) == "2026-12-24T09:00:00+00:00 2026-12-25T09:00:00+00:00");
  CHECK_THROWS_AS(calendars.define("two words", {}), std::invalid_argument);
}

TEST_CASE("a date is left out whole even where the clocks are set back over midnight") {
  const added_job job{"2010-11-06T00:00Z", "America/St_Johns"};  // 2010-11-07T00:01 back to 2010-11-06T23:01
  CHECK(job.fires("(every 20m from 23:00 to 24:00 overlap both) except 2010-11-06", 1, "2010-11-06T12:00Z") ==
        "2010-11-07T00:00:00-02:30");
  const trigger when{"(cron */10 * * * *) except 2010-11-06"};
  std::uint64_t fires = 0;
  const auto end = time_of("2010-11-08");
  for (auto found = when.next(job.bound, *job.bound.anchor).value(); found && *found <= end;
       found = when.next(job.bound, *found).value())
    ++fires;
  CHECK(when.count(job.bound, *job.bound.anchor, end).value() == fires);
}

TEST_CASE("changed copies say the same as the text, and are refused where the text would be") {
  const trigger daily{"cron 0 9 * * *"};
  CHECK(daily.in("Europe/Oslo").starting("2026-01-01").until("2027-01-01").limit(3).text() ==
        "cron 0 9 * * * in Europe/Oslo starting 2026-01-01 until 2027-01-01 limit 3");
  CHECK(daily.starting(time_of("2026-01-01T08:00Z")).text() == "cron 0 9 * * * starting 2026-01-01T08:00Z");
  CHECK(daily.like("quartz").text() == "cron 0 9 * * * gap skip overlap second");
  CHECK(daily.gap(gap_policy::shift).overlap(overlap_policy::both).text() ==
        "cron 0 9 * * * gap shift overlap both");
  CHECK((daily && trigger{"every 1h"}).within(milliseconds{0}).text() ==
        "(cron 0 9 * * *) and (every 1h) within 0s");
  CHECK((daily || trigger{"every 1h"} || trigger{"every 7h"}).text() ==
        "(cron 0 9 * * *) or (every 1h) or (every 7h)");
  CHECK(daily.except("2026-12-25, calendar holidays").text() ==
        "(cron 0 9 * * *) except 2026-12-25, calendar holidays");
  CHECK(daily.except(trigger{"every 1h"}).except("2026-12-25").text() ==
        "(cron 0 9 * * *) except (every 1h) except 2026-12-25");
  CHECK(trigger{"every 5m"}.delay_from_end().fire_immediately().text() == "every 5m immediately fixed_delay");
  CHECK_THROWS_AS(daily.in("Europe/Olso"), parse_failure);
  CHECK_THROWS_AS(daily.limit(0), parse_failure);
  CHECK_THROWS_AS(daily.delay_from_end(), parse_failure);
  CHECK_THROWS_AS(daily.within(milliseconds{0}), parse_failure);
  CHECK_THROWS_AS(daily.until("2027-01-01 limit 3"), parse_failure);
  CHECK_THROWS_AS(daily.limit(3) || daily, parse_failure);
  CHECK_THROWS_AS(trigger{"every 5m"}.gap(gap_policy::skip), parse_failure);
}

}  // namespace carillon
