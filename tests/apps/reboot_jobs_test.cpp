#include "carillon/reboot_jobs.hpp"

#include <doctest/doctest.h>
#include <carillon/time/timestamp.hpp>

#include <filesystem>

#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

constexpr instant this_start{milliseconds{1'700'000'000'000}};

// Of one job for the start of the machine in `file`, how many are left to run.
std::size_t left_of(const std::string& state, const std::string& file, const std::string& id = "warm") {
  job_options options;
  options.executor = command_executor_name;
  job_definition job{.id = id,
                     .when = trigger{"at " + format_instant(this_start, zone{})},
                     .task = command_executor_name,
                     .arguments = std::string{"[]"},
                     .options = intern(options),
                     .first_time = std::nullopt,
                     .origin = file};
  std::vector<declaration> jobs{{std::move(job), file, 1, true, milliseconds{0}, false}};
  reboot_jobs{state, false, std::make_shared<spdlog::logger>("none")}.leave_out_done(jobs, this_start);
  return jobs.size();
}

}  // namespace

TEST_SUITE("reboot_jobs") {
  TEST_CASE("a job has run whatever way its file is named, and one of another file has not") {
    const testing::temporary_folder folder;
    const auto state = folder.path("state");
    CHECK(left_of(state, "jobs.toml") == 1);
    CHECK(left_of(state, "jobs.toml") == 0);
    CHECK(left_of(state, "./here/../jobs.toml") == 0);
    CHECK(left_of(state, std::filesystem::absolute("jobs.toml").native()) == 0);
    CHECK(left_of(state, "elsewhere/jobs.toml") == 1);
    CHECK(left_of(state, "jobs.toml", "another") == 1);
  }
}

}  // namespace carillon::app
