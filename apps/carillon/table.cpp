#include "carillon/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <ostream>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t longest_cell = 120;

std::size_t width_of(const std::string& cell) { return characters(cell, cell.size()); }

}  // namespace

table::table(std::vector<std::string> heads) : right_(heads.size()), heads_(std::move(heads)) {}

void table::add(std::vector<std::string> cells) {
  assert(cells.size() == heads_.size());
  for (auto& cell : cells) cell = shown(cell, longest_cell);
  rows_.push_back(std::move(cells));
}

std::ostream& operator<<(std::ostream& out, const table& which) {
  std::vector<std::size_t> widths;
  for (const auto& head : which.heads_) widths.push_back(width_of(head));
  for (const auto& row : which.rows_)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], width_of(row[column]));

  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string blanks(widths[column] - width_of(row[column]), ' ');
      line += which.right_[column] ? blanks + row[column] : row[column] + blanks;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  print(which.heads_);
  for (const auto& row : which.rows_) print(row);
  return out;
}

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace carillon::app
