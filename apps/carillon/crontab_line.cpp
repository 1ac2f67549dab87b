#include "carillon/crontab_line.hpp"

#include <fmt/format.h>
#include <carillon/trigger/trigger.hpp>

#include <algorithm>
#include <array>

namespace carillon::app {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\''; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// The name of a setting that begins at `at`, and where it ends.
std::optional<std::pair<crontab_word, std::size_t>> read_name(std::string_view line, std::size_t at) {
  if (at < line.size() && is_quote(line[at])) {
    const auto close = line.find(line[at], at + 1);
    if (close == std::string_view::npos) return std::nullopt;
    return std::pair{crontab_word{line.substr(at + 1, close - at - 1), at + 1}, close + 1};
  }
  auto end = at;
  while (end < line.size() && !is_blank(line[end]) && line[end] != '=') ++end;
  return std::pair{crontab_word{line.substr(at, end - at), at}, end};
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

// "FOO=bar" before a command, or words that only lead to the program's name.
bool leads_on(std::string_view word) {
  static constexpr std::array<std::string_view, 10> leaders{"cd",   "sh",   "test",   "[",    "env",
                                                            "exec", "nice", "ionice", "sudo", "timeout"};
  if (word.front() == '-' || word.find_first_not_of("0123456789") == std::string_view::npos ||
      word.find('=') != std::string_view::npos)
    return true;
  return std::find(leaders.begin(), leaders.end(), word) != leaders.end();
}

}  // namespace

std::optional<crontab_setting> read_setting(std::string_view line) {
  const auto name = read_name(line, skip_blanks(line, 0));
  if (!name) return std::nullopt;
  auto at = skip_blanks(line, name->second);
  if (at >= line.size() || line[at] != '=') return std::nullopt;
  at = skip_blanks(line, at + 1);
  auto end = line.size();
  while (end > at && is_blank(line[end - 1])) --end;
  const bool quoted = end - at >= 2 && is_quote(line[at]) && line[end - 1] == line[at];
  if (quoted) ++at, --end;
  return crontab_setting{name->first, {line.substr(at, end - at), at}, quoted};
}

crontab_words split_words(std::string_view line, std::size_t limit) {
  crontab_words found;
  auto at = skip_blanks(line, 0);
  while (at < line.size() && found.words.size() < limit) {
    auto end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    found.words.push_back({line.substr(at, end - at), at});
    at = skip_blanks(line, end);
  }
  found.rest = {line.substr(at), at};
  return found;
}

crontab_command split_percent(std::string_view text) {
  crontab_command command;
  bool in_input = false, escaped = false;
  for (const char c : text) {
    auto& out = in_input ? command.input : command.line;
    if (escaped && c == '%') {
      out.back() = c;  // the backslash goes
    } else if (c == '%' && !in_input) {
      in_input = true;
    } else {
      out += c == '%' ? '\n' : c;
    }
    escaped = c == '\\' && !escaped;
  }
  if (!command.input.empty() && command.input.back() != '\n') command.input += '\n';
  return command;
}

bool looks_like_time_field(std::string_view word) {
  static constexpr std::array<std::string_view, 19> names{"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                                          "aug", "sep", "oct", "nov", "dec", "sun", "mon",
                                                          "tue", "wed", "thu", "fri", "sat"};
  if (word.empty()) return false;
  const char first = word.front();
  if ((first >= '0' && first <= '9') || first == '*' || first == '?' || first == '~' || word == "L" ||
      word == "LW")
    return true;
  std::string start{word.substr(0, 3)};
  std::transform(start.begin(), start.end(), start.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool ends =
      word.size() == 3 ||
      (word.size() > 3 && (word[3] == '-' || word[3] == ',' || word[3] == '#' || word[3] == '/'));
  return ends && std::find(names.begin(), names.end(), start) != names.end();
}

std::string id_of_command(std::string_view command, std::string_view user) {
  std::string_view program = "job";
  for (const auto& word : split_words(command, 16).words) {
    if (leads_on(word.text)) continue;
    program = word.text;
    break;
  }
  program.remove_prefix(std::min(program.size(), program.find_last_of('/') + 1));
  std::string name;
  for (const char c : program.substr(0, 40)) {
    if (is_word_character(c)) name += c;
  }
  if (name.empty()) name = "job";
  const auto whole = user.empty() ? std::string{command} : fmt::format("{}\n{}", user, command);
  return fmt::format("{}-{:08x}", name, seed_of(whole) & 0xffffffffu);
}

}  // namespace carillon::app
