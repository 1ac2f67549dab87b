#pragma once
#include <boost/json/value.hpp>
#include <carillon/executor/command_mail.hpp>
#include <carillon/time/instant.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// A program to run as a child process: what, with which surroundings, and how it is ended. A value that JSON
/// carries, so that a job with a command can live in any store.
struct command_line {
  std::vector<std::string>
      argv;           ///< The program and its arguments, without a shell; empty if `shell` is given.
  std::string shell;  ///< A line for the shell; empty if `argv` is given.
  std::string shell_program = "/bin/sh";  ///< Is called with "-c" and the line.
  bool inherit_env = true;  ///< Begin with the environment of this process, not with an empty one ...
  std::map<std::string, std::string> env;  ///< ... set these ...
  std::vector<std::string> unset;          ///< ... and take these away. The CARILLON_* variables come last.
  std::string cwd;                         ///< Working directory; empty: that of this process.
  std::string input;                       ///< What it finds on its standard input.
  milliseconds kill_after{10'000};         ///< How long after SIGTERM comes SIGKILL.
  /// As whom it runs, with the groups of that user, and HOME, LOGNAME, USER and SHELL as the machine's list
  /// of users has them where `env` does not say otherwise. Empty: as this process does. Another user than
  /// that takes root. A number is the user's number, if no user has it as a name.
  std::string user;
  std::optional<command_mail> mail;  ///< To whom goes what it prints.
  bool log_output = true;            ///< What it prints goes to the log.

  friend bool operator==(const command_line&, const command_line&) = default;
};

/// What is wrong with it: neither or both of `argv` and `shell`, a NUL in a text, a name of a variable that
/// is none, a relative working directory, a `kill_after` outside 0 to a day, a user's name that cannot be
/// one, an address that is none; nothing if it is fine.
std::optional<std::string> fault_of(const command_line& command);

/// For people: the shell line, or the words joined, quoted where a shell would need it.
std::string to_string(const command_line& command);

/// An object with the members that differ from their defaults; durations as text ("10s").
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, const command_line& command);

/// Reads what the other direction writes. Throws `std::invalid_argument` naming the member that is unknown,
/// of a wrong type or wrong by `fault_of`.
command_line tag_invoke(boost::json::value_to_tag<command_line>, const boost::json::value& in);

}  // namespace carillon
