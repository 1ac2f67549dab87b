#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// To whom a command's output is mailed, as crontabs say it: only where it prints something.
struct command_mail {
  std::vector<std::string> to;    ///< Addresses or names of users here; at least one.
  std::string from;               ///< Empty: the user that the command runs as.
  std::string content_type;       ///< Empty: "text/plain; charset=UTF-8".
  std::string transfer_encoding;  ///< Empty: "8bit".
  bool if_possible = false;       ///< That the machine has no sendmail is then no fault that is told.
  bool show_env = false;          ///< A header for each variable of `command_line::env`, as cron writes them.

  friend bool operator==(const command_mail&, const command_mail&) = default;
};

/// The addresses of a list with commas or blanks between them: "root, ops@example.com".
std::vector<std::string> addresses_of(std::string_view list);

/// What is wrong with it: no address, one that is no plain address, a header that does not fit in a line;
/// nothing if it is fine.
std::optional<std::string> fault_of(const command_mail& mail);

/// What is wrong with one address: letters, digits and @!:%-.,_+ only, and no '-' first, as cron has it.
std::optional<std::string> fault_of_address(std::string_view address);

/// An object with the members that differ from their defaults.
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, const command_mail& mail);

/// Reads what the other direction writes. Throws `std::invalid_argument` naming the member that is wrong.
command_mail tag_invoke(boost::json::value_to_tag<command_mail>, const boost::json::value& in);

}  // namespace carillon
