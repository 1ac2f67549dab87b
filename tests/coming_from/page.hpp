#pragma once
#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::coming_from {

/// A row of a table, cell by cell under the names of its columns.
struct table_row {
  int line = 0;
  std::string part;  ///< The heading "## …" above it.
  std::vector<std::string> columns;
  std::vector<std::string> cells;

  /// Empty: there is no such column.
  std::string cell(std::string_view column) const {
    const auto place = std::ranges::find(columns, column) - columns.begin();
    return place < std::ssize(cells) ? cells[static_cast<std::size_t>(place)] : std::string{};
  }
  bool has(std::string_view column) const { return std::ranges::find(columns, column) != columns.end(); }
};

/// What stands between two ``` lines, and the word behind the first.
struct fenced_block {
  int line = 0;
  std::string language;
  std::string text;
};

/// Where a row or a block is, in the order of the page.
struct page_item {
  enum class kind { row, block } what{};
  table_row row{};
  fenced_block block{};
};

inline std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  return text;
}

/// Without its blanks: line breaks are clang-format's.
inline std::string packed(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\n' && c != '\t') out += c;
  return out;
}

/// What stands in `…` in a cell.
inline std::vector<std::string> code_of(std::string_view cell) {
  std::vector<std::string> found;
  for (auto from = cell.find('`'); from != std::string_view::npos; from = cell.find('`', from)) {
    const auto end = cell.find('`', from + 1);
    if (end == std::string_view::npos) throw std::runtime_error("an odd ` in: " + std::string{cell});
    found.emplace_back(cell.substr(from + 1, end - from - 1));
    from = end + 1;
  }
  return found;
}

inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cells.back() += line[++i];
    } else if (line[i] == '|') {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  cells.pop_back();  // What comes behind the last |.
  for (auto& cell : cells) cell = trimmed(std::move(cell));
  return cells;
}

/// The tables and blocks of a page of docs. Errors: throws `std::runtime_error`.
inline std::vector<page_item> read_page(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("no page " + path);
  std::vector<page_item> items;
  std::string part;
  std::vector<std::string> columns;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) items.push_back({page_item::kind::block, {}, {number, line.substr(3), {}}});
    } else if (inside) {
      items.back().block.text += line + "\n";
    } else if (!line.starts_with("|")) {
      if (line.starts_with("## ")) part = line.substr(3);
      columns.clear();
    } else if (auto cells = cells_of(line); columns.empty()) {
      columns = std::move(cells);
    } else if (line.find_first_not_of("|- :") != std::string::npos) {
      if (cells.size() != columns.size())
        throw std::runtime_error(path + ":" + std::to_string(number) + ": another number of cells");
      items.push_back({page_item::kind::row, {number, part, columns, std::move(cells)}, {}});
    }
  }
  if (inside) throw std::runtime_error(path + ": a block without an end");
  return items;
}

}  // namespace carillon::coming_from
