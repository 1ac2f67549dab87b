#pragma once
#include <carillon/executor/command_line.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::app {

/// A text as TOML has it, in quotes.
std::string toml_quoted(std::string_view text);
/// A list of texts, and a table of texts in one line.
std::string toml_list(const std::vector<std::string>& texts);
std::string toml_table(const std::map<std::string, std::string>& texts);
/// A comment, of as many lines as the text has.
std::string toml_comment(std::string_view text);

/// One table of a configuration file, in the order in which its keys are set.
class toml_section {
 public:
  explicit toml_section(std::string header) : header_(std::move(header)) {}

  void comment(std::string_view text) { text_ += toml_comment(text); }
  void set(std::string_view key, std::string_view value);
  void set_text(std::string_view key, std::string_view value) { set(key, toml_quoted(value)); }
  /// What to run, and what it finds around it, where that differs from the defaults of `usual`.
  void set_command(const command_line& command, const command_line& usual);
  bool empty() const noexcept { return text_.empty(); }
  std::string text() const { return header_ + "\n" + text_; }

 private:
  std::string header_, text_;
};

}  // namespace carillon::app
