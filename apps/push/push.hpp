#pragma once
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::pushes {

/// One reminder for one recipient. What makes it this one and no other is (user, tag, due).
struct push {
  std::string user;
  std::string tag;
  instant due{};              ///< The minute the user subscribed to, however early or late it is sent.
  std::uint32_t attempt = 1;  ///< Counts every try, those of instances that have died included.
  /// An earlier attempt ended without a word of how: the receiver may have it already.
  bool repeat = false;
  std::string key;  ///< As `idempotency_key`: the same for every attempt.
};

/// `UID|TAG|DUE`, DUE in UTC as `20261121T080000Z`: the same text for every attempt at the same push, and for
/// no other push. Percent-encoded are user and tag where they have `%`, controls, blanks or bytes beyond
/// ASCII, so that it may stand in a header, and a `|` in the user, so that it can be told apart.
std::string idempotency_key(std::string_view user, std::string_view tag, instant due);

}  // namespace carillon::pushes
