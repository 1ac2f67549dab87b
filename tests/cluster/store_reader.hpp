#pragma once
#include <carillon/job/job.hpp>
#include <carillon/store/ledger.hpp>
#include <memory>
#include <string>
#include <vector>

namespace carillon::testing {

/// Reads a shared store as the command line does: it runs nothing, and is no member. Calls block.
class store_reader {
 public:
  /// Errors: throws what opening the store throws.
  explicit store_reader(const std::string& url);
  ~store_reader();
  store_reader(const store_reader&) = delete;
  store_reader& operator=(const store_reader&) = delete;

  std::vector<job_record> jobs();
  std::vector<ledger_entry> ledger();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace carillon::testing
