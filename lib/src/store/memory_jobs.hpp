#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/intrusive/set.hpp>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/job_store.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/bounded_ledger.hpp"
#include "store/kept_for_a_time.hpp"
#include "store/lately_known.hpp"

namespace carillon {

/// A run that somebody has won and has not ended.
struct held_run {
  std::string id;
  const std::string* member = nullptr;
  std::uint64_t fence = 0;
  std::uint64_t born = 0;
  instant occurrence{};
  instant due{};
  std::uint32_t attempt = 1;
  instant started{};     ///< When it was claimed or taken.
  waiting_reason why{};  ///< Of a run that waited.
  bool taken = false;    ///< It waited.
  bool extra = false;
  bool awaited = false;                      ///< How it ends is to be known, by `revision`.
  cancel_reason stop = cancel_reason::none;  ///< Somebody wants it to end; overlap: for another in its place.
  std::uint64_t revision = 0;                ///< Of the job when this was planned or asked for.
  followed_run_ptr follows;
};

/// As a look at its partition tells of it.
active_record active_record_of(const std::string& job, const held_run& run);

/// A run that waits for its time, or for a place.
struct waiting_run {
  instant at{};
  instant due{};
  instant occurrence{};
  std::uint32_t attempt = 1;
  waiting_reason why{};
  bool extra = false;
  bool awaited = false;        ///< As of `held_run`.
  std::uint64_t revision = 0;  ///< Of the job when this was planned or asked for.
  followed_run_ptr follows;
  std::string planned_as;  ///< Of a queued run: the id in the claim ...
  std::string cancels;     ///< ... and of the run that was named in the answer as to be cancelled.
};

/// What exists of a job's runs only while there are any.
struct live_runs {
  boost::container::small_vector<held_run, 1> held;
  boost::container::small_vector<waiting_run, 1> waiting;  ///< By time, then in the order of arrival.

  bool empty() const noexcept { return held.empty() && waiting.empty(); }
  std::optional<instant> next_waiting() const;
  std::size_t waiting_at(instant now) const;
  void put(waiting_run run);
  held_run* find(std::string_view run_id);
  held_run* find_of(std::string_view member);
  const waiting_run* find_queued(std::string_view planned_as) const;
};

/// What few jobs have: counters beyond successes, a note, times to be left out, data that runs hand on,
/// others that they follow.
struct rare_record {
  job_counters counters;
  std::string note;
  std::vector<instant> skip_at;
  std::string carried;
  std::map<std::string, std::uint64_t> told;  ///< Of each job that it follows the number of the last end.
};

/// A job. Kept small, because there may be a million: what is rare stands behind pointers.
struct memory_job : boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>> {
  static constexpr instant none = instant::max();

  std::shared_ptr<const job_definition> definition;
  std::shared_ptr<memory_job> self;  ///< The store's own hold on it; empty once the job is gone.
  std::unique_ptr<live_runs> live;
  std::unique_ptr<rare_record> rare;
  std::uint64_t revision = 0;
  std::uint64_t born = 0;
  std::uint64_t last_claim = 0;  ///< Digest of the claim that nothing has followed yet: it may be sent again.
  std::uint64_t last_fence = 0;  ///< Of the run that ended last, whose finish may be sent again.
  std::uint64_t succeeded = 0;
  instant anchor = none;
  instant cursor = none;
  instant due = none;
  instant last_fire = none;
  zone where;
  std::uint32_t skip_next = 0;
  job_state state = job_state::active;
  bool last_end_paused = false;   ///< The run that ended last paused the job ...
  bool last_end_removed = false;  ///< ... or was its end.

  const std::string& id() const noexcept { return definition->id; }
  rare_record& rarely();
  job_counters counters() const;
  job_record record() const;
  std::optional<instant> next_waiting() const { return live ? live->next_waiting() : std::nullopt; }
  std::uint32_t held() const { return live ? static_cast<std::uint32_t>(live->held.size()) : 0; }
};

/// The jobs of a memory store, and everything that can be done to them, each in one step.
class memory_jobs {
 public:
  explicit memory_jobs(std::size_t ledger_size);
  ~memory_jobs();

  void open(std::string member, boost::asio::any_io_executor where, store_listener& tell);
  void close();

  put_answer add(job_record&& wanted, on_conflict policy);
  change_answer update(std::string_view id, std::uint64_t expected_revision, job_change&& change);
  change_answer remove(std::string_view id, std::optional<std::uint64_t> expected_revision, bool tombstone);
  std::optional<loaded_job> load(std::string_view id);
  job_page list(const job_query& query) const;
  own_jobs load_own(const std::string& from, const job_store::known_job& is_known);
  /// Answers the number of the run; 0: there is no such job.
  std::uint64_t enqueue(const extra_run& run);
  awaited_end end_of(std::string_view id, std::uint64_t number);
  std::optional<std::string> result(std::string_view id, std::string_view run_id, instant now) const;
  ledger_page history(const ledger_query& query) const { return ledger_.read(query); }

  claim_answer claim(const claim_request& request);
  take_answer take(const take_request& request);
  finish_answer finish(const run_report& report);

  // ---- For several members.
  /// Ends a run as lost, by its fence, if it is still active. Whether it was.
  bool reap(std::string_view id, std::string_view run_id, std::uint64_t fence, std::string_view why);
  /// Marks the active runs of a job, or the one of that id; answers which.
  std::vector<const held_run*> ask_to_stop(std::string_view id, std::string_view run_id, cancel_reason why);
  /// Ends that jobs follow wait until their followers were told by others; else they are told at once.
  bool keeps_ends = false;
  const std::deque<kept_end>& ends() const noexcept { return untold_; }
  follow_answer follow(const follow_step& step);
  void drop_ends(const std::function<bool(const kept_end&)>& which);
  /// Calls `visit(job, run)` for each active run, those of removed jobs included; in no order.
  void visit_active(const std::function<void(const std::string&, const held_run&)>& visit) const;
  /// In the order of their ids.
  void visit_jobs(const std::function<void(const memory_job&)>& visit) const;
  /// Called with each change that a listener would be told of, from within the step that makes it.
  std::function<void(const memory_job&, std::uint64_t number)> on_change;
  /// The same of a run that was marked to be stopped for one that follows another job's.
  std::function<void(const held_run&)> on_stop;
  std::uint64_t last_number() const noexcept { return number_; }

  // ---- For stores that keep jobs elsewhere, and have what is done to them decided here: what a step
  // concerns is put back before it, and read after it.
  /// @pre There is no job of its id, and no run of one.
  void put_back(std::shared_ptr<memory_job> job);
  /// The active runs of a job that was removed. @pre As `put_back`.
  void put_back_orphans(std::string id, std::unique_ptr<live_runs> runs);
  /// The number that was taken last, or the time in microseconds if that is later: numbers that are taken
  /// from now on are no times of requests.
  void put_back_number(std::uint64_t last) noexcept {
    number_ = last;
    has_clock_ = true;
  }
  /// Has the ends of a job kept for one that need not be here.
  void put_back_follower(const std::string& of, const std::string& follower, ends_mask ends) {
    followers_[of][follower] = ends;
  }
  bool is_followed(std::string_view id) const { return followers_.contains(id); }
  void put_back_token(std::string_view token) { tokens_.add(token); }
  void put_back_taken(std::string_view run_id) { taken_.add(run_id); }
  /// The one text of that name, for `held_run::member`.
  const std::string* name_of(std::string_view member);
  /// Null: there is none.
  const memory_job* kept(std::string_view id) const noexcept;
  const live_runs* kept_orphans(std::string_view id) const noexcept;

 private:
  struct by_id {
    using type = std::string_view;
    type operator()(const memory_job& job) const noexcept { return job.id(); }
  };
  using index = boost::intrusive::set<memory_job, boost::intrusive::key_of_value<by_id>>;
  struct listener;

  memory_job* find(std::string_view id) noexcept;
  memory_job* find(std::string_view id, const job_handle& handle) noexcept;
  live_runs* runs_of(std::string_view id) noexcept;
  std::uint64_t take_number(instant now);
  std::uint64_t take_number() { return ++number_; }
  /// The time of the latest request, as far as numbers tell it.
  instant latest_known() const { return instant{milliseconds{static_cast<std::int64_t>(number_ / 1'000)}}; }
  void notify(const memory_job& job, std::uint64_t number);
  void notify_stop(const memory_job& job, const held_run& run);

  memory_job& make(job_record&& wanted);
  void replace(memory_job& job, job_record&& wanted);
  void forget(memory_job& job);
  void drop_waiting(memory_job& job, std::string_view why);
  void change(memory_job& job, job_change&& what);

  live_runs& live_of(memory_job& job);
  void release_live(memory_job& job);
  claim_answer move_past(const claim_request& request);
  std::optional<claim_answer> answer_again(const memory_job* job, const claim_request& request);
  void move_cursor(memory_job& job, const claim_request& request);
  static void tell_displaced(const memory_job& job, const claim_request& request, claim_answer& answer);
  run_answer place(memory_job& job, const planned_run& run, const claim_request& request);
  run_answer place_full(memory_job& job, waiting_run&& run);
  held_run& hold(memory_job& job, std::string_view run_id, std::string_view member, instant now);
  void drop_held(live_runs& live, const held_run& run);
  bool end_if_over(memory_job& job);

  void follow_others(const memory_job& job);
  void follow_no_others(const memory_job& job);
  void keep_for_followers(std::string_view id, const held_run& run, outcome_kind how);
  bool tell_ends(instant now);
  void put_follower(memory_job& job, const kept_end& end, instant now);

  void give_up(std::string_view member);
  void lose_runs(memory_job& job, std::string_view member);
  bool lose_run(memory_job& job, held_run& run, std::string_view why);
  finish_answer finish_again(const run_report& report, const memory_job* job) const;
  finish_answer finish_of_another(const run_report& report);
  void put_again(memory_job& job, const held_run& run, instant at, waiting_reason why);
  bool count_end(memory_job& job, const outcome& result);
  void follow_delay(memory_job& job, const run_report& report);

  void write_left_out(memory_job& job, const ledger_stretch& stretch);
  void write_skip(memory_job& job, instant occurrence, bool extra, std::string_view why,
                  followed_run_ptr follows = nullptr);
  void write_skip(memory_job& job, const waiting_run& run, std::string_view why);
  ledger_entry& write_run(std::string_view id, const held_run& run, bool final);
  void write_end(memory_job* job, const held_run& run, const run_report& report, bool final);
  void write_lost(memory_job* job, std::string_view id, const held_run& run, bool final,
                  std::string_view why);
  void keep_end(memory_job* job, std::uint64_t number, const ledger_entry& entry, std::string_view value);
  void keep_data(memory_job& job, const run_report& report);
  void count(memory_job& job, outcome_kind kind, std::uint64_t times);

  index jobs_;
  std::map<std::string, std::unique_ptr<live_runs>, std::less<>> orphans_;  ///< Runs of removed jobs.
  std::vector<std::unique_ptr<live_runs>> spare_;                           ///< To be used again.
  /// By what they follow: the followers, and the ends that they wait for.
  std::map<std::string, std::map<std::string, ends_mask>, std::less<>> followers_;
  std::deque<kept_end> untold_;  ///< Ends of which followers are to be told.
  std::set<std::string, std::less<>> members_;
  lately_known tokens_;  ///< Of changes and extra runs that were made.
  lately_known taken_;   ///< Run ids of takes whose runs have ended: a late copy of one takes nothing.
  kept_for_a_time<std::string, std::uint64_t> awaited_{10'000};  ///< By their tokens, the numbers of runs.
  kept_for_a_time<std::uint64_t, awaited_end> ends_{16 << 20};   ///< Of those, by their numbers.
  kept_for_a_time<std::string, std::string> results_{64 << 20};  ///< By job and run id.
  bounded_ledger ledger_;
  std::shared_ptr<listener> listener_;
  std::string member_;  ///< Who has opened it.
  std::uint64_t number_ = 0;
  bool has_clock_ = false;  ///< What was put back as the last number is no less than the time.
  std::size_t held_ = 0;    ///< Active runs of all jobs.
};

}  // namespace carillon
