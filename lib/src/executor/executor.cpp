#include <carillon/executor/executor.hpp>

namespace carillon {

std::optional<std::string> executor::fault_of(const job_definition&) const { return std::nullopt; }

void executor::open(const boost::asio::any_io_executor&) {}

boost::asio::awaitable<void> executor::close() { co_return; }

}  // namespace carillon
