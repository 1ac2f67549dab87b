#pragma once
#include <spdlog/logger.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "push/reservations.hpp"

namespace carillon::pushes {

/// Tells what is wrong with subscriptions: each once, however often it is seen, and not more than a few at a
/// time. Thread safety: none.
class complaints {
 public:
  /// @param where What the subscriptions are called, for messages.
  complaints(std::shared_ptr<spdlog::logger> logger, std::string where, std::string rich_where);

  /// A member or a score that is malformed. Answers how many of them are new.
  std::size_t tell(const reserved_page& page);
  /// A rich subscription that is. True: it is new.
  bool tell_rich(std::string_view field, std::string_view value, const std::string& why);

 private:
  bool is_new(std::string_view what);

  std::shared_ptr<spdlog::logger> logger_;
  std::string where_, rich_where_;
  std::unordered_set<std::uint64_t> told_;  // Hashes, for they may be many and long.
  bool too_many_ = false;
};

}  // namespace carillon::pushes
