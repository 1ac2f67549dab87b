#pragma once
#include <spdlog/logger.h>
#include <carillon/time/instant.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/daemon_files.hpp"

namespace carillon::app {

/// The jobs of a daemon that run once for each start of the machine, not of the daemon.
///
/// On a store that hosts share each host has its own ("warm-cache@cellar"), bound to an executor that only
/// daemons on this host have.
class reboot_jobs {
 public:
  /// `folder` keeps what has run (`boot_record`).
  reboot_jobs(std::string folder, bool shared_store, std::shared_ptr<spdlog::logger> log);

  /// The other name of an executor, on this host, that such jobs are bound to in a store that hosts share.
  static std::string on_this_host(std::string_view executor);

  /// Gives such jobs the name and the executor of this host, if the store is shared.
  void bind_to_host(std::vector<declaration>& jobs) const;

  /// At the start of a daemon: takes away those that have run since the machine started, and marks those
  /// that run now. One whose time is still to come is marked when it runs (`on_run_started`).
  void leave_out_done(std::vector<declaration>& jobs, instant started);

  void on_run_started(const std::string& job);

  /// When files are read again: takes away those that are not among `known`, for they have come since the
  /// start.
  void leave_out_new(std::vector<declaration>& jobs, const std::vector<declaration>& known) const;

 private:
  void sort_out(const std::vector<declaration>& jobs, instant started, std::vector<std::string>& due);

  std::string folder_;
  bool shared_;
  std::shared_ptr<spdlog::logger> log_;
  std::set<std::string> done_;                // ids
  std::map<std::string, std::string> later_;  // ids, and their keys in the record
};

}  // namespace carillon::app
