#include "sql/server_facts.hpp"

#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace carillon::sql {

namespace {

struct network_kind {
  std::uint32_t magic;
  const char* name;
};
// As statfs(2) names them.
constexpr std::array<network_kind, 8> network_kinds{{{0x6969, "NFS"},
                                                     {0xff534d42, "CIFS"},
                                                     {0xfe534d42, "SMB"},
                                                     {0x517b, "SMB"},
                                                     {0x00c36400, "Ceph"},
                                                     {0x5346414f, "AFS"},
                                                     {0x01021997, "9P"},
                                                     {0x0bd00bd0, "Lustre"}}};

class server_look {
 public:
  server_look(session& with, const database_address& where) : with_{with}, where_{where} {}

  server_facts take() {
    facts_.kind = where_.kind;
    measure();
    switch (where_.kind) {
      case database_kind::sqlite: look_at_file(); break;
      case database_kind::postgresql: look_at_postgresql(); break;
      case database_kind::mysql: look_at_mysql(); break;
    }
    return std::move(facts_);
  }

 private:
  void measure() {
    using std::chrono::steady_clock;
    std::array<std::chrono::microseconds, 7> took{};
    for (auto& each : took) {
      const auto before = steady_clock::now();
      with_.ask(query{"SELECT 1"}, "n");
      each = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - before);
    }
    std::ranges::sort(took);
    facts_.latency = took[took.size() / 2];
    if (where_.kind == database_kind::sqlite) return;
    const auto before = std::chrono::system_clock::now();
    const auto its = with_.now();
    const auto after = std::chrono::system_clock::now();
    const auto ours = std::chrono::floor<milliseconds>(before + (after - before) / 2);
    facts_.clock_offset = its - instant{ours.time_since_epoch()};
  }

  std::string text_of(std::string_view asks) {
    auto found = with_.ask(query{asks}, "t");
    return found.empty() ? std::string{} : std::move(found[0][0].text);
  }

  void take_settings(std::string_view asks) {
    for (auto& each : with_.ask(query{asks}, "tt")) facts_.settings[each[0].text] = std::move(each[1].text);
  }

  // ---- SQLite

  void look_at_file() {
    facts_.product = "SQLite";
    facts_.version = text_of("SELECT sqlite_version()");
    const std::filesystem::path file{where_.file};
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    std::error_code failed;
    facts_.bytes = std::filesystem::file_size(file, failed);
    facts_.free = std::filesystem::space(folder, failed).available;
    if (::access(folder.c_str(), W_OK | X_OK) != 0) facts_.not_writable = folder.string();
    if (::access(file.c_str(), W_OK) != 0) facts_.not_writable = file.string();
    struct statfs system{};
    if (::statfs(file.c_str(), &system) == 0) {
      const auto magic = static_cast<std::uint32_t>(system.f_type);
      const auto found = std::ranges::find(network_kinds, magic, &network_kind::magic);
      if (found != network_kinds.end()) facts_.network = found->name;
    }
    facts_.settings["journal_mode"] = text_of("PRAGMA journal_mode");
    check_file();
  }

  void check_file() {
    try {
      for (auto& each : with_.ask(query{"PRAGMA quick_check(10)"}, "t")) {
        if (each[0].text != "ok") facts_.damage.push_back(std::move(each[0].text));
      }
    } catch (const database_error& error) {
      if (error.why() != database_error::kind::refused) throw;
      facts_.damage.emplace_back(error.what());
    }
  }

  // ---- Servers

  /// Which tables of ours are of another kind than they should be.
  void look_for_weak(std::string_view asks, std::string_view good) {
    const auto ours = with_.speaks().tables();
    for (auto& each : with_.ask(query{asks}, "tt")) {
      const bool is_ours = std::ranges::find(ours, each[0].text) != ours.end();
      if (is_ours && each[1].text != good)
        facts_.weak_tables.emplace_back(std::move(each[0].text), std::move(each[1].text));
    }
  }

  void look_at_postgresql() {
    facts_.product = "PostgreSQL";
    // Not what this session has set for itself, but what others begin with.
    take_settings(
        "SELECT name, COALESCE(reset_val, setting) FROM pg_settings WHERE name IN ('server_version', "
        "'server_encoding', 'default_transaction_isolation', 'default_transaction_read_only', 'fsync', "
        "'full_page_writes', 'synchronous_commit', 'max_connections')");
    facts_.version = facts_.settings["server_version"];
    facts_.is_standby = text_of("SELECT CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END") == "yes";
    facts_.connections =
        with_.ask(query{"SELECT COUNT(*) FROM pg_stat_activity WHERE datname IS NOT NULL"}, "n")[0][0].number;
    look_for_weak(
        "SELECT c.relname, CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = "
        "current_schema()",
        "logged");
  }

  void look_at_mysql() {
    take_settings(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'read_only', 'log_bin', 'binlog_format', "
        "'innodb_flush_log_at_trx_commit', 'max_connections', 'max_allowed_packet')");
    facts_.version = facts_.settings["version"];
    facts_.product = facts_.version.find("MariaDB") != std::string::npos ? "MariaDB" : "MySQL";
    const auto now = with_.ask(query{"SHOW GLOBAL STATUS LIKE 'Threads_connected'"}, "tt");
    if (!now.empty()) {
      const auto& digits = now[0][1].text;
      std::from_chars(digits.data(), digits.data() + digits.size(), facts_.connections);
    }
    look_for_weak("SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()",
                  "InnoDB");
  }

  session& with_;
  const database_address& where_;
  server_facts facts_;
};

}  // namespace

server_facts look_at_server(session& with, const database_address& where) {
  return server_look{with, where}.take();
}

}  // namespace carillon::sql
