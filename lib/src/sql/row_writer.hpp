#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sql/query.hpp"
#include "sql/session.hpp"

namespace carillon::sql {

/// Writes rows into a table, as many with one statement as every server takes: what runs return and carry may
/// be long, and the least that servers take at once is 4 MiB.
class row_writer {
 public:
  /// @param columns With commas. @param after What follows the values: `dialect::or_update` and the like.
  row_writer(session& with, std::string_view table, std::string_view columns, std::string after = {})
      : with_{with}, before_{"INSERT INTO "}, after_{std::move(after)} {
    before_ += with.speaks().table(table);
    before_ += " (";
    before_ += columns;
    before_ += ") VALUES (";
  }

  /// Begins a row. What is bound to the answer, with commas between, is its values; the caller closes them
  /// with ")".
  query& next() {
    if (rows_ > 0 && writes_.bytes() >= most_bytes) write();
    if (rows_++ == 0)
      writes_ = query{before_};
    else
      writes_.add(", (");
    return writes_;
  }
  /// Writes what has not been yet.
  void write() {
    if (rows_ == 0) return;
    rows_ = 0;
    with_.run(writes_.add(after_));
  }

 private:
  static constexpr std::size_t most_bytes = 1 << 20;  // Some servers double what they have to escape.

  session& with_;
  std::string before_, after_;
  query writes_;
  std::size_t rows_ = 0;
};

}  // namespace carillon::sql
