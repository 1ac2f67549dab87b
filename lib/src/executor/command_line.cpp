#include <carillon/executor/command_line.hpp>
#include <carillon/time/duration.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace carillon {
namespace {

namespace json = boost::json;
using std::chrono::hours;

[[noreturn]] void refuse(std::string_view member, std::string_view why) {
  throw std::invalid_argument(fmt::format("command: {}: {}", member, why));
}

std::string read_text(std::string_view member, const json::value& in) {
  if (!in.is_string()) refuse(member, "must be a text");
  return std::string{in.get_string()};
}

std::vector<std::string> read_texts(std::string_view member, const json::value& in) {
  if (!in.is_array()) refuse(member, "must be a list of texts");
  std::vector<std::string> texts;
  for (const auto& element : in.get_array()) texts.push_back(read_text(member, element));
  return texts;
}

std::map<std::string, std::string> read_env(const json::value& in) {
  if (!in.is_object()) refuse("env", "must be an object of texts");
  std::map<std::string, std::string> env;
  for (const auto& [name, value] : in.get_object()) env.emplace(name, read_text("env", value));
  return env;
}

bool read_flag(std::string_view member, const json::value& in) {
  if (!in.is_bool()) refuse(member, "must be true or false");
  return in.get_bool();
}

milliseconds read_duration(std::string_view member, const json::value& in) {
  const auto duration = parse_duration(read_text(member, in));
  if (!duration) refuse(member, duration.error().message);
  return *duration;
}

void read_member(command_line& command, std::string_view name, const json::value& in) {
  if (name == "argv") {
    command.argv = read_texts(name, in);
  } else if (name == "shell") {
    command.shell = read_text(name, in);
  } else if (name == "shell_program") {
    command.shell_program = read_text(name, in);
  } else if (name == "inherit_env") {
    command.inherit_env = read_flag(name, in);
  } else if (name == "env") {
    command.env = read_env(in);
  } else if (name == "unset") {
    command.unset = read_texts(name, in);
  } else if (name == "cwd") {
    command.cwd = read_text(name, in);
  } else if (name == "input") {
    command.input = read_text(name, in);
  } else if (name == "kill_after") {
    command.kill_after = read_duration(name, in);
  } else if (name == "user") {
    command.user = read_text(name, in);
  } else if (name == "log_output") {
    command.log_output = read_flag(name, in);
  } else if (name == "mail") {
    command.mail = json::value_to<command_mail>(in);
  } else {
    refuse(name,
           "no such member; there are argv, shell, shell_program, inherit_env, env, unset, cwd, input, "
           "kill_after, user, mail, log_output");
  }
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::optional<std::string> fault_of_name(const std::string& name) {
  if (!name.empty() && name.find('=') == std::string::npos && !has_nul(name)) return std::nullopt;
  return fmt::format("'{}' is no name of an environment variable", name);
}

std::optional<std::string> fault_of_env(const command_line& command) {
  for (const auto& [name, value] : command.env) {
    if (auto fault = fault_of_name(name)) return fault;
    if (has_nul(value)) return fmt::format("the environment variable {} holds a NUL character", name);
  }
  for (const auto& name : command.unset) {
    if (auto fault = fault_of_name(name)) return fault;
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_user(const std::string& user) {
  const bool possible = user.size() <= 256 && user.find_first_of(":/ \t\n") == std::string::npos &&
                        !user.starts_with('-') && !has_nul(user);
  if (possible) return std::nullopt;
  return fmt::format("'{}' is no name of a user", user);
}

bool needs_quotes(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  return word.empty() || word.find_first_not_of(plain) != std::string::npos;
}

std::string in_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

}  // namespace

std::optional<std::string> fault_of(const command_line& command) {
  if (command.argv.empty() && command.shell.empty()) return "neither argv nor shell is given: nothing to run";
  if (!command.argv.empty() && !command.shell.empty()) return "argv and shell are both given: one of them";
  if (!command.argv.empty() && command.argv.front().empty()) return "the name of the program is empty";
  if (std::any_of(command.argv.begin(), command.argv.end(), has_nul) || has_nul(command.shell)) {
    return "the command holds a NUL character";
  }
  if (command.shell_program.empty() || command.shell_program.front() != '/' ||
      has_nul(command.shell_program)) {
    return fmt::format("shell_program '{}' is no absolute path", command.shell_program);
  }
  if ((!command.cwd.empty() && command.cwd.front() != '/') || has_nul(command.cwd)) {
    return fmt::format("cwd '{}' is no absolute path", command.cwd);
  }
  if (command.kill_after < milliseconds{0} || command.kill_after > hours{24}) {
    return fmt::format("kill_after {}: 0s to 1d", format_duration(command.kill_after));
  }
  if (auto fault = fault_of_user(command.user)) return fault;
  if (command.mail) {
    if (auto fault = fault_of(*command.mail)) return fault;
  }
  return fault_of_env(command);
}

std::string to_string(const command_line& command) {
  if (command.argv.empty()) return command.shell;
  std::string text;
  for (const auto& word : command.argv) {
    if (!text.empty()) text += ' ';
    text += needs_quotes(word) ? in_quotes(word) : word;
  }
  return text;
}

void tag_invoke(json::value_from_tag, json::value& out, const command_line& command) {
  const command_line defaults;
  auto& object = out.emplace_object();
  if (command.argv != defaults.argv) object["argv"] = json::value_from(command.argv);
  if (command.shell != defaults.shell) object["shell"] = command.shell;
  if (command.shell_program != defaults.shell_program) object["shell_program"] = command.shell_program;
  if (command.inherit_env != defaults.inherit_env) object["inherit_env"] = command.inherit_env;
  if (command.env != defaults.env) object["env"] = json::value_from(command.env);
  if (command.unset != defaults.unset) object["unset"] = json::value_from(command.unset);
  if (command.cwd != defaults.cwd) object["cwd"] = command.cwd;
  if (command.input != defaults.input) object["input"] = command.input;
  if (command.kill_after != defaults.kill_after) object["kill_after"] = format_duration(command.kill_after);
  if (command.user != defaults.user) object["user"] = command.user;
  if (!command.log_output) object["log_output"] = false;
  if (command.mail) object["mail"] = json::value_from(*command.mail);
}

command_line tag_invoke(json::value_to_tag<command_line>, const json::value& in) {
  if (!in.is_object()) throw std::invalid_argument("command: must be an object");
  command_line command;
  for (const auto& [name, value] : in.get_object()) read_member(command, name, value);
  if (const auto fault = fault_of(command)) throw std::invalid_argument("command: " + *fault);
  return command;
}

}  // namespace carillon
