#pragma once
#include <array>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "redis_measuring.hpp"
#include "support/redis_server.hpp"

namespace carillon::bench {

/// How late something was, counted in steps of nine percent.
class lateness {
 public:
  void note(std::chrono::microseconds late);
  void add(std::size_t step, std::uint64_t count) { counts_.at(step) += count; }
  /// In milliseconds. 0 where nothing was counted.
  double quantile(double part) const;
  const auto& counts() const noexcept { return counts_; }

 private:
  std::array<std::uint64_t, 256> counts_{};
};

/// What an instance is told.
struct instance_orders {
  std::uint16_t port = 0;
  milliseconds lease{10'000};
  instant first_due{};          ///< What is due earlier is not counted.
  milliseconds period{10'000};  ///< Of rounds: a fire is of that in which it is due, from `first_due`.
  instant until{};              ///< When it ends.
  std::size_t declared = 0;     ///< Jobs that it declares itself, which are due a day later.
};

/// What an instance has done.
struct instance_deeds {
  struct round {
    std::uint64_t fires = 0;
    instant last{};  ///< When the last of them began.
  };
  std::map<int, round> rounds;
  lateness late;
  double worst = 0;  ///< Lateness in ms.
  double cpu = 0;    ///< In seconds, of the whole process.
  std::uint64_t fires() const;
  /// Several instances together.
  void add(const instance_deeds& other);
};

/// A scheduler with a store in Redis, in a process of its own. Its task `work` has an empty body.
class instance_process {
 public:
  explicit instance_process(const instance_orders& orders);

  /// How many jobs it has a loop for, and since when; of its latest word.
  std::pair<std::size_t, instant> jobs() const;
  void kill() { process_.kill(); }
  /// Has it end in order, now instead of at its time.
  instance_deeds end();
  /// Waits for its end. Errors: throws `std::runtime_error` with what it said.
  instance_deeds deeds();

 private:
  std::string said() const;

  testing::temporary_folder folder_;
  testing::child process_;
};

/// Waits until a condition holds. Errors: throws `std::runtime_error` that says for what it has waited too
/// long.
void wait_for(const char* what, std::chrono::seconds patience, const std::function<bool()>& holds);
void wait_until(instant time);
instant now();

}  // namespace carillon::bench
