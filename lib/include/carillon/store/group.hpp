#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon {

/// What an instance says of its part in a group, whose places all instances share: what it has given back,
/// and what waits. `given` and `returned` count since it became a member and only grow, so that a question
/// that is sent again, or arrives late, does no harm.
struct group_request {
  /// More than these are not told at once: what they wait for is asked for again with every place.
  static constexpr std::size_t most_ranks = 16;

  std::string group;
  std::uint64_t number = 0;    ///< Of this question: greater than that of any before it.
  std::uint32_t limit = 1;     ///< Places there are, as this instance was told.
  std::uint64_t given = 0;     ///< Places that it has been given so far, as far as it has heard.
  std::uint64_t returned = 0;  ///< Those of them that it has given back.
  std::uint64_t waiting = 0;   ///< Runs that wait here.
  /// The first of those, each by a number below 2^53: the lowest of all instances goes first. Ascending.
  std::vector<std::uint64_t> ranks;
};

struct group_answer {
  bool member = true;       ///< False: whoever asked is none, and nothing was changed.
  std::uint64_t given = 0;  ///< Places given so far.
  std::uint32_t limit = 1;  ///< That counts: the smallest that a live instance was told.
};

}  // namespace carillon
