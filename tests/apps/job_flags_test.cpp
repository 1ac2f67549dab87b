#include "carillon/job_flags.hpp"

#include <doctest/doctest.h>

#include "carillon/declaration.hpp"

namespace carillon::app {
namespace {

job_flags with(const char* key, const char* value) {
  job_flags flags;
  flags.keys.insert("id", "a");
  flags.keys.insert("schedule", "every 1h");
  flags.keys.insert(key, value);
  return flags;
}

std::string executor_of(const flagged_job& job) {
  REQUIRE(job.definition.has_value());
  return job.definition->options->executor;
}

}  // namespace

TEST_SUITE("flags of a job") {
  TEST_CASE("a command runs on the usual executor, or on one that is named") {
    auto flags = with("shell", "x");
    const auto usual = job_of_flags(flags);
    CHECK(executor_of(usual) == command_executor_name);
    flags.keys.insert("executor", "heavy");
    const auto named = job_of_flags(flags);
    CHECK(executor_of(named) == "heavy");
    CHECK(runs_command(*named.definition));
  }

  TEST_CASE("a task runs in the event loop of its program, or on an executor that this has") {
    auto flags = with("description", "a task");
    flags.task = "resize";
    CHECK(executor_of(job_of_flags(flags)) == "");
    flags.keys.insert("executor", "threads");
    const auto on_threads = job_of_flags(flags);
    CHECK(executor_of(on_threads) == "threads");
    CHECK_FALSE(runs_command(*on_threads.definition));
  }

  TEST_CASE("a request is sent by the usual executor, or by one that is named") {
    job_flags flags = with("description", "a request");
    flags.keys.insert("http", toml::table{{"url", "http://127.0.0.1/"}});
    const auto usual = job_of_flags(flags);
    CHECK(executor_of(usual) == http_executor_name);
    CHECK(executor_of(changed_by_flags(*usual.definition, with("shell", "x"))) == command_executor_name);
    flags.keys.insert("executor", "partners");
    const auto named = job_of_flags(flags);
    CHECK(executor_of(named) == "partners");
    CHECK(sends_request(*named.definition));
    CHECK(executor_of(changed_by_flags(*named.definition, with("description", "x"))) == "partners");
    auto by_a_program = *usual.definition;  // where the executor says it all
    by_a_program.task = std::string{};
    CHECK(sends_request(by_a_program));
  }

  TEST_CASE("an executor that is known to do something else is a fault") {
    const auto request =
        changed_by_flags(*job_of_flags(with("shell", "x")).definition, with("executor", "http"));
    REQUIRE(request.found.size() == 1);
    CHECK(request.found[0].message == "the job runs a command, but the executor 'http' sends requests");
    CHECK(request.found[0].hint == "--executor command, or another that does");
    auto added = with("executor", "command");
    added.keys.insert("http", toml::table{{"url", "http://127.0.0.1/"}});
    REQUIRE(job_of_flags(added).found.size() == 1);
    CHECK(job_of_flags(added).found[0].message ==
          "the job sends a request, but the executor 'command' runs commands");
    auto flags = with("executor", "command");
    flags.task = "resize";
    REQUIRE(job_of_flags(flags).found.size() == 1);
    CHECK(job_of_flags(flags).found[0].message ==
          "the job runs a task, but the executor 'command' runs commands");
  }

  TEST_CASE("a change keeps the executor, unless it makes a command of a task") {
    auto flags = with("shell", "x");
    flags.keys.insert("executor", "heavy");
    const auto command = *job_of_flags(flags).definition;
    CHECK(executor_of(changed_by_flags(command, with("shell", "y"))) == "heavy");
    CHECK(executor_of(changed_by_flags(command, with("executor", "light"))) == "light");
    job_flags to_task;
    to_task.task = "resize";
    const auto task = changed_by_flags(command, to_task);
    CHECK(executor_of(task) == "");
    CHECK(executor_of(changed_by_flags(*task.definition, with("shell", "x"))) == command_executor_name);
  }

  TEST_CASE("several schedules are one that fires by each") {
    auto flags = with("shell", "x");
    flags.keys.insert_or_assign("schedule", toml::array{"every 5m", "every day at 09:00"});
    const auto job = job_of_flags(flags);
    REQUIRE(job.definition.has_value());
    CHECK(job.definition->when == trigger{"(every 5m) or (every day at 09:00)"});
    job_flags change;
    change.keys.insert("schedule", toml::array{"every 5m", "every day at"});
    const auto wrong = changed_by_flags(*job.definition, change);
    REQUIRE(wrong.found.size() == 1);
    CHECK(wrong.found[0].message.starts_with("schedule 'every day at': "));
    change.keys.insert_or_assign("schedule", "every 1h");
    CHECK(changed_by_flags(*job.definition, change).definition->when == trigger{"every 1h"});
  }

  TEST_CASE("a group is kept by a change, and left by an empty name") {
    auto flags = with("shell", "x");
    flags.keys.insert("group", "db");
    const auto job = *job_of_flags(flags).definition;
    CHECK(job.options->group == "db");
    CHECK(changed_by_flags(job, with("shell", "y")).definition->options->group == "db");
    CHECK(changed_by_flags(job, with("group", "")).definition->options->group.empty());
  }
}

}  // namespace carillon::app
