#pragma once
#include <CLI/CLI.hpp>
#include <iosfwd>

#include "carillon/push_access.hpp"

namespace carillon::app {

/// Adds `push` with its commands to the command line.
void add_push(CLI::App& app, push_request& request);

/// Does what it asks for, and answers the exit code.
int do_push(const CLI::App& app, push_request request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
