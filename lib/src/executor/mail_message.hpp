#pragma once
#include <carillon/executor/command_line.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

/// The end of what a command printed, as much as a mail may hold, and how much it was in all.
class mail_body {
 public:
  explicit mail_body(std::size_t most_bytes) noexcept : most_(most_bytes) {}

  void add(std::string_view bytes);
  bool empty() const noexcept { return all_ == 0; }
  /// From the beginning of a line, under a line that says how much is left out, if any is. Without carriage
  /// returns.
  std::string text() const;

 private:
  std::size_t most_;
  std::string kept_;
  std::uint64_t all_ = 0;
};

/// The mail that cron would send: From, To, "Subject: Cron <user@host> command", X-Cron-Env, an empty line,
/// `body`. `user` is as whom the command ran.
///
/// @pre `command.mail`.
std::string mail_message(const command_line& command, std::string_view user, std::string_view host,
                         std::string_view body);

}  // namespace carillon
