#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/redis/link.hpp>

#include <functional>
#include <iosfwd>
#include <optional>

#include "carillon/push_access.hpp"
#include "carillon/shared/push_config.hpp"
#include "push/service_keys.hpp"

namespace carillon::app {

/// Reads the file of a request, and prints what is wrong in it. Nothing: it cannot be used.
std::optional<push_config> read_push_file(const push_request& request, bool as_json, std::ostream& err);

/// Lets the process open as many files as its connections take. What is wrong if it may not.
std::optional<std::string> fault_of_files(const push_config& config);

/// What a command on subscriptions works with.
struct push_desk {
  const push_config& config;
  redis::link& link;
  redis::client& redis;
  loop_executor where;

  pushes::service_keys keys() const;
  std::string rich_key() const { return keys().rich; }
};

/// Reads the file, connects, does `work` and disconnects. Answers the exit code; what goes wrong is printed.
int at_push_desk(const push_request& request, std::ostream& err,
                 const std::function<loop_awaitable<int>(push_desk&)>& work);

}  // namespace carillon::app
