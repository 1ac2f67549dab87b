#pragma once
#include <spdlog/logger.h>
#include <carillon/error.hpp>
#include <carillon/store/job_store.hpp>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "carillon/commands/history.hpp"
#include "carillon/store_session.hpp"

// The stores that instances share: in Redis, and in SQL databases. What only Redis has is in shared/ where
// the program is built with Redis; in unshared/ where it is not, and says so.

namespace carillon::app {

/// What the URL of a shared store looks like.
inline constexpr std::string_view ways_to_a_store =
    "sqlite:FILE, postgresql://HOST/DATABASE, mysql://HOST/DATABASE, redis://HOST:PORT?namespace=NAME, "
    "rediss://… or redis+sentinel://…";

/// Whether a URL begins as one of an SQL database.
bool is_database(std::string_view url);

/// What is wrong with the URL of a shared store; nothing: it can be tried. Never repeats a password.
std::optional<parse_error> fault_of_store(std::string_view url);

/// The same of a store that a daemon may have for itself, in its memory.
std::optional<parse_error> fault_of_daemon_store(std::string_view url);

/// How a process takes part in a shared store.
struct shared_store_choice {
  std::string url;                     ///< `fault_of_store` finds none.
  std::optional<milliseconds> lease;   ///< None: the library's.
  std::uint32_t partitions = 0;        ///< 0: whatever is there, else the library's.
  std::optional<std::size_t> history;  ///< How many entries of the ledger are kept; none: the library's.
  std::shared_ptr<spdlog::logger> log;
  bool create = true;  ///< Make the store where there is none.
};

/// The store of a URL, not opened yet; the link to it lives as long as the store.
std::shared_ptr<job_store> make_shared_store(boost::asio::io_context& io, const shared_store_choice& how);

/// The same without user, password and options, for messages.
std::string address_of(const std::string& url);

/// `carillon members`, `history --follow`, `watch` and `doctor` as they were asked for.
struct members_request {
  std::string store;
  std::string zone;  ///< Empty: the machine's.
  bool json = false;
};
struct history_follow_request {
  std::string store;
  std::string zone;  ///< Empty: the machine's.
  bool json = false;
  history_request what;
};
struct watch_request {
  std::string store;
  std::string zone;  ///< Empty: the machine's.
  bool json = false;
};
struct doctor_request {
  std::string store;
  bool repair = false;
  bool json = false;
};

/// Who takes part: the instances that share the store, by name, with what each owns. Answers the exit code.
int run_members(const members_request& request, std::ostream& out, std::ostream& err);

/// The latest entries of the ledger, and those that come, until SIGINT or SIGTERM. Answers the exit code.
int run_history_follow(const history_follow_request& request, std::ostream& out, std::ostream& err);

/// Tells what happens in a store until SIGINT or SIGTERM, also over losses of the connection. Answers the
/// exit code.
int run_watch(const watch_request& request, std::ostream& out, std::ostream& err);

/// Says what is wrong with a store and its server, and mends what is asked for and safe. Answers the exit
/// code: `done` when nothing is wrong that weighs.
int run_doctor(const doctor_request& request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
