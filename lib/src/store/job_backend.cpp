#include <carillon/store/job_backend.hpp>

namespace carillon {

// Of a backend that keeps no ends.

loop_awaitable<bool> job_backend::add_follower(predecessor, std::string) { co_return false; }

loop_awaitable<bool> job_backend::drop_follower(std::string, std::string) { co_return false; }

loop_awaitable<std::vector<kept_end>> job_backend::ends(std::uint32_t) { co_return std::vector<kept_end>{}; }

loop_awaitable<std::vector<step_answer<follow_answer>>> job_backend::follow(
    std::uint32_t, std::span<const follow_step> steps) {
  co_return std::vector<step_answer<follow_answer>>(steps.size());
}

loop_awaitable<bool> job_backend::drop_ends(std::uint32_t, std::uint64_t) { co_return false; }

}  // namespace carillon
