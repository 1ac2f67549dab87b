#include "sql/database_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <carillon/sql/job_store.hpp>
#include <charconv>

#include "text/url_part.hpp"

namespace carillon::sql {

namespace {

struct url_scheme {
  std::string_view prefix;
  database_kind kind;
};

constexpr std::array<url_scheme, 5> url_schemes{{{"sqlite:", database_kind::sqlite},
                                                 {"postgresql://", database_kind::postgresql},
                                                 {"postgres://", database_kind::postgresql},
                                                 {"mysql://", database_kind::mysql},
                                                 {"mariadb://", database_kind::mysql}}};

// What may be handed on to the library of a server.
constexpr std::array<std::string_view, 7> postgresql_options{
    "sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "target_session_attrs", "sslpassword"};
constexpr std::array<std::string_view, 4> mysql_options{"sslca", "sslcert", "sslkey", "unix_socket"};

// Reads a URL from left to right. A step that finds something wrong throws.
class url_reader {
 public:
  explicit url_reader(std::string_view url) : url_{url} {}

  database_address read() {
    read_scheme();
    end_ = std::min(url_.find('?'), url_.size());
    if (made_.kind == database_kind::sqlite)
      read_file();
    else
      read_server();
    at_ = end_;
    while (at_ < url_.size()) read_option();
    return std::move(made_);
  }

 private:
  [[noreturn]] static void fail(std::size_t position, std::string message, std::string hint = {}) {
    throw parse_failure(parse_error{std::move(message), position, std::move(hint)});
  }

  std::string decoded(std::size_t begin, std::size_t end, std::string_view what) const {
    auto plain = text::url_part(url_, begin, end, what);
    if (plain.find('\0') != std::string::npos) fail(begin, fmt::format("{}: contains a NUL", what));
    return plain;
  }

  void read_scheme() {
    for (const auto& each : url_schemes) {
      if (!url_.starts_with(each.prefix)) continue;
      made_.kind = each.kind;
      at_ = each.prefix.size();
      return;
    }
    fail(0, "not a way to an SQL database",
         "sqlite:jobs.db, postgresql://user:password@host/database or mysql://user:password@host/database");
  }

  void read_file() {
    if (url_.substr(at_).starts_with("///")) at_ += 2;
    if (url_.substr(at_).starts_with("//"))
      fail(at_, "the path of a file follows sqlite: at once", "sqlite:jobs.db, or sqlite:/var/lib/jobs.db");
    made_.file = decoded(at_, end_, "path");
    if (made_.file.empty()) fail(at_, "no file is named", "sqlite:jobs.db, or sqlite:/var/lib/jobs.db");
    if (made_.file == ":memory:" || made_.file.starts_with("file:"))
      fail(at_, "the name of a file is wanted", "sqlite:jobs.db; memory: for jobs that nothing keeps");
    const auto has = [&](char c) { return made_.file.find(c) != std::string::npos; };
    if (has('=') && (has(' ') || has('"')))  // Which SOCI cannot be told.
      fail(at_, "the name of a file with a = cannot contain blanks or \" as well", "give it another name");
  }

  void read_server() {
    const auto slash = std::min(url_.find('/', at_), end_);
    const auto sign = url_.substr(at_, slash - at_).rfind('@');
    if (sign != std::string_view::npos) {
      const auto colon = std::min(url_.find(':', at_), at_ + sign);
      made_.user = decoded(at_, colon, "user");
      if (colon < at_ + sign) made_.password = decoded(colon + 1, at_ + sign, "password");
      at_ += sign + 1;
    }
    read_host(slash);
    if (slash < end_) made_.database = decoded(slash + 1, end_, "database");
    if (made_.database.empty())
      fail(end_, "no database is named", "the name of the database follows the host: //host/database");
    if (made_.database.find('/') != std::string::npos)
      fail(slash + 1, "the name of a database contains no /", "postgresql://host/database?namespace=NAME");
  }

  void read_host(std::size_t end) {
    auto after = end;
    if (at_ < end && url_[at_] == '[') {
      const auto bracket = url_.find(']', at_);
      if (bracket >= end) fail(at_, "[ without ]", "[::1]");
      made_.host = url_.substr(at_ + 1, bracket - at_ - 1);
      after = bracket + 1;
    } else {
      after = std::min(url_.find(':', at_), end);
      made_.host = decoded(at_, after, "host");
    }
    if (made_.host.empty()) fail(at_, "no host is named", "127.0.0.1 for this machine");
    if (after < end) read_port(after + 1, end);
  }

  void read_port(std::size_t begin, std::size_t end) {
    const auto digits = url_.substr(begin, end - begin);
    const auto* const last = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), last, made_.port);
    if (read.ec != std::errc{} || read.ptr != last || made_.port == 0)
      fail(begin, "not a port", "a number from 1 to 65535");
  }

  void read_option() {
    const auto begin = at_ + 1;  // After ? or &.
    const auto end = std::min(url_.find('&', begin), url_.size());
    const auto equals = std::min(url_.find('=', begin), end);
    const auto name = url_.substr(begin, equals - begin);
    if (equals == end) fail(begin, fmt::format("option {}: has no value", name), "?namespace=NAME");
    const auto value = decoded(equals + 1, end, name);
    if (name == "namespace")
      read_name_space(equals + 1, value);
    else if (is_known(name))
      made_.options.emplace_back(name, value);
    else
      fail(begin, fmt::format("option {}: is not known", name), known_options());
    at_ = end;
  }

  bool is_known(std::string_view name) const {
    if (made_.kind == database_kind::postgresql)
      return std::ranges::find(postgresql_options, name) != postgresql_options.end();
    return made_.kind == database_kind::mysql &&
           std::ranges::find(mysql_options, name) != mysql_options.end();
  }

  std::string known_options() const {
    if (made_.kind == database_kind::postgresql)
      return fmt::format("namespace, {}", fmt::join(postgresql_options, ", "));
    if (made_.kind == database_kind::mysql)
      return fmt::format("namespace, {}", fmt::join(mysql_options, ", "));
    return "namespace";
  }

  void read_name_space(std::size_t at, const std::string& name) {
    constexpr std::size_t longest = 32;
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    const bool begins_well = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
    if (!begins_well || name.size() > longest || !std::ranges::all_of(name, fits))
      fail(at, "namespace: the names of tables begin with it",
           "1 to 32 of a to z, 0 to 9 and _, a letter first");
    made_.name_space = name;
  }

  std::string_view url_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  database_address made_;
};

}  // namespace

std::string database_address::shown() const {
  if (kind == database_kind::sqlite) return "sqlite:" + file;
  const bool six = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}{}/{}", kind == database_kind::postgresql ? "postgresql://" : "mysql://",
                     six ? "[" : "", host, six ? "]" : "", port == 0 ? "" : fmt::format(":{}", port),
                     database);
}

parse_result<database_address> parse_database_url(std::string_view url) try {
  return url_reader{url}.read();
} catch (const parse_failure& failure) {
  return failure.error();
}

bool is_url_of_database(std::string_view url) {
  return std::ranges::any_of(url_schemes, [&](const auto& each) { return url.starts_with(each.prefix); });
}

std::optional<parse_error> fault_of_url(std::string_view url) {
  const auto read = parse_database_url(url);
  if (read) return std::nullopt;
  return read.error();
}

std::string address_of(std::string_view url) { return parse_database_url(url).value().shown(); }

}  // namespace carillon::sql
