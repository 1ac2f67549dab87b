#include <carillon/executor/command_line.hpp>
#include <carillon/job/job.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "carillon/crontab.hpp"

// Whatever stands in a crontab: it is read to its end, every complaint has its place, and every job is fit to
// be declared.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto read = carillon::app::read_crontab(text, "crontab", {});
  for (const auto& problem : read.found) {
    if (problem.line == 0 || problem.column == 0 || problem.message.empty()) std::abort();
  }
  for (const auto& entry : read.entries) {
    const bool timed = entry.at_reboot != entry.when.has_value();
    if (!timed || carillon::fault_of(entry.command) || carillon::fault_of_id(entry.id)) std::abort();
  }
  return 0;
}
