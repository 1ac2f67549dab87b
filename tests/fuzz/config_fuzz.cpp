#include <carillon/executor/command_executor.hpp>

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
  const carillon::command_executor executor;
  for (const auto& job : read.jobs) {
    if (executor.fault_of(job.definition)) std::abort();
  }
  return 0;
}
