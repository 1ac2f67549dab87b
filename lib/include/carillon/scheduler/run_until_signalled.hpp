#pragma once
#include <carillon/scheduler/scheduler.hpp>

namespace carillon {

/// Runs a scheduler on this thread until SIGINT or SIGTERM: then it is shut down with the drain time of its
/// options, and this returns. A second signal ends the process at once, as it would without us.
///
/// Returns also when the scheduler is shut down otherwise. What else waits on `io` is left as it is.
/// Errors: throws what `scheduler.run()` throws, or a handler of somebody else's on `io`.
void run_until_signalled(boost::asio::io_context& io, scheduler& scheduler);

}  // namespace carillon
