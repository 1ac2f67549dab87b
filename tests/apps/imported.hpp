#pragma once
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "carillon/config.hpp"
#include "carillon/import/import_timer.hpp"

namespace carillon::app {

/// What a set of unit files becomes: the result, and the file that was made, read.
struct imported {
  import_result result;
  config file;

  explicit imported(import_result made)
      : result(std::move(made)), file(read_config(result.toml, "jobs.toml")) {
    for (const auto& problem : file.found) FAIL_CHECK(problem.to_string());
  }

  std::string words_of(std::string_view text) const {
    for (const auto& note : result.notes) {
      if (note.line_text.starts_with(text)) return note.words;
    }
    return "nothing is said of " + std::string{text};
  }
  import_fit fit_of(std::string_view text) const {
    for (const auto& note : result.notes) {
      if (note.line_text.starts_with(text)) return note.fit;
    }
    FAIL_CHECK(std::string{text});
    return import_fit::exact;
  }
  /// What is said of a file as a whole.
  std::string words_of_file(std::string_view name) const {
    for (const auto& note : result.notes) {
      if (note.file == name && note.line == 0) return note.words;
    }
    return "nothing is said of " + std::string{name};
  }
  const job_definition& job(std::size_t place) const {
    REQUIRE(file.jobs.size() > place);
    return file.jobs[place].definition;
  }
};

/// A machine whose unit files are those.
inline unit_source source_of(const std::map<std::string, std::string>& files) {
  return {[&files](const std::string& file) -> std::optional<std::string> {
            const auto found = files.find(file);
            if (found == files.end()) return std::nullopt;
            return found->second;
          },
          [&files](const std::string& folder) {
            std::vector<std::string> names;
            for (const auto& [file, text] : files) {
              if (file.starts_with(folder + "/")) names.push_back(file.substr(folder.size() + 1));
            }
            return names;
          }};
}

inline imported units(const std::map<std::string, std::string>& files,
                      const std::string& timer = "/u/backup.timer") {
  return imported{import_timers({timer}, source_of(files))};
}

inline imported timer(const std::string& lines,
                      const std::string& service = "[Service]\nExecStart=/bin/backup --full\n") {
  return units({{"/u/backup.timer", "[Timer]\n" + lines}, {"/u/backup.service", service}});
}

}  // namespace carillon::app
