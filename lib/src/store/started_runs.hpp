#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// A run that this instance holds.
struct started_run {
  std::string job;
  std::string run_id;
  std::uint32_t partition = 0;
  std::uint64_t fence = 0;
  std::uint64_t attempt = 0;     ///< Of `started_attempts`; 0: of none.
  bool reruns = false;           ///< The job's `on_lost` asks for another attempt.
  bool completed = false;        ///< Its body has ended by itself; what it did is on its way to the store.
  std::string body{};            ///< The run under which its body was begun, if that was another.
  std::uint64_t goes_on_as = 0;  ///< The fence of the run under which its body ends; 0: this one's.
};

/// Which runs this member has asked for, holds, or has ended: so that each is started once, by its fence,
/// whoever names it (an answer, a repeated answer, a look at the store).
class started_runs {
 public:
  /// A run id is being asked for: until it is answered, a look that finds it says nothing new.
  void asking(std::string_view run_id);
  void answered(std::string_view run_id);
  bool is_asked(std::string_view run_id) const;

  /// Holds a run from now on. False: a run with that fence was started before.
  bool start(started_run run);
  /// Of a run that is held or was not long ago.
  bool is_known(std::uint32_t partition, std::uint64_t fence) const;
  /// It is over. Its fence is kept until a look has ended that began afterwards: an older one may still name
  /// it.
  void end(std::uint32_t partition, std::uint64_t fence);
  /// A run that is held; null: it is not.
  started_run* find(std::string_view run_id);
  started_run* find(std::uint32_t partition, std::uint64_t fence);
  /// The run whose body carries out that attempt now; null: none does.
  started_run* body_of(std::uint64_t attempt);
  /// What that body does is the end of `again` from now on. Both are held.
  void adopt(started_run& body, started_run& again);
  std::vector<started_run> held() const;

  /// The number to end the look with.
  std::uint64_t begin_look() { return ++steps_; }
  void end_look(std::uint32_t partition, std::uint64_t number);

  /// All of it was under a lease that is lost.
  void forget();

 private:
  using key = std::pair<std::uint32_t, std::uint64_t>;  // Partition, fence.
  struct ended_fence {
    std::uint64_t step = 0;
    std::uint64_t fence = 0;
  };

  std::uint64_t steps_ = 0;
  boost::unordered_flat_set<std::uint64_t> asked_;  // By hash: a mistake is put right by the next look.
  boost::unordered_flat_map<key, started_run> held_;
  boost::unordered_flat_map<std::uint64_t, key> by_run_;
  boost::unordered_flat_set<key> ended_;
  boost::unordered_flat_map<std::uint32_t, std::deque<ended_fence>> ended_in_;  // In the order of their ends.
};

/// One attempt at an occurrence of a job.
struct attempted_occurrence {
  std::string_view job;
  std::uint64_t born = 0;
  instant occurrence{};
  std::uint32_t attempt = 1;
  /// Of a run outside the schedule the number with which it was put down: several may have one time, and are
  /// taken in any order. 0: of the schedule.
  std::uint64_t asked = 0;
};

/// A hash of the attempt, by which it is remembered; never 0.
std::uint64_t attempt_id(const attempted_occurrence& what) noexcept;

/// The attempts that this instance has started lately. A fail-over to a replica that lacks the last writes
/// may bring back a cursor or a waiting run, and then a claim or a take wins what has run. A change of the
/// job may do so too, but that is meant: it takes a new revision, and is no repetition.
class started_attempts {
 public:
  /// @param most How many are remembered; the oldest go first.
  explicit started_attempts(std::size_t most) : most_{most} {}

  /// @param revision The job's, by which it was planned or asked for.
  /// False: it was started here before, by that revision or a later one, and is not to be started again.
  bool start(std::uint64_t attempt, std::uint64_t revision);
  /// It was not completed, and may be started again.
  void give_up(std::uint64_t attempt);
  /// It failed, and another attempt was to follow.
  void retry(std::uint64_t attempt);
  bool is_retried(std::uint64_t attempt) const;

 private:
  struct memory {
    std::uint64_t revision = 0;
    bool retried = false;
  };
  std::size_t most_;
  boost::unordered_flat_map<std::uint64_t, memory> known_;
  std::deque<std::uint64_t> order_;
};

}  // namespace carillon
