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
}

}  // namespace carillon::app
