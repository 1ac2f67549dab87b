#pragma once
#include <carillon/job/run.hpp>
#include <filesystem>
#include <string_view>
#include <vector>

#include "support/occurrence_checker.hpp"

namespace carillon::testing {

/// What the bodies of one process write down, a line each, in one system call: nothing of it is lost when the
/// process is killed.
///
/// Thread safety: safe.
class body_log {
 public:
  /// Errors: throws `std::runtime_error` when the file cannot be written.
  explicit body_log(const std::filesystem::path& file);
  ~body_log();
  body_log(const body_log&) = delete;
  body_log& operator=(const body_log&) = delete;

  void began(const run& run);
  /// @param how One word: "ok", "failed", "cancelled".
  void ended(const run& run, std::string_view how);

 private:
  void write(char what, const run& run, std::string_view how);

  int file_ = -1;
};

/// The marks of a log. Errors: throws `std::runtime_error` that names a line which is none.
std::vector<body_mark> read_body_log(const std::filesystem::path& file);

}  // namespace carillon::testing
