#pragma once
#include <string>
#include <utility>

#include "redis/connection_world.hpp"
#include "redis/job_backend.hpp"
#include "support/plain_store.hpp"

namespace carillon::testing {

/// A server that all tests of this program share: each has a namespace of its own.
inline const redis_server& shared_server() {
  static const redis_server server;
  return server;
}

inline std::string new_name_space() {
  static int made = 0;
  return "test-" + std::to_string(++made);
}

/// A backend of a namespace of its own, and a store made of it.
class backend_world : public connection_world {
 public:
  explicit backend_world(std::string name = new_name_space(), redis::job_backend_options how = {})
      : connection_world{patient()}, name_space{std::move(name)}, backend{connection, name_space, how} {}

  std::string name_space;
  redis::job_backend backend;

 private:
  /// What is tested here is no outage: a busy machine may take its time.
  static redis::connection_options patient() {
    auto how = options_for(shared_server());
    how.command_timeout = how.health_check_interval = std::chrono::seconds{20};
    return how;
  }
};

}  // namespace carillon::testing
