#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "sql/server_facts.hpp"

namespace carillon::sql {

namespace {

constexpr std::chrono::microseconds slow{50'000};  // A claim and a finish for each fire.
constexpr milliseconds far_off{1'000};             // Two clocks.
constexpr std::int64_t connections_of_an_instance = 5;
constexpr std::uint64_t little_room = 16 << 20;
constexpr std::int64_t least_packet = 4 << 20;

const char* const everything = "everything";
const char* const once_only = "that an occurrence is claimed at most once";
const char* const all_kept = "that nothing is lost when the server's machine dies";

class list_of_findings {
 public:
  explicit list_of_findings(const server_facts& facts) : facts_{facts} {}

  std::vector<server_finding> take() {
    look_at_version();
    switch (facts_.kind) {
      case database_kind::sqlite: look_at_file(); break;
      case database_kind::postgresql: look_at_postgresql(); break;
      case database_kind::mysql: look_at_mysql(); break;
    }
    if (facts_.kind != database_kind::sqlite) look_at_connections();
    look_at_times();
    return std::move(all_);
  }

 private:
  // Before all warnings.
  void unfit(std::string message, std::string advice, std::string at_stake = everything) {
    server_finding found{true, std::move(message), std::move(advice), std::move(at_stake)};
    all_.insert(all_.begin() + unfit_++, std::move(found));
  }
  void warn(std::string message, std::string advice, std::string at_stake) {
    all_.push_back({false, std::move(message), std::move(advice), std::move(at_stake)});
  }

  std::string_view setting(std::string_view name) const {
    const auto found = facts_.settings.find(name);
    return found == facts_.settings.end() ? std::string_view{} : std::string_view{found->second};
  }
  std::int64_t number(std::string_view name) const {
    const auto text = setting(name);
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  bool is_on(std::string_view name) const {
    const auto text = setting(name);
    return text == "on" || text == "ON" || text == "1";
  }

  void look_at_version() {
    struct least {
      std::string_view product;
      std::pair<int, int> version;
    };
    // With them came what the statements are written in.
    for (const auto& [product, version] : {least{"SQLite", {3, 24}}, least{"PostgreSQL", {9, 5}},
                                           least{"MariaDB", {10, 2}}, least{"MySQL", {5, 7}}}) {
      if (facts_.product == product && !is_at_least(facts_.version, version))
        unfit(fmt::format("this is {} {}", product, facts_.version),
              fmt::format("{}.{} or newer is needed", version.first, version.second));
    }
  }

  void look_at_file() {
    if (!facts_.damage.empty()) {
      std::string more;
      if (facts_.damage.size() > 1) more = fmt::format(" (and {} more)", facts_.damage.size() - 1);
      unfit(fmt::format("the file is damaged: {}{}", facts_.damage.front(), more),
            "stop all instances and keep a copy; then take a backup, or what sqlite3 FILE .recover saves");
    }
    if (!facts_.not_writable.empty())
      unfit(fmt::format("this user cannot write {}", facts_.not_writable),
            "run instances as a user who can: SQLite makes files beside its own");
    if (facts_.free < little_room)
      unfit(fmt::format("there are {} KiB left on the disk", facts_.free >> 10), "make room",
            "that a due occurrence is claimed by somebody");
    if (!facts_.network.empty())
      warn(fmt::format("the file lies on a file system of a network ({})", facts_.network),
           "move it to a disk of this machine, or use a database with a server",
           std::string{once_only} + ", and the file itself: such file systems lock in their own ways");
    const auto mode = setting("journal_mode");
    if (mode != "wal" && !mode.empty() && facts_.damage.empty())
      warn(fmt::format("the file's journal mode is {}, not wal", mode),
           "an instance that starts sets it; if it stays, another program changes it, or the file system "
           "does not allow it",
           "that who reads does not keep instances waiting");
  }

  void look_at_postgresql() {
    if (facts_.is_standby) {
      unfit("the server is a standby, where nothing can be written",
            "connect to the primary; ?target_session_attrs=read-write finds it");
    } else if (is_on("default_transaction_read_only")) {
      unfit(
          "transactions of this user, or in this database, can write nothing (default_transaction_read_only)",
          "ALTER ROLE … RESET default_transaction_read_only, or ALTER DATABASE …");
    }
    const auto encoding = setting("server_encoding");
    if (encoding != "UTF8" && !encoding.empty())
      warn(fmt::format("the database's encoding is {}", encoding),
           "keep the store in a database with ENCODING 'UTF8'",
           "jobs whose texts that encoding does not have");
    const auto isolation = setting("default_transaction_isolation");
    if (isolation != "read committed" && !isolation.empty())
      warn(fmt::format("transactions begin as {} (default_transaction_isolation)", isolation),
           "ALTER ROLE … SET default_transaction_isolation = 'read committed'",
           "nothing: but steps that meet are repeated, and after eight times given up");
    for (const auto* const name : {"fsync", "full_page_writes", "synchronous_commit"}) {
      if (setting(name) == "off")
        warn(fmt::format("{} is off: what was answered may not be on the disk", name),
             fmt::format("ALTER SYSTEM SET {} = on, and reload", name), all_kept);
    }
    for (const auto& [table, kind] : facts_.weak_tables)
      warn(fmt::format("table {} is {}: after a crash of the server it is empty", table, kind),
           fmt::format("ALTER TABLE {} SET LOGGED", table), all_kept);
  }

  void look_at_mysql() {
    if (is_on("read_only"))
      unfit("the server is set to read_only, as replicas are", "connect to the one that is written to");
    if (is_on("log_bin") && setting("binlog_format") == "STATEMENT")
      unfit("the server refuses what it cannot log as statements (binlog_format STATEMENT)",
            "SET GLOBAL binlog_format = 'ROW' or 'MIXED', and in its configuration file");
    for (const auto& [table, kind] : facts_.weak_tables)
      unfit(fmt::format("table {} is kept by {}, which knows no transactions", table, kind),
            fmt::format("ALTER TABLE {} ENGINE = InnoDB", table), once_only);
    const auto flushed = setting("innodb_flush_log_at_trx_commit");
    if (flushed != "1" && !flushed.empty())
      warn(fmt::format("innodb_flush_log_at_trx_commit is {}: what was answered may not be on the disk",
                       flushed),
           "SET GLOBAL innodb_flush_log_at_trx_commit = 1, and in its configuration file", all_kept);
    const auto packet = number("max_allowed_packet");
    if (packet > 0 && packet < least_packet)
      warn(fmt::format("the server takes {} bytes at once (max_allowed_packet)", packet),
           "SET GLOBAL max_allowed_packet = 16777216, and in its configuration file",
           "that long results and long lists of runs can be written");
  }

  void look_at_connections() {
    const auto most = number("max_connections");
    if (most == 0 || facts_.connections + connections_of_an_instance <= most) return;
    warn(fmt::format("{} of {} connections to the server are in use, and an instance wants {}",
                     facts_.connections, most, connections_of_an_instance),
         "raise max_connections, or give instances fewer (job_store_options::connections)",
         "that an instance that starts, or was cut off, can connect");
  }

  void look_at_times() {
    if (facts_.latency > slow)
      warn(fmt::format("the {} takes {} ms to answer", facts_.clock_offset ? "server" : "file",
                       facts_.latency.count() / 1000),
           "look at the network to it, and at what else it does", "that jobs fire on time");
    if (!facts_.clock_offset || std::chrono::abs(*facts_.clock_offset) <= far_off) return;
    const auto offset = facts_.clock_offset->count();
    warn(fmt::format("the server's clock is {} ms {} this machine's", std::llabs(offset),
                     offset > 0 ? "ahead of" : "behind"),
         "let both keep time by NTP",
         "nothing: jobs fire by the server's clock; but what bodies read on this machine differs");
  }

  const server_facts& facts_;
  std::vector<server_finding> all_;
  std::ptrdiff_t unfit_ = 0;
};

std::string size_in_words(std::uint64_t bytes) {
  if (bytes < 1 << 20) return fmt::format("{} KiB", (bytes + 1'023) >> 10);
  return fmt::format("{} MiB", bytes >> 20);
}

}  // namespace

std::vector<server_finding> findings_about(const server_facts& facts) {
  return list_of_findings{facts}.take();
}

std::string settings_in_words(const server_facts& facts) {
  std::string words;
  const auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
  const auto add_setting = [&](const char* name) {
    const auto found = facts.settings.find(name);
    if (found != facts.settings.end() && !found->second.empty())
      add(fmt::format("{} {}", name, found->second));
  };
  switch (facts.kind) {
    case database_kind::sqlite:
      add_setting("journal_mode");
      add(fmt::format("the file has {} and is {}, {} are free", size_in_words(facts.bytes),
                      facts.damage.empty() ? "whole" : "damaged", size_in_words(facts.free)));
      break;
    case database_kind::postgresql:
      for (const auto* const name : {"default_transaction_isolation", "fsync", "synchronous_commit"})
        add_setting(name);
      break;
    case database_kind::mysql: add_setting("innodb_flush_log_at_trx_commit"); break;
  }
  if (facts.kind != database_kind::sqlite && facts.settings.contains("max_connections"))
    add(fmt::format("{} of {} connections in use", facts.connections,
                    facts.settings.find("max_connections")->second));
  return words;
}

bool is_at_least(std::string_view version, std::pair<int, int> wanted) {
  std::pair<int, int> has{};
  const auto* const end = version.data() + version.size();
  const auto read = std::from_chars(version.data(), end, has.first);
  if (read.ec != std::errc{}) return true;
  if (read.ptr != end && *read.ptr == '.') std::from_chars(read.ptr + 1, end, has.second);
  return has >= wanted;
}

}  // namespace carillon::sql
