#include <doctest/doctest.h>
#include <carillon/trigger/cron_expression.hpp>
#include <carillon/trigger/explanation.hpp>
#include <carillon/trigger/trigger.hpp>

#include <set>
#include <string>

namespace carillon {
namespace {

cron_expression drawn(std::string_view text, std::string_view job) {
  const auto read = cron_expression::parse(cron_dialect::crontab, text);
  REQUIRE(read.has_value());
  return read->for_job(seed_of(job));
}

// The text of one field, for each of a hundred jobs.
std::set<std::string> of_many(std::string_view text, cron_field field) {
  std::set<std::string> found;
  for (int i = 0; i < 100; ++i)
    found.insert(std::string{drawn(text, "job-" + std::to_string(i)).field(field)});
  return found;
}

}  // namespace

TEST_SUITE("cron_draw") {
  TEST_CASE("a job draws the same value each time it is asked") {
    CHECK(drawn("~ 3 * * *", "backup").text() == drawn("~ 3 * * *", "backup").text());
    const trigger when{"cron ~ 0~5 * * * in UTC"};
    binding bound;
    bound.seed = seed_of("backup");
    const auto first = when.next(bound, instant{});
    REQUIRE((first && *first));
    const auto second = when.next(bound, **first);
    REQUIRE((second && *second));
    CHECK(**second - **first == std::chrono::hours{24});
    CHECK(*when.previous(bound, **second) == **first);
    CHECK(*when.count(bound, **first, **second) == 1);
  }

  TEST_CASE("jobs draw different values, all within the range") {
    const auto minutes = of_many("10~19 3 * * *", cron_field::minute);
    CHECK(minutes.size() == 10);
    CHECK(*minutes.begin() == "10");
    CHECK(*minutes.rbegin() == "19");
    CHECK(of_many("~ 3 * * *", cron_field::minute).size() > 40);
    for (const auto& weekday : of_many("0 0 * * mon~fri", cron_field::weekday))
      CHECK((weekday >= "1" && weekday <= "5"));
    for (const auto& item : of_many("0~4,30~34 3 * * *", cron_field::minute))
      CHECK(item.find(',') != std::string::npos);
  }

  TEST_CASE("fields of one job draw apart") {
    std::set<std::string> equal;
    for (int i = 0; i < 100; ++i) {
      const auto one = drawn("0~22 0~22 * * *", "job-" + std::to_string(i));
      if (one.field(cron_field::minute) == one.field(cron_field::hour)) equal.insert(std::to_string(i));
    }
    CHECK(equal.size() < 20);
  }

  TEST_CASE("with a step it is drawn where to begin") {
    const auto starts = of_many("~/20 * * * *", cron_field::minute);
    CHECK(starts.size() > 10);
    for (const auto& text : starts) {
      const auto first = std::stoi(text);
      CHECK(first < 20);
      CHECK(text ==
            std::to_string(first) + "," + std::to_string(first + 20) + "," + std::to_string(first + 40));
    }
  }

  TEST_CASE("an open end of days is the 28th, so that each month has one") {
    for (const auto& day : of_many("0 0 ~ * *", cron_field::day)) CHECK(std::stoi(day) <= 28);
    CHECK(of_many("0 0 30~31 * *", cron_field::day).size() == 2);
  }

  TEST_CASE("only values are drawn with which it fires at all") {
    CHECK(of_many("0 0 29~31 2 *", cron_field::day) == std::set<std::string>{"29"});
  }

  TEST_CASE("the text keeps the range, and reads back") {
    CHECK(trigger{"cron  5~ 3 * * *"}.text() == "cron 5~ 3 * * *");
    CHECK(trigger{"cron 0~30 ~ * * *"} == trigger{trigger{"cron 0~30 ~ * * *"}.text()});
    CHECK_FALSE(cron_expression::parse(cron_dialect::crontab, "~ ~ * * *")->follows_real_time());
    CHECK(cron_expression::parse(cron_dialect::crontab, "~ * * * *")->follows_real_time());
  }

  TEST_CASE("what is wrong is told with its place") {
    const auto fault = [](std::string_view text) {
      const auto read = parse_trigger(text);
      REQUIRE_FALSE(read.has_value());
      return std::to_string(read.error().position) + ": " + read.error().message;
    };
    CHECK(fault("cron 0~75 3 * * *") == "7: minute 75: 0 to 59");
    CHECK(fault("cron 30~10 3 * * *").starts_with("5: the range 30-10 runs backwards"));
    CHECK(fault("cron ~ 25 * * *") == "7: hour 25: 0 to 23");
    CHECK(fault("cron 0~30,~ 3 * fob *").starts_with("16: 'fob': no such month"));
    CHECK(fault("cron ~/0 3 * * *").starts_with("7: '0' after ~ and / is no step"));
    CHECK(fault("cron ~~ 3 * * *").starts_with("7: "));
    CHECK(fault("quartz 0 ~ 3 ? * mon").starts_with("9: "));
  }

  TEST_CASE("an explanation tells the job's own times and where they come from") {
    binding bound;
    bound.seed = seed_of("backup");
    const trigger when{"cron ~ 3 * * *"};
    const auto said = explain(when, bound, instant{});
    const auto minute = std::string{drawn("~ 3 * * *", "backup").field(cron_field::minute)};
    CHECK(said.sentence.find(":" + std::string(2 - minute.size(), '0') + minute) != std::string::npos);
    CHECK(said.sentence.find("by the job's id, out of ~ 3 * * *") != std::string::npos);
  }
}

}  // namespace carillon
