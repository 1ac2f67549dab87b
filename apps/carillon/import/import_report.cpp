#include "carillon/import/import_report.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

std::string_view name_of(import_fit fit) {
  static constexpr std::array<std::string_view, 3> names{"exact", "approximate", "left_out"};
  return names[static_cast<std::size_t>(fit)];
}

std::string_view spoken_fit(import_fit fit) {
  static constexpr std::array<std::string_view, 3> names{"the same", "nearly", "left out"};
  return names[static_cast<std::size_t>(fit)];
}

std::string in_words(const import_note& note) {
  auto text = note.file;
  if (note.line != 0) text += fmt::format(":{}", note.line);
  text += ": ";
  if (!note.job.empty()) text += note.job + ": ";
  text += spoken_fit(note.fit);
  if (!note.line_text.empty()) text += fmt::format(": {}", shown(note.line_text));
  if (!note.words.empty()) text += fmt::format(": {}", note.words);
  return text;
}

}  // namespace

void print_report(const import_result& result, std::ostream& out) {
  std::array<std::size_t, 3> counts{};
  for (const auto& note : result.notes) {
    ++counts[static_cast<std::size_t>(note.fit)];
    out << in_words(note) << '\n';
  }
  out << fmt::format("{} job{}; of the lines {} mean the same, {} nearly, {} are left out\n", result.jobs,
                     result.jobs == 1 ? "" : "s", counts[0], counts[1], counts[2]);
}

void print_import_json(const import_result& result, std::ostream& out) {
  boost::json::array report;
  for (const auto& note : result.notes) {
    boost::json::object one{{"fit", name_of(note.fit)}, {"file", in_utf8(note.file)}};
    one["line"] = note.line;
    one["job"] = note.job.empty() ? boost::json::value{} : boost::json::value{in_utf8(note.job)};
    one["text"] = in_utf8(note.line_text);
    one["words"] = in_utf8(note.words);
    report.push_back(std::move(one));
  }
  boost::json::object all{{"jobs", result.jobs}, {"toml", in_utf8(result.toml)}};
  all["report"] = std::move(report);
  out << boost::json::serialize(all) << '\n';
}

}  // namespace carillon::app
