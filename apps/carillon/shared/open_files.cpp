#include "carillon/shared/open_files.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace carillon::app {

std::optional<std::string> make_room_for_files(std::size_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return std::nullopt;
  limit.rlim_cur = std::min<rlim_t>(count, limit.rlim_max);
  const bool is_raised = ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= count;
  if (is_raised) return std::nullopt;
  return fmt::format(
      "{} files may be open at once, and {} are wanted: raise the limit (ulimit -n, or "
      "LimitNOFILE of systemd), or lower concurrency or connections",
      limit.rlim_cur, count);
}

}  // namespace carillon::app
