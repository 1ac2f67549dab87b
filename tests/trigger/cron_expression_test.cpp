#include <doctest/doctest.h>
#include <carillon/trigger/cron_expression.hpp>

#include <array>
#include <string>
#include <vector>

#include "support/cron_expressions.hpp"

namespace carillon {

namespace {

using testing::as_crontab;
using testing::as_quartz;

using named_field = cron_expression::named_field;
cron_expression named(const std::vector<named_field>& fields) {
  return cron_expression::parse(fields).value();
}

struct refused_text {
  std::string_view text;
  std::size_t position;
  std::string_view message;
  std::string_view hint = {};
};

void check_refused(cron_dialect dialect, const refused_text& expected) {
  CAPTURE(expected.text);
  const auto parsed = cron_expression::parse(dialect, expected.text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().message == expected.message);
  CHECK(parsed.error().position == expected.position);
  if (!expected.hint.empty()) CHECK(parsed.error().hint == expected.hint);
}

void check_refused(const named_field& field, std::string_view message, std::string_view hint = {}) {
  CAPTURE(field.value);
  const auto parsed = cron_expression::parse(std::array{field});
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().message == message);
  if (!hint.empty()) CHECK(parsed.error().hint == hint);
}

}  // namespace

TEST_CASE("a crontab field holds its values, ranges, steps and names") {
  const auto fields = as_crontab("*/15 6-8,22 1-31/10 jan,Mar,6 mon-fri").fields();
  CHECK(fields.seconds == 1);
  CHECK(fields.minutes == (1ULL | 1ULL << 15 | 1ULL << 30 | 1ULL << 45));
  CHECK(fields.hours == (1U << 6 | 1U << 7 | 1U << 8 | 1U << 22));
  CHECK(fields.days == (1U << 1 | 1U << 11 | 1U << 21 | 1U << 31));
  CHECK(fields.months == (1U << 1 | 1U << 3 | 1U << 6));
  CHECK(fields.weekdays == 0b0111110);
  CHECK(as_crontab("30 0 0 1 1 *").fields().seconds == 1ULL << 30);
  CHECK(as_crontab("5/20 * * * *").fields().minutes == (1ULL << 5 | 1ULL << 25 | 1ULL << 45));
}

TEST_CASE("0 and 7 are Sunday in a crontab, 1 is in quartz, 6 among named fields") {
  CHECK(as_crontab("0 0 * * 0").fields().weekdays == 1);
  CHECK(as_crontab("0 0 * * 7").fields().weekdays == 1);
  CHECK(as_crontab("0 0 * * 5-7").fields().weekdays == 0b1100001);
  CHECK(as_crontab("0 0 * * sat-sun").fields().weekdays == 0b1000001);
  CHECK(as_crontab("0 0 * * */2").fields().weekdays == 0b1010101);
  CHECK(as_quartz("0 0 0 ? * 1").fields().weekdays == 1);
  CHECK(as_quartz("0 0 0 ? * L").fields().weekdays == 0b1000000);
  CHECK(as_quartz("0 0 0 ? * fri-mon").fields().weekdays == 0b1100011);
  CHECK(named({{"day_of_week", 0, "6", 0}}).fields().weekdays == 1);
  CHECK(named({{"day_of_week", 0, "0-4", 0}}).fields().weekdays == 0b0111110);
}

TEST_CASE("of two restricted day fields of a crontab either may match, and a step restricts") {
  CHECK(as_crontab("0 0 13 * fri").fields().either_day);
  CHECK(as_crontab("0 0 */2 * fri").fields().either_day);
  CHECK_FALSE(as_crontab("0 0 * * fri").fields().either_day);
  CHECK_FALSE(as_crontab("0 0 13 * ?").fields().either_day);
  CHECK_FALSE(named({{"day", 0, "13", 0}, {"day_of_week", 0, "fri", 0}}).fields().either_day);
}

TEST_CASE("an hour field of * or */n follows real time, and no other does") {
  for (const auto* text : {"5 * * * *", "5 */2 * * *", "*/5 * * * *", "@hourly"})
    CHECK(as_crontab(text).follows_real_time());
  for (const auto* text : {"5 0-23 * * *", "5 0/2 * * *", "5 2 * * *", "5 *,2 * * *", "@daily"})
    CHECK_FALSE(as_crontab(text).follows_real_time());
  CHECK(named({{"minute", 0, "5", 0}}).follows_real_time());
  CHECK(named({{"second", 0, "5", 0}}).follows_real_time());
  CHECK_FALSE(named({{"day", 0, "5", 0}}).follows_real_time());
}

TEST_CASE("a macro is what crontab(5) says it is") {
  CHECK(as_crontab("@yearly").fields() == as_crontab("0 0 1 1 *").fields());
  CHECK(as_crontab("@annually").fields() == as_crontab("0 0 1 1 *").fields());
  CHECK(as_crontab("@monthly").fields() == as_crontab("0 0 1 * *").fields());
  CHECK(as_crontab("@weekly").fields() == as_crontab("0 0 * * 0").fields());
  CHECK(as_crontab("@DAILY").fields() == as_crontab("0 0 * * *").fields());
  CHECK(as_crontab("@midnight").fields() == as_crontab("0 0 * * *").fields());
  CHECK(as_crontab("@hourly").fields() == as_crontab("0 * * * *").fields());
}

TEST_CASE("an expression keeps its text, with single blanks") {
  CHECK(as_crontab("  0\t9 *  * MON-fri ").text() == "0 9 * * MON-fri");
  CHECK(as_crontab("@Daily").text() == "@daily");
  CHECK(as_quartz("0 0 9 ? * 2#1").text() == "0 0 9 ? * 2#1");
  CHECK(named({{"hour", 0, "2", 0}, {"day", 0, " 2nd  fri , last ", 0}}).text() ==
        "day=2nd fri,last; hour=2");
  CHECK(as_crontab("0 9 * * *") == as_crontab("0  9 * * *"));
  CHECK_FALSE(as_crontab("0 0 * * *") == as_crontab("@daily"));
}

TEST_CASE("the text of each field can be asked for") {
  const auto five = as_crontab("0 9 1,15 * mon-fri");
  CHECK(five.field(cron_field::minute) == "0");
  CHECK(five.field(cron_field::weekday) == "mon-fri");
  CHECK(five.field(cron_field::second) == "");
  CHECK(five.field(cron_field::year) == "*");
  CHECK(as_crontab("5 0 9 1 * *").field(cron_field::second) == "5");
  CHECK(as_crontab("@weekly").field(cron_field::weekday) == "0");
  CHECK(as_quartz("0 0 9 ? * 2#1 2030").field(cron_field::year) == "2030");
  CHECK(named({{"day", 0, "last sun", 0}, {"hour", 0, "2", 0}}).field(cron_field::day) == "last sun");
  CHECK(named({{"day_of_week", 0, "sun", 0}}).field(cron_field::day) == "");
}

TEST_CASE("a crontab that does not read is refused at the fault, with what would be right") {
  for (const auto& each : std::vector<refused_text>{
           {"", 0, "the expression is empty"},
           {"* * * *", 7, "4 fields, not 5 or 6"},
           {"0 0 * * * * 2030", 12, "7 fields, not 5 or 6"},
           {"75 * * * *", 0, "minute 75: 0 to 59"},
           {"0 24 * * *", 2, "hour 24: 0 to 23"},
           {"0 0 1-32 * *", 6, "day 32: 1 to 31"},
           {"0 0 * * mno", 8, "'mno': no such weekday", "did you mean mon?"},
           {"0 0 * * monday", 8, "'monday': no such weekday", "did you mean mon?"},
           {"0 0 * januray *", 6, "'januray': no such month", "did you mean jan?"},
           {"jan 0 * * *", 0, "'jan': no such minute", "names of months belong in the month field"},
           {"0 0 * fri *", 6, "'fri': no such month"},
           {"0 0 30 2 *", 4, "30 February never comes"},
           {"0 0 31 2,4,6 *", 4, "31 February never comes"},
           {"*/0 * * * *", 2, "step 0 in the minute field: 1 or more"},
           {"*/x * * * *", 2, "a number after / is missing in the minute field"},
           {"1,,2 * * * *", 2, "empty list element in the minute field"},
           {"1, * * * *", 2, "empty list element in the minute field"},
           {"10-5 * * * *", 0, "the range 10-5 runs backwards", "write 10-59,0-5"},
           {"0 0 * * fri-tue", 8, "the range fri-tue runs backwards", "write 5-6,0-2"},
           {"1-2-3 * * * *", 3, "'-' has no place here in the minute field"},
           {"1.5 * * * *", 1, "'.' has no place here in the minute field"},
           {"1- * * * *", 2, "a value is missing after '1-' in the minute field"},
           {"-5 * * * *", 0, "'-' has no place here in the minute field", "0 to 59"},
           {"? * * * *", 0, "'?' has no place here in the minute field",
            "? stands alone, for a day field; * is any value"},
           {"* * 15W * *", 6, "W and offsets from L are not part of a crontab",
            "the quartz dialect has them"},
           {"* * * * L", 8, "L needs a weekday", "5L is the last Friday"},
           {"* * * * fri#6", 12, "fri#6: # is followed by 1 to 5"},
           {"@fortnightly", 0, "'@fortnightly': no such schedule"},
           {"@reboot", 0, "'@reboot': no such schedule"},
           {"@daily 5", 7, "'5' after @daily: a macro stands alone"},
           {"\xD9\xA1 * * * *", 0, "'\xD9\xA1' has no place here in the minute field"},
       })
    check_refused(cron_dialect::crontab, each);
}

TEST_CASE("a quartz expression that does not read is refused at the fault, with what would be right") {
  for (const auto& each : std::vector<refused_text>{
           {"0 0 0 * *", 9, "5 fields, not 6 or 7", "second minute hour day month weekday, perhaps a year"},
           {"0 0 0 ? * ?", 10, "both day fields are ?: one of the two must be ?"},
           {"0 0 0 1 * 2", 6, "day of month and weekday are both given: one of the two must be ?"},
           {"0 0 0 ? * 8", 10, "weekday 8: 1 to 7"},
           {"0 /120 8 ? * 2", 3, "step 120 in the minute field: 1 to 59"},
           {"0 0 0 L-31 * ?", 8, "L-31: 0 to 30 days before the month's last"},
           {"0 0 0 1 1 ? 2100", 12, "year 2100: 1970 to 2099"},
           {"0 0 0 29 2 ? 2023", 6, "no date matches these fields: this would never fire"},
           {"@daily", 0, "'@daily': no such schedule", "quartz has no macros"},
       })
    check_refused(cron_dialect::quartz, each);
}

TEST_CASE("a named field that does not read is refused at the fault, with what would be right") {
  check_refused({"hours", 0, "5", 0}, "'hours': no such field", "did you mean hour?");
  check_refused({"day", 0, "2nd", 0}, "'2nd' needs a weekday", "as in 2nd fri");
  check_refused({"day", 0, "6th mon", 0}, "day '6th': a number, last, or 1st to 5th or last with a weekday");
  check_refused({"day", 0, "last friday", 0}, "'friday': no such weekday", "did you mean fri?");
  check_refused({"day", 0, "L", 0}, "day 'L': a number, last, or 1st to 5th or last with a weekday",
                "did you mean last?");
  check_refused({"day_of_week", 0, "mon-fri/2", 0}, "names take no step here", "write the range in numbers");
  check_refused({"minute", 0, "59/1", 0}, "step 1 in the minute field: there is nothing to step over");
  check_refused({"hour", 0, "*/24", 0}, "step 24 in the hour field: 1 to 23");
  check_refused({"day", 0, "lastfoo", 0},
                "day 'lastfoo': a number, last, or 1st to 5th or last with a weekday");
  check_refused({"day", 0, "last-1", 0}, "'-1': no such weekday");
  check_refused({"day", 0, "2nd fri-sun", 0}, "'-' has no place here in the day field");
}

TEST_CASE("a fault in a named field is found where the field stands, and a field given twice is one") {
  const auto fault =
      cron_expression::parse(std::array<named_field, 2>{{{"hour", 5, "9", 10}, {"minute", 13, " 5,75", 20}}});
  REQUIRE_FALSE(fault.has_value());
  CHECK(fault.error().position == 23);
  const auto twice =
      cron_expression::parse(std::array<named_field, 2>{{{"hour", 5, "9", 10}, {"hour", 13, "5", 18}}});
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().position == 13);
}

}  // namespace carillon
