#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/job/job_builder.hpp>
#include <carillon/job/json.hpp>

#include <string>

using namespace std::chrono_literals;
using carillon::job_definition;
using carillon::job_from_json;

namespace {

job_definition full_job() {
  carillon::retry_policy retry;
  retry.attempts = 3;
  retry.backoff_min = 10s;
  retry.only = {"exit:75"};
  retry.never = {"timed_out"};
  auto job = carillon::job("charge-42")
                 .when("every day at 06:30 in Europe/Oslo")
                 .task("charge")
                 .args(42, "now")
                 .first_time(carillon::instant{1'767'225'600'123ms})
                 .max_instances(2)
                 .on_overlap(carillon::overlap_action::cancel_running)
                 .coalesce(carillon::coalesce_policy::earliest)
                 .misfire_grace(std::nullopt)
                 .timeout(90s)
                 .retry(retry)
                 .pause_after(5)
                 .on_lost(carillon::lost_action::rerun)
                 .priority(7)
                 .keep()
                 .keep_result(0ms)
                 .carries()
                 .executor("command")
                 .description("takes the money")
                 .tag("money")
                 .metadata("owner", "ada")
                 .build();
  job.origin = "jobs.toml";
  return job;
}

std::string fault_of(const char* text) {
  const auto read = job_from_json(boost::json::parse(text));
  return read ? "none" : read.error().message;
}

}  // namespace

TEST_SUITE("job/json") {
  TEST_CASE("a definition comes back as it went") {
    const auto job = full_job();
    const auto back = job_from_json(boost::json::parse(boost::json::serialize(carillon::to_json(job))));
    REQUIRE(back.has_value());
    CHECK(*back == job);
    CHECK(back->hash() == job.hash());
    const job_definition plain = carillon::job("a").every(5s);
    CHECK(*job_from_json(carillon::to_json(plain)) == plain);
  }

  TEST_CASE("members that have their default are left out, and times can be read") {
    const job_definition plain = carillon::job("a").every(5s);
    CHECK(boost::json::serialize(carillon::to_json(plain)) == R"({"id":"a","schedule":"every 5s"})");
    CHECK(carillon::to_json(full_job())["first_time"] == "2026-01-01T00:00:00.123+00:00");
    CHECK(carillon::to_json(full_job())["options"].at("retry").at("backoff_min") == "10s");
    CHECK(carillon::to_json(carillon::job_options{}).empty());
  }

  TEST_CASE("what does not fit is told by its member") {
    struct row {
      const char* text;
      const char* fault;
    };
    const row rows[] = {
        {R"([])", "job: an object is expected"},
        {R"({"id": "a"})", "schedule: is missing"},
        {R"({"schedule": "every 5s"})", "id: a job's id must not be empty"},
        {R"({"id": 7, "schedule": "every 5s"})", "id: a text is expected, not 7"},
        {R"({"id": "a", "schedule": "every 5s", "colour": 1})", "colour: there is no such member"},
        {R"({"id": "a", "schedule": "every 5s", "arguments": {}})",
         "arguments: a list is expected, one element an argument"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"keep": 1}})",
         "options.keep: true or false is expected"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"max_instances": 1.5}})",
         "options.max_instances: a whole number is expected, not 1.5E0"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"max_instances": -1}})",
         "options.max_instances: a whole number is expected, not -1"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"max_instances": 0}})",
         "options.max_instances: 0 is not allowed; 1 to 10000"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"retry": {"attempts": 0}}})",
         "options.retry.attempts: 0 is not allowed; 1 to 1000"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"retry": {"tries": 3}}})",
         "options.retry.tries: there is no such member"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"on_overlap": "wait"}})",
         "options.on_overlap: 'wait' is not one of skip, queue, cancel_running"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"tags": "x"}})",
         "options.tags: a list of texts is expected"},
        {R"({"id": "a", "schedule": "every 5s", "options": {"metadata": {"owner": 1}}})",
         "options.metadata: a text is expected, not 1"},
    };
    for (const auto& [text, fault] : rows) {
      CAPTURE(text);
      CHECK(fault_of(text) == fault);
    }
    CHECK(
        fault_of(R"({"id": "a", "schedule": "every 5s", "first_time": "soon"})").starts_with("first_time: "));
    CHECK(fault_of(R"({"id": "a", "schedule": "every 5s", "options": {"timeout": "1y"}})")
              .starts_with("options.timeout: "));
  }

  TEST_CASE("of a schedule that does not parse, the position is the one in its text") {
    const auto read = job_from_json(boost::json::parse(R"({"id": "a", "schedule": "cron 75 * * * *"})"));
    REQUIRE(read.has_error());
    CHECK(read.error().message.starts_with("schedule: "));
    CHECK(read.error().position == 5);
    CHECK_FALSE(read.error().message.empty());
  }

  TEST_CASE("several schedules may be a list, and are one that fires by each") {
    const auto job =
        job_from_json(boost::json::parse(R"({"id": "a", "schedule": ["every 5m", "every day at 09:00"]})"));
    REQUIRE(job.has_value());
    CHECK(job->when == carillon::trigger{"(every 5m) or (every day at 09:00)"});
    CHECK(fault_of(R"({"id": "a", "schedule": ["every 5m", "every"]})").starts_with("schedule[1]: "));
    CHECK(fault_of(R"({"id": "a", "schedule": []})").starts_with("schedule[0]: no schedule is given"));
  }

  TEST_CASE("options are read alone, too") {
    const auto options = carillon::options_from_json(boost::json::parse(R"({"timeout": "5s"})"));
    REQUIRE(options.has_value());
    CHECK(options->timeout == 5s);
    CHECK(carillon::options_from_json(boost::json::parse("7")).error().message ==
          "options: an object is expected");
  }
}
