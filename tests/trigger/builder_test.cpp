// The builder's words; that they fire as Python's schedule does is in conformance/builder_conformance_test.
#include <doctest/doctest.h>

#include <carillon/trigger/builder.hpp>
#include <carillon/trigger/literals.hpp>
#include <stdexcept>

#include "support/trigger_world.hpp"

namespace carillon {

using namespace std::chrono_literals;
using namespace carillon::literals;

namespace {

/// What `scheduler.add` does with its second argument.
std::string text_of_added(const schedule& given) { return given.when.text(); }

template <typename Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("each chain has a schedule text") {
  CHECK(every(5s).text() == "every 5s");
  CHECK(every(1h + 30min).text() == "every 1h30m");
  CHECK(every(std::chrono::days{2}).text() == "every 2d");
  CHECK(every(5).minutes().text() == "every 5m");
  CHECK(every().hour().text() == "every 1h");
  CHECK(every(2).days().text() == "every 2d");
  CHECK(every().day().at("10:30", "Europe/Oslo").text() == "every day at 10:30 in Europe/Oslo");
  CHECK(every(2).days().at("10:30:15").text() == "every 2 days at 10:30:15");
  CHECK(every().monday().at("13:15").text() == "every mon at 13:15");
  CHECK(every().sunday().text() == "every 1w from sun");
  CHECK(every().weekday().at("09:00").text() == "every weekday at 09:00");
  CHECK(every().day().at("09:00,12:00").text() == "every day at 09:00,12:00");
  CHECK(every().hour().at(":30").text() == "every hour at :30");
  CHECK(every(6).hours().at("34:19").text() == "every 6 hours at 34:19");
  CHECK(every().minute().at(":17").text() == "every minute at :17");
  CHECK(every(2).to(4).hours().text() == "every 2h..4h");
  CHECK(every(5s).to(10s).text() == "every 5s..10s");
  CHECK(every(2).to(4).days().at("10:30").text() == "every 2..4 days at 10:30");
  CHECK(every(5).minutes().from("09:00").to("17:00").text() == "every 5m from 09:00 to 17:00");
  CHECK(every(5min).from("09:00").to("17:00").on("mon-fri").text() ==
        "every 5m from 09:00 to 17:00 on mon-fri");
  CHECK(every(3).months().on(15).at("08:00").text() == "every 3 months on 15 at 08:00");
  CHECK(every().month().on(31).clamp().text() == "every month on 31 clamp");
  CHECK(every().year().starting("2026-03-01").text() == "every year starting 2026-03-01");
  CHECK(every(5min).immediately().fixed_delay().jitter(3s).limit(4).text() ==
        "every 5m limit 4 jitter 3s immediately fixed_delay");
  CHECK(every().day().at("02:30").like("quartz").text() == "every day at 02:30 gap skip overlap second");
}

TEST_CASE("until takes schedule's five forms") {
  using std::chrono::year;
  CHECK(every().hour().until("2026-12-31 18:30").text() == "every 1h until 2026-12-31T18:30");
  CHECK(every().hour().until("2026-12-31 18:30:15").text() == "every 1h until 2026-12-31T18:30:15");
  CHECK(every().hour().until("2026-12-31").text() == "every 1h until 2026-12-31T00:00");
  CHECK(every().hour().until("18:30").text() == "every 1h until 18:30");
  CHECK(every().hour().until("18:30:15").text() == "every 1h until 18:30:15");
  CHECK(every().hour().until(year{2026} / 12 / 31).text() == "every 1h until 2026-12-31T00:00");
  CHECK(every().hour().until(3h).text() == "every 1h until 3h");
  CHECK(every().hour().until(testing::time_of("2026-12-31T18:30Z")).text() ==
        "every 1h until 2026-12-31T18:30Z");
}

TEST_CASE("tags go with the schedule, not with the trigger") {
  const schedule tagged = every().day().at("10:30").tag("reports", std::string{"daily"});
  CHECK(tagged.tags == std::vector<std::string>{"reports", "daily"});
  CHECK(tagged.when.text() == "every day at 10:30");
  CHECK(refusal([] { every().day().tag(""); }) != "accepted");
}

TEST_CASE("whatever says when is taken where a schedule is wanted") {
  CHECK(text_of_added(every(5s)) == "every 5s");
  CHECK(text_of_added(every().monday().at("10:00")) == "every mon at 10:00");
  CHECK(text_of_added(trigger{"every 5m"}) == "every 5m");
  CHECK(text_of_added("0 9 * * mon-fri"_cron.in("Asia/Shanghai")) == "cron 0 9 * * mon-fri in Asia/Shanghai");
  CHECK(text_of_added(cron("0 9 * * *")) == "cron 0 9 * * *");
  CHECK(text_of_added(quartz("0 0 9 ? * 2#1")) == "quartz 0 0 9 ? * 2#1");
  CHECK(text_of_added(at("2026-12-31T23:59:59")) == "at 2026-12-31T23:59:59");
  CHECK(text_of_added(at(testing::time_of("2026-12-31T23:59:59.5Z"))) == "at 2026-12-31T23:59:59.5Z");
  CHECK(text_of_added(every(5min) || every().monday().at("10:00")) == "(every 5m) or (every mon at 10:00)");
  CHECK(text_of_added((every(5min) && "* 9 * * *"_cron).within(1s)) == "(every 5m) and (cron * 9 * * *)");
  CHECK(text_of_added(every().day().at("10:00").build().except("2026-12-25")) ==
        "(every day at 10:00) except 2026-12-25");
}

TEST_CASE("a chain that makes no sense is refused at the call, with a sentence") {
  CHECK(refusal([] { every(2).monday(); }) == "every(2).monday(): write every().monday()");
  CHECK(refusal([] { every(2).day(); }) == "every(2).day(): write every().day(), or every(2).days()");
  CHECK(refusal([] { every(0); }).find("1 or more") != std::string::npos);
  CHECK(refusal([] { every(-5s); }).find("1 ms or more") != std::string::npos);
  CHECK(refusal([] { every(5).to(3); }).find("below the lower") != std::string::npos);
  CHECK(refusal([] { every().at("10:30"); }).find("comes after the unit") != std::string::npos);
  CHECK(refusal([] { every().second().at(":30"); }).find("does not go with elapsed time") !=
        std::string::npos);
  CHECK(refusal([] { every().week().at("10:30"); }).find("name the day") != std::string::npos);
  CHECK(refusal([] { every().day().at("25:00"); }).find("hour 25: 00 to 23") != std::string::npos);
  CHECK(refusal([] { every().day().at("10:30 in UTC"); }).find("without blanks") != std::string::npos);
  CHECK(refusal([] { every().day().at("10:30", "Europe/Olso"); }).find("did you mean Europe/Oslo?") !=
        std::string::npos);
  CHECK(refusal([] { every().day().until("tomorrow"); }) != "accepted");
  CHECK(refusal([] { every().day().until(-3h); }).find("in the past") != std::string::npos);
  CHECK(refusal([] { every().days().hours(); }).find("has its unit already") != std::string::npos);
  CHECK(refusal([] { every(5).minutes().to("17:00"); }).find("follows from()") != std::string::npos);
  CHECK(refusal([] { every(5).days().on(15); }).find("months() and years()") != std::string::npos);
  CHECK(refusal([] { every(5).build(); }).find("Name a unit") != std::string::npos);
  CHECK(refusal([] { every(5).minutes().from("09:00").build(); }).find("needs an end") != std::string::npos);
  CHECK(refusal([] { every(5min).limit(3).limit(4); }) != "accepted");
  CHECK(refusal([] { every(5min).gap(gap_policy::skip); }) != "accepted");
  CHECK(refusal([] { every(std::int64_t{1} << 60).weeks().build(); }).find("10,000 years") !=
        std::string::npos);
}

}  // namespace carillon
