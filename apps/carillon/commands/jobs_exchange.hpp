#pragma once
#include <string>

#include "carillon/commands/command_context.hpp"
#include "carillon/commands/jobs_list.hpp"

namespace carillon::app {

/// Prints the jobs as a document that `import_jobs` takes: all, or those that the request fits.
loop_awaitable<int> export_jobs(command_context& context, jobs_list_request request);

/// `carillon jobs import` as it was asked for.
struct jobs_import_request {
  std::string file;  ///< "-": standard input.
  import_options how;
};

/// Brings in the jobs of a document, and says what changed.
loop_awaitable<int> import_jobs(command_context& context, jobs_import_request request);

}  // namespace carillon::app
