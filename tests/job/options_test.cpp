#include <doctest/doctest.h>
#include <carillon/job/job.hpp>
#include <carillon/job/options.hpp>

#include <functional>
#include <stdexcept>

using namespace std::chrono_literals;
using carillon::job_options;

TEST_SUITE("job_options") {
  TEST_CASE("what is out of range is told by field, value and range") {
    struct row {
      std::function<void(job_options&)> change;
      const char* fault;
    };
    const row rows[] = {
        {[](auto& o) { o.priority = -101; }, "priority: -101 is not allowed; -100 to 100"},
        {[](auto& o) { o.keep_result = -1ms; }, "keep_result: -1 ms is not allowed; 0 to 30 days"},
        {[](auto& o) { o.keep_result = 721h; }, "keep_result: 2595600000 ms is not allowed; 0 to 30 days"},
        {[](auto& o) { o.max_instances = 0; }, "max_instances: 0 is not allowed; 1 to 10000"},
        {[](auto& o) { o.max_instances = 10'001; }, "max_instances: 10001 is not allowed; 1 to 10000"},
        {[](auto& o) { o.queue_limit = 0; }, "queue_limit: 0 is not allowed; 1 to 10000"},
        {[](auto& o) { o.catch_up = 0; }, "catch_up: 0 is not allowed; 1 to 10000"},
        {[](auto& o) { o.misfire_grace = 0ms; },
         "misfire_grace: 0 ms is not allowed; it must be more than 0"},
        {[](auto& o) { o.timeout = -5ms; }, "timeout: -5 ms is not allowed; it must be more than 0"},
        {[](auto& o) { o.retry.attempts = 0; }, "retry.attempts: 0 is not allowed; 1 to 1000"},
        {[](auto& o) { o.retry.backoff_min = 0ms; },
         "retry.backoff_min: 0 ms is not allowed; it must be more than 0"},
        {[](auto& o) { o.retry.backoff_max = 999ms; },
         "retry.backoff_max: 999 ms is not allowed; no less than retry.backoff_min, which is 1000 ms"},
    };
    for (const auto& [change, fault] : rows) {
      job_options options;
      change(options);
      CAPTURE(fault);
      CHECK_THROWS_WITH_AS(check(options), fault, std::invalid_argument);
      CHECK_THROWS_WITH_AS(carillon::intern(options), fault, std::invalid_argument);
    }
    check(job_options{});
  }

  TEST_CASE("equal options are one object, as long as anybody has it") {
    job_options options;
    CHECK(carillon::intern(options) == carillon::default_options());
    options.tags = {"nightly"};
    const auto first = carillon::intern(options);
    CHECK(carillon::intern(options) == first);
    options.metadata["owner"] = "ada";
    CHECK(carillon::intern(options) != first);
    const std::weak_ptr<const job_options> gone = carillon::intern(options);
    CHECK(gone.expired());
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      options.pause_after = i;
      CHECK(*carillon::intern(options) == options);
    }
    CHECK(*first == *carillon::intern(*first));
  }
}
