#include "carillon/import/toml_text.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>

#include <algorithm>

namespace carillon::app {
namespace {

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string mail_table(const command_mail& mail) {
  std::string addresses;
  for (const auto& one : mail.to) addresses += (addresses.empty() ? "" : ", ") + one;
  auto text = "{ to = " + toml_quoted(addresses);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) text += fmt::format(", {} = {}", key, toml_quoted(value));
  };
  add("from", mail.from);
  add("content_type", mail.content_type);
  add("transfer_encoding", mail.transfer_encoding);
  if (mail.if_possible) text += ", if_possible = true";
  if (mail.show_env) text += ", show_env = true";
  return text + " }";
}

}  // namespace

std::string toml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + toml_quoted(text);
  return "[" + list + "]";
}

std::string toml_table(const std::map<std::string, std::string>& texts) {
  std::string table;
  for (const auto& [name, value] : texts) {
    table += fmt::format("{}{} = {}", table.empty() ? "" : ", ", is_bare_key(name) ? name : toml_quoted(name),
                         toml_quoted(value));
  }
  return table.empty() ? "{}" : "{ " + table + " }";
}

std::string toml_comment(std::string_view text) {
  std::string comment;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line{text.substr(0, end)};
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }, '?');
    comment += "# " + line + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return comment;
}

void toml_section::set(std::string_view key, std::string_view value) {
  text_ += fmt::format("{} = {}\n", key, value);
}

void toml_section::set_command(const command_line& command, const command_line& usual) {
  if (!command.argv.empty()) set("command", toml_list(command.argv));
  if (!command.shell.empty()) set_text("shell", command.shell);
  if (!command.input.empty()) set_text("input", command.input);
  if (command.user != usual.user) set_text("user", command.user);
  if (command.cwd != usual.cwd) set_text("cwd", command.cwd);
  if (command.shell_program != usual.shell_program) set_text("shell_program", command.shell_program);
  if (command.inherit_env != usual.inherit_env) set("inherit_env", command.inherit_env ? "true" : "false");
  std::map<std::string, std::string> own;
  for (const auto& [name, value] : command.env) {
    const auto known = usual.env.find(name);
    if (known == usual.env.end() || known->second != value) own.emplace(name, value);
  }
  if (!own.empty()) set("env", toml_table(own));
  if (command.mail != usual.mail) set("mail", command.mail ? mail_table(*command.mail) : "{ to = \"\" }");
  if (command.kill_after != usual.kill_after) set_text("kill_after", format_duration(command.kill_after));
  if (!command.log_output) set("log_output", "false");
}

}  // namespace carillon::app
