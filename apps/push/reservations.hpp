#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "push/options.hpp"
#include "push/push.hpp"
#include "push/service_keys.hpp"
#include "push/subscription.hpp"

namespace carillon::pushes {

/// A push that this process may send and nobody else, for as long as its lease is renewed.
struct reservation {
  std::string name;  ///< Of its keys: `UID|TAG`, or `|UID|TAG|DUE`.
  std::string token;
  push what;
  std::string letters{};  ///< Ids of the dead letters that this is to end, between blanks.
};

/// What a process asks to have by name.
struct wanted_push {
  std::string name;
  recipient whom;
  instant due{};
  std::uint32_t attempts = 0;  ///< Made before, that no reservation knows of.
  bool repeat = false;         ///< It may have arrived.
  std::string letters{};       ///< As of `reservation`.
};

/// Something in the set of subscriptions that is none.
struct misfit {
  std::string member;
  std::string score;
  friend bool operator==(const misfit&, const misfit&) = default;
};

/// Reads `{ member, score, ... }` of an answer.
std::vector<misfit> misfits_in(const redis::reply& pairs);

/// What came of reserving.
struct reserved_page {
  std::vector<reservation> won;
  std::uint64_t sent = 0;     ///< So many are marked as sent.
  std::uint64_t pending = 0;  ///< So many are with other processes.
  std::uint64_t dead = 0;     ///< So many have failed for good.
  std::uint64_t malformed = 0;
  std::vector<misfit> misfits;  ///< The first of those.
};

/// How a push is left that is given back.
enum class given_back : std::uint8_t {
  untouched,  ///< Nothing of it has been tried.
  failed,     ///< Its last attempt has failed, and is over.
  unknown,    ///< Nobody knows how its last attempt ended: it may have arrived.
};

/// A push that has failed for good.
struct dead_push {
  const reservation* which = nullptr;
  std::string_view reason;
};

/// The name of a push that may be due more than once a day: `|UID|TAG|DUE`.
std::string name_of(const push& what);

/// The state of pushes in Redis: who sends what, what was sent, what is dead. Each call is one script;
/// docs/push.md says which keys there are.
///
/// Errors and cancellation: as `redis::client`. After `errc::store_unreachable` a call may be repeated with
/// the same arguments: what was done is not done twice. At most 1,000 items a call, of `bury` 100. Lifetime:
/// of the client and of what is passed, until it returns. Thread safety: none; one strand.
class reservations {
 public:
  reservations(redis::client& through, std::string_view name_space, const push_options& how);

  /// A token for one call of `reserve`, and for its repetitions.
  std::string next_token();

  /// How many members have a score in [score, score + 1), and the rank of the first.
  struct ranks {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };
  loop_awaitable<ranks> ranks_of(int score);

  /// Reserves what can be of the members of ranks [first, first + count) that have that score.
  loop_awaitable<reserved_page> reserve(std::string token, instant due, int score, std::uint64_t first,
                                        std::uint64_t count);
  /// Reserves what can be of these. With `dead_too` also what has failed for good.
  loop_awaitable<reserved_page> reserve(std::string token, std::span<const wanted_push> wanted,
                                        bool dead_too = false);

  /// Marks as sent. Answers the places of those that somebody else has taken or marked meanwhile.
  loop_awaitable<std::vector<std::size_t>> commit(std::span<const reservation* const> sent, instant now);
  /// Answers the same.
  loop_awaitable<std::vector<std::size_t>> renew(std::span<const reservation* const> held);
  loop_awaitable<void> release(std::span<const std::pair<const reservation*, given_back>> unsent);
  loop_awaitable<void> bury(std::span<const dead_push> dead, instant now);

  /// Members whose score is no time of day: how many, and a few of them.
  loop_awaitable<reserved_page> misfits();

  /// Rich subscriptions, a page at a time: fields and values. Begins and ends with cursor "0".
  struct rich_page {
    std::string cursor;
    std::vector<std::pair<std::string, std::string>> fields;
  };
  loop_awaitable<rich_page> rich(std::string cursor);

  /// Forgets what was under way and due before `oldest`.
  loop_awaitable<void> sweep(instant oldest);

  const service_keys& keys() const noexcept { return keys_; }

 private:
  redis::words begun() const;
  milliseconds mark_time(const reservation& sent, instant now) const;

  redis::client& redis_;
  push_options how_;
  service_keys keys_;
  std::string prefix_;
  std::string token_prefix_;
  std::uint64_t tokens_ = 0;
};

}  // namespace carillon::pushes
