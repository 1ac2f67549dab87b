#pragma once
#include <doctest/doctest.h>
#include <array>
#include <carillon/store/job_store.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// Puts a store through a random sequence of everything that can be done to it, asking some of it twice as if
/// the answer had been lost, and holds it against the promises of `job_store`:
///
/// - every nominal time that a cursor has passed ends in exactly one ledger entry that is final, and every
/// extra run as well;
/// - no run is won while `max_instances` are active; fences of one id only grow;
/// - what is asked again is answered the same and changes nothing.
///
/// Nominal times of an id lie on a grid and never come back, also when the job is removed and added again, so
/// that the ledger can be held against a plain count. The store's ledger must hold the whole walk.
///
/// `World` is what makes coroutines run: a `simulation`, or a loop in real time.
template <typename World>
class job_store_walk {
 public:
  job_store_walk(World& world, job_store& store, std::uint64_t seed)
      : world_{world}, store_{store}, random_{seed} {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      now_ += milliseconds{below(40)};
      one_step(ids_[below(ids_.size())]);
    }
    drain();
    check_ledger();
  }

 private:
  static constexpr milliseconds grid{10};

  struct held {
    std::string id, run;
    std::uint64_t fence = 0;
    instant occurrence, due;
    std::uint32_t attempt = 1;
  };
  struct account {
    std::map<instant, int> passed;  ///< Nominal times, and in how many plans they were.
    int extras = 0;
    std::uint64_t fence = 0;
    instant next{milliseconds{1'000'000}};  ///< The first that no cursor has reached yet.
  };

  template <typename T>
  T ask(loop_awaitable<T> work) {
    return world_.run(std::move(work));
  }
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
  }
  bool chance(std::size_t percent) { return below(100) < percent; }
  std::string new_run() { return "member-a:" + std::to_string(++runs_made_); }

  void one_step(const std::string& id) {
    const auto what = below(100);
    if (what < 8)
      add(id);
    else if (what < 12)
      remove(id);
    else if (what < 20)
      update(id);
    else if (what < 26)
      enqueue(id);
    else if (what < 60)
      claim(id);
    else if (what < 75)
      take(id);
    else if (!active_.empty())
      finish(below(active_.size()), chance(25));
  }

  job_options some_options() {
    job_options options;
    options.max_instances = static_cast<std::uint32_t>(1 + below(3));
    options.on_overlap =
        std::array{overlap_action::skip, overlap_action::queue, overlap_action::cancel_running}[below(3)];
    options.queue_limit = static_cast<std::uint32_t>(1 + below(2));
    options.pause_after = static_cast<std::uint32_t>(below(3));
    options.keep = chance(30);
    return options;
  }
  std::shared_ptr<const job_definition> some_definition(const std::string& id) {
    job_definition job{id, trigger{"every 10ms"}, {}, {}, intern(some_options()), {}, {}};
    if (chance(40)) job.origin = std::string_view{"program"};
    return std::make_shared<const job_definition>(std::move(job));
  }

  void add(const std::string& id) {
    job_record job;
    job.definition = some_definition(id);
    job.anchor = now_;
    job.cursor = job.due = tallies_[id].next;
    ask(store_.add(std::move(job), chance(50) ? on_conflict::replace : on_conflict::keep));
  }

  void remove(const std::string& id) {
    ask(store_.remove(id, std::nullopt, chance(40)));
    check_repeat_is_gone(id);
  }
  void check_repeat_is_gone(const std::string& id) {
    const auto left = ask(store_.load(id));
    CHECK((!left || left->record.state == job_state::removed));
  }

  void update(const std::string& id) {
    const auto there = ask(store_.load(id));
    if (!there) return;
    job_change change;
    change.state = chance(50) ? job_state::active : job_state::paused;
    if (!there->record.cursor && change.state == job_state::active) change.state.reset();
    if (chance(30)) change.definition = some_definition(id);
    const bool drops = change.drop_waiting = chance(15);
    const bool stale = chance(20);
    const auto revision = there->record.revision - (stale ? 1 : 0);
    const bool removed = there->record.state == job_state::removed;
    const auto answer = ask(store_.update(id, revision, std::move(change)));
    CHECK(answer == (removed ? change_answer::gone : stale ? change_answer::conflict : change_answer::done));
    if (answer != change_answer::done) return;
    const auto changed = ask(store_.load(id))->record;
    CHECK(changed.revision > there->record.revision);
    if (drops) CHECK_FALSE(changed.next_waiting);
  }

  void enqueue(const std::string& id) {
    extra_run wanted;
    wanted.id = id;
    wanted.occurrence = wanted.at = now_ + milliseconds{below(50)};
    if (ask(store_.enqueue(std::move(wanted)))) ++tallies_[id].extras;
  }

  void claim(const std::string& id) {
    const auto there = ask(store_.load(id));
    if (!there || !there->record.cursor) return;
    const auto cursor = *there->record.cursor;
    auto& tally = tallies_[id];
    claim_request request;
    request.id = id;
    if (chance(50)) request.handle = there->handle;
    request.now = now_;
    request.member = "member-a";
    request.expected_cursor = cursor;
    request.expected_revision = there->record.revision;
    const auto planned = plan(request, cursor);
    request.ends = chance(5);
    if (!request.ends) request.next_cursor = request.next_due = cursor + planned * grid;

    const auto answer = ask(store_.claim(request));
    CHECK((answer.what == claim_answer::kind::claimed) == (there->record.state == job_state::active));
    if (answer.what == claim_answer::kind::claimed) {
      for (int k = 0; k < planned; ++k) ++tally.passed[cursor + k * grid];
      tally.next = cursor + planned * grid;
      follow(request, answer);
    }
    if (chance(30) && !request.runs.empty()) claim_again(request, answer);
  }

  /// Plans for some fires from `cursor` on: a stretch that is left out, then runs. How many nominal times
  /// that are.
  int plan(claim_request& request, instant cursor) {
    const auto missed = static_cast<int>(chance(30) ? 1 + below(3) : 0);
    if (missed > 0) {
      ledger_stretch stretch;
      stretch.kind = outcome_kind::missed;
      stretch.first = cursor;
      stretch.last = cursor + (missed - 1) * grid;
      stretch.count = static_cast<std::uint64_t>(missed);
      request.left_out.push_back(std::move(stretch));
    }
    const auto runs = static_cast<int>(missed > 0 ? below(3) : 1 + below(2));
    for (int k = 0; k < runs; ++k) {
      names_.push_back(std::make_unique<std::string>(new_run()));
      request.runs.push_back({cursor + (missed + k) * grid, cursor + (missed + k) * grid, *names_.back()});
    }
    return missed + runs;
  }

  void follow(const claim_request& request, const claim_answer& answer) {
    REQUIRE(answer.runs.size() == request.runs.size());
    for (std::size_t k = 0; k < answer.runs.size(); ++k) {
      if (answer.runs[k].what != run_answer::kind::won) continue;
      const auto& planned = request.runs[k];
      won({std::string{request.id}, std::string{planned.run_id}, answer.runs[k].fence, planned.occurrence,
           planned.due, 1});
    }
  }

  void claim_again(const claim_request& request, const claim_answer& first) {
    const auto before = state_of(request.id);
    const auto again = ask(store_.claim(request));
    CHECK(again.what == first.what);
    REQUIRE(again.runs.size() == first.runs.size());
    for (std::size_t k = 0; k < first.runs.size(); ++k) {
      CHECK(again.runs[k].what == first.runs[k].what);
      CHECK(again.runs[k].fence == first.runs[k].fence);
      CHECK(again.runs[k].cancel_run == first.runs[k].cancel_run);
    }
    CHECK(state_of(request.id) == before);
  }

  void won(held run) {
    auto& tally = tallies_[run.id];
    CHECK(run.fence > tally.fence);
    tally.fence = run.fence;
    const auto there = ask(store_.load(run.id));
    REQUIRE(there);
    CHECK(there->record.active <= there->record.definition->options->max_instances);
    active_.push_back(std::move(run));
  }

  bool take(const std::string& id) {
    const auto run = new_run();
    take_request request;
    request.id = id;
    request.now = now_;
    request.member = "member-a";
    request.run_id = run;
    const auto answer = ask(store_.take(request));
    if (answer.what != take_answer::kind::won) return false;
    won({id, run, answer.fence, answer.occurrence, answer.due, answer.attempt});
    if (chance(30)) {
      const auto before = state_of(id);
      const auto again = ask(store_.take(request));
      CHECK(again.what == take_answer::kind::won);
      CHECK(again.fence == answer.fence);
      CHECK(again.occurrence == answer.occurrence);
      CHECK(again.attempt == answer.attempt);
      CHECK(state_of(id) == before);
    }
    return true;
  }

  void finish(std::size_t which, bool retried) {
    const auto run = std::exchange(active_[which], active_.back());
    active_.pop_back();
    outcome result;
    if (retried || chance(30)) result.kind = outcome_kind::failed;
    run_report report;
    report.id = run.id;
    report.run_id = run.run;
    report.member = "member-a";
    report.fence = run.fence;
    report.occurrence = run.occurrence;
    report.attempt = run.attempt;
    report.due = run.due;
    report.started = report.finished = now_;
    report.result = &result;
    if (retried) report.retry_at = now_ + milliseconds{below(30)};
    if (chance(20)) finish_stale(report);
    const auto answer = ask(store_.finish(report));
    CHECK(answer.what == finish_answer::kind::done);
    if (chance(30) && !answer.removed_now) finish_again(report, answer);
  }

  void finish_stale(run_report report) {
    const auto before = state_of(report.id);
    --report.fence;
    CHECK(ask(store_.finish(report)).what == finish_answer::kind::stale);
    CHECK(state_of(report.id) == before);
  }

  void finish_again(const run_report& report, const finish_answer& first) {
    const auto before = state_of(report.id);
    const auto again = ask(store_.finish(report));
    CHECK(again.paused_now == first.paused_now);
    CHECK(again.next_waiting == first.next_waiting);
    CHECK(state_of(report.id) == before);
  }

  /// What must not change when something is asked again: the job, and how far the ledger has been written.
  std::string state_of(std::string_view id) {
    const auto there = ask(store_.load(std::string{id}));
    ledger_query newest;
    newest.limit = 1;
    const auto page = ask(store_.history(std::move(newest)));
    auto seen = std::to_string(page.entries.empty() ? 0 : page.entries[0].number);
    if (!there) return seen;
    const auto& job = there->record;
    const auto& count = job.counters;
    for (const auto number : {job.revision, job.born, std::uint64_t{job.active}, std::uint64_t{job.skip_next},
                              count.succeeded, count.failed, count.retried, count.missed, count.skipped,
                              std::uint64_t{count.consecutive_failures}}) {
      seen += " " + std::to_string(number);
    }
    for (const auto& time : {job.cursor, job.next_waiting, job.last_fire}) {
      seen += " " + (time ? std::to_string(time->time_since_epoch().count()) : std::string{"none"});
    }
    return seen + " " + std::string{name(job.state)};
  }

  /// Ends everything that is active or waits.
  void drain() {
    now_ += milliseconds{1'000'000};
    for (const auto& id : ids_) {
      for (bool more = true; more;) {
        while (!active_.empty()) finish(active_.size() - 1, false);
        const auto there = ask(store_.load(id));
        more = there && there->record.next_waiting;
        if (!more) break;
        const bool halted =
            there->record.state == job_state::paused || there->record.state == job_state::parked;
        if (halted)
          ask(store_.remove(id, std::nullopt, false));
        else
          REQUIRE(take(id));
      }
    }
    while (!active_.empty()) finish(active_.size() - 1, false);
  }

  void check_ledger() {
    std::map<std::string, std::map<instant, int>> ended;
    std::map<std::string, int> extras;
    ledger_query query;
    for (bool more = true; more;) {
      const auto page = ask(store_.history(query));
      for (const auto& entry : page.entries) {
        if (!entry.final) continue;
        if (entry.extra)
          ++extras[entry.job];
        else
          for (auto time = entry.first; time <= entry.last; time += grid) ++ended[entry.job][time];
      }
      query.before = page.next_before;
      more = page.next_before.has_value();
    }
    for (const auto& [id, tally] : tallies_) {
      CAPTURE(id);
      CHECK(ended[id] == tally.passed);
      CHECK(extras[id] == tally.extras);
      for (const auto& [time, times] : tally.passed) CHECK(times == 1);
    }
  }

  World& world_;
  job_store& store_;
  std::mt19937_64 random_;
  const std::array<std::string, 3> ids_{"a", "b", "c"};
  instant now_{milliseconds{1'000'000}};
  std::map<std::string, account> tallies_;
  std::vector<held> active_;
  std::vector<std::unique_ptr<std::string>> names_;  ///< Of planned runs: requests refer to them.
  std::uint64_t runs_made_ = 0;
};

}  // namespace carillon::testing
