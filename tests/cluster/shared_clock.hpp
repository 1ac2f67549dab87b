#pragma once
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/occurrence_checker.hpp"

namespace carillon::testing {

/// The machine's monotonic clock, asked past the C library, so that it is the same one for a process whose
/// clock is faked.
inline shared_time shared_now() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return std::chrono::seconds{now.tv_sec} +
         std::chrono::duration_cast<shared_time>(std::chrono::nanoseconds{now.tv_nsec});
}

/// When a moment of the machine's wall clock is, on the shared clock. For processes whose clock is not faked.
inline shared_time shared_time_of(instant when) {
  const auto ahead = std::chrono::time_point_cast<shared_time>(when) -
                     std::chrono::time_point_cast<shared_time>(std::chrono::system_clock::now());
  return shared_now() + ahead;
}

}  // namespace carillon::testing
