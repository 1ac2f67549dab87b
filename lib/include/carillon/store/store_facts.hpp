#pragma once
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What somebody sees of a store that instances share who only looks at it, whichever store it is.

namespace carillon {

/// Something about a server that one should know.
struct server_finding {
  bool unfit = false;    ///< No jobs can be kept there; else it is a warning.
  std::string message;   ///< What is so.
  std::string advice;    ///< What to do about it.
  std::string at_stake;  ///< What is not promised any more while it is so.
};

/// What a server says of itself, in short, what was measured of it, and what one should know.
struct server_report {
  std::string product;  ///< "redis", "PostgreSQL", …
  std::string version;
  std::chrono::microseconds latency{0};
  /// Its clock minus this machine's; give or take half the latency. None: it has this machine's.
  std::optional<milliseconds> clock_offset;
  std::string settings;                  ///< Those that one may want to see, in a line; may be empty.
  std::vector<server_finding> findings;  ///< The gravest first.
};

/// What a namespace says of its store.
struct store_facts {
  bool exists = false;
  std::uint64_t id = 0;
  std::uint32_t format = 0;
  std::uint32_t partitions = 0;
  bool known_format = false;                  ///< The one of this version.
  std::vector<std::string> other_namespaces;  ///< Where it does not exist: those that do; at most 100.
  std::string why_none;                       ///< And why, if there is more to say.
};

/// An active run, as far as one must know whose it is.
struct run_holder {
  std::string run_id;
  std::string job;
  std::string member;
  instant started{};
};

/// A fire, or a waiting run, that is due and that nobody has claimed.
struct unclaimed {
  std::string job;
  instant due{};
  bool waiting = false;
};

/// What lies in a store, or in a part of it.
struct store_contents {
  std::uint64_t jobs = 0, runs = 0, waiting = 0, ledger = 0;  ///< How many; of `waiting` the jobs.
  std::vector<run_holder> active;
  std::vector<unclaimed> overdue;  ///< At most 100 of either kind in each partition.
};

/// Adds what lies in another part.
void take_in(store_contents&& some, store_contents& all);

/// A job that is to run and that nobody who is live can carry out.
struct unserved_job {
  std::string id, task, executor;
};

/// Whose the jobs are, by the members that were live.
struct job_shares {
  /// How many jobs each owns, by `member_info::id`; who owns none is not in it.
  std::map<std::string, std::uint64_t> owned;
  std::uint64_t unserved = 0;
  std::vector<unserved_job> unserved_jobs;  ///< 100 of them at most.
};

/// What an instance has of a group.
struct group_part {
  std::string member;  ///< `member_info::id`; perhaps gone since.
  std::uint32_t limit = 0;
  std::uint64_t held = 0;
  std::uint64_t waiting = 0;
};

/// A limit that jobs share, as the instances last said.
struct group_facts {
  std::string name;
  std::vector<group_part> parts;
};

/// A job that is to run after another one, which is not there.
struct missing_predecessor {
  std::string job;       ///< The one that is not there.
  std::string follower;  ///< Who waits for it.
};

}  // namespace carillon
