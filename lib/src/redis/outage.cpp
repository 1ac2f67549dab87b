#include "redis/outage.hpp"

#include <spdlog/logger.h>

namespace carillon::redis {

void outage::began(spdlog::logger& log, const endpoint& where, const std::string& why) {
  const std::lock_guard guard{lock_};
  if (down_++ == 0) log.warn("redis: {} is out of reach: {}", where.to_string(), why);
}

void outage::ended(spdlog::logger& log, const endpoint& where) {
  const std::lock_guard guard{lock_};
  if (--down_ == 0) log.info("redis: {} is reachable again", where.to_string());
}

void outage::left() {
  const std::lock_guard guard{lock_};
  --down_;
}

int outage::down() {
  const std::lock_guard guard{lock_};
  return down_;
}

}  // namespace carillon::redis
