#pragma once
#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/error.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/store/memory_store.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// A shared store by hand, as one instance sees it: keeps jobs as the memory store does, writes down what is
/// asked, answers when it is told to, and loses answers. What is asked has a name, that of the function.
class scripted_store final : public job_store {
 public:
  // ---- What the test says.
  std::set<std::string> held;           ///< Takes no effect before it is taken out here and `go` is called.
  std::set<std::string> held_answers;   ///< Takes effect, and is answered then.
  std::map<std::string, errc> refused;  ///< Throws, without effect.
  std::map<std::string, errc> lost;     ///< Takes effect, and throws.
  std::function<bool(const job_definition&)> owner = [](const job_definition&) { return true; };
  std::vector<member_info> live;  ///< Each has renewed its lease whenever one looks.
  bool killed = false;            ///< None of them has, any more.
  std::size_t running_elsewhere = 0;
  store_health healthy;
  bool notices = true;

  // ---- What it was asked.
  std::map<std::string, int> calls;
  std::vector<served_work> served;
  std::vector<std::string> tokens;
  int answers_of_the_loop = 0;
  bool stays_out = false;

  store_listener& tell() { return *listener_; }
  memory_store& inner() { return inner_; }
  /// Lets go on what was held.
  void go() {
    if (news_) news_->notify();
  }
  void release(const std::string& what) {
    held.erase(what);
    held_answers.erase(what);
    go();
  }

  loop_awaitable<void> open(std::string instance, store_listener& listener) override {
    const loop_executor where = co_await boost::asio::this_coro::executor;
    news_.emplace(where);
    listener_ = &listener;
    relay_.owner = this;
    ++calls["open"];
    while (held.contains("open")) co_await news_->wait();
    fail("open", refused);
    co_await inner_.open(std::move(instance), relay_);
  }
  loop_awaitable<void> close() override {
    ++calls["close"];
    fail("close", refused);
    co_await inner_.close();
  }
  loop_awaitable<put_answer> add(job_record job, on_conflict policy) override {
    auto answer = co_await pass("add", inner_.add(std::move(job), policy));
    answer.handle = nullptr;
    co_return answer;
  }
  loop_awaitable<change_answer> update(std::string id, std::uint64_t revision, job_change change) override {
    return pass("update", inner_.update(std::move(id), revision, std::move(change)));
  }
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> revision,
                                       bool tombstone) override {
    return pass("remove", inner_.remove(std::move(id), revision, tombstone));
  }
  loop_awaitable<std::optional<loaded_job>> load(std::string id) override {
    return pass("load", read(std::move(id)));
  }
  loop_awaitable<job_page> list(job_query query) override {
    return pass("list", inner_.list(std::move(query)));
  }
  loop_awaitable<std::uint64_t> enqueue(extra_run run) override {
    tokens.push_back(run.token);
    return pass("enqueue", inner_.enqueue(std::move(run)));
  }
  loop_awaitable<std::uint64_t> enqueue_awaited(extra_run run) override {
    return pass("enqueue_awaited", inner_.enqueue_awaited(std::move(run)));
  }
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number) override {
    return pass("end_of", inner_.end_of(std::move(id), number));
  }
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id,
                                                    instant now) override {
    return pass("result", inner_.result(std::move(id), std::move(run_id), now));
  }
  loop_awaitable<ledger_page> history(ledger_query query) override {
    return pass("history", inner_.history(std::move(query)));
  }
  loop_awaitable<claim_answer> claim(const claim_request& request) override {
    return pass("claim", noted(request));
  }
  loop_awaitable<take_answer> take(const take_request& request) override {
    return pass("take", inner_.take(request));
  }
  loop_awaitable<finish_answer> finish(const run_report& report) override {
    return pass("finish", inner_.finish(report));
  }

  bool is_shared() const noexcept override { return true; }
  void stay_out() override { stays_out = true; }
  store_health health() const override { return healthy; }
  void serve(served_work work) override { served.push_back(std::move(work)); }
  loop_awaitable<void> told_others() override {
    ++calls["told_others"];
    while (held.contains("told_others")) co_await news_->wait();
  }
  bool owns(const job_record& job) const override { return owner(*job.definition); }
  loop_awaitable<own_jobs> load_own(std::string from, known_job is_known) override {
    auto page = co_await pass("load_own", inner_.load_own(std::move(from), std::move(is_known)));
    std::erase_if(page.jobs, [&](const loaded_job& job) { return !owner(*job.record.definition); });
    loaded += page.jobs.size();
    co_return page;
  }
  loop_awaitable<std::size_t> stop_runs(std::string id, std::string run_id, cancel_reason) override {
    ++calls["stop_runs " + id + (run_id.empty() ? "" : " " + run_id)];
    co_return running_elsewhere;
  }
  loop_awaitable<std::vector<member_info>> members() override {
    ++calls["members"];
    if (!killed) {
      for (auto& member : live) member.expires += milliseconds{1};
    }
    co_return live;
  }
  void loop_answers() override { ++answers_of_the_loop; }
  std::string member() const override { return "test/12345678"; }

  std::size_t loaded = 0;                         ///< Jobs that `load_own` has answered.
  std::optional<found_run> last_won;              ///< By a claim.
  std::weak_ptr<const job_definition> last_read;  ///< Of the job that `load` has answered last.

 private:
  struct relay final : store_listener {
    void on_job_changed(const std::string& id, std::uint64_t number) override {
      if (owner->notices) owner->listener_->on_job_changed(id, number);
    }
    scripted_store* owner = nullptr;
  };

  void fail(const std::string& what, const std::map<std::string, errc>& how) {
    const auto found = how.find(what);
    if (found != how.end()) throw boost::system::system_error(found->second, "scripted");
  }
  template <typename T>
  loop_awaitable<T> pass(std::string what, loop_awaitable<T> work) {
    ++calls[what];
    while (held.contains(what)) co_await news_->wait();
    fail(what, refused);
    auto answer = co_await std::move(work);
    while (held_answers.contains(what)) co_await news_->wait();
    fail(what, lost);
    co_return answer;
  }
  /// As from another machine: with a definition that nobody else has.
  loop_awaitable<std::optional<loaded_job>> read(std::string id) {
    auto job = co_await inner_.load(std::move(id));
    if (!job) co_return std::nullopt;
    job->record.definition = std::make_shared<const job_definition>(*job->record.definition);
    last_read = job->record.definition;
    co_return job;
  }
  loop_awaitable<claim_answer> noted(const claim_request& request) {
    const auto job = co_await inner_.load(std::string(request.id));
    auto answer = co_await inner_.claim(request);
    for (std::size_t i = 0; i < answer.runs.size(); ++i) {
      const auto& run = request.runs[i];
      if (answer.runs[i].what != run_answer::kind::won) continue;
      last_won.emplace();
      last_won->job = request.id;
      last_won->run_id = run.run_id;
      last_won->born = job->record.born;
      last_won->fence = answer.runs[i].fence;
      last_won->occurrence = run.occurrence;
      last_won->due = run.due;
    }
    co_return answer;
  }

  memory_store inner_;
  relay relay_;
  store_listener* listener_ = nullptr;
  std::optional<condition> news_;
};

}  // namespace carillon::testing
