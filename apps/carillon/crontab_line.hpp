#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// A piece of a line, and where it begins (in bytes from 0).
struct crontab_word {
  std::string_view text;
  std::size_t at = 0;
};

/// A setting: `NAME = value`.
struct crontab_setting {
  crontab_word name;    ///< Without quotes.
  crontab_word value;   ///< Without quotes.
  bool quoted = false;  ///< The value was in quotes.
};

/// The setting that a line holds, by Vixie's rules: a name, which may be quoted, `=` with or without blanks
/// around it, a value, which may be quoted with ' or " to keep its blanks; else nothing.
std::optional<crontab_setting> read_setting(std::string_view line);

/// The first words of a line, at most `limit`, and the rest of it behind them and the blanks that follow.
struct crontab_words {
  std::vector<crontab_word> words;
  crontab_word rest;
};
crontab_words split_words(std::string_view line, std::size_t limit);

/// What cron makes of the text after the time fields: the line for the shell up to the first `%`, and what
/// comes after it as standard input, with a newline for each further one. `\%` is a `%`.
struct crontab_command {
  std::string line;
  std::string input;
};
crontab_command split_percent(std::string_view text);

/// Whether a word may stand in one of the five time fields, to judge by its first character or its name.
bool looks_like_time_field(std::string_view word);

/// A name for the job of a command: its program's name, and a hash of the whole ("backup.sh-3f9a21bc"), and
/// of the user, where the line has one.
std::string id_of_command(std::string_view command, std::string_view user = {});

}  // namespace carillon::app
