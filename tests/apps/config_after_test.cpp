#include "carillon/config_after.hpp"

#include <doctest/doctest.h>
#include <toml++/toml.h>

#include <string>

#include "carillon/config.hpp"
#include "carillon/daemon_files.hpp"
#include "carillon/job_flags.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

config read_with(const std::string& lines) {
  return read_config("[[job]]\nid = \"report\"\ncommand = [\"true\"]\n" + lines + "\n", "jobs.toml");
}

std::string schedule_of(const std::string& lines) {
  const auto all = read_with(lines);
  for (const auto& problem : all.found) FAIL_CHECK(problem.to_string());
  REQUIRE(all.jobs.size() == 1);
  return all.jobs[0].definition.when.text();
}

std::string refusal_of(const std::string& lines) {
  const auto all = read_with(lines);
  CHECK(all.jobs.empty());
  return all.found.empty() ? "it was not refused" : all.found[0].to_string();
}

bool says(const std::vector<diagnostic>& found, std::string_view words) {
  for (const auto& one : found)
    if (one.to_string().find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_SUITE("after, in files and on the command line") {
  TEST_CASE("a job has a schedule, or others that it runs after, or both") {
    CHECK(schedule_of("after = \"import\"") == "after import");
    CHECK(schedule_of("after = { job = \"nightly import\", on = \"failure\" }") ==
          "after \"nightly import\" on failure");
    CHECK(schedule_of("after = [\"a\", { job = \"b\", on = \"either\" }]") ==
          "(after a) or (after b on either)");
    CHECK(schedule_of("schedule = \"every 5m\"\nafter = \"a\"") == "(every 5m) or (after a)");
    CHECK(schedule_of("schedule = [\"every 5m\", \"every saturday at 11:00\"]\nafter = [\"a\", \"b\"]") ==
          "(every 5m) or (every sat at 11:00) or (after a) or (after b)");
    CHECK(schedule_of("schedule = \"after a on failure\"") == "after a on failure");
    CHECK(schedule_of("schedule = [\"after a\", \"every 5m\"]") == "(after a) or (every 5m)");
  }

  TEST_CASE("a job and what it runs after are kept in one store") {
    const testing::temporary_folder folder;
    const auto file =
        folder.write("jobs.toml",
                     "[stores.team]\nurl = \"memory:\"\n[[job]]\nid = \"a\"\nschedule = \"every 1h\"\n"
                     "command = [\"true\"]\n[[job]]\nid = \"b\"\nafter = \"a\"\nstore = \"team\"\n"
                     "command = [\"true\"]\n[[job]]\nid = \"c\"\nafter = \"a\"\ncommand = [\"true\"]\n");
    const auto found = read_files(only_configs({file}), instant{}, crontab_surroundings{}).found;
    REQUIRE(found.size() == 1);
    CHECK(says(found,
               "job 'b' is kept in the store 'team' and runs after 'a', which is kept in 'default': a job "
               "follows those of its own store only"));
  }

  TEST_CASE("what is wrong with it is told") {
    CHECK(refusal_of("").find("has no schedule") != std::string::npos);
    CHECK(refusal_of("after = 5").find("after must name a job") != std::string::npos);
    CHECK(refusal_of("after = []").find("after must name a job") != std::string::npos);
    CHECK(refusal_of("after = \"\"").find("must not be empty") != std::string::npos);
    CHECK(refusal_of("after = { on = \"failure\" }").find("after has no job") != std::string::npos);
    CHECK(refusal_of("after = { job = \"a\", on = \"sucess\" }").find("success") != std::string::npos);
    CHECK(refusal_of("after = { job = \"a\", when = \"x\" }").find("when") != std::string::npos);
    CHECK(refusal_of("after = [\"a\", 5]").find("after must name a job") != std::string::npos);
    CHECK(refusal_of("after = \"a\"\nschedule = \"every 5m limit 3\"").find("schedule beside after") !=
          std::string::npos);
    CHECK(refusal_of("after = \"a\"\nschedule = [\"every 5m\", \"every 5x\"]").find("schedule, 2 of 2") !=
          std::string::npos);
    CHECK(says(read_with("after = \"a\"\nschedule = \"@reboot\"").found, "after stands beside \"@reboot\""));
  }

  TEST_CASE("files tell of jobs that run after themselves, and after others that no file has") {
    const testing::temporary_folder folder;
    const auto job = [](const std::string& id, const std::string& after) {
      return "[[job]]\nid = \"" + id + "\"\nafter = \"" + after + "\"\nshell = \"x\"\n";
    };
    const auto one = folder.write("one.toml", job("a", "b"));
    const auto two = folder.write("two.toml", job("b", "a") + job("c", "imports"));
    const auto plan = read_files({{one, two}, {}}, instant{milliseconds{1'000'000'000'000}}, {});
    CHECK(says(plan.found, "job 'a' would run after itself: a after b after a"));
    CHECK(says(plan.found, "job 'c' runs after 'imports', which is in none of these files"));
    CHECK(has_errors(plan.found));
  }

  TEST_CASE("the command line names them with what they wait for") {
    job_flags flags;
    flags.keys.insert("id", "report");
    flags.keys.insert("shell", "x");
    toml::array list;
    for (const auto* given : {"import", "load:failure", "odd:either:success", "odd:name"})
      list.push_back(predecessor_of(given));
    flags.keys.insert("after", std::move(list));
    const auto job = job_of_flags(flags);
    REQUIRE(job.definition.has_value());
    CHECK(job.definition->when.text() ==
          "(after import) or (after load on failure) or (after odd:either) or (after odd:name)");
    flags.keys.insert("schedule", toml::array{"every 5m", "every 1h"});
    CHECK(job_of_flags(flags).definition->when.text() ==
          "(every 5m) or (every 1h) or (after import) or (after load on failure) or (after odd:either) or "
          "(after odd:name)");
    job_flags change;
    change.keys.insert("schedule", "every 1h");
    CHECK(changed_by_flags(*job.definition, change).definition->when.text() == "every 1h");
    job_flags nothing;
    nothing.keys.insert("description", "x");
    CHECK(changed_by_flags(*job.definition, nothing).definition->when == job.definition->when);
  }
}

}  // namespace carillon::app
