#include "carillon/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <ostream>
#include <utility>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t longest_cell = 120;

std::size_t width_of(const std::string& cell) { return characters(cell, cell.size()); }

}  // namespace

table::table(std::vector<std::string> heads) : right_(heads.size()), heads_(std::move(heads)) {
  for (const auto& head : heads_) widths_.push_back(width_of(head));
}

void table::add(std::vector<std::string> cells) {
  assert(cells.size() == heads_.size());
  for (std::size_t column = 0; column < cells.size(); ++column) {
    cells[column] = shown(cells[column], longest_cell);
    widths_[column] = std::max(widths_[column], width_of(cells[column]));
  }
  rows_.push_back(std::move(cells));
}

void table::print(const std::vector<std::string>& row, std::ostream& out) const {
  std::string line;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const std::string blanks(widths_[column] - width_of(row[column]), ' ');
    line += right_[column] ? blanks + row[column] : row[column] + blanks;
    line += "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

void table::print_on(std::ostream& out) {
  if (!std::exchange(begun_, true)) print(heads_, out);
  for (const auto& row : rows_) print(row, out);
  rows_.clear();
}

std::ostream& operator<<(std::ostream& out, const table& which) {
  which.print(which.heads_, out);
  for (const auto& row : which.rows_) which.print(row, out);
  return out;
}

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace carillon::app
