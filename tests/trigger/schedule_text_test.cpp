// The grammar: what is read, how it is printed, and what is said about faults.
#include <doctest/doctest.h>

#include <carillon/trigger/trigger.hpp>
#include <string>

namespace carillon {

namespace {

struct spelling {
  const char* written;
  const char* printed;
};

struct fault {
  const char* text;
  std::size_t position;
  const char* message;
  const char* hint;
};

}  // namespace

TEST_CASE("a schedule is printed in its shortest spelling, which reads back as the same") {
  constexpr spelling spellings[] = {
      {"at 2026-12-31T23:59:59+08:00", "at 2026-12-31T23:59:59+08:00"},
      {"at 2026-12-31", "at 2026-12-31"},
      {"every 5 minutes", "every 5m"},
      {"every 90 seconds", "every 1m30s"},
      {"every 1 hour 30 minutes", "every 1h30m"},
      {"every hour", "every 1h"},
      {"every 7d", "every 1w"},
      {"every 2..4 hours", "every 2h..4h"},
      {"every 2h..2h", "every 2h"},
      {"every 1w from Tuesday", "every 1w from tue"},
      {"every 5m from 09:00:00 to 17:00 on mon-fri", "every 5m from 09:00 to 17:00 on mon-fri"},
      {"every 5m from 22:00 to 24:00 on mon-sun", "every 5m from 22:00 to 24:00"},
      {"every 1 day at 10:30", "every day at 10:30"},
      {"every day at 00:00", "every day"},
      {"every day at 18:00,09:00,18:00", "every day at 09:00,18:00"},
      {"every 2 days at 10:30:15", "every 2 days at 10:30:15"},
      {"every 2..2 days at 10:30", "every 2 days at 10:30"},
      {"every Monday at 13:15", "every mon at 13:15"},
      {"every mon-fri at 09:00", "every weekday at 09:00"},
      {"every sat,fri,sun,mon", "every mon,fri-sun"},
      {"every hour at 30:00", "every hour at :30"},
      {"every 6 hours at 34:19", "every 6 hours at 34:19"},
      {"every 1 minute at :17", "every minute at :17"},
      {"every 2..4 days at 10:30", "every 2..4 days at 10:30"},
      {"every 1 month", "every month"},
      {"every 2 months 1 year", "every 1 year 2 months"},
      {"every 3 months on 15 at 08:00", "every 3 months on 15 at 08:00"},
      {"cron   0 9 * *   mon-fri", "cron 0 9 * * mon-fri"},
      {"cron @Daily", "cron @daily"},
      {"quartz 0 0 9 ? * 2#1", "quartz 0 0 9 ? * 2#1"},
      {"cron{ day = last sun ; hour=2 }", "cron{day=last sun; hour=2}"},
      {"((every 5m) or (every 7m)) or (every 9m)", "(every 5m) or (every 7m) or (every 9m)"},
      {"(every 5m) and (every 7m) within 1s", "(every 5m) and (every 7m)"},
      {"(every 5m) and (every 7m) within 0s in UTC", "(every 5m) and (every 7m) within 0s in UTC"},
      {"(every 5m) except 2027-01-01,2026-12-25", "(every 5m) except 2026-12-25, 2027-01-01"},
      {"(every 5m) except 2026-12-25 except (every 1h)", "(every 5m) except (every 1h) except 2026-12-25"},
      {"(every 5m) except calendar holidays, 2026-12-25", "(every 5m) except 2026-12-25, calendar holidays"},
      {"(every 5m)", "every 5m"},
      {"every 5m jitter 30s limit 10 until 2027-01-01 starting 2026-01-01T08:00 in Asia/Shanghai",
       "every 5m in Asia/Shanghai starting 2026-01-01T08:00 until 2027-01-01 limit 10 jitter 30s"},
      {"every 5m fixed_delay immediately", "every 5m immediately fixed_delay"},
      {"every month overlap second gap shift clamp", "every month clamp gap shift overlap second"},
      {"cron 30 2 * * * like quartz", "cron 30 2 * * * gap skip overlap second"},
      {"cron 30 2 * * * like vixie", "cron 30 2 * * *"},
      {"cron 30 2 * * * like apscheduler", "cron 30 2 * * * gap shift overlap both"},
      {"every 5m until 18:30", "every 5m until 18:30"},
      {"every 5m until 3h", "every 5m until 3h"},
  };
  for (const auto& [written, printed] : spellings) {
    CAPTURE(written);
    const auto parsed = parse_trigger(written);
    REQUIRE(parsed.has_value());
    CHECK(parsed->text() == printed);
    CHECK(parse_trigger(parsed->text()).value() == *parsed);
  }
}

TEST_CASE("a fault is named, placed, and answered with what would be right") {
  constexpr fault faults[] = {
      {"", 0, "the schedule is empty", "every 5m"},
      {"@reboot", 0, "@reboot is not a time, and joins none", "all that the schedule of a job says"},
      {"@daily", 0, "expected at, every, after, cron, quartz or (", "write cron @daily"},
      {"0 9 * * *", 0, "expected at, every, after, cron, quartz or (", "write cron before it"},
      {"5m", 0, "expected at, every", "write every 5m"},
      {"Monday", 0, "expected at, every", "write every Monday"},
      {"evry 5m", 0, "expected at, every", "did you mean every?"},
      {"every", 5, "expected an interval or days", "every 5m"},
      {"every 5", 7, "expected a unit after 5: ms s m h d w", "5m"},
      {"every 5x", 7, "no such unit", "ms s m h d w"},
      {"every 5 minuts", 8, "expected a unit after 5", "did you mean minutes?"},
      {"every 0m", 6, "above zero", ""},
      {"every 0 days", 6, "1 or more", ""},
      {"every -5m", 6, "no sign", ""},
      {"every 2d 3 hours", 9, "does not mix", "every 1h30m"},
      {"every 2 days 3 hours", 13, "don't mix", "2d is elapsed time, 2 days calendar"},
      {"every 20000 years", 6, "10,000 years", ""},
      {"every 4h..2h", 10, "below the lower", "smaller first"},
      {"every mno at 10:00", 6, "neither a weekday nor a unit", "did you mean mon?"},
      {"every monday at 9:00", 16, "no time of day", "09:00"},
      {"every monday at 25:00", 16, "hour 25: 00 to 23", ""},
      {"every day at 10:75", 13, "minute 75: 00 to 59", ""},
      {"every day at 10:30,", 19, "after the comma", ""},
      {"every hour at 30", 14, "no place within an hour", ":30"},
      {"every minute at 17:30", 16, "no place within a minute", ":17"},
      {"every 5m at 10:30", 9, "'at' does not go with this elapsed time", ""},
      {"every 5m on mon", 9, "'on' follows a window", ""},
      {"every 5m from 09:00", 19, "expected to", ""},
      {"every 5m from 09:00 to 09:00", 23, "ends where it begins", "00:00 to 24:00"},
      {"every 2 days on 15", 13, "needs months or years", ""},
      {"every month on 32", 15, "1 to 31", ""},
      {"every 2..4 weeks at 10:30", 11, "days at a time", ""},
      {"every 5m in Europe/Olso", 12, "no such time zone", "did you mean Europe/Oslo?"},
      {"every 5m in", 11, "expected a time zone", ""},
      {"every 5m starting 2026-02-30", 26, "February 2026 has 28 days", ""},
      {"every 5m until tomorrow", 15, "", ""},
      {"every 5m limit 0", 15, "from 1 on", ""},
      {"every 5m limit ten", 15, "from 1 on", ""},
      {"every 5m limit 3 limit 4", 17, "twice", ""},
      {"every 5m gap skip", 9, "elapsed time does not see the wall clock jump", ""},
      {"every 5m clamp", 9, "months or years", ""},
      {"every day fixed_delay", 10, "elapsed time alone", ""},
      {"cron 0 9 * * * gap skp", 19, "skip, at_gap_end or shift", "did you mean skip?"},
      {"cron 0 9 * * * like quarz", 20, "vixie, quartz or apscheduler", "did you mean quartz?"},
      {"cron 0 9 * * * like quartz gap skip", 27, "'like' sets both", ""},
      {"cron 75 * * * *", 5, "minute 75: 0 to 59", ""},
      {"cron 0 9 * * mno", 13, "no such weekday", "did you mean mon?"},
      {"cron", 4, "expected a cron expression", ""},
      {"cron{", 4, "never closed", ""},
      {"cron{hour}", 5, "expected =", ""},
      {"cron{hour=25}", 10, "hour 25: 0 to 23", ""},
      {"every 5m evry", 9, "did not expect 'evry' here", ""},
      {"every 5m strting 2026-01-01", 9, "did not expect", "did you mean starting?"},
      {"every 5m or every 7m", 9, "joins triggers in parentheses", ""},
      {"(every 5m) or every 7m", 14, "expected a trigger in parentheses", ""},
      {"(every 5m or (every 7m)", 10, "expected ) for the ( at character 1", ""},
      {"(every 5m) or (every 7m) and (every 2m)", 25, "needs parentheses", ""},
      {"(every 5m limit 3) or (every 7m)", 10, "only after the whole trigger", ""},
      {"(every 5m) or (every 7m) gap skip", 25, "belongs to the parts", ""},
      {"(every 5m) or (every 7m) within 1s", 25, "did not expect", ""},
      {"(every 5m) except", 17, "expected a date, a calendar or a trigger", ""},
      {"(every 5m) except 2026-13-01", 23, "", ""},
      {"(every 5m) except calendar h@", 27, "expected the name of a calendar", ""},
  };
  for (const auto& [text, position, message, hint] : faults) {
    CAPTURE(text);
    const auto parsed = parse_trigger(text);
    REQUIRE_FALSE(parsed.has_value());
    const auto& why = parsed.error();
    INFO(why.to_string());
    CHECK(why.position == position);
    CHECK(why.message.find(message) != std::string::npos);
    CHECK(why.hint.find(hint) != std::string::npos);
    CHECK(why.message.find('"') == std::string::npos);  // What was found stands 'like this', as everywhere.
  }
}

TEST_CASE("parentheses have a greatest depth") {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "every 5m" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  CHECK(parse_trigger(nested(32)).has_value());
  CHECK_FALSE(parse_trigger(nested(33)).has_value());
  CHECK_FALSE(parse_trigger(nested(100'000)).has_value());
}

TEST_CASE("the text constructor throws what parse_trigger answers") {
  CHECK(trigger{"every 5m"}.text() == "every 5m");
  CHECK_THROWS_AS(trigger{"every 5"}, parse_failure);
}

}  // namespace carillon
