#include <doctest/doctest.h>
#include <carillon/job/job_builder.hpp>
#include <carillon/job/json.hpp>
#include <carillon/trigger/builder.hpp>
#include <carillon/trigger/literals.hpp>

#include <boost/describe.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

using namespace std::chrono_literals;
using namespace carillon::literals;

namespace {

struct amount_of {
  double amount = 0;
};
BOOST_DESCRIBE_STRUCT(amount_of, (), (amount))

std::string text_of(const carillon::job_definition& job) {
  return boost::json::serialize(carillon::to_json(job));
}

}  // namespace

TEST_SUITE("job_builder") {
  TEST_CASE("a job said in words becomes a definition") {
    auto charge = carillon::job("charge-42").every(1h).task("charge").args(42, amount_of{9.5});
    const carillon::job_definition job = std::move(charge);
    CHECK(text_of(job) == R"({"id":"charge-42","schedule":"every 1h","task":"charge",)"
                          R"("arguments":[42,{"amount":9.5E0}]})");
    CHECK(job.options == carillon::default_options());
  }

  TEST_CASE("when is a text, a trigger, a cron literal, or what every() begins") {
    CHECK(carillon::job("a").when("every day at 06:30").build().when.text() == "every day at 06:30");
    CHECK(carillon::job("a").when(carillon::trigger{"every 5s"}).build().when.text() == "every 5s");
    CHECK(carillon::job("a").when("0 9 * * mon-fri"_cron).build().when.text() == "cron 0 9 * * mon-fri");
    CHECK(carillon::job("a").at(carillon::instant{0ms}).build().when ==
          carillon::trigger{"at 1970-01-01T00:00:00Z"});
    const auto tagged = carillon::job("a").tag("mine").when(carillon::every().monday().tag("weekly")).build();
    CHECK(tagged.when.text() == carillon::every().monday().text());
    CHECK(tagged.options->tags == std::vector<std::string>{"mine", "weekly"});
  }

  TEST_CASE("every option has its word") {
    carillon::retry_policy retry;
    retry.attempts = 3;
    const auto job = carillon::job("a")
                         .every(5s)
                         .max_instances(2)
                         .queue(4)
                         .catch_up(7)
                         .misfire_grace(std::nullopt)
                         .timeout(90s)
                         .retry(retry)
                         .pause_after(5)
                         .on_lost(carillon::lost_action::rerun)
                         .priority(-7)
                         .keep()
                         .keep_result(90s)
                         .carries()
                         .executor("command")
                         .description("what it is for")
                         .metadata("owner", "ada")
                         .build();
    CHECK(
        boost::json::serialize(carillon::to_json(*job.options)) ==
        R"({"max_instances":2,"on_overlap":"queue","queue_limit":4,"coalesce":"all","catch_up":7,)"
        R"("misfire_grace":null,"timeout":"1m30s","retry":{"attempts":3},"pause_after":5,)"
        R"("on_lost":"rerun","priority":-7,"keep_result":"1m30s","carries":true,"keep":true,"executor":"command","description":"what it is for",)"
        R"("metadata":{"owner":"ada"}})");
  }

  TEST_CASE("a task named like its job is the job's own") {
    CHECK(carillon::job("a").every(1s).task("a").build().task.empty());
    CHECK(carillon::job("a").every(1s).build().task_name() == "a");
  }

  TEST_CASE("what is wrong is said where it is said") {
    CHECK_THROWS_WITH(carillon::job(""), "a job's id must not be empty");
    CHECK_THROWS_AS(carillon::job("a").when("every now and then"), carillon::parse_failure);
    CHECK_THROWS_WITH(carillon::job("a").args_json("{}"),
                      "the arguments must be a JSON array, one element an argument, not {}");
    CHECK_THROWS_WITH(carillon::job("a").build(),
                      "job 'a' does not say when it fires: give it every(…), at(…), after(…) or when(…)");
    CHECK_THROWS_WITH(carillon::job("a").every(1s).max_instances(0).build(),
                      "max_instances: 0 is not allowed; 1 to 10000");
  }

  TEST_CASE("a job without arguments has none") {
    CHECK(carillon::job("a").every(1s).args().build().arguments.empty());
    CHECK(carillon::job("a").every(1s).args_json("[]").build().arguments.empty());
    CHECK(carillon::job("a").every(1s).args_json(R"([ 1, "x" ])").build().arguments == R"([1,"x"])");
  }
}
