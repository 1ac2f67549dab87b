#pragma once
#include <iosfwd>
#include <optional>
#include <string>

#include "carillon/config.hpp"

// The push service. In shared/ where the program is built with Redis; in unshared/ where it is not, and says
// so.

namespace carillon::app {

/// `carillon push` as it was asked for.
struct push_request {
  std::string file;
  bool json = false;
  std::optional<enum log_format> log_format;  ///< Given on the command line: stronger than the file.
  std::optional<enum log_level> log_level;
  std::optional<std::string> instance;  ///< Stronger than the file.

  // A subscription; of `list` and `export`, only what is given has to match.
  std::string user;
  std::optional<std::string> tag;
  std::optional<std::string> at, schedule, weekdays, zone, quiet;
  std::string input;      ///< `import`: a file; empty or "-": standard input.
  std::size_t limit = 0;  ///< `list`: at most so many; 0: all.
  bool dry_run = false;   ///< `import`, `redrive`: only say what would be done.
};

/// Each answers the exit code.
int run_push(const push_request& request, std::ostream& out, std::ostream& err);
/// Tries everything but sending, and says what would be sent within the next hour.
int check_push(const push_request& request, std::ostream& out, std::ostream& err);
int add_subscription(const push_request& request, std::ostream& out, std::ostream& err);
int remove_subscription(const push_request& request, std::ostream& out, std::ostream& err);
int list_subscriptions(const push_request& request, std::ostream& out, std::ostream& err);
int import_subscriptions(const push_request& request, std::ostream& out, std::ostream& err);
int export_subscriptions(const push_request& request, std::ostream& out, std::ostream& err);
/// Sends again what has failed for good.
int redrive_pushes(const push_request& request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
