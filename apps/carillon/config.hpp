#pragma once
#include <carillon/executor/executor.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/date_calendars.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/declaration.hpp"
#include "carillon/diagnostic.hpp"

namespace carillon::app {

class config_section;

/// How the daemon writes its log.
enum class log_format { text, json };

/// Which lines it writes: those of this level and above.
enum class log_level { trace, debug, info, warn, error, off };

/// The store that is the daemon's own.
inline constexpr const char* memory_store_name = "memory:";

/// `[executors.NAME]`: one that runs commands, or sends requests.
struct executor_settings {
  executor_kind kind = executor_kind::command;
  std::optional<std::uint32_t> running = std::nullopt;
  std::optional<std::uint32_t> queued = std::nullopt;
  std::optional<std::size_t> output_tail = std::nullopt;  ///< Of commands, as are ...
  std::optional<std::string> sendmail = std::nullopt;
  std::optional<std::size_t> mail_size = std::nullopt;    ///< ... these.
  std::optional<std::size_t> answer_kept = std::nullopt;  ///< Of requests.
  friend bool operator==(const executor_settings&, const executor_settings&) = default;
};

/// `[groups.NAME]`: a limit that jobs share.
struct group_settings {
  std::optional<std::uint32_t> running;
  std::optional<std::uint32_t> queued;
  friend bool operator==(const group_settings&, const group_settings&) = default;
};

/// Where jobs are kept, and how. `[stores.NAME]`; of the daemon's own store `[scheduler]` says it.
struct store_settings {
  std::optional<std::string> url;  ///< "memory:", or the URL of a shared store.
  std::optional<milliseconds> lease;
  std::optional<std::uint32_t> partitions;
  std::optional<std::size_t> history;
  std::optional<bool> required;  ///< Of others than the daemon's own: it must be there at the start.
  friend bool operator==(const store_settings&, const store_settings&) = default;

  bool is_shared() const { return url.value_or(memory_store_name) != memory_store_name; }
};

/// `[scheduler]`, `[executors]`, `[groups]`, `[stores]`, `[log]`: what holds for the whole daemon. A member
/// that a file does not give is empty.
struct daemon_settings {
  std::optional<zone> timezone;
  std::optional<std::string> store;  ///< "memory:", or the URL of a shared store.
  std::optional<milliseconds> lease;
  std::optional<std::uint32_t> partitions;
  std::optional<std::string> instance;
  std::optional<milliseconds> drain;
  std::optional<milliseconds> resume_spread;
  std::optional<std::size_t> history;
  std::optional<std::uint32_t> running;                             ///< Of all runs together ...
  std::optional<std::uint32_t> queued;                              ///< ... and those that wait for that.
  std::map<std::string, executor_settings, std::less<>> executors;  ///< By their names.
  std::optional<std::string> state;                           ///< The folder for what concerns this host.
  std::optional<milliseconds> rescan;                         ///< How often crontabs are looked at.
  std::map<std::string, group_settings, std::less<>> groups;  ///< By their names.
  std::map<std::string, store_settings, std::less<>> stores;  ///< By their names, beside the daemon's own.
  std::optional<enum log_format> log_format;
  std::optional<enum log_level> log_level;
  friend bool operator==(const daemon_settings&, const daemon_settings&) = default;
};

/// `[crontab]`: which crontabs are run beside the jobs of the file.
struct crontab_sources {
  std::vector<std::string> files;    ///< In the format of a user's.
  std::vector<std::string> system;   ///< With a column for the user.
  std::vector<std::string> folders;  ///< Of such files.
};

/// A configuration file as it was read: what is right in it, and what is wrong.
struct config {
  daemon_settings settings;
  date_calendars calendars;
  crontab_sources crontabs;
  std::vector<declaration> jobs;
  std::vector<diagnostic> found;  ///< In the order of their places.
};

/// What is wrong with the name of an instance; nothing: it can be one.
std::optional<std::string> fault_of_instance(std::string_view name);

/// Reads a configuration file (docs/configuration.md). Everything that is wrong is found at once, but for
/// faults of TOML itself, where the first ends the reading. `known` are calendars that its schedules may name
/// beside its own.
config read_config(std::string_view text, const std::string& file, const date_calendars& known = {});

/// Reads `[log]`.
void read_log(config_section section, daemon_settings& settings);

/// The values that `--log-level` and `[log] level` take, in the order of the enumeration.
const std::vector<std::string_view>& log_level_names();

}  // namespace carillon::app
