#pragma once
#include <spdlog/logger.h>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/event/event_bus.hpp>
#include <carillon/event/event_stream.hpp>
#include <carillon/job/task_registry.hpp>
#include <carillon/scheduler/operations.hpp>
#include <carillon/scheduler/options.hpp>
#include <carillon/scheduler/run_result.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/time/corrected_clock.hpp>
#include <carillon/trigger/schedule.hpp>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>
#include "scheduler/common_parts.hpp"
#include "scheduler/job_entry.hpp"
#include "scheduler/job_index.hpp"
#include "scheduler/run_ids.hpp"
#include "scheduler/runner.hpp"
#include "scheduler/seen_lately.hpp"

namespace carillon {

struct documented_job;
struct pending_call;

/// What a scheduler is behind its public face.
///
/// Thread safety: `declare`, `withdraw`, `add_task`, `add_executor` and `operate` from any thread; all else
/// on the strand. The parts: declarations.cpp (what a program says), adding.cpp, operations.cpp,
/// skipping.cpp, extra_runs.cpp, results.cpp, exchange.cpp, queries.cpp and listing.cpp (what is asked at run
/// time), groups.cpp (limits that jobs share), predecessors.cpp (jobs that run after others), stores.cpp
/// (several stores: an engine for each, of which the first leads), following.cpp (which jobs have a loop
/// here, and how it keeps up with the store), sharing.cpp (what a store tells that others use as well),
/// loop.cpp (claims), execution.cpp and finish.cpp (runs), calls.cpp (those of `once`), listening.cpp and
/// reports.cpp (events), errands.cpp (work in the background, and a store that fails), lifetime.cpp (start
/// and stop).
class engine final : public std::enable_shared_from_this<engine>, private store_listener {
 public:
  engine(boost::asio::io_context& io, std::shared_ptr<job_store> store, scheduler_options options);
  /// One for another store of the same scheduler.
  engine(engine& lead, std::string alias, std::shared_ptr<job_store> store, store_options how);
  ~engine();

  // ---- Any thread.
  const loop_executor& strand() const noexcept { return strand_; }
  const scheduler_options& options() const noexcept { return options_; }
  event_bus& events() noexcept { return events_; }
  event_stream stream(event_filter which, event_stream_options options);
  instant now() const noexcept { return clock_.now(); }
  void declare(job_definition job, std::optional<task> body);
  void add_task(std::string name, task body);
  void add_executor(std::string name, std::shared_ptr<executor> how);
  void set_group(std::string name, group_limits limits);
  std::shared_ptr<pending_call> call_once(instant when, task body, job_options options);
  bool cancel_call(pending_call& call);
  const std::string& alias() const noexcept { return alias_; }
  std::shared_ptr<engine> add_store(std::string alias, std::shared_ptr<job_store> store, store_options how);
  /// Starts an operation on the strand, after `run()` has begun; it is never run within this call.
  template <typename T>
  void operate(loop_awaitable<T> work, detail::completion_handler<T> done);
  /// The same, not only between the beginning and the end of `run()`, and nothing that shutdown waits for.
  template <typename T>
  void operate_at_any_time(loop_awaitable<T> work, detail::completion_handler<T> done);

  // ---- Life.
  loop_awaitable<void> run();
  loop_awaitable<void> stop(shutdown_options how);

  // ---- Operations; see scheduler.hpp.
  loop_awaitable<put_result> put(job_definition job, on_conflict policy);
  loop_awaitable<declare_result> declare_all(std::string origin, std::vector<job_definition> jobs,
                                             undeclared rest);
  loop_awaitable<std::optional<job_record>> find(std::string id);
  loop_awaitable<job_page> list(job_query query);
  loop_awaitable<job_record> modify(std::string id, job_changes changes);
  loop_awaitable<job_record> reschedule(std::string id, schedule when, std::optional<instant> first_time,
                                        std::optional<std::uint64_t> expected_revision);
  loop_awaitable<bool> pause_job(std::string id, std::string note);
  loop_awaitable<bool> resume_job(std::string id, resume_from where);
  loop_awaitable<bool> remove(std::string id);
  loop_awaitable<std::size_t> clear();
  loop_awaitable<bool> run_now(std::string id);
  loop_awaitable<bool> trigger_at(std::string id, instant time);
  loop_awaitable<std::optional<run_result>> run_and_wait(std::string id, std::optional<instant> time,
                                                         and_wait how);
  loop_awaitable<std::optional<boost::json::value>> result(std::string id, std::string run_id);
  loop_awaitable<void> set_carried(std::string id, boost::json::value data);
  loop_awaitable<backfill_result> backfill(std::string id, instant from, instant to, backfill_options how);
  loop_awaitable<bool> skip_next(std::string id, std::uint32_t fires);
  loop_awaitable<bool> skip_at(std::string id, instant time);
  loop_awaitable<bool> take_back_skip_at(std::string id, instant time);
  loop_awaitable<std::size_t> cancel_runs(std::string id);
  loop_awaitable<bool> cancel_one_run(std::string id, std::string run_id);
  loop_awaitable<bool> cancel_waiting(std::string id);
  loop_awaitable<export_result> export_jobs(job_query which);
  loop_awaitable<import_report> import_jobs(std::string document, import_options how);
  loop_awaitable<std::string> table_of_jobs(job_query which, bool everywhere);
  loop_awaitable<void> print_jobs(std::ostream* out, job_query which, bool everywhere);
  loop_awaitable<std::vector<upcoming_fire>> next_runs(std::size_t count, std::string id);
  loop_awaitable<ledger_page> history(ledger_query query);
  loop_awaitable<void> move_to(std::string id, std::shared_ptr<engine> to);
  loop_awaitable<void> pause_all(bool everywhere);
  loop_awaitable<void> resume_all(resume_from where, bool everywhere);
  loop_awaitable<health_report> health(bool everywhere);
  /// In how long something of what has a loop here comes due, in any store; a moment, if it is due and waits
  /// for its store.
  std::optional<milliseconds> next_wakeup();
  loop_awaitable<std::optional<event>> next_event(event_stream from, std::optional<milliseconds> within);

 private:
  engine(std::shared_ptr<common_parts> common, std::string alias, std::shared_ptr<job_store> store,
         scheduler_options options, bool required);
  enum class phase : std::uint8_t { idle, starting, running, stopping, stopped };
  struct taken_run;
  struct claim_work;
  struct finish_work;
  struct loop_done;
  struct crew;
  class operation_count;
  class own_change;
  using definition_ptr = std::shared_ptr<const job_definition>;

  /// What was heard of a job that is being changed here.
  struct change_heard {
    std::uint32_t changes = 0;  ///< Under way.
    std::uint64_t number = 0;   ///< The latest.
  };

  /// Something done in the background, by one coroutine at a time: asked for again meanwhile, it is done once
  /// more. A store that fails makes it rest, and try again.
  struct errand {
    loop_awaitable<void> (engine::*work)();
    bool wanted = false;
    bool under_way = false;
  };

  template <typename T>
  static loop_awaitable<T> gated(std::shared_ptr<engine> self, loop_awaitable<T> work);
  template <typename T>
  static loop_awaitable<T> kept_alive(std::shared_ptr<engine> self, loop_awaitable<T> work);
  loop_awaitable<void> wait_until_running();

  // stores.cpp
  bool leads() const noexcept { return alias_ == default_store_name; }
  const task* task_of(std::string_view name) const;
  void register_task(task_registry& where, std::string name, task body);
  void look_at_registered();
  std::vector<std::shared_ptr<engine>> others();
  bool leads_alone() { return leads() && others().empty(); }
  std::string store_in_words();
  std::string job_in_words(std::string_view id);
  std::string store_that_has(const std::string& id);
  void begin_others();
  void other_ended(engine& other, const std::exception_ptr& failure);
  loop_awaitable<void> open_store();
  loop_awaitable<void> all_open();
  std::optional<milliseconds> next_wakeup_here() const;
  loop_awaitable<std::string> table_of_jobs_here(job_query which);
  health_report health_here();
  void pause_here();
  void resume_here(resume_from where);
  loop_awaitable<void> bring_over(std::string id, engine& to, bool active);

  // declarations.cpp
  definition_ptr checked(job_definition&& job);
  void share(job_definition& job);
  std::optional<std::string> fault_of(const job_definition& job, const task* own = nullptr);
  void refuse_misfit(const job_definition& job);
  std::vector<definition_ptr> take_declared();
  void put_back_declared(std::vector<definition_ptr> rest);
  const run_means* means_of(const job_definition& job);
  loop_awaitable<void> bring_in_declarations();
  loop_awaitable<void> bring_in_declared(definition_ptr definition);
  served_work served();
  void served_changed();
  loop_awaitable<void> tell_declared();
  void settle_body(job_entry& job);
  void look_at_parked();

  // calls.cpp
  const std::string& name_of_calls(bool plain);
  std::shared_ptr<pending_call> begin_call(class run& of);
  bool is_dead_call(const job_definition& job);
  void forget_call(const std::string& id);
  void withdraw_call(const std::string& id);
  std::vector<definition_ptr> pending_calls();
  void end_calls();
  loop_awaitable<void> remove_pending_calls();

  // adding.cpp, operations.cpp, queries.cpp
  job_record new_record(std::shared_ptr<const job_definition> definition) const;
  binding bound_to(const job_record& record) const;
  loop_awaitable<put_result> bring_in(definition_ptr definition);
  loop_awaitable<std::optional<put_result>> bring_in_once(definition_ptr definition);
  loop_awaitable<void> bring_in_counted(definition_ptr definition, std::shared_ptr<declare_result> counts);
  void follow_added(job_record record, put_answer answer);
  loop_awaitable<void> remove_undeclared(std::string origin, std::vector<std::string> ids, undeclared rest,
                                         std::shared_ptr<declare_result> counts);
  struct other_declarers;
  loop_awaitable<void> look_for_others(const std::vector<std::string>& ids, other_declarers& others);
  loop_awaitable<std::vector<std::string>> ids_of(std::optional<std::string> origin);
  loop_awaitable<loaded_job> require(std::string id);
  loop_awaitable<std::uint64_t> put_down(extra_run run);
  struct waiting_place;
  loop_awaitable<std::optional<run_result>> wait_for_end(std::string id, std::uint64_t number, instant until);
  void wake_waiting_for(std::string_view id);
  job_record record_of(const documented_job& wanted, bool begin_anew) const;
  loop_awaitable<void> look_at_import(const documented_job& wanted, on_conflict policy, bool begin_anew,
                                      import_report::entry& into);
  loop_awaitable<void> import_one(const documented_job& wanted, bool begin_anew, import_report::entry& into);
  loop_awaitable<bool> add_imported(const documented_job& wanted, bool begin_anew);
  loop_awaitable<bool> change_to_imported(const documented_job& wanted);
  loop_awaitable<std::map<std::string, std::string>> last_outcomes(const std::vector<job_record>& jobs);
  loop_awaitable<bool> change(job_record seen, job_change what);
  fire_plan leave_out_due(const job_record& record, job_change& what, std::string_view reason);
  job_change change_to(const job_record& old, definition_ptr definition, bool afresh);
  loop_awaitable<bool> replace_definition(job_record old, definition_ptr definition, bool afresh);
  loop_awaitable<job_record> redefine(std::string id, std::function<void(job_definition&)> edit, bool afresh,
                                      std::optional<std::uint64_t> expected_revision);
  loop_awaitable<void> pause_with_note(std::string id, std::string why);
  loop_awaitable<bool> remove_for_good(std::string id);
  loop_awaitable<void> remove_counted(std::string id, std::shared_ptr<std::size_t> removed);
  loop_awaitable<void> restart_fixed_delay(job_record record);
  struct listed_job;
  loop_awaitable<std::vector<listed_job>> listed_in_store(std::string id);
  static std::vector<upcoming_fire> timetable(std::vector<listed_job> jobs, std::size_t count);
  job_record as_seen_here(job_record record) const;

  // predecessors.cpp
  loop_awaitable<std::string> cycle_of(definition_ptr job, std::vector<std::string>& missing);
  loop_awaitable<void> refuse_cycle(definition_ptr job);
  void refuse_declared_cycle(const job_definition& job) const;
  void look_at_predecessors(const job_entry& job);
  loop_awaitable<void> check_followers();
  void tell_missing(const std::string& id, const std::vector<std::string>& missing);
  bool is_declared_here(const std::string& id);
  void refuse_elsewhere(const std::string& id, const std::string& missing);
  void refuse_declared_elsewhere(const job_definition& job);
  [[noreturn]] void refuse_to_follow(const std::string& id, const std::string& other,
                                     const std::string& store) const;

  // following.cpp
  bool owns(const job_record& record) const;
  void on_job_changed(const std::string& id, std::uint64_t number) override;
  void look_again(const std::string& id);
  loop_awaitable<void> take_ownership();
  void tell_ownership();
  loop_awaitable<void> let_go();
  loop_awaitable<void> load_owned();
  loop_awaitable<void> follow(std::string id);
  loop_awaitable<void> follow_one(std::string id);
  loop_awaitable<void> follow_changes();
  void take_in(loaded_job job);
  void await_elsewhere(const job_record& record);
  void tell_if_parked(const job_record& record);
  void start_loop(loaded_job job);
  void retire(job_entry& job);
  void loop_ended(job_entry& job);
  void release_if_over(job_entry& job);
  loop_awaitable<void> wake_all();
  void spread_overdue();
  void on_clock_step(clock_step step);
  void settle_idle(job_entry& job);

  // sharing.cpp
  void on_ownership_changed() override;
  void on_run_found(const found_run& run) override;
  void on_run_lost(const lost_run& run) override;
  void on_stop_asked(const std::string& job, const std::string& run_id, cancel_reason why) override;
  void on_lease_lost() override;
  void on_store_replaced() override;
  void on_clock_offset(milliseconds offset) override;
  void on_reachable(bool reachable, const std::string& why) override;
  void on_heartbeats(bool answered, const std::string& why, milliseconds left) override;
  loop_awaitable<void> start_found();
  loop_awaitable<void> start_found_run(found_run run);
  job_entry& host(loaded_job job);
  void report_unstarted(const found_run& run);
  bool may_start(const job_entry& job, const taken_run& taken);
  std::size_t cancel_held(cancel_reason reason);
  void forget_all_known();
  void tick();
  void wake_crowded();

  // errands.cpp
  bool at_work() const noexcept { return phase_ == phase::starting || phase_ == phase::running; }
  void ask(errand& what);
  loop_awaitable<void> run_errand(errand& what);
  loop_awaitable<void> done(errand& what);
  loop_awaitable<void> for_each(std::size_t count, std::function<loop_awaitable<void>(std::size_t)> each);
  loop_awaitable<void> work_off(std::shared_ptr<crew> all);
  loop_awaitable<void> rest(std::uint32_t failures);
  loop_awaitable<void> rest_for(milliseconds time);
  void wake_resting();
  milliseconds backoff_after(std::uint32_t failures);
  milliseconds some_of(milliseconds time);
  void tell_trouble(const std::exception_ptr& failure);
  void store_answers();
  void store_is_lost(const std::string& why);

  // loop.cpp
  enum class loop_step : std::uint8_t { wait, ask, end };
  loop_awaitable<void> job_loop(job_entry& job);
  bool claims() const noexcept { return !paused_ && member_ && reachable_; }
  bool something_due(const job_entry& job) const;
  loop_step look(job_entry& job) noexcept;
  loop_step wait_for(job_entry& job) noexcept;
  loop_awaitable<void> ask_store(job_entry& job);
  void set_bell(job_entry& job);
  bool serve_now(job_entry& job);
  loop_awaitable<void> serve(job_entry& job);
  void recover(job_entry& job, const std::exception_ptr& failure);
  planner_job planned(const job_entry& job, const binding& bound) const;
  binding bound_to(const job_entry& job) const;
  bool wants_take(const job_entry& job, instant now) const;
  take_request ask_to_take(job_entry& job, std::string_view run_id, instant now) const;
  void took(job_entry& job, const take_answer& answer, std::string_view run_id);
  bool prepare_claim(job_entry& job, claim_work& work);
  void write_request(const job_entry& job, claim_work& work, instant now);
  void claimed(job_entry& job, const claim_work& work, const claim_answer& answer);
  void follow_plan(job_entry& job, const claim_work& work, const claim_answer& answer);
  void won_or_not(job_entry& job, const planned_run& planned, const run_answer& answer,
                  std::string_view carried);
  void pause_exhausted(job_entry& job, std::string why);
  void reload(job_entry& job);

  // execution.cpp
  void start(job_entry& job, const taken_run& taken);
  void run_plain(job_entry& job, const taken_run& taken);
  outcome not_served(const job_entry& job);
  void finish_unrun(job_entry& job, const taken_run& taken, outcome result);
  void fill(active_run& attempt, job_entry& job, const taken_run& taken);
  runner& acquire_runner();
  void release_runner(runner& who);
  void dismiss(runner& who);
  void enter_place(runner& who);
  void enter_executor(runner& who);
  void seek_place(runner& who, executor_place& place);
  void take_place(runner& who, executor_place& place);
  void leave_places(runner& who);
  void leave_place(executor_place& place);
  void fill_place(executor_place& place);
  void tell_waiting(const active_run& attempt, const executor_place& place);
  void begin(runner& who);
  boost::asio::awaitable<void> carry_out(runner& who);
  boost::asio::awaitable<void> run_runner(std::shared_ptr<runner> who);
  void launch(runner& who);
  void body_ended(runner& who, const std::exception_ptr& thrown);
  void run_over(runner& who, outcome result, const std::exception_ptr& thrown);
  void cancel(runner& who, cancel_reason reason);
  void cancel_run(std::string_view run_id, cancel_reason reason);
  bool cancel_run_of(std::string_view id, std::string_view run_id, cancel_reason reason);
  std::size_t cancel_all(std::string_view id, cancel_reason reason);
  void watch(runner& who, instant until);
  void on_watch(runner& who);

  // groups.cpp
  static constexpr const char* no_groups = "its store keeps no groups for several instances";
  static std::shared_ptr<executor_place> group_in(place_list& known, const std::string& name,
                                                  const group_limits& limits, bool of_store);
  void take_over_groups();
  executor_place* group_here(const executor_place& of_store);
  void change_group(executor_place& group, executor_limits limits);
  std::vector<std::shared_ptr<executor_place>> groups();
  void leave_group(runner& who);
  void ask_for_share(executor_place& group);
  loop_awaitable<void> ask_share(executor_place& group);
  group_request part_in(executor_place& group);
  void take_share(executor_place& group, const group_answer& answer);
  void tell_group_limit(executor_place& group, std::uint32_t limit);
  void on_group_place(const std::string& name) override;
  void lose_shares();
  void look_at_groups(bool all_of_them);

  // finish.cpp
  void finish(active_run& attempt, outcome result, std::chrono::nanoseconds took,
              const std::exception_ptr& thrown);
  bool report_end(active_run& attempt, outcome result, std::chrono::nanoseconds took,
                  const std::exception_ptr& thrown);
  run_report report_of(const active_run& attempt, const outcome& result, std::chrono::nanoseconds took);
  void move_on(run_report& report, job_entry& job, const trigger& when);
  loop_awaitable<void> finish_slowly(std::shared_ptr<finish_work> work);
  void end_slowly(const finish_work& work, const std::optional<finish_answer>& answer,
                  const std::string& why);
  void tell_end_failed(std::string_view id, const std::exception_ptr& failure);
  bool may_finish_again(const std::exception_ptr& failure) const;
  void finished(job_entry& job, const run_report& report, const finish_answer& answer);
  void no_longer_active(job_entry& job);

  // reports.cpp
  bool wanted(event_kind kind) const noexcept { return events_.wanted(mask(kind)); }
  event make_event(event_kind kind) const;
  event make_event(event_kind kind, std::string_view id) const;
  event make_event(event_kind kind, const active_run& attempt) const;
  void tell_job(event_kind kind, const std::string& id, std::string message = std::string());
  void tell_job(event_kind kind, const job_definition& job, std::string message = std::string());
  void tell_named(event_kind kind, std::string_view what);
  void tell_claimed(const job_entry& job, const taken_run& taken);
  void tell_requested(const extra_run& run);
  void tell_started(const active_run& attempt);
  void tell_queued(const job_entry& job, const planned_run& planned);
  void tell_left_out(const job_entry& job, const ledger_stretch& stretch);
  void tell_skipped(const job_entry& job, instant occurrence, const char* why);
  void tell_ended(const run_report& report, const std::exception_ptr& thrown);
  void tell_unreported(const run_report& report, const std::string& why);
  void tell_of_store(event_kind kind, std::string message, std::uint64_t count = 1);
  void tell_stuck(const active_run& attempt);
  void tell_blocked(const active_run& attempt, std::chrono::nanoseconds took);

  // lifetime.cpp
  loop_awaitable<void> start_up();
  void ask_to_stop(milliseconds drain);
  milliseconds left_to_drain() const;
  loop_awaitable<void> serve_until_stopped();
  loop_awaitable<void> shut_down(std::exception_ptr failure);
  loop_awaitable<void> close_executors();
  loop_awaitable<void> drain();
  loop_awaitable<void> join_all();
  loop_awaitable<void> close_store();
  std::vector<std::shared_ptr<executor_place>> places();
  void open_executors();

  const std::shared_ptr<common_parts> common_;
  loop_executor strand_;
  scheduler_options options_;
  const std::string alias_;  ///< Of the store, among those of this scheduler.
  const bool required_;      ///< If the store cannot be opened, the scheduler does not start.
  std::shared_ptr<job_store> store_;
  const bool shared_;                           ///< Others use the store as well.
  std::shared_ptr<corrected_clock> corrected_;  ///< Of a shared store; else null.
  std::shared_ptr<carillon::clock> clock_owner_;
  carillon::clock& clock_;
  std::shared_ptr<spdlog::logger> logger_;
  zone zone_;  ///< Of schedules that name none.
  event_bus& events_;
  run_ids run_ids_;

  std::mutex& declared_mutex_;  ///< Guards what programs say from any thread: the next fifteen.
  std::vector<std::shared_ptr<engine>> others_;  ///< Of the one that leads: those of its other stores.
  task_registry tasks_;  ///< Bodies that came with jobs; `common_->tasks` are those of all stores.
  place_list& places_;
  place_list shares_;   ///< Of groups, whose places the store gives.
  place_list& groups_;  ///< Those of this store: `shares_`, or what all stores of one process have.
  std::vector<definition_ptr> declared_;
  std::vector<definition_ptr> declared_ever_;  ///< With a shared store: for another that takes its place.
  boost::unordered_flat_set<std::uint64_t>
      declared_ids_;  ///< `seed_of` them: 64 bits tell a million ids apart.
  std::map<std::tuple<const task*, executor_place*, executor_place*>, run_means> means_;
  std::map<std::string, std::shared_ptr<pending_call>, std::less<>> calls_;  ///< Of `once`, by their job ids.
  bool calls_over_ = false;                                                  ///< There will be no others.
  std::string plain_calls_, other_calls_;  ///< The names of their tasks; empty: there were none yet.
  run_ids call_ids_;
  shared_text last_task_;  ///< The task name of the definition checked last: mostly that of the next.
  std::vector<std::optional<trigger>> recent_triggers_;  ///< By their texts.

  std::atomic<phase> phase_{phase::idle};
  bool paused_ = false;
  bool prioritized_ = false;      ///< Some job has had a priority: all are looked at in an order.
  bool to_close_ = false;         ///< The store is open ...
  bool opened_ = false;           ///< ... and those of the others that must be: it may be asked.
  bool begun_ = false;            ///< Of another: its `run` has been called.
  std::size_t serving_ = 0;       ///< Others whose `run` has not returned.
  bool member_ = true;            ///< Of a shared store: claims are allowed.
  bool reachable_ = true;         ///< The store has not said otherwise.
  bool in_trouble_ = false;       ///< It has been told that the store fails.
  bool heartbeats_lost_ = false;  ///< It has been told that it does not answer heartbeats.
  bool cancelling_ = false;       ///< Shutdown has cancelled what runs: so is what may still be started.
  bool runs_over_ = false;        ///< Nothing runs here any more, and nothing will.
  bool offset_told_ = false;      ///< That this machine's clock is not the store's.
  job_index jobs_;
  std::size_t waking_ = 0;                           ///< Passes over all jobs that are under way ...
  std::vector<std::unique_ptr<job_entry>> leaving_;  ///< ... and what they may still refer to.
  std::size_t loops_ = 0;                            ///< Job loops that have not ended.
  std::size_t operations_ = 0;                       ///< Operations under way.
  std::size_t active_ = 0;                           ///< Runs of this instance.
  std::map<std::string, std::string, std::less<>> parked_why_;  ///< Jobs that nobody here can run.
  std::set<std::string, std::less<>> changed_;                  ///< Jobs to ask the store about.
  std::set<std::string, std::less<>> followers_;  ///< Jobs of which to look at what they follow.
  std::set<std::string, std::less<>> crowded_;    ///< Their waiting runs find no place, which others hold.
  std::set<std::string, std::less<>> awaiting_;   ///< fixed_delay jobs whose run another instance has.
  boost::unordered_flat_map<std::uint64_t, change_heard> changing_;  ///< By `seed_of`: what is changed here.
  std::deque<found_run> found_;                                      ///< Runs to be started.
  seen_lately started_;  ///< With a shared store: fences of runs that were started.
  std::map<std::string, std::vector<definition_ptr>, std::less<>> files_;  ///< Declared here, by origin.
  std::atomic<bool> serving_changed_ = false;
  std::vector<std::shared_ptr<runner>> runners_;
  std::vector<runner*> parked_runners_;
  std::size_t launched_ = 0;  ///< Runners whose coroutine has not ended.
  active_run plain_;
  executor_place& everything_;  ///< Of all runs but plain calls in the loop.
  instant drain_until_ =
      instant::max();  ///< Shutdown cancels then what runs; `max()`: nobody has asked for one.
  std::unique_ptr<clock::watch> step_watch_;
  condition news_;  ///< Something that `run()`, shutdown or waiting operations wait for has changed.
  task_group chores_;
  std::list<waiting_place*> waiting_for_ends_;
  std::list<wall_timer*> resting_;  ///< Of those who wait for a store that failed.
  std::uint64_t jitters_ = 0;
  std::string refused_;                  ///< What the store said last when it refused something ...
  instant refused_at_ = instant::min();  ///< ... and when that was told.
  std::exception_ptr start_failure_;
  std::exception_ptr other_failure_;  ///< Of a store without which the scheduler does not go on.
  errand owning_{&engine::take_ownership};
  errand following_{&engine::follow_changes};
  errand declaring_{&engine::bring_in_declarations};
  errand finding_{&engine::start_found};
  errand checking_{&engine::check_followers};
  std::optional<wall_timer> tick_bell_;  ///< With a shared store, while it is open.
  std::uint64_t ticks_ = 0;
  std::optional<std::size_t> jobs_before_;  ///< Since this instance's share changes, until that is told.
  std::optional<std::size_t> jobs_lately_;  ///< At the last tick.
};

}  // namespace carillon
