#pragma once
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sql/dialect.hpp"
#include "sql/query.hpp"

namespace soci {
class session;
}

namespace carillon::sql {

/// Why a database did not do what it was asked.
class database_error : public std::runtime_error {
 public:
  enum class kind : std::uint8_t {
    lost,      ///< No connection, or it was lost: what was asked may have been done.
    busy,      ///< Others were in the way: nothing was done, and it may be asked again.
    no_table,  ///< A table of the store is not there.
    refused,   ///< It would not, and would not again.
  };
  database_error(kind what, const std::string& words) : std::runtime_error(words), what_{what} {}
  kind why() const noexcept { return what_; }

 private:
  kind what_;
};

/// One connection to a database: made when it is first needed, and again after it was lost.
///
/// Errors: throws `database_error`. Thread safety: one thread, but for `interrupt`.
class session {
 public:
  session(const database_address& where, std::chrono::milliseconds timeout,
          session_use what_for = session_use::keeps);
  ~session();

  const dialect& speaks() const noexcept { return dialect_; }
  /// Connects if it is not. What was kept of the database behind the last connection is gone with it.
  void connect();
  void disconnect() noexcept;
  /// A call begins, of which nothing has been asked yet.
  void begin_call() noexcept { answered_ = 0; }
  /// Whether nothing of the call has been answered: what a connection is for that was idle and was closed.
  bool is_unanswered() const noexcept { return answered_ == 0; }
  /// Of SQLite: whether another file, or none, is where the open one was.
  bool is_replaced() const noexcept;

  /// @param columns One letter for each column: t text, n number.
  rows ask(const query& what, std::string_view columns);
  void run(const query& what) { ask(what, {}); }
  void run(std::string_view text) { ask(query{text}, {}); }
  /// The clock by which all instances of the store agree.
  instant now();

  /// Has the call that is under way fail. Thread safety: safe.
  void interrupt() noexcept;

 private:
  std::string parameters() const;
  void greet();
  [[noreturn]] void rethrow();

  const database_address& where_;
  const std::chrono::milliseconds timeout_;
  const dialect dialect_;
  const session_use what_for_;
  std::mutex guard_;  ///< Of the pointer, which `interrupt` looks at.
  std::unique_ptr<soci::session> connection_;
  std::uint64_t device_ = 0, node_ = 0;
  std::size_t answered_ = 0;
};

/// A transaction that writes: rolled back unless it was committed.
class transaction {
 public:
  explicit transaction(session& on);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  void commit();

 private:
  session& on_;
  bool open_ = true;
};

}  // namespace carillon::sql
