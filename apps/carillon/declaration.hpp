#pragma once
#include <carillon/job/job.hpp>

#include <cstddef>
#include <string>

namespace carillon::app {

/// A job that a file declares, and where.
struct declaration {
  job_definition definition;
  std::string file;
  std::size_t line = 0;
  bool at_start = false;  ///< It runs once, when the daemon starts (@reboot): its trigger is a moment that
                          ///< has just passed.
};

/// The name under which the daemon keeps the executor that runs commands.
inline constexpr const char* command_executor_name = "command";

}  // namespace carillon::app
