#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <string>

#include "push/options.hpp"
#include "push/service_definition.hpp"
#include "push/service_keys.hpp"

namespace carillon::pushes {

/// The instances of one service that live, as each of them sees them in Redis. All of them run it by one
/// `service_definition`: who has another is not let in while they live.
///
/// Errors and cancellation: as `redis::client`. Lifetime: of the client. Thread safety: none; one strand.
class service_instances {
 public:
  /// `me` is new for each instance, never used before.
  service_instances(redis::client& through, service_keys keys, std::string me);

  struct answer {
    bool is_in = false;        ///< One of them, until a lease after it asked.
    std::uint64_t others = 0;  ///< So many live beside this one.
    std::string definition{};  ///< How they run the service: `to_text`; empty: nobody has yet.
    /// What was due until then was seen to by an earlier definition, whose marks are over sooner than this
    /// one's grace.
    instant reach{};
    /// How late what was due until `reach` may still go out: its marks last for twice as long.
    milliseconds reach_grace{0};
    instant alive{};  ///< When somebody was last known to live; the epoch: nobody yet.
    instant now{};    ///< By Redis's clock.
  };
  enum class asking : std::uint8_t { to_be_let_in, to_stay };
  /// Makes this one of them, or renews its lease: then it is one no more when others have run the service
  /// otherwise since, also if none of them lives.
  loop_awaitable<answer> join(const service_definition& how, const push_options& options, asking why);
  /// Who lives, and how; changes nothing.
  loop_awaitable<answer> look();
  /// Is one of them no more.
  loop_awaitable<void> leave();

 private:
  redis::client& redis_;
  service_keys keys_;
  std::string me_;
};

/// What to tell one whose definition is not that of the others: how many these are, what differs, what to do.
std::string others_in_words(const service_instances::answer& others, const service_definition& ours,
                            const push_options& options);

}  // namespace carillon::pushes
