#pragma once
#include <doctest/doctest.h>
#include <carillon/job/job.hpp>
#include <carillon/job/options.hpp>
#include <carillon/store/job_store.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::contract {

/// A store under test, empty and open, and how to have it work. A test file makes one for each rule.
class store_under_test {
 public:
  virtual ~store_under_test() = default;
  /// Opened as instance "a".
  virtual job_store& store() = 0;
  /// What instance "b" sees of the same jobs; may be the same object. It runs none of their loops.
  virtual job_store& other() = 0;
  /// Runs `work` to its end, with what it posted.
  virtual void run(loop_awaitable<void> work) = 0;
  /// The ids of which the listener of `store()` has been told since this was last asked, in the order of the
  /// alphabet, each once. `closed`: it is closed, and there is little use in waiting for what it is told.
  virtual std::vector<std::string> told(bool closed) = 0;
  /// Whether claims are asked for with `claim_now` and so on.
  virtual bool asks_at_once() const { return false; }
  /// Whether jobs may follow others; false where such a job is refused.
  virtual bool runs_jobs_after_others() const { return true; }
};

using store_factory = std::function<std::unique_ptr<store_under_test>()>;

/// Seconds after the moment at which all rules begin.
constexpr instant at(std::int64_t seconds) {
  return instant{milliseconds{1'700'000'000'000 + seconds * 1'000}};
}

/// A store and short words to ask it with. Jobs fire each 60 s from `at(60)` on, as far as a rule does not
/// say otherwise; the store cannot tell.
class world {
 public:
  explicit world(store_under_test& under) : under_{under} {}

  job_store& store() { return left_ ? under_.other() : under_.store(); }
  job_store& other() { return under_.other(); }
  std::vector<std::string> told() { return under_.told(left_); }

  /// Waits for what a store answers.
  template <typename T>
  T wait(loop_awaitable<T> asked) {
    std::optional<T> answer;
    std::exception_ptr thrown;
    under_.run(keep(std::move(asked), answer, thrown));
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*answer);
  }
  void wait(loop_awaitable<void> asked) { wait(done(std::move(asked))); }
  /// Closes the store of "a"; what is asked from now on, "b" is asked.
  void leave() {
    wait(store().close());
    left_ = true;
  }

  /// A record as a scheduler makes it.
  static job_record record(std::string id, const job_options& options = {},
                           std::string_view when = "every 60s") {
    auto definition =
        std::make_shared<job_definition>(job_definition{std::move(id), trigger{when}, {}, {}, {}, {}, {}});
    definition->options = std::make_shared<const job_options>(options);
    job_record made;
    made.definition = std::move(definition);
    made.anchor = at(0);
    made.cursor = at(60);
    made.due = at(60);
    return made;
  }
  static job_record declared(std::string id, const job_options& options = {}) {
    auto made = record(std::move(id), options);
    auto definition = *made.definition;
    definition.origin = "program";
    made.definition = std::make_shared<const job_definition>(std::move(definition));
    return made;
  }

  put_answer put(job_record job, on_conflict policy = on_conflict::refuse) {
    return wait(store().add(std::move(job), policy));
  }
  put_answer::kind add(std::string id, const job_options& options = {}) {
    return put(record(std::move(id), options)).what;
  }
  std::optional<loaded_job> load(const std::string& id) { return wait(store().load(id)); }
  job_record seen(const std::string& id) {
    auto job = load(id);
    REQUIRE_MESSAGE(job, "there is no job ", id);
    return std::move(job->record);
  }
  bool exists(const std::string& id) { return load(id).has_value(); }
  change_answer update(const std::string& id, job_change what) {
    const auto record = seen(id);
    if (what.cursor) what.cursor->from = record.cursor;
    return wait(store().update(id, record.revision, std::move(what)));
  }
  change_answer set_state(const std::string& id, job_state state) {
    job_change what;
    what.state = state;
    return update(id, std::move(what));
  }
  change_answer remove(const std::string& id, bool tombstone = false) {
    return wait(store().remove(id, std::nullopt, tombstone));
  }
  bool run_now(const std::string& id, instant when) {
    extra_run run;
    run.id = id;
    run.occurrence = run.at = when;
    return wait(store().enqueue(run)) != 0;
  }

  /// A claim of the fire at the cursor of `job`, with the next fire 60 s later.
  static claim_request claim_of(const loaded_job& job, std::string_view run_id,
                                std::string_view member = "a") {
    claim_request request;
    request.id = job.record.id();
    request.handle = job.handle;
    request.expected_cursor = job.record.cursor.value();
    request.expected_revision = job.record.revision;
    request.next_cursor = request.expected_cursor + milliseconds{60'000};
    request.next_due = *request.next_cursor;
    request.now = job.record.due;
    request.member = member;
    request.runs.push_back({request.expected_cursor, job.record.due, run_id});
    return request;
  }
  claim_answer ask(job_store& store, const claim_request& request) {
    if (under_.asks_at_once()) return store.claim_now(request).value();
    return wait(store.claim(request));
  }
  claim_answer ask(const claim_request& request) { return ask(store(), request); }
  /// Claims the next fire of a job.
  claim_answer claim(const std::string& id, std::string_view run_id) {
    const auto job = load(id);
    REQUIRE(job);
    return ask(claim_of(*job, run_id));
  }
  /// Claims the next fire of a job and wins; its fence.
  std::uint64_t win(const std::string& id, std::string_view run_id) {
    const auto answer = claim(id, run_id);
    REQUIRE(answer.what == claim_answer::kind::claimed);
    REQUIRE(answer.runs.size() == 1);
    REQUIRE(answer.runs[0].what == run_answer::kind::won);
    return answer.runs[0].fence;
  }
  /// Claims the next fire of a job, wins and ends the run, under an id of its own.
  finish_answer run_once(const std::string& id, outcome_kind how = outcome_kind::succeeded) {
    const auto run_id = "once-" + std::to_string(++runs_);
    return finish(id, run_id, win(id, run_id), how);
  }
  /// Claims the last fire of a job's trigger.
  claim_answer claim_last(const std::string& id, std::string_view run_id) {
    const auto job = load(id);
    REQUIRE(job);
    auto request = claim_of(*job, run_id);
    request.next_cursor.reset();
    request.ends = true;
    return ask(request);
  }

  take_answer ask(job_store& store, const take_request& request) {
    if (under_.asks_at_once()) return store.take_now(request).value();
    return wait(store.take(request));
  }
  take_answer take(const std::string& id, std::string_view run_id, instant now) {
    take_request request;
    request.id = id;
    request.now = now;
    request.member = "a";
    request.run_id = run_id;
    return ask(store(), request);
  }

  finish_answer ask(job_store& store, const run_report& report) {
    if (under_.asks_at_once()) return store.finish_now(report).value();
    return wait(store.finish(report));
  }
  finish_answer ask(const run_report& report) { return ask(store(), report); }
  /// A report of a run that began when it was due and took a second.
  static run_report report(std::string_view id, std::string_view run_id, std::uint64_t fence,
                           const outcome& result, instant started = at(60)) {
    run_report made;
    made.id = id;
    made.run_id = run_id;
    made.member = "a";
    made.fence = fence;
    made.occurrence = made.due = made.started = started;
    made.finished = started + milliseconds{1'000};
    made.result = &result;
    return made;
  }
  finish_answer finish(const std::string& id, std::string_view run_id, std::uint64_t fence,
                       outcome_kind how = outcome_kind::succeeded) {
    const auto result = ended(how);
    return ask(report(id, run_id, fence, result));
  }
  finish_answer fail_and_retry(const std::string& id, std::string_view run_id, std::uint64_t fence,
                               instant retry_at) {
    const auto result = ended(outcome_kind::failed);
    auto made = report(id, run_id, fence, result);
    made.retry_at = retry_at;
    return ask(made);
  }
  static outcome ended(outcome_kind how) {
    outcome result;
    result.kind = how;
    if (how == outcome_kind::failed) result.message = "no luck";
    return result;
  }

  /// Newest first.
  std::vector<ledger_entry> ledger(const std::string& id) {
    ledger_query query;
    query.job = id;
    return wait(store().history(query)).entries;
  }
  std::vector<std::string> ids(const job_query& query = {}) {
    std::vector<std::string> found;
    for (const auto& job : wait(store().list(query)).jobs) found.push_back(job.id());
    return found;
  }

 private:
  static loop_awaitable<bool> done(loop_awaitable<void> asked) {
    co_await std::move(asked);
    co_return true;
  }
  template <typename T>
  static loop_awaitable<void> keep(loop_awaitable<T> asked, std::optional<T>& answer,
                                   std::exception_ptr& thrown) {
    try {
      answer = co_await std::move(asked);
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  store_under_test& under_;
  bool left_ = false;
  int runs_ = 0;
};

/// What must hold of every store, as a sentence and as a test of it.
struct rule {
  const char* says;
  void (*holds)(world&);
};
using rules = std::vector<rule>;

}  // namespace carillon::contract
