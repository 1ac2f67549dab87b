#pragma once
#include <carillon/redis/client.hpp>
#include <carillon/time/timestamp.hpp>
#include <string>
#include <vector>

#include "push/reservations.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

inline instant push_time(const std::string& text) { return parse_timestamp(text).value().in(zone{}); }

/// A Redis server with subscriptions.
inline pushes::push_options push_options_for_tests() {
  pushes::push_options how;
  how.subscriptions = "demo:subscription";
  how.sent = "demo:exist_push";
  how.time_zone = zone{};
  return how;
}

struct push_server {
  redis_server server;

  void subscribe(const std::string& user, const std::string& tag, int score) const {
    server.cli({"ZADD", "demo:subscription", std::to_string(score), "user:" + user + "|tag:" + tag});
  }
  /// Many at once: users u0, u1, ...
  void subscribe_many(int count, int score, const std::string& tag = "t") const {
    server.cli({"EVAL",
                "for i = 0, ARGV[1] - 1 do redis.call('ZADD', 'demo:subscription', ARGV[2], "
                "string.format('user:u%d|tag:%s', i, ARGV[3])) end",
                "0", std::to_string(count), std::to_string(score), tag});
  }
  std::string mark(const std::string& name) const { return server.cli({"GET", "demo:exist_push:" + name}); }
  long long mark_time(const std::string& name) const {
    return std::stoll(server.cli({"PTTL", "demo:exist_push:" + name}));
  }
  std::string open(const std::string& name) const { return server.cli({"HGET", keys.open, name}); }
  long long letters() const { return std::stoll(server.cli({"XLEN", keys.dead})); }

  pushes::service_keys keys{"test", push_options_for_tests()};
};

}  // namespace carillon::testing
