#pragma once
#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>

#include "carillon/push_access.hpp"

namespace carillon::app {

/// Adds `push` with its commands to the command line.
void add_push(CLI::App& app, push_request& request);

/// What is wrong where a FILE stands before the command, or one too many; nothing where none does.
std::optional<std::string> why_file_is_wrong(const CLI::App& push);

/// Does what it asks for, and answers the exit code.
int do_push(const CLI::App& app, push_request request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
