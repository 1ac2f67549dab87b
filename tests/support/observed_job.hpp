#pragma once
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/occurrence_checker.hpp"

namespace carillon::testing {

/// A run of a body, both of its marks together.
struct observed_body {
  const body_mark* began = nullptr;
  const body_mark* ended = nullptr;  ///< Null: it never got to its end.
};

/// What was seen of one job.
struct observed_job {
  const checked_job* job = nullptr;          ///< Null: nobody has named it.
  std::vector<observed_body> bodies;         ///< By when they began.
  std::vector<const body_mark*> strays;      ///< Ends without a begin.
  std::vector<const ledger_entry*> entries;  ///< By their numbers.
};

/// By job. Refers to `seen`.
std::map<std::string, observed_job> by_job(const observation& seen);

/// The times that a body was running for certain, with what it is excused for taken away.
std::vector<std::pair<shared_time, shared_time>> certain_times(const observed_body& body,
                                                               const instance_life* life, shared_time slack);

}  // namespace carillon::testing
