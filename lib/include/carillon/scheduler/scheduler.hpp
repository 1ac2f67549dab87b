#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/event/event.hpp>
#include <carillon/event/event_bus.hpp>
#include <carillon/event/event_filter.hpp>
#include <carillon/event/event_stream.hpp>
#include <carillon/executor/executor.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/task.hpp>
#include <carillon/job/task_registry.hpp>
#include <carillon/scheduler/delayed_call.hpp>
#include <carillon/scheduler/detail/operation_starts.hpp>
#include <carillon/scheduler/operations.hpp>
#include <carillon/scheduler/options.hpp>
#include <carillon/scheduler/run_result.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/trigger/schedule.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace carillon {

class job_ref;

/// Fires jobs at the times of their triggers, on the caller's event loop.
///
/// Operations take a completion token, by default one that makes them awaitable in any coroutine:
/// `co_await scheduler.pause("report", "month end")`; `scheduler.pause("report", "month end",
/// asio::use_future)` from a thread. They complete with `void(std::exception_ptr, R)` on the token's
/// executor; those asked for before `run()` wait until it has begun. Errors: each throws `errc::stopped` once
/// the scheduler is being shut down, `errc::no_such_job` where it says so, and `system_error` when the store
/// cannot be reached. Cancellation: terminal; the operation may have taken effect.
///
/// Thread safety: shared objects, safe: every function may be called from any thread. State is touched on one
/// strand of the io_context; bodies run where their executor puts them, by default on that strand. Nothing
/// runs within a call of an operation.
class scheduler {
 public:
  /// Keeps its jobs in memory. Errors: throws `std::invalid_argument` for options out of range.
  explicit scheduler(boost::asio::io_context& io, scheduler_options options = {});
  scheduler(boost::asio::io_context& io, std::shared_ptr<job_store> store, scheduler_options options = {});
  /// With a store that is its own: `scheduler{io, redis::job_store{link}}`.
  template <std::derived_from<job_store> Store>
  scheduler(boost::asio::io_context& io, Store store, scheduler_options options = {})
      : scheduler{io, std::shared_ptr<job_store>{std::make_shared<Store>(std::move(store))},
                  std::move(options)} {}
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;
  /// @pre `run()` has returned or was never called, or its io_context does not run any more.
  ~scheduler();

  /// Adds another store, under an alias (as an id): jobs that are added, put or declared by way of
  /// `in(alias)` are kept there. Tasks and executors, their limits and those of the scheduler are one for all
  /// stores; a store that fails keeps nobody from running the jobs of the others.
  ///
  ///     scheduler.store("shared", redis::job_store{link});
  ///     scheduler.in("shared").add("invoices", every(1h), send_invoices);
  ///
  /// Answers `in(alias)`. Once `run()` has begun it is opened at once, and not `required`.
  /// Errors: throws `std::invalid_argument` for an alias that is taken or not allowed, no store, or one that
  /// this scheduler has already.
  scheduler& store(std::string alias, std::shared_ptr<job_store> kept_in, store_options how = {});
  template <std::derived_from<job_store> Store>
  scheduler& store(std::string alias, Store kept_in, store_options how = {}) {
    return store(std::move(alias), std::shared_ptr<job_store>{std::make_shared<Store>(std::move(kept_in))},
                 how);
  }

  /// This scheduler as seen from one of its stores: there operations mean the jobs of that store, with all
  /// their names and forms (`pause()`, `resume()` and `health()` included), `now()` is its time, and
  /// listeners hear what is of it. Tasks, executors, stores and `shutdown` are those of the whole; `run`
  /// throws.
  ///
  /// On the scheduler itself an operation on jobs means those of the store that it was made with, "default":
  /// ids are unique within a store, so none is looked for in the others; that a job is not there says in
  /// which store it is, if this scheduler serves it. `pause()`, `resume()`, `health()`, `print_jobs`,
  /// `table_of_jobs` and listeners are of all stores.
  /// Lifetime: of this scheduler. Errors: throws `std::invalid_argument` for an alias that nobody has added.
  scheduler& in(std::string_view alias);

  /// Declares a job of this program, at any time; touches no store. `run()` brings it in: a new one is added,
  /// a changed one updated with its cursor kept where the new schedule fires there too, and one that is the
  /// same left alone. A body is `awaitable<void>(run&, Args…)`, `void(run&, Args…)`, either without `run&`,
  /// or what `bind` makes of one and its arguments.
  ///
  /// Errors: throws `std::invalid_argument` for an id that is taken or not allowed, options out of range,
  /// arguments that do not fit, an executor that is not there.
  template <typename Body>
  job_ref add(std::string id, schedule when, Body&& body, job_options options = {},
              std::optional<instant> first_time = std::nullopt);

  /// Runs a body once, after a delay or at an instant, by this scheduler's clock: a job like any other, with
  /// an id of its own, of which nothing is left when it has run, was cancelled, or the scheduler has ended.
  /// Its options are those of any job; by default it is never too late (`delayed_options()`). The body
  /// captures what it needs. On a shared store it runs in this process or not at all; that of a process that
  /// was killed stays there as a job which nobody serves. Once the scheduler has ended it counts as
  /// cancelled.
  ///
  /// Errors: throws `std::invalid_argument` for options out of range, an executor that is not there, and a
  /// body that `bind` gave arguments.
  template <typename Body, typename Rep, typename Period>
  delayed_call once(std::chrono::duration<Rep, Period> delay, Body&& body,
                    job_options options = delayed_options()) {
    return call_once(now() + std::chrono::ceil<milliseconds>(delay), carillon::task(std::forward<Body>(body)),
                     std::move(options));
  }
  template <typename Body>
  delayed_call once_at(instant when, Body&& body, job_options options = delayed_options()) {
    return call_once(when, carillon::task(std::forward<Body>(body)), std::move(options));
  }

  /// Declares a job that needs no body of this program's: its task was registered before, or its executor
  /// brings what it runs.
  job_ref add(job_definition job);

  /// Registers a body by name, for jobs that outlive the process or are put there by another one. Parked jobs
  /// that waited for it go on.
  ///
  /// Errors: throws `std::invalid_argument` for a name that is taken.
  template <typename Body>
  void task(std::string name, Body&& body) {
    add_task(std::move(name), carillon::task(std::forward<Body>(body)));
  }
  /// Registers all bodies of a registry: those that a `process_executor` runs, for one.
  void tasks(const task_registry& all) {
    for (const auto& name : all.names()) add_task(name, *all.find(name));
  }

  /// Makes an executor known, for `job_options::executor`. Under the empty name it is the default, in place
  /// of the event loop. Errors: throws `std::invalid_argument` for a name that is taken, and for none (null).
  void executor(std::string name, std::shared_ptr<carillon::executor> how);
  /// Makes a group known, for `job_options::group`, or changes its limits: no more runs of all its jobs go on
  /// at once, over all instances that share the store. They get places by priority, then by when they were
  /// due. Each instance says the same; until they do the smallest limit counts
  /// (`event::group_limits_differ`). Of several stores each has its own places to give, and those of this
  /// process hold over all of them. Errors: throws `std::invalid_argument` for a name or limits that are not
  /// allowed, and where the store keeps no groups.
  void group(std::string name, group_limits limits);

  /// Calls `handler` for each event that `which` wants (kinds, or an `event_filter`), on the scheduler's
  /// strand, until the subscription goes.
  [[nodiscard]] subscription on(event_filter which, std::function<void(const event&)> handler);
  /// The same for the next such event only.
  [[nodiscard]] subscription on_next(event_filter which, std::function<void(const event&)> handler);

  /// Keeps the events that `which` wants, from now on, for who awaits them, on any executor. Errors: throws
  /// `std::invalid_argument` for a buffer out of range.
  event_stream events(event_filter which = all_events, event_stream_options options = {});

  /// Waits for one event, from now on: before `run()` as well. None: the time has passed, by the scheduler's
  /// clock, or the scheduler has ended. What must not be missed between two calls is for `events`.
  template <typename Token = boost::asio::deferred_t>
  auto wait_for(event_filter which, std::optional<milliseconds> within = std::nullopt, Token&& token = {}) {
    return detail::begin<std::optional<event>>(detail::start_wait_for, token, engine_,
                                               heard_here(std::move(which)), within);
  }

  /// Runs until it is shut down. Once.
  /// Errors: throws `system_error` when the store cannot be opened, or another that is required.
  /// Cancellation: terminal; as `shutdown` with no drain.
  boost::asio::awaitable<void> run();

  /// Stops claiming, waits for running bodies as long as `how` says, cancels the rest, and completes when
  /// `run()` is about to return. Asked for again, it waits no longer than the latest is to wait, nor than the
  /// earlier ones.
  template <typename Token = boost::asio::deferred_t>
  auto shutdown(shutdown_options how, Token&& token = {}) {
    return detail::begin<void>(detail::start_stop, token, whole_->engine_, how);
  }
  /// The same with the drain time of the scheduler's options.
  auto shutdown() { return shutdown(shutdown_options{}, boost::asio::deferred); }

  /// Adds a job at run time. Errors: `std::invalid_argument` as `add`, and for a schedule that never fires
  /// again.
  template <typename Token = boost::asio::deferred_t>
  auto put(job_definition job, on_conflict policy = on_conflict::refuse, Token&& token = {}) {
    return detail::begin<put_result>(detail::start_put, token, engine_, std::move(job), policy);
  }

  /// Makes the jobs of an origin (a file's name) exactly these: adds, changes, leaves alone and removes as it
  /// takes, with cursors kept as by `add`. On a shared store several instances declare one file, in several
  /// versions perhaps: the last to declare a job wins, and `rest` says what may be removed. Errors:
  /// `std::invalid_argument` as `add`; then nothing was changed.
  template <typename Token = boost::asio::deferred_t>
  auto declare(std::string origin, std::vector<job_definition> jobs, undeclared rest, Token&& token = {}) {
    return detail::begin<declare_result>(detail::start_declare, token, engine_, std::move(origin),
                                         std::move(jobs), rest);
  }
  template <typename Token = boost::asio::deferred_t>
  auto declare(std::string origin, std::vector<job_definition> jobs, Token&& token = {}) {
    return declare(std::move(origin), std::move(jobs), undeclared::remove_ours, std::forward<Token>(token));
  }

  /// A job as it stands; none if there is no such job.
  template <typename Token = boost::asio::deferred_t>
  auto get(std::string id, Token&& token = {}) {
    return detail::begin<std::optional<job_record>>(detail::start_get, token, engine_, std::move(id));
  }

  /// Jobs in the order of their ids, page by page. Removed ones only when asked for by state.
  template <typename Token = boost::asio::deferred_t>
  auto list(job_query query, Token&& token = {}) {
    return detail::begin<job_page>(detail::start_list, token, engine_, std::move(query));
  }

  /// Changes parts of a job; its cursor stays where a new schedule fires there too. Errors: `no_such_job`;
  /// `conflict` when the job is not at the revision that the changes expect, in words that say how it stands;
  /// `std::invalid_argument`, also for a schedule that never fires again. Then nothing was changed.
  template <typename Token = boost::asio::deferred_t>
  auto modify(std::string id, job_changes changes, Token&& token = {}) {
    return detail::begin<job_record>(detail::start_modify, token, engine_, std::move(id), std::move(changes));
  }

  /// Gives a job another schedule, which begins now, or at `first_time`; only if the job is still at a
  /// revision, when one is given. Errors: as `modify`.
  template <typename Token = boost::asio::deferred_t>
  auto reschedule(std::string id, schedule when, std::optional<instant> first_time = std::nullopt,
                  Token&& token = {}) {
    return detail::begin<job_record>(detail::start_reschedule, token, engine_, std::move(id), std::move(when),
                                     first_time, std::optional<std::uint64_t>{});
  }
  template <typename Token = boost::asio::deferred_t>
  auto reschedule(std::string id, schedule when, std::optional<instant> first_time, at_revision expected,
                  Token&& token = {}) {
    return detail::begin<job_record>(detail::start_reschedule, token, engine_, std::move(id), std::move(when),
                                     first_time, std::optional{expected.number});
  }

  /// Stops a job from firing; the note says why. False if it was not active. Running bodies go on. Errors:
  /// `no_such_job`.
  template <typename Token = boost::asio::deferred_t>
  auto pause(std::string id, std::string note, Token&& token = {}) {
    return detail::begin<bool>(detail::start_pause, token, engine_, std::move(id), std::move(note));
  }

  /// Lets a paused job fire again. False if it was not paused. Errors: `no_such_job`.
  template <typename Token = boost::asio::deferred_t>
  auto resume(std::string id, resume_from where = resume_from::now, Token&& token = {}) {
    return detail::begin<bool>(detail::start_resume, token, engine_, std::move(id), where);
  }

  /// Removes a job and its waiting runs; running bodies go on. Of a declared job the record is kept, so that
  /// declaring the same again does nothing. False if there is no such job.
  template <typename Token = boost::asio::deferred_t>
  auto remove(std::string id, Token&& token = {}) {
    return detail::begin<bool>(detail::start_remove, token, engine_, std::move(id));
  }

  /// Removes all jobs. Answers how many there were.
  template <typename Token = boost::asio::deferred_t>
  auto clear(Token&& token = {}) {
    return detail::begin<std::size_t>(detail::start_clear, token, engine_);
  }

  /// Runs a job outside its schedule as soon as there is a place; the cursor does not move. False if there is
  /// no such job.
  template <typename Token = boost::asio::deferred_t>
  auto run_now(std::string id, Token&& token = {}) {
    return detail::begin<bool>(detail::start_run_now, token, engine_, std::move(id));
  }

  /// Runs a job outside its schedule as if `time` had come (`run::scheduled_for`), as soon as there is a
  /// place; the cursor does not move. Any time will do, also one at which it does not fire. False if there is
  /// no such job.
  template <typename Token = boost::asio::deferred_t>
  auto trigger_at(std::string id, instant time, Token&& token = {}) {
    return detail::begin<bool>(detail::start_trigger_at, token, engine_, std::move(id), time);
  }

  /// The same, and waits for the run to end, whichever instance runs it, retries included: answers how, and
  /// what the body returned. None: `and_wait::within` has passed; the run goes on, or still waits (so does
  /// one of a job that is paused). A run that is dropped before it begins, by `cancel_waiting` or with its
  /// job, is skipped, and the message says why.
  ///
  /// A store that does not answer may make the answer late by the length of a lease. Called by a body that
  /// others wait for, it may wait for a place for ever: say `within`.
  /// Errors: `no_such_job`; `stopped` when the scheduler ends before the run; `store_refused` by a store that
  /// keeps no results. Cancellation: terminal; the run goes on.
  template <typename Token = boost::asio::deferred_t>
  auto run_now(std::string id, and_wait how, Token&& token = {}) {
    return detail::begin<std::optional<run_result>>(detail::start_run_and_wait, token, engine_, std::move(id),
                                                    std::optional<instant>{}, how);
  }
  template <typename Token = boost::asio::deferred_t>
  auto trigger_at(std::string id, instant time, and_wait how, Token&& token = {}) {
    return detail::begin<std::optional<run_result>>(detail::start_run_and_wait, token, engine_, std::move(id),
                                                    std::optional{time}, how);
  }

  /// What a run returned that has succeeded (its id: `run::id`, `event::run`, the ledger). None: nothing, or
  /// it is not kept any more (`job_options::keep_result`), or there is no such run.
  template <typename Token = boost::asio::deferred_t>
  auto result(std::string id, std::string run_id, Token&& token = {}) {
    return detail::begin<std::optional<boost::json::value>>(detail::start_result, token, engine_,
                                                            std::move(id), std::move(run_id));
  }

  /// Sets what a job carries from run to run (`run::carried`); null: nothing. A run that is active has begun
  /// with what there was before, and may replace this when it ends. `get` shows it: `job_record::carried`.
  /// Errors: `no_such_job`; `std::invalid_argument` for a job without `job_options::carries`, for more
  /// than 64 KiB as JSON, and for what is deeper than `deepest_value`.
  template <typename Token = boost::asio::deferred_t>
  auto set_carried(std::string id, boost::json::value data, Token&& token = {}) {
    return detail::begin<void>(detail::start_set_carried, token, engine_, std::move(id), std::move(data));
  }

  /// Makes up for nominal times that have passed: puts down a run outside the schedule for each one in
  /// [from, to], the oldest first. Answers how many there are, and how many of them it has put down.
  ///
  /// They are the times that the trigger has, whether the job was there then or not; an interval and a
  /// `limit` have none before their anchor. As many run at once as `max_instances` allows; while they wait,
  /// a new fire finds no place, and its `on_overlap` decides. Asked again for the same times within the
  /// hour, it puts down those that are missing and no others (`backfill_options::again`). `cancel_waiting`
  /// takes back what has not begun.
  /// Errors: `no_such_job`; `std::invalid_argument` for a stretch that ends before it begins or has not
  /// passed, with more times than the limit (how many is said), or of a `fixed_delay`; a store that fails on
  /// the way has put down some of them: ask again.
  template <typename Token = boost::asio::deferred_t>
  auto backfill(std::string id, instant from, instant to, backfill_options how = backfill_options(),
                Token&& token = {}) {
    return detail::begin<backfill_result>(detail::start_backfill, token, engine_, std::move(id), from, to,
                                          how);
  }

  /// Leaves out one fire of a job, by its nominal time; the ledger has it as skipped ("skip_at"). It does not
  /// count for `skip_next`. At most 1,000 of a job are left out so at a time. False if this one was already.
  /// Errors: `no_such_job`; `std::invalid_argument` if the job does not fire then (any more), with the
  /// nearest fires.
  template <typename Token = boost::asio::deferred_t>
  auto skip_at(std::string id, instant time, Token&& token = {}) {
    return detail::begin<bool>(detail::start_skip_at, token, engine_, std::move(id), time);
  }
  /// Takes it back. False if that fire was not to be left out, or is over. Errors: `no_such_job`.
  template <typename Token = boost::asio::deferred_t>
  auto take_back_skip_at(std::string id, instant time, Token&& token = {}) {
    return detail::begin<bool>(detail::start_take_back_skip_at, token, engine_, std::move(id), time);
  }

  /// Moves a job to another store of this scheduler, as it is: definition, cursor, what is to be left out;
  /// not its counters, waiting runs and history. Bodies that run go on. A body that came with it (`add`) goes
  /// along, until the program ends: the next time it is to be added there. It does not fire meanwhile, and
  /// never in both stores: a process that is killed in between, and a store that fails, leave it paused here,
  /// with a note; moving it again completes it.
  /// Errors: `no_such_job`; `std::invalid_argument` when the other store has another job of that id, or it
  /// cannot be there, for an alias that nobody has added, and for what is `once`: then it is where it was.
  template <typename Token = boost::asio::deferred_t>
  auto move_to(std::string id, std::string_view alias, Token&& token = {}) {
    return detail::begin<void>(detail::start_move_to, token, engine_, std::move(id), in(alias).engine_);
  }

  /// Leaves out the next `fires` fires of a job (0 to 10,000; 0 takes it back). False if it has ended.
  /// Errors: `no_such_job`.
  template <typename Token = boost::asio::deferred_t>
  auto skip_next(std::string id, std::uint32_t fires = 1, Token&& token = {}) {
    return detail::begin<bool>(detail::start_skip_next, token, engine_, std::move(id), fires);
  }

  /// Asks the bodies of a job to stop, wherever they run. Answers how many there are; plain calls cannot be
  /// asked.
  template <typename Token = boost::asio::deferred_t>
  auto cancel_runs(std::string id, Token&& token = {}) {
    return detail::begin<std::size_t>(detail::start_cancel_runs, token, engine_, std::move(id));
  }

  /// Asks one run of a job to stop, wherever it runs (its id: `run::id`, `event::run`, the ledger). False if
  /// it is not active, which a plain call never is for others.
  template <typename Token = boost::asio::deferred_t>
  auto cancel_run(std::string id, std::string run_id, Token&& token = {}) {
    return detail::begin<bool>(detail::start_cancel_run, token, engine_, std::move(id), std::move(run_id));
  }

  /// Drops the runs of a job that wait: retries, queued ones, those of `run_now`, `trigger_at` and
  /// `backfill`. The ledger has each as skipped ("cancelled"). What runs goes on. False if none waited.
  /// Errors: `no_such_job`.
  template <typename Token = boost::asio::deferred_t>
  auto cancel_waiting(std::string id, Token&& token = {}) {
    return detail::begin<bool>(detail::start_cancel_waiting, token, engine_, std::move(id));
  }

  /// Writes jobs as a JSON document: definition, state, note, zone, anchor, cursor, what is to be left out.
  /// Not their counters, waiting runs and history. All jobs, or those that `which` fits; its `limit` does not
  /// count.
  template <typename Token = boost::asio::deferred_t>
  auto export_jobs(job_query which = job_query(), Token&& token = {}) {
    return detail::begin<export_result>(detail::start_export_jobs, token, engine_, std::move(which));
  }

  /// Brings in jobs of a document that `export_jobs` has written, or a person. Of one job after another: what
  /// is there already, as it is in the document, is unchanged; what differs is treated by the policy; a job
  /// that replaces another keeps its cursor as by `modify`. All are looked at first: if one is refused,
  /// nothing is changed and the report says why, unless `import_options::partial` is said.
  /// Errors: `std::invalid_argument` for a document that is none, with the place; then nothing was changed.
  template <typename Token = boost::asio::deferred_t>
  auto import_jobs(std::string document, import_options how = import_options(), Token&& token = {}) {
    return detail::begin<import_report>(detail::start_import_jobs, token, engine_, std::move(document), how);
  }

  /// The jobs as a table for people: id, schedule, next fire, state, active runs, how many succeeded and
  /// failed, and how the last run ended, as far as the latest 10,000 entries of the ledger say. All that
  /// `which` fits; its `limit` does not count. Of several stores a table for each, under its name.
  template <typename Token = boost::asio::deferred_t>
  auto table_of_jobs(job_query which = job_query(), Token&& token = {}) {
    return detail::begin<std::string>(detail::start_table_of_jobs, token, engine_, std::move(which),
                                      whole_ == this);
  }
  /// Prints it, on the scheduler's strand. Lifetime: of `out`, until it has completed.
  template <typename Token = boost::asio::deferred_t>
  auto print_jobs(std::ostream& out, job_query which = job_query(), Token&& token = {}) {
    return detail::begin<void>(detail::start_print_jobs, token, engine_, &out, std::move(which),
                               whole_ == this);
  }

  /// The timetable: the next `count` nominal fires of one job, or of all when `id` is empty; earliest first.
  /// Of a job that leaves out dates which are not known here only the fire that the store has.
  template <typename Token = boost::asio::deferred_t>
  auto next_runs(std::size_t count, std::string id = std::string(), Token&& token = {}) {
    return detail::begin<std::vector<upcoming_fire>>(detail::start_next_runs, token, engine_, count,
                                                     std::move(id));
  }

  /// What became of each fire, newest first, page by page.
  template <typename Token = boost::asio::deferred_t>
  auto history(ledger_query query, Token&& token = {}) {
    return detail::begin<ledger_page>(detail::start_history, token, engine_, std::move(query));
  }

  /// Whether jobs fire as they should: the store answers, this instance may claim, and the last claims of all
  /// that it owns went through. Answers at once.
  template <typename Token = boost::asio::deferred_t>
  auto health(Token&& token = {}) {
    return detail::begin<health_report>(detail::start_health, token, engine_, whole_ == this);
  }

  /// Stops all jobs of this scheduler from firing, until `resume`. Running bodies go on.
  template <typename Token = boost::asio::deferred_t>
  auto pause_all(Token&& token = {}) {
    return detail::begin<void>(detail::start_pause_all, token, engine_, whole_ == this);
  }
  template <typename Token = boost::asio::deferred_t>
  auto resume_all(resume_from where = resume_from::now, Token&& token = {}) {
    return detail::begin<void>(detail::start_resume_all, token, engine_, where, whole_ == this);
  }
  /// The same under shorter names.
  auto pause() { return pause_all(); }
  auto resume() { return resume_all(); }

  /// The aliases of its stores, the default one first, then in the order in which they were added.
  std::vector<std::string> stores() const;

  /// The strand on which state is touched and, by default, bodies run.
  boost::asio::any_io_executor get_executor() const;
  const scheduler_options& options() const noexcept;
  /// The time by this scheduler's clock.
  instant now() const noexcept;

 private:
  friend class job_ref;
  friend class embedded_scheduler;
  job_ref declare_one(job_definition job, std::optional<carillon::task> body);
  void add_task(std::string name, carillon::task body);
  delayed_call call_once(instant when, carillon::task body, job_options options);

  struct views;  ///< What `in` answers.
  scheduler(scheduler& whole, std::shared_ptr<engine> one);
  event_filter heard_here(event_filter which) const;

  std::shared_ptr<engine> engine_;  ///< Of the default store, or of the one that this is a view of.
  scheduler* whole_ = this;
  std::unique_ptr<views> views_;  ///< Null: this is a view.
};

/// A job of a scheduler, named once. A small value.
///
/// Lifetime: of its scheduler. Thread safety: that of its scheduler.
class job_ref {
 public:
  job_ref(scheduler& owner, std::string id) : owner_{&owner}, id_{std::move(id)} {}

  const std::string& id() const noexcept { return id_; }

  template <typename Token = boost::asio::deferred_t>
  auto get(Token&& token = {}) const {
    return owner_->get(id_, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto modify(job_changes changes, Token&& token = {}) const {
    return owner_->modify(id_, std::move(changes), std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto reschedule(schedule when, std::optional<instant> first_time = std::nullopt, Token&& token = {}) const {
    return owner_->reschedule(id_, std::move(when), first_time, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto pause(std::string note, Token&& token = {}) const {
    return owner_->pause(id_, std::move(note), std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto resume(resume_from where = resume_from::now, Token&& token = {}) const {
    return owner_->resume(id_, where, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto remove(Token&& token = {}) const {
    return owner_->remove(id_, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto run_now(Token&& token = {}) const {
    return owner_->run_now(id_, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto run_now(and_wait how, Token&& token = {}) const {
    return owner_->run_now(id_, how, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto result(std::string run_id, Token&& token = {}) const {
    return owner_->result(id_, std::move(run_id), std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto set_carried(boost::json::value data, Token&& token = {}) const {
    return owner_->set_carried(id_, std::move(data), std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto skip_next(std::uint32_t fires = 1, Token&& token = {}) const {
    return owner_->skip_next(id_, fires, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto trigger_at(instant time, Token&& token = {}) const {
    return owner_->trigger_at(id_, time, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto backfill(instant from, instant to, backfill_options how = backfill_options(),
                Token&& token = {}) const {
    return owner_->backfill(id_, from, to, how, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto skip_at(instant time, Token&& token = {}) const {
    return owner_->skip_at(id_, time, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto take_back_skip_at(instant time, Token&& token = {}) const {
    return owner_->take_back_skip_at(id_, time, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto cancel_run(std::string run_id, Token&& token = {}) const {
    return owner_->cancel_run(id_, std::move(run_id), std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto cancel_waiting(Token&& token = {}) const {
    return owner_->cancel_waiting(id_, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto cancel_runs(Token&& token = {}) const {
    return owner_->cancel_runs(id_, std::forward<Token>(token));
  }
  template <typename Token = boost::asio::deferred_t>
  auto next_runs(std::size_t count, Token&& token = {}) const {
    return owner_->next_runs(count, id_, std::forward<Token>(token));
  }

 private:
  scheduler* owner_;
  std::string id_;
};

template <typename Body>
job_ref scheduler::add(std::string id, schedule when, Body&& body, job_options options,
                       std::optional<instant> first_time) {
  options.tags.insert(options.tags.end(), when.tags.begin(), when.tags.end());
  carillon::task registered(std::forward<Body>(body));
  job_definition job{std::move(id), std::move(when.when), {}, {}, {}, {}, {}};
  job.arguments = registered.bound_arguments();
  job.options = intern(options);
  job.first_time = first_time;
  return declare_one(std::move(job), std::move(registered));
}

}  // namespace carillon
