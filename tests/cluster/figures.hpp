#pragma once
#include <map>
#include <string>
#include <vector>

#include "cluster.hpp"

namespace carillon::testing {

/// Durations, for their quantiles.
class durations {
 public:
  void add(shared_time one) { all_.push_back(one); }
  void add(const durations& others) { all_.insert(all_.end(), others.all_.begin(), others.all_.end()); }
  bool empty() const { return all_.empty(); }
  /// @param part From 0, the shortest, to 1, the longest. 0 if there are none.
  shared_time quantile(double part) const;
  /// "p50 … p99 … max …"
  std::string words() const;

 private:
  std::vector<shared_time> all_;
};

/// What happened, in numbers. Sums over several clusters.
struct figures {
  std::uint64_t occurrences = 0;  ///< Nominal times that the ledger speaks of.
  std::map<std::string, std::uint64_t> outcomes;
  std::uint64_t bodies = 0;
  std::uint64_t reruns = 0;  ///< Bodies of occurrences that had been lost before.
  std::map<std::string, std::uint64_t> faults;
  durations lateness;   ///< From when a first attempt was due until its body began.
  durations take_over;  ///< For each job of an instance that went away: from when it was next due, or the
                        ///< instance was gone, until a body of it began elsewhere.
  std::uint64_t findings = 0;

  void add(const figures& others);
  std::string words() const;
};

figures figures_of(const cluster_result& result);

}  // namespace carillon::testing
