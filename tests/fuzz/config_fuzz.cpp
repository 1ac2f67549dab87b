#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "carillon/config.hpp"

// Whatever stands in a configuration file: it is read, every complaint names something, and every job can be
// run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto read = carillon::app::read_config(text, "jobs.toml");
  for (const auto& problem : read.found) {
    if (problem.line == 0 || problem.message.empty()) std::abort();
  }
  const carillon::command_executor commands;
  const carillon::http_executor requests;
  for (const auto& job : read.jobs) {
    const bool is_request = carillon::app::sends_request(job.definition);
    const auto fault = is_request ? requests.fault_of(job.definition) : commands.fault_of(job.definition);
    if (fault) std::abort();
  }
  return 0;
}
