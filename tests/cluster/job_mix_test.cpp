#include "job_mix.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <set>

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

mix_options two_hundred() {
  mix_options how;
  how.jobs = 200;
  how.until = instant{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};
  return how;
}

}  // namespace

TEST_SUITE("job mix") {
  TEST_CASE("every process makes the same jobs of a seed, and others of another") {
    auto how = two_hundred();
    const auto jobs = job_mix(how), again = job_mix(how);
    REQUIRE(jobs.size() == 200);
    std::set<std::string> ids;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      CHECK(jobs[i].id == again[i].id);
      CHECK(jobs[i].when == again[i].when);
      CHECK(jobs[i].options == again[i].options);
      CHECK(ids.insert(jobs[i].id).second);
    }
    how.seed = 2;
    CHECK(!std::ranges::equal(jobs, job_mix(how), {}, &mixed_job::id, &mixed_job::id));
  }

  TEST_CASE("no job fires after the end, and every kind is there") {
    std::set<std::string> kinds;
    for (const auto& job : job_mix(two_hundred())) {
      kinds.insert(job.id.substr(0, job.id.rfind('-')));
      CHECK(job.when.text().find("until 2026-12-01") != std::string::npos);
      CHECK_NOTHROW(check(job.options));
    }
    CHECK(kinds.size() == 8);
  }

  TEST_CASE("a failing attempt is followed by one that succeeds, or by the end of the attempts") {
    const auto jobs = job_mix(two_hundred());
    int failed = 0;
    for (const auto& job : jobs) {
      for (auto at = instant{}; at < instant{} + 20s; at += 1s) {
        for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
          failed += fails(job, at, attempt);
          if (!fails(job, at, attempt)) CHECK(!fails(job, at, attempt + 1));
        }
      }
    }
    CHECK(failed > 0);
  }
}
