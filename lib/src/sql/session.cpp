#include "sql/session.hpp"

#include <fmt/format.h>
#include <mysql/soci-mysql.h>
#include <postgresql/soci-postgresql.h>
#include <soci.h>
#include <sqlite3/soci-sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

namespace carillon::sql {

namespace {

using failure_kind = database_error::kind;

/// With all but letters and digits as %XX.
std::string in_url(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    made += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return made;
}

/// In quotes, as SOCI reads a value for MySQL.
std::string in_quotes(std::string_view text) {
  std::string made = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') made += '\\';
    made += c;
  }
  return made + "'";
}

/// What a library says, in a line: the last of several that go into detail.
std::string words_of_library(std::string_view words) {
  const auto is_empty = [](char c) { return c == '\n' || c == ' ' || c == '.'; };
  while (!words.empty() && is_empty(words.back())) words.remove_suffix(1);
  if (words.starts_with("Cannot establish connection")) {
    // "… to the database. WHY", or WHY in the next line.
    if (const auto end = words.find_first_of("\n."); end != std::string_view::npos)
      words.remove_prefix(end + 1);
    while (!words.empty() && is_empty(words.front())) words.remove_prefix(1);
  }
  words = words.substr(0, words.find('\n'));
  if (words.starts_with("sqlite3_statement_backend::")) words.remove_prefix(words.find(": ") + 2);
  while (words.ends_with(' ') || words.ends_with('.') || words.ends_with(':')) words.remove_suffix(1);
  return std::string{words};
}

bool says(std::string_view words, std::string_view what) {
  return words.find(what) != std::string_view::npos;
}

failure_kind kind_of(const soci::sqlite3_soci_error& error) {
  switch (error.result() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return failure_kind::busy;
    case SQLITE_INTERRUPT: return failure_kind::lost;
    default: return says(error.what(), "no such table") ? failure_kind::no_table : failure_kind::refused;
  }
}

failure_kind kind_of(const soci::postgresql_soci_error& error) {
  const auto state = error.sqlstate();
  if (state == "40001" || state == "40P01" || state == "55P03") return failure_kind::busy;
  if (state == "42P01") return failure_kind::no_table;
  const bool is_away = state.starts_with("08") || state.starts_with("57P") || state == "25006" ||
                       state.starts_with("53") || state.find_first_not_of(' ') == std::string::npos;
  return is_away ? failure_kind::lost : failure_kind::refused;
}

failure_kind kind_of(const soci::mysql_soci_error& error) {
  static constexpr std::array<unsigned, 15> away{1040, 1053, 1158, 1159, 1160, 1161, 1290, 1927,
                                                 2002, 2003, 2006, 2013, 2026, 2055, 4031};
  if (error.err_num_ == 1205 || error.err_num_ == 1213) return failure_kind::busy;
  if (error.err_num_ == 1146) return failure_kind::no_table;
  return std::ranges::find(away, error.err_num_) != away.end() ? failure_kind::lost : failure_kind::refused;
}

/// Whether a server that does not let us in would not tomorrow either.
bool is_refusal(std::string_view words) {
  static constexpr std::array<std::string_view, 8> refusals{
      "authentication failed",   "does not exist", "no pg_hba.conf entry", "Access denied",
      "not permitted to log in", "no password",    "Unknown database",     "invalid connection option"};
  return std::ranges::any_of(refusals, [&](std::string_view each) { return says(words, each); });
}

const soci::backend_factory& factory_of(database_kind what) {
  switch (what) {
    case database_kind::sqlite: return *soci::factory_sqlite3();
    case database_kind::postgresql: return *soci::factory_postgresql();
    case database_kind::mysql: return *soci::factory_mysql();
  }
  return *soci::factory_sqlite3();
}

/// Values have an address of their own for as long as a statement lives.
struct bound_values {
  std::deque<soci::indicator> nulls;
  long long none = 0;

  void bind(soci::statement& to, const query& what) {
    for (const auto& each : what.values()) {
      if (const auto* const text = std::get_if<std::string>(&each)) {
        to.exchange(soci::use(*text));
      } else if (const auto* const number = std::get_if<long long>(&each)) {
        to.exchange(soci::use(*number));
      } else {
        to.exchange(soci::use(none, nulls.emplace_back(soci::i_null)));
      }
    }
  }
};

struct column_of_answer {
  soci::indicator is = soci::i_null;
  long long number = 0;
  std::string text;

  void bind(soci::statement& to, char type) {
    if (type == 'n')
      to.exchange(soci::into(number, is));
    else
      to.exchange(soci::into(text, is));
  }
  cell take() {
    if (is == soci::i_null) return {};
    return {false, number, std::move(text)};
  }
};

rows answers_to(soci::session& connection, const query& what, std::string_view columns) {
  bound_values values;
  std::deque<column_of_answer> answer(columns.size());
  soci::statement statement{connection};
  values.bind(statement, what);
  for (std::size_t k = 0; k < columns.size(); ++k) answer[k].bind(statement, columns[k]);
  statement.alloc();
  statement.prepare(what.text(), soci::details::st_one_time_query);
  statement.define_and_bind();
  rows all;
  for (bool more = statement.execute(true); more && !columns.empty(); more = statement.fetch()) {
    auto& one = all.emplace_back();
    for (auto& each : answer) one.push_back(each.take());
  }
  return all;
}

/// What the operating system says against a file, before SQLite says less.
std::string trouble_with_file(const std::string& name, session_use what_for) {
  const std::filesystem::path file{name};
  std::error_code failed;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
  if (!std::filesystem::is_directory(folder, failed))
    return fmt::format("there is no folder {}; make it, or name another file", folder.string());
  if (std::filesystem::is_directory(file, failed)) return "that is a folder; name a file in it";
  if (what_for == session_use::looks) {
    if (::access(file.c_str(), R_OK) != 0)
      return fmt::format("{}; the file must be readable", std::strerror(errno));
    return {};
  }
  if (std::filesystem::exists(file, failed)) {
    if (::access(file.c_str(), R_OK | W_OK) != 0)
      return fmt::format("{}; the file must be readable and writable", std::strerror(errno));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fmt::format("{}: {}; SQLite makes files beside its own", folder.string(), std::strerror(errno));
  return {};
}

}  // namespace

session::session(const database_address& where, std::chrono::milliseconds timeout, session_use what_for)
    : where_{where}, timeout_{timeout}, dialect_{where.kind, where.name_space}, what_for_{what_for} {}

session::~session() { disconnect(); }

std::string session::parameters() const {
  const auto seconds = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(timeout_).count(), 1);
  // SOCI takes what has no = for the name of a file, whatever else is in it.
  const bool is_quotable = where_.file.find('"') == std::string::npos;
  if (where_.kind == database_kind::sqlite && what_for_ == session_use::looks && is_quotable)
    return fmt::format("dbname=\"{}\" readonly=1", where_.file);
  if (where_.kind == database_kind::sqlite)
    return where_.file.find('=') == std::string::npos ? where_.file
                                                      : fmt::format("dbname=\"{}\"", where_.file);
  // And reads no quotes for PostgreSQL as libpq does, which reads URLs as well.
  if (where_.kind == database_kind::postgresql) {
    const bool six = where_.host.find(':') != std::string::npos;
    auto made = fmt::format("postgresql://{}:{}@{}", in_url(where_.user), in_url(where_.password),
                            six ? "[" + where_.host + "]" : in_url(where_.host));
    if (where_.port != 0) made += fmt::format(":{}", where_.port);
    made += fmt::format("/{}?connect_timeout={}", in_url(where_.database), seconds);
    for (const auto& [name, value] : where_.options) made += fmt::format("&{}={}", name, in_url(value));
    return made;
  }
  // A call that takes too long is interrupted; what nobody can interrupt is the greeting of a new connection.
  const auto longest = std::max<std::int64_t>(seconds, 30);
  auto made =
      fmt::format("host={} dbname={} charset=utf8mb4 connect_timeout={} read_timeout={} write_timeout={}",
                  in_quotes(where_.host), in_quotes(where_.database), seconds, longest, longest);
  if (where_.port != 0) made += fmt::format(" port={}", where_.port);
  if (!where_.user.empty()) made += " user=" + in_quotes(where_.user);
  if (!where_.password.empty()) made += " password=" + in_quotes(where_.password);
  for (const auto& [name, value] : where_.options) made += fmt::format(" {}={}", name, in_quotes(value));
  return made;
}

void session::connect() {
  if (is_replaced()) disconnect();
  if (connection_) return;
  if (where_.kind == database_kind::sqlite) {
    const auto trouble = trouble_with_file(where_.file, what_for_);
    if (!trouble.empty())
      throw database_error(failure_kind::refused, fmt::format("{}: {}", where_.shown(), trouble));
  }
  try {
    auto made = std::make_unique<soci::session>(factory_of(where_.kind), parameters());
    const std::lock_guard mine{guard_};
    connection_ = std::move(made);
  } catch (const soci::soci_error& error) {
    const auto words = words_of_library(error.get_error_message());
    throw database_error(is_refusal(words) || where_.kind == database_kind::sqlite ? failure_kind::refused
                                                                                   : failure_kind::lost,
                         fmt::format("{}: {}", where_.shown(), words));
  }
  greet();
}

void session::greet() {
  if (where_.kind == database_kind::sqlite) run(fmt::format("PRAGMA busy_timeout = {}", timeout_.count()));
  for (const auto greeting : dialect_.greetings(what_for_)) {
    run(greeting);
  }
  if (where_.kind != database_kind::sqlite) return;
  struct stat seen{};
  if (::stat(where_.file.c_str(), &seen) != 0) return;
  device_ = seen.st_dev;
  node_ = seen.st_ino;
}

void session::disconnect() noexcept {
  const std::lock_guard mine{guard_};
  connection_.reset();
  device_ = node_ = 0;
}

bool session::is_replaced() const noexcept {
  if (!connection_ || where_.kind != database_kind::sqlite || node_ == 0) return false;
  struct stat seen{};
  return ::stat(where_.file.c_str(), &seen) != 0 || seen.st_dev != device_ || seen.st_ino != node_;
}

void session::rethrow() {
  const auto thrown = [&](const soci::soci_error& error, failure_kind what) {
    auto words = words_of_library(error.get_error_message());
    if (says(words, "file is not a database")) words += "; name another file, or move this one away";
    if (what == failure_kind::lost) disconnect();
    throw database_error(what, fmt::format("{}: {}", where_.shown(), words));
  };
  try {
    throw;
  } catch (const soci::sqlite3_soci_error& error) {
    thrown(error, kind_of(error));
  } catch (const soci::postgresql_soci_error& error) {
    thrown(error, kind_of(error));
  } catch (const soci::mysql_soci_error& error) {
    thrown(error, kind_of(error));
  } catch (const soci::soci_error& error) {  // Not of the database, but of what it said.
    thrown(error, failure_kind::refused);
  }
  throw;  // Not reached.
}

rows session::ask(const query& what, std::string_view columns) {
  if (!connection_) throw database_error(failure_kind::lost, where_.shown() + ": there is no connection");
  try {
    auto answer = answers_to(*connection_, what, columns);
    ++answered_;
    return answer;
  } catch (const soci::soci_error&) {
    rethrow();
  }
}

instant session::now() {
  const auto clock = dialect_.clock();
  if (!clock.empty()) {
    query asks{"SELECT "};
    return instant{milliseconds{ask(asks.add(clock), "n").at(0).at(0).number}};
  }
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return instant{std::chrono::floor<milliseconds>(since)};
}

void session::interrupt() noexcept {
  const std::lock_guard mine{guard_};
  if (!connection_) return;
  auto* const below = connection_->get_backend();
  // SOCI does not let out the types of its backends, only their classes.
  switch (where_.kind) {
    case database_kind::sqlite:
      sqlite_api::sqlite3_interrupt(static_cast<soci::sqlite3_session_backend*>(below)->conn_);
      break;
    case database_kind::postgresql:
      ::shutdown(PQsocket(static_cast<soci::postgresql_session_backend*>(below)->conn_), SHUT_RDWR);
      break;
    case database_kind::mysql:
      ::shutdown(static_cast<int>(mysql_get_socket(static_cast<soci::mysql_session_backend*>(below)->conn_)),
                 SHUT_RDWR);
      break;
  }
}

transaction::transaction(session& on) : on_{on} { on_.run(on_.speaks().begin()); }

transaction::~transaction() {
  if (!open_) return;
  try {
    on_.run("ROLLBACK");
  } catch (...) {
    on_.disconnect();  // Its end is the transaction's.
  }
}

void transaction::commit() {
  on_.run("COMMIT");
  open_ = false;
}

}  // namespace carillon::sql
