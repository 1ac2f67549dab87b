#pragma once
#include <carillon/store/job_backend.hpp>
#include <carillon/store/job_store.hpp>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// A `job_store` of a backend and nothing else, so that the backend's steps can be held to the contract of
/// that: each call is one step, sent once, under the name of `open`.
class plain_store final : public job_store {
 public:
  explicit plain_store(carillon::job_backend& backend, std::uint32_t partitions = 0)
      : backend_{backend}, partitions_{partitions} {}

  loop_awaitable<void> open(std::string instance, store_listener& listener) override {
    if (hears_.tell) throw std::logic_error("open already");
    member_ = std::move(instance);
    hears_.tell = &listener;
    store_ = co_await backend_.open(partitions_, hears_);
  }
  loop_awaitable<void> close() override {
    if (!hears_.tell) co_return;
    hears_.tell = nullptr;
    for (std::uint32_t partition = 0; partition < store_.partitions; ++partition) {
      co_await give_up(partition);
      co_await tell_ends(partition);
    }
  }

  loop_awaitable<put_answer> add(job_record job, on_conflict policy) override {
    co_await follow_others(job.definition);
    const add_step step{&job, policy};
    const auto answers = co_await backend_.add(partition_of(job.id()), std::span(&step, 1));
    co_return answers.at(0);
  }
  loop_awaitable<change_answer> update(std::string id, std::uint64_t revision, job_change change) override {
    co_await follow_others(change.definition);
    co_return co_await backend_.update(std::move(id), revision, change);
  }
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> revision,
                                       bool tombstone) override {
    co_return co_await backend_.remove(std::move(id), revision, tombstone);
  }
  loop_awaitable<std::optional<loaded_job>> load(std::string id) override {
    auto found = co_await backend_.load(partition_of(id), std::span<const std::string>(&id, 1));
    if (!found.at(0)) co_return std::nullopt;
    auto handle = std::make_shared<std::uint64_t>(found[0]->born);
    co_return loaded_job{*std::move(found[0]), std::move(handle)};
  }
  loop_awaitable<job_page> list(job_query query) override { co_return co_await backend_.list(query); }
  loop_awaitable<std::uint64_t> enqueue(extra_run run) override { co_return co_await backend_.enqueue(run); }
  loop_awaitable<std::uint64_t> enqueue_awaited(extra_run run) override {
    co_return co_await backend_.enqueue(run);
  }
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number) override {
    co_return co_await backend_.end_of(std::move(id), number);
  }
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id,
                                                    instant now) override {
    co_return co_await backend_.result(std::move(id), std::move(run_id), now);
  }
  loop_awaitable<ledger_page> history(ledger_query query) override {
    co_return co_await backend_.history(query);
  }
  loop_awaitable<own_jobs> load_own(std::string, known_job) override { co_return own_jobs{}; }

  loop_awaitable<claim_answer> claim(const claim_request& request) override {
    const claim_step step{&request, born_of(request.handle)};
    auto answers = co_await backend_.claim(partition_of(request.id), request.member, std::span(&step, 1));
    co_return std::move(answers.at(0));
  }
  loop_awaitable<take_answer> take(const take_request& request) override {
    const take_step step{&request, born_of(request.handle)};
    auto answers = co_await backend_.take(partition_of(request.id), request.member, std::span(&step, 1));
    co_return std::move(answers.at(0));
  }
  loop_awaitable<finish_answer> finish(const run_report& report) override {
    const finish_step step{&report, born_of(report.handle)};
    auto answers = co_await backend_.finish(partition_of(report.id), std::span(&step, 1));
    if (answers.at(0).followed) co_await tell_ends(partition_of(report.id));
    co_return std::move(answers.at(0));
  }
  loop_awaitable<std::size_t> stop_runs(std::string id, std::string run_id, cancel_reason why) override {
    co_return co_await backend_.ask_to_stop(std::move(id), std::move(run_id), why);
  }

 private:
  struct listener final : backend_listener {
    store_listener* tell = nullptr;
    void on_change(std::uint32_t, std::uint64_t seq, const job_brief& job) override {
      if (tell) tell->on_job_changed(job.id, seq);
    }
    void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
    void on_gap() override {}
    void on_reachable(bool, const std::string&) override {}
  };

  std::uint32_t partition_of(std::string_view id) const {
    return carillon::partition_of(id, store_.partitions);
  }
  static std::uint64_t born_of(const job_handle& handle) {
    return handle ? *static_cast<std::uint64_t*>(handle.get()) : 0;
  }
  loop_awaitable<void> follow_others(std::shared_ptr<const job_definition> job) {
    if (!job) co_return;
    for (const auto& each : job->when.predecessors()) co_await backend_.add_follower(each, job->id);
  }
  loop_awaitable<void> tell_ends(std::uint32_t partition) {
    const auto all = co_await backend_.ends(partition);
    for (const auto& end : all) {
      for (const auto& follower : end.followers) {
        const follow_step step{follower, &end, end.occurrence};
        co_await backend_.follow(partition_of(follower), std::span(&step, 1));
      }
      co_await backend_.drop_ends(partition, end.number);
    }
  }
  /// Ends the runs that this one still holds.
  loop_awaitable<void> give_up(std::uint32_t partition) {
    const auto seen = co_await backend_.look(partition, instant());
    std::vector<reap_step> steps;
    for (const auto& run : seen.runs) {
      if (run.member == member_) steps.push_back({run.run_id, run.job, run.fence, "its instance left"});
    }
    co_await backend_.reap(partition, steps, instant());
  }

  carillon::job_backend& backend_;
  std::uint32_t partitions_;
  std::string member_;
  store_identity store_;
  listener hears_;
};

}  // namespace carillon::testing
