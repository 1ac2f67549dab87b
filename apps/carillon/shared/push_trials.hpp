#pragma once
#include <carillon/async/loop.hpp>

#include <string>
#include <vector>

#include "carillon/shared/push_file.hpp"

namespace carillon::app {

/// One thing that was tried.
struct trial {
  std::string what;
  std::string fault;        ///< Empty: it is fine.
  bool only_warns = false;  ///< The fault may be none: it depends on what runs beside.
  bool hides_work = false;  ///< While it is so, what is due cannot be read.
};

/// Tries all that a service needs, as `carillon push FILE` would find it, but for sending: the server, the
/// keys, other instances, the receiver, the work at fixed times, the address of the metrics.
/// Errors: throws `system_error` when Redis cannot be asked.
loop_awaitable<std::vector<trial>> try_all(push_desk& desk);

}  // namespace carillon::app
