#pragma once
#include <carillon/time/instant.hpp>

#include <vector>

#include "carillon/doctor_findings.hpp"

namespace carillon::app {

/// A lease and a heartbeat, and again as much: what is due for longer should have been claimed.
inline constexpr milliseconds claimed_by_then{30'000};

/// What the doctor says of a store and its server.
struct diagnosis {
  server_report server;
  store_examination store;
  std::vector<finding> found;  ///< Those that were mended are not among them.
  std::vector<finding> mended;
};

}  // namespace carillon::app
