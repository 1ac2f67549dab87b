#include <carillon/store/job_store.hpp>

namespace carillon {

std::string_view name(waiting_reason why) noexcept {
  switch (why) {
    case waiting_reason::retry: return "retry";
    case waiting_reason::queued: return "queued";
    case waiting_reason::rerun: return "rerun";
    case waiting_reason::run_now: return "run_now";
    case waiting_reason::follows: return "follows";
  }
  return "unknown";
}

}  // namespace carillon
