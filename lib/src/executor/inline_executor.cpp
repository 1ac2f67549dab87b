#include <carillon/executor/inline_executor.hpp>
#include <carillon/job/task.hpp>

namespace carillon {

boost::asio::awaitable<void> inline_executor::execute(run& run, const task* body) { return body->start(run); }

}  // namespace carillon
