#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace carillon::app {

/// How near a line of theirs comes to what was made of it.
enum class import_fit {
  exact,        ///< It means the same.
  approximate,  ///< It means nearly the same: the words say what differs.
  left_out,     ///< It has no like here: the words say why, and what to do.
};

/// What became of one line of a file that was imported.
struct import_note {
  import_fit fit = import_fit::exact;
  std::string file;
  std::size_t line = 0;   ///< From 1; 0: the file as a whole.
  std::string job;        ///< The id of the job that came of it; may be empty.
  std::string line_text;  ///< What stands there, or the part of it that is meant.
  std::string words;
};

/// What an import answers: a configuration file, and what became of each line.
struct import_result {
  std::string toml;
  std::vector<import_note> notes;
  std::size_t jobs = 0;
  bool failed = false;  ///< Some line was left out that runs something, or a file could not be read.
};

/// A line each, "crontab:3: backup-3f9a21bc: the same", and how many of each kind there are.
void print_report(const import_result& result, std::ostream& out);

/// The whole as one JSON object: toml, jobs, and report with fit, file, line, job, text and words.
void print_import_json(const import_result& result, std::ostream& out);

}  // namespace carillon::app
