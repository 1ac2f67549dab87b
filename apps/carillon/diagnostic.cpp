#include "carillon/diagnostic.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <tuple>

namespace carillon::app {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein's distance, letters of any case alike, two neighbours swapped counted as one step.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string diagnostic::to_string() const {
  std::string text = file;
  if (line != 0) text += fmt::format(":{}", line);
  if (line != 0 && column != 0) text += fmt::format(":{}", column);
  if (!text.empty()) text += ": ";
  if (warning) text += "warning: ";
  text += message;
  if (!hint.empty()) text += ": " + hint;
  return text;
}

bool has_errors(const std::vector<diagnostic>& found) {
  return std::any_of(found.begin(), found.end(), [](const diagnostic& d) { return !d.warning; });
}

void print_diagnostics(const std::vector<diagnostic>& found, bool as_json, std::ostream& err) {
  for (const auto& one : found) {
    if (!as_json) {
      err << one.to_string() << '\n';
      continue;
    }
    boost::json::object object{{"level", one.warning ? "warn" : "error"},
                               {"file", in_utf8(one.file)},
                               {"line", one.line},
                               {"column", one.column}};
    object["message"] = in_utf8(one.message);
    object["hint"] = in_utf8(one.hint);
    err << boost::json::serialize(object) << '\n';
  }
}

void sort_by_place(std::vector<diagnostic>& found) {
  std::sort(found.begin(), found.end(), [](const diagnostic& a, const diagnostic& b) {
    return std::tie(a.line, a.column, a.message) < std::tie(b.line, b.column, b.message);
  });
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > 40) return {};
  std::size_t best = word.size() <= 3 ? 2 : word.size() / 3 + 2;  // farther than this is another word
  std::string_view found;
  for (const auto candidate : known) {
    const auto far = distance(word, candidate);
    if (far < best) best = far, found = candidate;
  }
  return std::string{found};
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  const auto meant = nearest(word, known);
  if (!meant.empty()) return fmt::format("did you mean {}?", meant);
  return fmt::format("one of {}", fmt::join(known, ", "));
}

std::size_t characters(std::string_view text, std::size_t bytes) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto part = text.substr(0, bytes);
  return static_cast<std::size_t>(std::count_if(part.begin(), part.end(), is_start));
}

}  // namespace carillon::app
