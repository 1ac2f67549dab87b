#pragma once
#include <atomic>
#include <boost/system/error_code.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/store/member_backend.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "store/attempt.hpp"
#include "store/elapsed_sleeps.hpp"
#include "store/lease.hpp"

namespace carillon {

/// Who was live at a moment, and the lease of whoever asked.
struct member_view {
  std::shared_ptr<lease> mine;
  std::vector<member_info> members;
  std::uint64_t number = 0;  ///< Of the question: `membership::questions` when it was about to be sent.
};

/// What a membership tells, on its own executor.
class membership_listener {
 public:
  /// A heartbeat was answered. With another lease than before: the instance has joined.
  virtual void on_view(member_view view) = 0;
  virtual void on_lease_over(std::shared_ptr<lease> which) = 0;
  /// The store's clock minus this machine's, give or take `error`.
  virtual void on_offset_measured(milliseconds offset, milliseconds error) = 0;
  /// The store has not answered a heartbeat, or would not take it. It is sent again.
  virtual void on_beat_failed(boost::system::error_code code, const std::string& why) = 0;
  /// Another store answers than the one that was opened. Nothing is sent until `expect`.
  virtual void on_other_store(store_identity expected) = 0;

 protected:
  ~membership_listener() = default;
};

struct membership_options {
  std::string instance;
  std::string host;
  std::uint64_t process = 0;
  std::string version;
  milliseconds lease{10'000};
  std::uint32_t stall_limit = 6;  ///< In leases.
  std::uint64_t seed = 0;         ///< Of ids and of what is random in waiting.
};

/// Keeps this instance a member: joins, renews its lease each third of it, joins anew under another id when
/// it is lost, and tells who else there is. An instance whose event loop has not answered for half a lease
/// says so, and others own its jobs; after `stall_limit` leases it renews no more.
///
/// A lease is counted from when the heartbeat that renewed it was sent, and ends a tenth early. Thread
/// safety: `refresh`, `serve`, `loop_answered`, `abandon` and `questions` from any thread; all else on the
/// executor that it was made for.
class membership : public std::enable_shared_from_this<membership> {
 public:
  /// @param probe Called before each heartbeat: has `loop_answered` called by the event loop, from there.
  membership(std::unique_ptr<member_backend> backend, loop_executor where, std::shared_ptr<clock> time,
             membership_options options, std::weak_ptr<membership_listener> tell,
             std::function<void()> probe);

  /// Begins to join that store, in the background.
  loop_awaitable<void> start(store_identity store, std::shared_ptr<const served_work> work);
  /// Ends what was begun, and leaves, so that others take over at once. Waits for no more than calls that are
  /// under way, and one more. Answers why it could not leave; empty: it has.
  loop_awaitable<std::string> stop();
  /// Sends nothing more after what is under way, and does not leave: the lease runs out. Any thread.
  void abandon();
  /// Gives up the lease, if there is one, and sends nothing more until `expect`.
  loop_awaitable<void> halt();
  /// Joins another store than before.
  loop_awaitable<void> expect(store_identity store);
  /// Asks who is live; needs no lease.
  loop_awaitable<std::vector<member_info>> members();

  /// Sends a heartbeat as soon as may be.
  void refresh();
  void serve(std::shared_ptr<const served_work> work);
  void loop_answered() noexcept;
  /// How many times it was asked who is live. What is seen now was there before any question of a greater
  /// number was sent.
  std::uint64_t questions() const noexcept { return questions_; }

 private:
  loop_awaitable<void> run();
  static loop_awaitable<void> end_alone(std::shared_ptr<membership> self);
  loop_awaitable<std::chrono::nanoseconds> beat();
  loop_awaitable<void> rest(std::chrono::nanoseconds until);
  bool renewed(members_answer::kind what, std::chrono::nanoseconds sent);
  void meet_other_store();
  void tell_offset(milliseconds offset, milliseconds error);
  void tell_failure(boost::system::error_code code, const std::string& why);
  void tell_view(std::vector<member_info>&& members, std::uint64_t number);
  loop_awaitable<void> fetch_missing(std::vector<member_info>& members);
  void fill_in(std::vector<member_info>& members) const;
  loop_awaitable<void> publish();
  loop_awaitable<void> leave_old();
  void give_up(bool still_there);
  void wake();
  std::string new_id();
  std::chrono::nanoseconds soon();
  std::chrono::nanoseconds third() const { return options_.lease / 3; }

  const std::unique_ptr<member_backend> backend_;
  const loop_executor where_;
  const std::shared_ptr<clock> time_;
  const membership_options options_;
  const std::weak_ptr<membership_listener> listener_;
  const std::function<void()> probe_;
  std::atomic<std::int64_t> loop_answered_;  // clock::elapsed, in nanoseconds
  std::atomic<bool> blocked_{false};
  std::atomic<std::uint64_t> questions_{0};

  store_identity store_;
  member_info me_;  ///< Its id is empty while there is none to join under.
  std::shared_ptr<lease> lease_;
  std::vector<std::string> left_;  ///< Ids that this instance no longer uses, to be taken out of the store.
  std::string stays_why_;          ///< Why the last of these could not be taken out.
  std::map<std::uint64_t, std::shared_ptr<const served_work>> works_;  ///< By digest.
  std::shared_ptr<const served_work> published_;
  std::chrono::nanoseconds published_at_{0};
  std::uint64_t generation_ = 0;  ///< Of the store that is expected.
  bool halted_ = false;
  bool stopping_ = false;
  bool running_ = false;
  bool hurry_ = false;  ///< A heartbeat is wanted now.
  std::mt19937_64 random_;
  elapsed_sleeps sleeps_;
  condition news_;
  std::unique_ptr<clock::watch> steps_;
  task_group tasks_;
};

}  // namespace carillon
