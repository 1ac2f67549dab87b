#pragma once
#include <carillon/job/run.hpp>
#include <cstdint>
#include <string>
#include <utility>

namespace carillon::testing {

/// A run that a test makes for an executor, with all that it is told: due one morning in Oslo, on the
/// instance "cellar".
struct made_run {
  made_run(std::string of_job, std::uint32_t attempt) : job{std::move(of_job)} {
    context.job = &job;
    context.instance = &instance;
    context.arguments = &arguments;
    context.id = "r-1";
    context.scheduled_for = context.due = instant{milliseconds{1'774'600'200'000}};
    context.attempt = attempt;
    context.fence = 42;
    context.where = zone::find("Europe/Oslo").value();
  }

  std::string job, instance = "cellar", arguments;
  run_context context;
  run handle{context};
};

}  // namespace carillon::testing
