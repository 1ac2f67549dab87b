#pragma once
#include <carillon/time/instant.hpp>

#include <toml++/toml.h>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// What all sections of one configuration file share: its text, and what was found wrong in it.
class config_source {
 public:
  config_source(std::string_view text, std::string file);

  void complain(const toml::source_position& at, std::string message, std::string hint = {},
                bool warning = false);
  /// Complains about the `position`-th byte of a text that stands in the file.
  void complain_inside(const toml::node& text, std::size_t position, std::string message,
                       std::string hint = {});

  const std::string& file() const noexcept { return file_; }
  std::vector<diagnostic> found;

 private:
  std::string_view line(std::size_t number) const;

  std::string file_;
  std::vector<std::string_view> lines_;
};

/// One table of a configuration file. Asking for a key makes it known; `finish` complains about the keys that
/// nobody asked for. Each question complains about a value of a wrong type or out of range, and then answers
/// as if the key were not there.
class config_section {
 public:
  /// `path` is for messages: "[scheduler]".
  config_section(config_source& source, const toml::table& table, std::string path);

  const toml::node* node(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::uint32_t> number(std::string_view key, std::uint32_t least, std::uint32_t most);
  /// The same of one that may be negative.
  std::optional<std::int32_t> signed_number(std::string_view key, std::int32_t least, std::int32_t most);
  /// A duration such as "1h30m".
  std::optional<milliseconds> duration(std::string_view key, milliseconds least, milliseconds most);
  /// A duration, or "none": then the inner optional is empty.
  std::optional<std::optional<milliseconds>> duration_or_none(std::string_view key, milliseconds least);
  std::optional<std::vector<std::string>> texts(std::string_view key);
  std::optional<std::map<std::string, std::string>> text_map(std::string_view key);
  /// The place in `names` of the word that is given.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& names);
  const toml::table* table(std::string_view key);
  const toml::array* list_of_tables(std::string_view key);
  /// Complains if the key is there: later versions have it.
  void not_yet(std::string_view key, std::string_view what);

  void complain(const toml::node& at, std::string message, std::string hint = {});
  void finish();

  config_source& source() noexcept { return source_; }
  toml::source_position begin() const { return table_.source().begin; }
  const std::string& path() const noexcept { return path_; }

 private:
  void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted);

  config_source& source_;
  const toml::table& table_;
  std::string path_;
  std::vector<std::string_view> known_;
};

/// Reads the sections of a table that has one for each name: those of [executors] are [executors.NAME]. One
/// with a name that none can have is complained of: it is no name of `what`, "a group" for example.
void read_named_sections(config_section& section, const toml::table& all, std::string_view what,
                         const std::function<void(config_section, const std::string& name)>& read);

}  // namespace carillon::app
