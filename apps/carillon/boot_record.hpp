#pragma once
#include <carillon/time/instant.hpp>

#include <set>
#include <string>
#include <vector>

namespace carillon::app {

/// Which jobs for the start of the machine have run since it started: a file on this host, so that each runs
/// once for each boot and host, whatever the store and however often daemons are started.
///
/// The file is locked while it is read and written: two daemons that start at once run a job once.
class boot_record {
 public:
  /// Keeps `reboot.json` in `folder`, which is made if it is not there. `boot` names the boot (`this_boot`).
  boot_record(std::string folder, std::string boot);

  /// Those of `jobs` that have not run since the machine started; from now on they have. A job is so marked
  /// before it runs: at most once.
  ///
  /// Errors: throws `std::system_error` where the file cannot be kept; then nothing is known.
  std::set<std::string> take(const std::vector<std::string>& jobs);
  /// Those of `jobs` that have not run since the machine started. Errors: as `take`.
  std::set<std::string> not_yet(const std::vector<std::string>& jobs) const;

 private:
  std::string folder_, boot_;
};

/// The kernel's name for the time since the machine started; empty if there is none here.
std::string this_boot();

/// When the machine started, by a clock that says `now`.
instant boot_time(instant now);

/// Where a daemon keeps what concerns this host: $STATE_DIRECTORY (systemd's StateDirectory=), else
/// /var/lib/carillon for root, else $XDG_STATE_HOME/carillon or ~/.local/state/carillon.
std::string default_state_folder();

}  // namespace carillon::app
