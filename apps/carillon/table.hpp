#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace carillon::app {

/// Columns for people to read: as wide as what stands in them, two blanks between them, heads in capitals.
/// The same rows give the same text, whatever the terminal.
class table {
 public:
  explicit table(std::vector<std::string> heads);

  /// Numbers stand at the right of their column.
  void align_right(std::size_t column) { right_.at(column) = true; }
  /// As many cells as there are heads. Control characters are shown escaped, what is long is cut.
  void add(std::vector<std::string> cells);
  std::size_t size() const noexcept { return rows_.size(); }

  friend std::ostream& operator<<(std::ostream& out, const table& which);

  /// Prints the rows that have come since it was last called, the heads before the first, and forgets them:
  /// columns are as wide as what has come so far.
  void print_on(std::ostream& out);

 private:
  void print(const std::vector<std::string>& row, std::ostream& out) const;

  std::vector<std::size_t> widths_;
  bool begun_ = false;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> heads_;
};

/// "1 job", "3 jobs".
std::string counted(std::size_t count, const char* noun);

}  // namespace carillon::app
