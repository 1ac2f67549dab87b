#pragma once
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace carillon {

/// Says that an operation waits for the run that it asks for, and for how long; none: as long as it takes.
struct and_wait {
  and_wait() = default;
  explicit and_wait(milliseconds within_) : within{within_} {}

  std::optional<milliseconds> within;
};

/// How a run ended that somebody waited for: the last attempt of it.
struct run_result {
  outcome result;
  std::string run;       ///< Run id; empty: it never began (`result` says why: skipped, "removed").
  std::string instance;  ///< That ran it.
  /// From 1; of a run that was dropped while it waited, before it began or between two attempts, 0: the
  /// attempts that there were are in the ledger.
  std::uint32_t attempt = 0;
  std::optional<instant> started, finished;
  std::string value;  ///< What the body returned, as JSON; empty: nothing.

  bool succeeded() const noexcept { return result.kind == outcome_kind::succeeded; }
  /// The value as a type that Boost.JSON converts. Errors: throws `std::runtime_error` if there is none, with
  /// how the run ended; `boost::system::system_error` for what is no T.
  template <typename T>
  T as() const {
    return boost::json::value_to<T>(json());
  }
  /// Errors: as `as`.
  boost::json::value json() const;
};

}  // namespace carillon
