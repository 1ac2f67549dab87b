#include "redis/outage.hpp"

#include <spdlog/logger.h>

#include <utility>

namespace carillon::redis {

void outage::began(spdlog::logger& log, const endpoint& where, const std::string& why) {
  const std::lock_guard guard{lock_};
  if (down_++ > 0 || tellers_ > 0) return;
  told_ = true;
  log.warn("redis: {} is out of reach: {}", where.to_string(), why);
}

void outage::ended(spdlog::logger& log, const endpoint& where) {
  const std::lock_guard guard{lock_};
  if (--down_ > 0 || !std::exchange(told_, false)) return;
  log.info("redis: {} is reachable again", where.to_string());
}

void outage::left() {
  const std::lock_guard guard{lock_};
  --down_;
}

std::shared_ptr<void> outage::told_by_another() {
  const std::lock_guard guard{lock_};
  ++tellers_;
  return {this, [](outage* all) {
            const std::lock_guard guard{all->lock_};
            if (--all->tellers_ == 0 && all->down_ > 0) all->told_ = true;  // Its end is for the log.
          }};
}

int outage::down() {
  const std::lock_guard guard{lock_};
  return down_;
}

}  // namespace carillon::redis
