#pragma once
#include <spdlog/logger.h>

#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "push/options.hpp"
#include "push/service_keys.hpp"

namespace carillon::pushes {

/// A key of a service that holds what it must not.
struct wrong_key {
  std::string what;  ///< "subscriptions"
  std::string key;
  std::string why;  ///< "the key holds a string and must be a sorted set"
};

/// Those of a service. Errors and cancellation: as `redis::client`.
loop_awaitable<std::vector<wrong_key>> wrong_keys(redis::client& through, service_keys keys,
                                                  std::string subscriptions);

/// Tells of such keys: each once for as long as it is so. Thread safety: none; one strand. Lifetime: of the
/// client.
class key_types {
 public:
  key_types(redis::client& through, service_keys keys, const push_options& options,
            std::shared_ptr<spdlog::logger> logger);

  /// Looks what is wrong. True: something is, and is told by now.
  loop_awaitable<bool> tell();

 private:
  redis::client& redis_;
  service_keys keys_;
  std::string subscriptions_;
  std::shared_ptr<spdlog::logger> logger_;
  struct told {
    std::string why;
    std::chrono::steady_clock::time_point seen;
  };
  std::map<std::string, told> told_;
};

}  // namespace carillon::pushes
