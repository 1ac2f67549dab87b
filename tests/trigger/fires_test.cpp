// When each kind of schedule fires. Clock changes of cron are in wall_clock_map_test and the conformance
// tables.
#include <doctest/doctest.h>

#include "support/trigger_world.hpp"

namespace carillon {

using testing::added_job;
using testing::time_of;

TEST_CASE("at fires once, and tells a time that has passed only to whoever adds the job") {
  const added_job job{"2026-01-01T12:00Z"};
  CHECK(job.fires("at 2026-01-01T13:00Z", 2) == "2026-01-01T13:00:00+00:00 end");
  const trigger passed{"at 2026-01-01T11:00Z"};
  CHECK(job.fires(passed, 1) == "end");
  CHECK(passed.first(job.bound, *job.bound.anchor).value() == time_of("2026-01-01T11:00Z"));
  CHECK(trigger{"at 2026-01-01T11:00Z limit 1"}.first(job.bound, *job.bound.anchor).value() ==
        time_of("2026-01-01T11:00Z"));
}

TEST_CASE("at a wall time that does not exist fires at the end of the gap, unless told otherwise") {
  const added_job job{"2026-03-01T00:00Z", "Europe/Oslo"};
  CHECK(job.fires("at 2026-03-29T02:30", 2) == "2026-03-29T03:00:00+02:00 end");
  CHECK(job.fires("at 2026-03-29T02:30 gap shift", 1) == "2026-03-29T03:30:00+02:00");
  CHECK(job.fires("at 2026-03-29T02:30 gap skip", 1) == "end");
}

TEST_CASE("an interval counts from the moment the job was added, and never drifts") {
  const added_job job{"2026-01-01T00:00:07Z"};
  CHECK(job.fires("every 5m", 2) == "2026-01-01T00:05:07+00:00 2026-01-01T00:10:07+00:00");
  CHECK(job.fires("every 5m", 1, "2036-01-01T00:03:00Z") == "2036-01-01T00:05:07+00:00");
  const trigger when{"every 5m"};
  CHECK_FALSE(when.previous(job.bound, time_of("2026-01-01T00:05:07Z")).value().has_value());
  CHECK(when.count(job.bound, time_of("2026-01-01T00:00Z"), time_of("2036-01-01T00:00Z")).value() ==
        3652 * 288 - 1);
}

TEST_CASE("an interval with a start fires at the start, in the past and in the future") {
  const added_job job{"2026-01-01T00:00:07Z"};
  CHECK(job.fires("every 1h starting 2026-01-01T05:30Z", 2) ==
        "2026-01-01T05:30:00+00:00 2026-01-01T06:30:00+00:00");
  CHECK(job.fires("every 1h starting 2020-01-01T05:30Z", 1) == "2026-01-01T00:30:00+00:00");
  CHECK(job.fires("every 1h starting 2020-01-01T05:30Z", 1, "2019-01-01") == "2020-01-01T05:30:00+00:00");
}

TEST_CASE("an interval measured in days does not see the clocks change") {
  const added_job job{"2026-03-28T10:00+01:00", "Europe/Oslo"};
  CHECK(job.fires("every 1d", 2) == "2026-03-29T11:00:00+02:00 2026-03-30T11:00:00+02:00");
}

TEST_CASE("random gaps stay within their bounds, begin at the start, and are the same for the same job") {
  const added_job job{"2026-01-01T00:00Z"};
  const trigger when{"every 2h..4h starting 2026-01-01"};
  auto last = *job.bound.anchor;
  CHECK(when.next(job.bound, last - milliseconds{1}).value() == last);
  bool varied = false;
  for (int i = 0; i < 1'000; ++i) {
    const auto fire = when.next(job.bound, last).value().value();
    CHECK(fire - last >= std::chrono::hours{2});
    CHECK(fire - last <= std::chrono::hours{4});
    varied = varied || fire - last != std::chrono::hours{3};
    last = fire;
  }
  CHECK(varied);
  CHECK(last == when.previous(job.bound, last + milliseconds{1}).value());
  CHECK(when.count(job.bound, *job.bound.anchor, last).value() == 1'000);
  auto other = job;
  other.bound.seed = seed_of("another job");
  CHECK(other.fires(when, 5) != job.fires(when, 5));
}

TEST_CASE("the hashes that instances agree on are XXH64 with seed 0") {
  CHECK(seed_of("") == 0xEF46DB3751D8E999ULL);
  CHECK(seed_of("abc") == 0x44BC2CF5AD770999ULL);
  const added_job job{"2026-01-01T00:00Z"};
  CHECK(job.fires("every 2h..4h", 3) ==
        "2026-01-01T03:17:58.507+00:00 2026-01-01T06:11:14.025+00:00 2026-01-01T09:13:47.884+00:00");
  const trigger jittered{"every 1h jitter 30s"};
  CHECK(format_instant(jittered.due(job.bound, time_of("2026-01-01T01:00Z")), {}) ==
        "2026-01-01T01:00:10.327+00:00");
}

TEST_CASE("a window repeats its grid from its start each day, to its end inclusive") {
  const added_job job{"2026-01-02T16:50Z"};  // a Friday
  CHECK(job.fires("every 7m from 09:00 to 17:00", 3) ==
        "2026-01-02T16:56:00+00:00 2026-01-03T09:00:00+00:00 2026-01-03T09:07:00+00:00");
  CHECK(job.fires("every 30m from 09:00 to 17:00 on mon-fri", 2) ==
        "2026-01-02T17:00:00+00:00 2026-01-05T09:00:00+00:00");
  CHECK(job.fires("every 1h from 23:30 to 01:30 on fri", 4) ==
        "2026-01-02T23:30:00+00:00 2026-01-03T00:30:00+00:00 2026-01-03T01:30:00+00:00 "
        "2026-01-09T23:30:00+00:00");
  CHECK(job.fires("every 12h from 00:00 to 24:00", 3) ==
        "2026-01-03T00:00:00+00:00 2026-01-03T12:00:00+00:00 2026-01-04T00:00:00+00:00");
}

TEST_CASE("a window over a clock change keeps to real time") {
  const added_job spring{"2026-03-28T23:00+01:00", "Europe/Oslo"};
  CHECK(spring.fires("every 1h from 01:30 to 04:30", 3) ==
        "2026-03-29T01:30:00+01:00 2026-03-29T03:30:00+02:00 2026-03-29T04:30:00+02:00");
  const added_job autumn{"2026-10-24T23:00+02:00", "Europe/Oslo"};
  CHECK(autumn.fires("every 1h from 01:30 to 03:30", 4) ==
        "2026-10-25T01:30:00+02:00 2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00 "
        "2026-10-25T03:30:00+01:00");
}

TEST_CASE("a window is counted over years without missing the days the clocks change") {
  const added_job job{"2020-01-01T00:00Z", "America/New_York"};
  const trigger when{"every 20m from 00:30 to 03:10 on mon,sat,sun"};
  std::uint64_t fires = 0;
  auto last = *job.bound.anchor;
  const auto end = time_of("2025-12-31");
  for (auto found = when.next(job.bound, last).value(); found && *found <= end;
       found = when.next(job.bound, *found).value())
    ++fires;
  CHECK(when.count(job.bound, last, end).value() == fires);
}

TEST_CASE("days and weekdays fire at their times of day, once each, over clock changes too") {
  const added_job job{"2026-03-28T10:00+01:00", "Europe/Oslo"};
  CHECK(job.fires("every day at 02:30", 2) == "2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00");
  CHECK(job.fires("every mon,wed at 08:00", 2) == "2026-03-30T08:00:00+02:00 2026-04-01T08:00:00+02:00");
  CHECK(job.fires("every weekday at 09:00,17:00", 3) ==
        "2026-03-30T09:00:00+02:00 2026-03-30T17:00:00+02:00 2026-03-31T09:00:00+02:00");
  const added_job autumn{"2026-10-24T10:00+02:00", "Europe/Oslo"};
  CHECK(autumn.fires("every day at 02:30", 2) == "2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00");
  CHECK(autumn.fires("every day at 02:30 overlap both", 2) ==
        "2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00");
}

TEST_CASE("days are there before the job was added, so that a past stretch can be run on purpose") {
  const added_job job{"2026-03-28T10:00Z"};
  CHECK(trigger{"every day at 02:30"}.previous(job.bound, time_of("2026-01-01")).value() ==
        time_of("2025-12-31T02:30Z"));
}

TEST_CASE("schedule's forms put their place into the hour, the minute or the day") {
  const added_job job{"2026-01-01T10:20:30Z"};
  CHECK(job.fires("every hour at :30", 2) == "2026-01-01T10:30:00+00:00 2026-01-01T11:30:00+00:00");
  CHECK(job.fires("every hour at :10", 1) == "2026-01-01T11:10:00+00:00");
  CHECK(job.fires("every minute at :17", 2) == "2026-01-01T10:21:17+00:00 2026-01-01T10:22:17+00:00");
  CHECK(job.fires("every 6 hours at 34:19", 2) == "2026-01-01T16:34:19+00:00 2026-01-01T22:34:19+00:00");
  CHECK(job.fires("every 2 days at 10:30", 2) == "2026-01-03T10:30:00+00:00 2026-01-05T10:30:00+00:00");
  CHECK(job.fires("every 1w from fri", 2) == "2026-01-02T10:20:30+00:00 2026-01-09T10:20:30+00:00");
  CHECK(job.fires("every 1w from thu", 1) == "2026-01-08T10:20:30+00:00");  // the day itself has passed
}

TEST_CASE("calendar intervals count from their start and leave out dates that don't exist") {
  const added_job job{"2026-01-10T12:00Z"};
  CHECK(job.fires("every month on 31 at 08:00", 3) ==
        "2026-01-31T08:00:00+00:00 2026-03-31T08:00:00+00:00 2026-05-31T08:00:00+00:00");
  CHECK(job.fires("every month on 31 at 08:00 clamp", 3) ==
        "2026-01-31T08:00:00+00:00 2026-02-28T08:00:00+00:00 2026-03-31T08:00:00+00:00");
  CHECK(job.fires("every 3 months on 5", 2) == "2026-04-05T00:00:00+00:00 2026-07-05T00:00:00+00:00");
  CHECK(job.fires("every 3 months", 2) == "2026-04-10T00:00:00+00:00 2026-07-10T00:00:00+00:00");
  CHECK(job.fires("every month at 18:00", 2) == "2026-01-10T18:00:00+00:00 2026-02-10T18:00:00+00:00");
  CHECK(job.fires("every 2 weeks starting 2026-01-12", 2) ==
        "2026-01-12T00:00:00+00:00 2026-01-26T00:00:00+00:00");
  CHECK(job.fires("every 1 month 3 days starting 2026-01-30", 3) ==
        "2026-01-30T00:00:00+00:00 2026-04-02T00:00:00+00:00 2026-05-05T00:00:00+00:00");
  CHECK(job.fires("every 4 years starting 2096-02-29", 3, "2096-01-01") ==
        "2096-02-29T00:00:00+00:00 2104-02-29T00:00:00+00:00 2108-02-29T00:00:00+00:00");
  CHECK(job.fires("every year on 30 starting 2026-02-01", 1) == "end");
}

TEST_CASE("nothing fires beyond the year 9999, and nothing overflows on the way there") {
  const added_job job{"9999-12-31T23:00Z"};
  for (const auto* text :
       {"every 5h", "every 10000w", "every day at 22:00", "every 5 years", "cron 0 0 1 1 *", "every 9h..20h",
        "every 5h from 01:00 to 22:00", "every 5 hours at :30", "every 3 months 2 days",
        "(every 5h) or (every 7h)", "(every 5h) and (every 7h)", "(every 5h) except 2026-01-01"}) {
    CAPTURE(text);
    CHECK(job.fires(text, 1) == "end");
    const trigger when{text};
    CHECK(when.count(job.bound, latest_instant, instant::max()).value() == 0);
    CHECK_NOTHROW(static_cast<void>(when.next(job.bound, instant::max())));
    CHECK_NOTHROW(static_cast<void>(when.previous(job.bound, instant::min())));
    CHECK_NOTHROW(static_cast<void>(when.latest(job.bound, instant::min(), instant::max())));
  }
}

}  // namespace carillon
