#pragma once
#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/group_shares.hpp"

namespace carillon::testing {

/// Has members of a group come, ask for places and go at random, and holds what the store answers each
/// against what `group_shares` answers.
///
/// `World` is of a store that has no members yet: it lets one `join` and `drop`s it, and `ask`s as one.
template <typename World>
class group_walk {
 public:
  /// @param kept Called after each answer with what the store is to have kept by then.
  explicit group_walk(
      World& world, std::function<void(const group_shares&)> kept = [](const auto&) {})
      : world_{world}, kept_{std::move(kept)} {}

  void run(int steps) {
    for (const auto& name : names_) join(name);
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      const std::string& who = names_[random_() % names_.size()];
      if (random_() % 20 != 0) {
        ask(who);
      } else if (live_.contains(who)) {
        drop(who);
      } else {
        join(who);
      }
    }
  }

 private:
  void join(const std::string& who) {
    live_.insert(who);
    last_.erase(who);
    world_.join(who);
  }
  void drop(const std::string& who) {
    live_.erase(who);
    world_.drop(who);
  }
  /// Asks for the first time or anew, or once more as if the answer had been lost.
  void ask(const std::string& who) {
    auto& said = last_[who];
    if (said.number == 0 || random_() % 6 != 0) ask_anew(who, said);
    const group_answer answer = world_.ask(who, said);
    std::vector<std::string> told;
    const auto wanted =
        shares_.share(who, said, [this](const std::string& id) { return live_.contains(id); }, told);
    REQUIRE(answer.member == wanted.member);
    if (!answer.member) return;
    REQUIRE(answer.given == wanted.given);
    REQUIRE(answer.limit == wanted.limit);
    kept_(shares_);
  }
  void ask_anew(const std::string& who, group_request& said) {
    said.group = "db";
    ++said.number;
    said.limit = static_cast<std::uint32_t>(3 + random_() % 2);
    const auto known = shares_.members.find(who);
    const bool hears = known != shares_.members.end() && random_() % 3 != 0;
    if (hears) said.given = std::max(said.given, known->second.given);
    said.returned += said.given > said.returned ? random_() % (said.given - said.returned + 1) : 0;
    said.ranks.clear();
    for (auto ranks = random_() % 5; ranks > 0; --ranks)
      said.ranks.push_back((std::uint64_t{100} << 44) + random_() % 1'000);
    std::ranges::sort(said.ranks);
    said.waiting = said.ranks.size() + random_() % 2;
  }

  World& world_;
  std::function<void(const group_shares&)> kept_;
  std::mt19937_64 random_{7};
  std::array<std::string, 4> names_{"a b/1", "b/2", "c/3", "d/4"};
  std::set<std::string> live_;
  std::map<std::string, group_request> last_;
  group_shares shares_;
};

}  // namespace carillon::testing
