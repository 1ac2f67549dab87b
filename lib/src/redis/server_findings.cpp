#include <fmt/format.h>

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <charconv>
#include <cstdlib>

#include "redis/server_facts.hpp"

namespace carillon::redis {

namespace {

using namespace std::chrono_literals;

constexpr auto slow = 50ms;   // a claim and a finish for each fire
constexpr auto far_off = 1s;  // two clocks
constexpr std::int64_t far_behind_s = 10;

const char* const once_only = "that an occurrence is claimed at most once";
const char* const all_kept = "that nothing is lost when Redis goes away and comes back";

bool older_than_6_2(std::string_view version) {
  int major = 0, minor = 0;
  const auto* const end = version.data() + version.size();
  const auto dot = std::from_chars(version.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  return !version.empty() && (major < 6 || (major == 6 && minor < 2));
}

class list {
 public:
  // Before all warnings.
  void unfit(std::string message, std::string advice, std::string at_stake) {
    server_finding found{true, std::move(message), std::move(advice), std::move(at_stake)};
    all.insert(all.begin() + unfit_++, std::move(found));
  }
  void warn(std::string message, std::string advice, std::string at_stake) {
    all.push_back({false, std::move(message), std::move(advice), std::move(at_stake)});
  }
  std::vector<server_finding> all;

 private:
  std::ptrdiff_t unfit_ = 0;
};

void look_at_kind(const server_facts& facts, list& found) {
  if (facts.what == server_facts::role::sentinel) {
    found.unfit("this is a sentinel, not a server that keeps data",
                "write redis+sentinel://HOST:PORT/MASTER-NAME", "everything");
  }
  if (older_than_6_2(facts.compatible)) {
    found.unfit(fmt::format("the server is Redis {}", facts.compatible), "6.2 or newer is needed, or Valkey",
                "everything");
  }
  if (facts.cluster) {
    found.unfit("the server is part of a Redis Cluster, which is not supported yet",
                "use a single server, or one with replicas and Sentinel", "everything");
  }
  if (facts.loading) {
    found.unfit("the server is loading its data", "wait until it has; this ends by itself", "everything");
  }
  if (facts.what == server_facts::role::replica) {
    found.unfit(fmt::format("the server is a replica of {}, where nothing can be written", facts.master),
                "connect to the master, or by redis+sentinel:// to whoever is it", "everything");
  }
  if (!facts.scripts_refused.empty()) {
    found.unfit(fmt::format("the server lets this user run no scripts: {}", facts.scripts_refused),
                "allow EVAL, EVALSHA and SCRIPT|LOAD: ACL SETUSER … +@scripting", "everything");
  }
}

void look_at_memory(const server_facts& facts, list& found) {
  if (!facts.maxmemory_policy.empty() && facts.maxmemory_policy != "noeviction") {
    found.unfit(fmt::format("the server drops keys when its memory is full (maxmemory-policy {})",
                            facts.maxmemory_policy),
                "CONFIG SET maxmemory-policy noeviction, and in its configuration file",
                std::string(once_only) + ", and that no job is lost");
  }
  if (facts.maxmemory == 0) return;
  if (facts.used_memory >= facts.maxmemory) {
    found.unfit(
        fmt::format("the server's memory is full: {} of {} bytes", facts.used_memory, facts.maxmemory),
        "raise maxmemory, or remove keys", "that a due occurrence is claimed by somebody");
  } else if (facts.used_memory > facts.maxmemory / 10 * 9) {
    found.warn(
        fmt::format("the server's memory is nearly full: {} of {} bytes", facts.used_memory, facts.maxmemory),
        "raise maxmemory, or remove keys", "that a due occurrence is claimed by somebody");
  }
}

void look_at_disk(const server_facts& facts, list& found) {
  const bool snapshots = facts.snapshots && !facts.snapshots->empty();
  if (facts.append_only && facts.last_append_failed) {
    found.unfit("the server could not write its append-only file", "look at the server's disk and its log",
                all_kept);
  }
  if (snapshots && facts.last_snapshot_failed) {
    found.unfit("the server could not write its last snapshot, and so may refuse to write at all",
                "look at the server's disk and its log", all_kept);
  }
  if (!facts.append_only && facts.snapshots && !snapshots) {
    found.warn("the server keeps nothing on disk: restarted, it is empty",
               "CONFIG SET appendonly yes, and in its configuration file", all_kept);
  } else if (!facts.append_only) {
    found.warn("the server keeps snapshots only: restarted, it has forgotten the last minutes",
               "CONFIG SET appendonly yes, and in its configuration file",
               std::string(once_only) + " when the server dies");
  } else if (facts.append_fsync && *facts.append_fsync == "no") {
    found.warn("the server leaves it to the system when its append-only file reaches the disk",
               "CONFIG SET appendfsync everysec", std::string(once_only) + " when the server's machine dies");
  }
}

void look_at_others(const server_facts& facts, list& found) {
  if (facts.replica_lag_s.value_or(0) > far_behind_s) {
    found.warn(fmt::format("a replica is {} s behind", *facts.replica_lag_s),
               "look at the replica and the network to it",
               std::string(once_only) + " over a fail-over: occurrences of that time may run again");
  }
  if (facts.latency && *facts.latency > slow) {
    found.warn(fmt::format("the server takes {} ms to answer", facts.latency->count() / 1000),
               "look at the network to it, and at SLOWLOG GET", "that jobs fire on time");
  }
  if (facts.clock_offset && std::chrono::abs(*facts.clock_offset) > far_off) {
    const auto offset = facts.clock_offset->count();
    found.warn(fmt::format("the server's clock is {} ms {} this machine's", std::llabs(offset),
                           offset > 0 ? "ahead of" : "behind"),
               "let both keep time by NTP",
               "nothing: jobs fire by the server's clock; but what bodies read on this machine differs");
  }
}

}  // namespace

std::vector<server_finding> findings_about(const server_facts& facts) {
  list found;
  look_at_kind(facts, found);
  look_at_memory(facts, found);
  look_at_disk(facts, found);
  look_at_others(facts, found);
  return found.all;
}

void refuse_unfit(const server_facts& facts) {
  for (const auto& each : findings_about(facts)) {
    if (!each.unfit) return;
    const auto code = facts.loading ? errc::store_unreachable : errc::store_refused;
    throw boost::system::system_error(make_error_code(code), each.message + "; " + each.advice);
  }
}

std::string advice_on_refusal(std::string_view words) {
  if (words.starts_with("NOAUTH"))
    return "write the password in the URL: redis://:PASSWORD@HOST or redis://USER:PASSWORD@HOST";
  if (words.starts_with("WRONGPASS") || words.find("AUTH") != std::string_view::npos) {
    return "look at user and password in the URL; characters like @ / : % are written as %40 %2F %3A %25";
  }
  if (words.starts_with("NOPERM"))
    return "allow the user what is missing: ACL SETUSER … +@all ~carillon:* &carillon:*";
  if (words.starts_with("LOADING")) return "wait until the server has loaded its data";
  if (words.find("unknown command") != std::string_view::npos)
    return "the server is too old, or no Redis: Redis 6.2 or newer is needed, or Valkey";
  if (words.find("DB index") != std::string_view::npos)
    return "the server has no database of that number; CONFIG GET databases tells how many it has";
  return {};
}

}  // namespace carillon::redis
