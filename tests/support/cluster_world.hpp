#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/shared_store.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/occurrence_checker.hpp"
#include "support/shared_world.hpp"
#include "support/simulated_store.hpp"

namespace carillon::testing {

/// A machine's clock that forgets to count while its process is stopped: what a lease must not be reckoned
/// by.
class forgetful_clock final : public offset_clock {
 public:
  using offset_clock::offset_clock;
  std::chrono::nanoseconds elapsed() const noexcept override { return offset_clock::elapsed() - stopped; }
  std::chrono::nanoseconds stopped{0};
};

/// A process with a scheduler on a shared store: an event loop for its jobs, another for its membership.
struct simulated_process {
  simulated_process(std::string name_, simulated_network& network, simulated_store& shared,
                    std::shared_ptr<forgetful_clock> time_, shared_store_options store_options,
                    std::uint64_t seed, link_faults faults);

  bool runs() const noexcept { return !frozen; }
  std::size_t poll();

  std::string name;
  boost::asio::io_context io{1}, member_io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()},
      member_work{member_io.get_executor()};
  std::shared_ptr<forgetful_clock> time;
  simulated_link link;
  std::shared_ptr<shared_store> store;
  std::unique_ptr<carillon::scheduler> scheduler;
  instance_life life;
  bool frozen = false;   ///< Nothing of it moves.
  bool blocked = false;  ///< Its event loop does not move; its membership does.
  bool dead = false;     ///< Killed: what it does from now on has never been done.
  bool stopping = false;
  bool over = false;    ///< `run()` has returned.
  shared_time since{};  ///< When it was frozen or blocked.
};

/// Several processes, their store, and everything that their bodies did. The same each time.
class cluster_world {
 public:
  explicit cluster_world(std::uint64_t seed, std::uint32_t partitions = 8);
  ~cluster_world();

  simulated_process& start(milliseconds ahead = milliseconds{0});
  void stop(simulated_process& who, milliseconds drain);
  void freeze(simulated_process& who, bool all_of_it);
  void thaw(simulated_process& who);
  void kill(simulated_process& who);
  /// Lets a dead process find out that it is, long after: to take it down in order.
  void bury(simulated_process& who);
  std::vector<simulated_process*> alive() const;

  /// The store fails over to a replica that lacks what was done in the last `lost`; nobody can reach it for
  /// `outage`.
  void fail_over(milliseconds lost, milliseconds outage);

  void pass(milliseconds duration);
  shared_time now() const { return std::chrono::microseconds{sim.now().time_since_epoch()}; }

  /// Adds a job that is there from the beginning.
  void add(job_definition job);
  /// Ends the schedules of all jobs where they stand, lets what runs and waits end, and stops everybody.
  observation end();

  simulation sim;
  std::shared_ptr<log_keeper> log = std::make_shared<log_keeper>();
  std::shared_ptr<spdlog::logger> logger;
  simulated_network network{sim.clock(), sim.io};
  simulated_store shared{sim.clock()};
  link_faults faults;
  milliseconds lease{10'000};
  bool forgetful = false;            ///< Processes do not count while they are stopped.
  std::size_t remembered = 100'000;  ///< `shared_store_options::remembered`.
  observation seen;
  std::vector<std::unique_ptr<simulated_process>> processes;

 private:
  void settle();
  void add_bodies(simulated_process& who);
  void mark(simulated_process& who, const run& r, body_mark::kind what, std::string how = {});
  boost::asio::awaitable<void> slow_body(simulated_process& who, run& r);
  void note_job(const job_record& record, std::optional<instant> through);

  std::uint64_t seed_;
  int started_ = 0;
};

}  // namespace carillon::testing
