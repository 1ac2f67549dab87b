#pragma once
#include <carillon/store/job_backend.hpp>
#include <carillon/store/member_backend.hpp>
#include <carillon/store/shared_store.hpp>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/group_shares.hpp"
#include "store/memory_jobs.hpp"
#include "support/simulated_network.hpp"

namespace carillon::testing {

/// One place for jobs and members that several instances share, in this process: what Redis is to them. Its
/// steps are those of the memory store.
class simulated_store {
 public:
  explicit simulated_store(std::shared_ptr<clock> time, std::size_t ledger_size = 1'000'000);

  /// What an instance uses. The link and the store outlive it.
  std::unique_ptr<job_backend> jobs_through(simulated_link& link);
  std::unique_ptr<member_backend> members_through(simulated_link& link);
  /// A store of both, whose membership runs on `member_executor`.
  std::shared_ptr<shared_store> store_through(simulated_link& link, loop_executor member_executor,
                                              std::shared_ptr<clock> time, shared_store_options options);

  /// The protocol broken on purpose, to see that somebody notices.
  struct {
    bool any_cursor = false;     ///< A claim is not asked where it thinks the cursor is.
    bool any_fence = false;      ///< A finish is not asked for its fence, only for its occurrence.
    bool any_end = false;        ///< Who is told of an end does not ask whether that was told before.
    bool nobody_leaves = false;  ///< A heartbeat after the end of a lease renews it all the same.
  } broken;

  /// What it says to who wants to join or to renew a lease; empty: it does as it is asked.
  std::string refuses_members;

  /// Makes it before anybody opens it.
  void create(std::uint32_t partitions);
  memory_jobs& jobs() noexcept { return *master_.jobs; }
  /// Adds a job as somebody does who is no instance.
  void add(job_record job);
  /// Jobs that instances have removed, as they were then.
  std::vector<job_record> removed;
  store_identity identity() const noexcept { return identity_; }
  /// Another store takes its place, an empty one.
  void replace();
  /// From now on all that is done to its jobs is done to so many replicas as well, at most `longest_lag`
  /// later.
  void replicate(std::size_t replicas);
  static constexpr milliseconds longest_lag{3'000};
  /// A replica takes its place, which has heard of nothing that was done in the last `lost`: acknowledged or
  /// not, it has never been done.
  void fail_over(milliseconds lost);
  std::vector<std::string> live() const;
  /// How many steps of all kinds were taken, and in how many calls.
  std::uint64_t steps = 0, calls = 0;

 private:
  friend class simulated_jobs;
  friend class simulated_members;
  /// The jobs of one server.
  struct server {
    std::unique_ptr<memory_jobs> jobs;
    std::unordered_map<std::uint64_t, job_handle> by_birth;

    job_handle handle_of(std::string_view id, std::uint64_t born);
    claim_answer claim(claim_request request, std::uint64_t born);
    take_answer take(take_request request, std::uint64_t born);
    finish_answer finish(run_report report, std::uint64_t born);
  };
  struct late_change {
    instant at;
    std::function<void(server&)> change;
  };
  struct notice {
    std::uint32_t partition = 0;
    std::uint64_t number = 0;
    job_brief job;
  };
  struct member_entry {
    member_info who;
    instant expires;
  };

  void expect(const store_identity& identity) const;
  std::unique_ptr<memory_jobs> make_jobs() const;
  void observe();
  void changed(const memory_job& job, std::uint64_t number);
  /// Does something to the master, and later to the replicas; refers to nothing that goes away.
  template <typename Change>
  auto change(Change what) {
    if (!replicas_.empty()) {
      late_.push_back({time_->now(), what});
      replicate_until(time_->now() - longest_lag);
    }
    return what(master_);
  }
  void replicate_until(instant time);
  void tell_finished(const run_report& report, const finish_answer& answer);
  brief_page page(std::uint32_t partition, const std::string& after, std::size_t limit) const;
  partition_look look(std::uint32_t partition, instant now) const;
  std::vector<kept_end> ends(std::uint32_t partition) const;
  std::optional<job_record> load(const std::string& id);
  void accept_any_cursor(claim_request& request);
  void accept_any_fence(run_report& report);

  members_answer heartbeat(member_info me, milliseconds lease, const store_identity& expected, bool joins);
  members_answer members();
  group_answer share_group(const std::string& member, const group_request& request);
  void drop_expired();
  void members_changed();

  std::shared_ptr<clock> time_;
  std::size_t ledger_size_;
  store_identity identity_;
  server master_;
  std::vector<server> replicas_;
  std::deque<late_change> late_;  ///< What the replicas have not heard of.
  std::map<std::string, member_entry> members_;
  std::map<std::uint64_t, std::shared_ptr<const served_work>> works_;
  std::map<std::string, group_shares> groups_;
  std::list<std::function<void(const std::string&, const std::string&)>> on_group_;
  std::list<std::function<void(const notice&)>> on_change_;
  std::list<std::function<void(const std::string&, const std::string&, cancel_reason)>> on_stop_;
  std::list<std::function<void()>> on_members_;
};

}  // namespace carillon::testing
