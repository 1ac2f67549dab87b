#pragma once
#include <carillon/store/job_store.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/occurrence_checker.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::testing {

struct trial_options {
  std::string url;
  std::uint64_t seed = 1;
  std::uint32_t jobs = 120;
  std::chrono::milliseconds fires_for{20'000};  ///< From the start of the trial.
  std::chrono::milliseconds lease{2'000};
};

/// Processes that run the jobs of one store, whatever befalls them; what they did is checked afterwards.
class trial {
 public:
  explicit trial(trial_options how);
  ~trial();

  /// Starts a process under a name that none had before. Answers its number.
  std::size_t start();
  void kill(std::size_t which);
  bool running(std::size_t which) { return processes_.at(which).running(); }
  /// Whether anybody has begun a run yet.
  bool has_begun() const;
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>{0, bound - 1}(random_);
  }
  bool is_over() const;  ///< Nothing fires any more.

  /// Waits until all jobs have ended, stops the processes, and answers what is wrong; empty: nothing.
  std::string check_all();
  /// Of what was checked.
  std::size_t bodies() const { return bodies_; }
  std::size_t entries() const { return entries_; }
  void keep() { folder_.keep(); }

 private:
  std::string log_of(std::size_t which) const;
  std::vector<job_record> jobs_when_over();

  trial_options how_;
  temporary_folder folder_;
  std::mt19937_64 random_;
  std::chrono::system_clock::time_point ends_;
  std::vector<child> processes_;
  std::vector<instance_life> lives_;
  std::size_t bodies_ = 0, entries_ = 0;
};

/// Reads a store as the command line does; where there is none yet, nothing. Calls block. Errors: throws what
/// the store throws.
struct read_store {
  std::vector<job_record> jobs;
  std::vector<ledger_entry> ledger;
};
read_store read_all_of(const std::string& url, bool with_ledger);

}  // namespace carillon::testing
