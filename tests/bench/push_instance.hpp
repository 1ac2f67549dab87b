#pragma once
#include <cstdint>
#include <string>

#include "support/redis_server.hpp"

namespace carillon::bench {

inline constexpr const char* push_subscriptions = "bench:subscription";
inline constexpr const char* push_sent = "bench:exist_push";
inline constexpr const char* push_name_space = "bench";

/// A receiver within that says yes at once.
inline constexpr const char* null_receiver = "0";

/// What an instance of the push service has done.
struct push_deeds {
  double sent = 0;
  double failed = 0;   ///< Attempts that did not deliver.
  double last = 0;     ///< How late its last push was delivered, in seconds.
  double cpu = 0;      ///< In seconds, of the whole process.
  double largest = 0;  ///< The most memory that was resident, in bytes.
};

/// An instance of the push service in a process of its own, with the options that the service has by itself,
/// except that nothing goes out before it is due.
class push_process {
 public:
  /// @param receiver The URL of a webhook; or a receiver within, that says yes to everything: after how many
  /// milliseconds.
  push_process(std::uint16_t port, const std::string& receiver);
  /// Stops it in order. Errors: throws `std::runtime_error` with what it said.
  push_deeds end();

 private:
  testing::temporary_folder folder_;
  testing::child process_;
};

/// A process that answers each HTTP request with 204, over connections that are kept, and looks at nothing.
class receiver_process {
 public:
  receiver_process();
  std::string url() const { return url_; }

 private:
  testing::temporary_folder folder_;
  testing::child process_;
  std::string url_;
};

}  // namespace carillon::bench
