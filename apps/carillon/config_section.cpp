#include "carillon/config_section.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <utility>

namespace carillon::app {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time of day";
    case toml::node_type::date_time: return "a date with time";
    default: return "nothing";
  }
}

}  // namespace

config_source::config_source(std::string_view text, std::string file) : file_(std::move(file)) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines_.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string_view config_source::line(std::size_t number) const {
  return number == 0 || number > lines_.size() ? std::string_view{} : lines_[number - 1];
}

void config_source::complain(const toml::source_position& at, std::string message, std::string hint,
                             bool warning) {
  found.push_back({file_, at.line, at.column, std::move(message), std::move(hint), warning});
}

void config_source::complain_inside(const toml::node& text, std::size_t position, std::string message,
                                    std::string hint) {
  auto at = text.source().begin;
  const auto value = text.value<std::string_view>().value_or("");
  const auto written = line(at.line);
  // Where the text stands in the file as it is (no escapes, one line), the very character can be named.
  const auto inside = written.find(value, at.column);
  if (!value.empty() && inside != std::string_view::npos && characters(written, inside) == at.column) {
    at.column += static_cast<toml::source_index>(1 + characters(value, position));
  }
  complain(at, std::move(message), std::move(hint));
}

config_section::config_section(config_source& source, const toml::table& table, std::string path)
    : source_(source), table_(table), path_(std::move(path)) {}

const toml::node* config_section::node(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return table_.get(key);
}

std::optional<std::string> config_section::text(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) return wrong_type(key, *found, "a text"), std::nullopt;
  auto value = *found->value<std::string>();
  if (value.find('\0') == std::string::npos) return value;
  complain(*found, fmt::format("{}: holds a NUL character", key));
  return std::nullopt;
}

std::optional<bool> config_section::flag(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) return wrong_type(key, *found, "true or false"), std::nullopt;
  return found->value<bool>();
}

std::optional<std::uint32_t> config_section::number(std::string_view key, std::uint32_t least,
                                                    std::uint32_t most) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_integer()) return wrong_type(key, *found, "a whole number"), std::nullopt;
  const auto value = *found->value<std::int64_t>();
  if (value >= least && value <= most) return static_cast<std::uint32_t>(value);
  complain(*found, fmt::format("{} {}: {} to {}", key, value, least, most));
  return std::nullopt;
}

std::optional<std::int32_t> config_section::signed_number(std::string_view key, std::int32_t least,
                                                          std::int32_t most) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_integer()) return wrong_type(key, *found, "a whole number"), std::nullopt;
  const auto value = *found->value<std::int64_t>();
  if (value >= least && value <= most) return static_cast<std::int32_t>(value);
  complain(*found, fmt::format("{} {}: {} to {}", key, value, least, most));
  return std::nullopt;
}

std::optional<milliseconds> config_section::duration(std::string_view key, milliseconds least,
                                                     milliseconds most) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) return wrong_type(key, *found, "a duration such as \"1h30m\""), std::nullopt;
  const auto read = parse_duration(*found->value<std::string_view>());
  if (!read) {
    source_.complain_inside(*found, read.error().position, fmt::format("{}: {}", key, read.error().message),
                            read.error().hint);
    return std::nullopt;
  }
  if (*read >= least && *read <= most) return *read;
  complain(*found, fmt::format("{} {}: {} to {}", key, format_duration(*read), format_duration(least),
                               format_duration(most)));
  return std::nullopt;
}

std::optional<std::optional<milliseconds>> config_section::duration_or_none(std::string_view key,
                                                                            milliseconds least) {
  const auto* found = table_.get(key);
  if (found != nullptr && found->value<std::string_view>() == "none") {
    known_.push_back(key);
    return std::optional<milliseconds>{};
  }
  const auto given = duration(key, least, std::chrono::hours{24 * 3660});
  if (!given) return std::nullopt;
  return std::optional{given};
}

std::optional<std::vector<std::string>> config_section::texts(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_array()) return wrong_type(key, *found, "a list of texts"), std::nullopt;
  std::vector<std::string> values;
  for (const auto& element : *found->as_array()) {
    const auto value = element.value<std::string>();
    const bool fine = element.is_string() && value->find('\0') == std::string::npos;
    if (!fine) return wrong_type(key, element, "a list of texts"), std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::optional<std::map<std::string, std::string>> config_section::text_map(std::string_view key) {
  const auto* found = table(key);
  if (found == nullptr) return std::nullopt;
  std::map<std::string, std::string> values;
  for (const auto& [name, element] : *found->as_table()) {
    if (!element.is_string()) {
      complain(element,
               fmt::format("{}.{}: must be a text, is {}", key, shown(name.str()), type_name(element)),
               "put it in quotes");
      continue;
    }
    values.emplace(name.str(), *element.value<std::string>());
  }
  return values;
}

std::optional<std::size_t> config_section::choice(std::string_view key,
                                                  const std::vector<std::string_view>& names) {
  const auto given = text(key);
  if (!given) return std::nullopt;
  const auto place = std::find(names.begin(), names.end(), *given);
  if (place != names.end()) return static_cast<std::size_t>(place - names.begin());
  complain(*table_.get(key), fmt::format("{} '{}' is not known", key, shown(*given)),
           suggestion(*given, names));
  return std::nullopt;
}

const toml::table* config_section::table(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr || found->is_table()) return found == nullptr ? nullptr : found->as_table();
  wrong_type(key, *found, "a table");
  return nullptr;
}

const toml::array* config_section::list_of_tables(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return nullptr;
  const auto* list = found->as_array();
  const auto is_table = [](const toml::node& element) { return element.is_table(); };
  if (list != nullptr && std::all_of(list->begin(), list->end(), is_table)) return list;
  complain(*found, fmt::format("{} must be a list of tables", key),
           fmt::format("write [[{}]] above each", key));
  return nullptr;
}

void config_section::not_yet(std::string_view key, std::string_view what) {
  if (const auto* found = table_.get(key)) {
    known_.push_back(key);
    complain(*found, fmt::format("{}: this version has no {}", key, what));
  }
}

void config_section::complain(const toml::node& at, std::string message, std::string hint) {
  source_.complain(at.source().begin, std::move(message), std::move(hint));
}

void config_section::wrong_type(std::string_view key, const toml::node& node, std::string_view wanted) {
  complain(node, fmt::format("{} must be {}, is {}", key, wanted, type_name(node)));
}

void config_section::finish() {
  for (const auto& [key, value] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    source_.complain(key.source().begin, fmt::format("unknown key '{}' in {}", shown(key.str()), path_),
                     suggestion(key.str(), known_));
  }
}

void read_named_sections(config_section& section, const toml::table& all, std::string_view what,
                         const std::function<void(config_section, const std::string& name)>& read) {
  std::string_view path = section.path();  // [executors]
  path.remove_suffix(1);
  for (const auto& [key, value] : all) {
    const std::string name{key.str()};
    const auto* table = section.table(name);
    if (table == nullptr) continue;
    if (name.empty() || fault_of_id(name))
      section.complain(value, fmt::format("'{}' is no name of {}", shown(name), what));
    else
      read({section.source(), *table, fmt::format("{}.{}]", path, name)}, name);
  }
}

}  // namespace carillon::app
