#pragma once

namespace carillon::app {

/// The whole program: reads the command line, does what it says, answers the exit code (exit_code.hpp).
int run_command_line(int argc, const char* const* argv);

}  // namespace carillon::app
