#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "redis/connection_options.hpp"

namespace carillon::redis {

/// Tells the log when a server is out of reach, and when it is back: once, however many connections go to it.
///
/// Thread safety: safe.
class outage {
 public:
  /// A connection is down that was up, or is new.
  void began(spdlog::logger& log, const endpoint& where, const std::string& why);
  /// It is up.
  void ended(spdlog::logger& log, const endpoint& where);
  /// It has been stopped while it was down.
  void left();
  /// While what this answers is kept, somebody else tells of outages, and nothing is logged here; of one that
  /// lasts longer the end is. Lifetime: not longer than this.
  [[nodiscard]] std::shared_ptr<void> told_by_another();
  /// How many of the connections are down.
  int down();

 private:
  std::mutex lock_;
  int down_ = 0;     // connections
  int tellers_ = 0;  // others who tell
  bool told_ = false;
};

}  // namespace carillon::redis
