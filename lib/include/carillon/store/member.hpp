#pragma once
#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What an instance can carry out, and what it declares: by this all instances agree on whose a job is.
struct served_work {
  std::vector<std::string> tasks;           ///< Names of registered bodies; sorted, each once.
  std::vector<std::string> executors;       ///< Those that bring what they run: they serve any task. Sorted.
  std::vector<std::string> body_executors;  ///< Those that run registered bodies. Sorted.
  std::vector<std::uint64_t> declared;      ///< `seed_of` the ids of the jobs in its files. Sorted.

  /// Whether it can run a job of this task (`job_definition::task_name()`) on this executor
  /// (`job_options::executor`; empty: in the event loop).
  bool serves(std::string_view task, std::string_view executor) const;
  bool declares(std::uint64_t seed_of_id) const;
  /// XXH64 with seed 0 of all of it: the same on every machine.
  std::uint64_t digest() const;
  friend bool operator==(const served_work&, const served_work&) = default;
};

/// One instance that takes part, as the others see it.
struct member_info {
  std::string id;        ///< `instance`, '/', 8 random hexadecimal digits: new each time it joins.
  std::string instance;  ///< `scheduler_options::instance`.
  std::string host;
  std::uint64_t process = 0;
  std::string version;  ///< Of the library.
  instant started{};
  bool takes_jobs = true;  ///< False while its event loop does not answer: others own its jobs meanwhile.
  std::uint64_t work_digest = 0;
  std::shared_ptr<const served_work> work;  ///< Null: not fetched yet; it counts as serving nothing.
  /// The store's clock minus its machine's, as it had measured when it last renewed its lease; none: not yet.
  std::optional<milliseconds> clock_offset;
  instant expires{};  ///< When its lease ends, by the store's clock.
};

/// The instance that a `member_info::id` belongs to.
inline std::string_view instance_of(std::string_view member) { return member.substr(0, member.rfind('/')); }

}  // namespace carillon
