#include "carillon/runs_what.hpp"

#include <fmt/format.h>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>

#include <stdexcept>

#include "carillon/declaration.hpp"
#include "carillon/diagnostic.hpp"

namespace carillon::app {

std::string runs_what(const job_definition& job) {
  const auto kind = kind_of(job);
  try {
    if (kind == executor_kind::http) return shown(to_string(http_call_of(job.arguments.str())), 1000);
    if (kind == executor_kind::command) return shown(to_string(command_of(job.arguments.str())), 1000);
  } catch (const std::invalid_argument& fault) {
    return fmt::format("a {} that cannot be read: {}", kind == executor_kind::http ? "request" : "command",
                       fault.what());
  }
  return fmt::format("task {}({})", job.task_name(), shown(job.arguments.str(), 1000));
}

}  // namespace carillon::app
