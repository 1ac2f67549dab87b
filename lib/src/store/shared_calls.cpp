// What is asked of the store apart from runs, and for how long it is repeated.

#include <fmt/format.h>
#include <algorithm>

#include "store/of_membership.hpp"
#include "store/shared_repeat.hpp"

namespace carillon {

namespace {

using std::chrono::nanoseconds;

constexpr milliseconds first_pause{20};
constexpr milliseconds longest_pause{2'000};

}  // namespace

job_handle shared_handle::of(const job_definition& job, std::uint64_t born) {
  auto handle = std::make_shared<shared_handle>();
  handle->born = born;
  handle->reruns = job.options->on_lost == lost_action::rerun;
  return handle;
}

std::uint32_t shared_core::partition_of(std::string_view id) const noexcept {
  return carillon::partition_of(id, store_.partitions);
}

/// Waits while the store is being opened again. Throws when there is none to be used.
loop_awaitable<void> shared_core::until_usable() {
  const auto until = time_->elapsed() + patience();
  while (replacing_ && !closing_ && time_->elapsed() < until) co_await sleeps_.until(until);
  if (closing_) throw boost::system::system_error(errc::stopped);
  if (replacing_) throw boost::system::system_error(errc::store_unreachable);
}

/// Twice as long each time, and not all instances in step.
loop_awaitable<void> shared_core::before_again(std::uint32_t times) {
  const auto longest = std::min<nanoseconds>(longest_pause, nanoseconds{options_.lease} / 10);
  const auto pause = std::min<nanoseconds>(longest, first_pause * (1 << std::min(times, 10u)));
  const auto half = static_cast<std::uint64_t>(pause.count() / 2);
  const nanoseconds more{static_cast<std::int64_t>(random_() % (half + 1))};
  co_await sleeps_.last(pause / 2 + more);
  if (closing_) throw boost::system::system_error(errc::stopped);
}

/// By which the store knows again what it is sent twice.
std::string shared_core::new_token() { return fmt::format("{:016x}{:016x}", random_(), random_()); }

loop_awaitable<put_answer> shared_core::add(job_record job, on_conflict policy) {
  co_await until_usable();
  const auto partition = partition_of(job.id());
  if (job.definition->when.follows()) co_await follow_others(job.definition);
  if (owns(job)) told_.insert(seed_of(job.id()));  // Others' jobs are not followed here.
  add_step step;
  step.job = &job;
  step.policy = policy;
  auto answer = co_await adds_.ask(partition, step);
  if (answer.what == put_answer::kind::added && !answer.handle) {
    answer.handle = shared_handle::of(*job.definition, answer.revision);
  }
  co_return answer;
}

loop_awaitable<change_answer> shared_core::update(std::string id, std::uint64_t expected_revision,
                                                  job_change change) {
  if (change.definition && change.definition->id != id) {
    throw std::invalid_argument(
        fmt::format("update of '{}' with the definition of '{}'", id, change.definition->id));
  }
  if (change.token.empty()) change.token = new_token();
  if (change.definition && change.definition->when.follows()) co_await follow_others(change.definition);
  const auto call = [&] { return backend_->update(id, expected_revision, change); };
  const auto answer = co_await repeated(call);
  co_return answer;
}

loop_awaitable<change_answer> shared_core::remove(std::string id,
                                                  std::optional<std::uint64_t> expected_revision,
                                                  bool tombstone) {
  bool unsure = false;
  const auto call = [&] { return backend_->remove(id, expected_revision, tombstone); };
  const auto answer = co_await repeated(call, unsure);
  co_return unsure&& answer == change_answer::gone ? change_answer::done : answer;
}

loop_awaitable<std::optional<loaded_job>> shared_core::load(std::string id) {
  co_await until_usable();
  auto record = co_await loads_.ask(partition_of(id), id);
  if (!record) co_return std::nullopt;
  told_.insert(seed_of(id));
  loaded_job job;
  job.handle = shared_handle::of(*record->definition, record->born);
  job.record = std::move(*record);
  co_return job;
}

loop_awaitable<job_page> shared_core::list(job_query query) {
  const auto call = [&] { return backend_->list(query); };
  auto page = co_await repeated(call);
  co_return page;
}

loop_awaitable<ledger_page> shared_core::history(ledger_query query) {
  const auto call = [&] { return backend_->history(query); };
  auto page = co_await repeated(call);
  co_return page;
}

loop_awaitable<std::uint64_t> shared_core::enqueue(extra_run run) {
  if (run.token.empty()) run.token = new_token();
  const auto call = [&] { return backend_->enqueue(run); };
  const auto answer = co_await repeated(call);
  co_return answer;
}

loop_awaitable<std::uint64_t> shared_core::enqueue_awaited(extra_run run) {
  run.awaited = true;
  told_.insert(seed_of(run.id));  // That its end is told reaches the scheduler.
  return enqueue(std::move(run));
}

loop_awaitable<awaited_end> shared_core::end_of(std::string id, std::uint64_t number) {
  told_.insert(seed_of(id));
  const auto call = [&] { return backend_->end_of(id, number); };
  auto answer = co_await repeated(call);
  co_return answer;
}

loop_awaitable<std::optional<std::string>> shared_core::result(std::string id, std::string run_id,
                                                               instant now) {
  const auto call = [&] { return backend_->result(id, run_id, now); };
  auto answer = co_await repeated(call);
  co_return answer;
}

loop_awaitable<std::size_t> shared_core::stop_runs(std::string id, std::string run_id, cancel_reason why) {
  const auto call = [&] { return backend_->ask_to_stop(id, run_id, why); };
  const auto answer = co_await repeated(call);
  co_return answer;
}

loop_awaitable<group_answer> shared_core::share_group(group_request request) {
  const auto under = require_lease();
  const auto self = shared_from_this();  // It may go while this waits, with the event loop.
  const auto call = [&] {
    require_lease();
    return backend_->share_group(under->member(), request);
  };
  const auto answer = co_await repeated(call);
  if (!under->good() || !answer.member) throw boost::system::system_error(errc::lease_lost);
  co_return answer;
}

loop_awaitable<std::vector<member_info>> shared_core::members() {
  const auto ask = [this]() -> loop_awaitable<std::vector<member_info>> {
    auto there = co_await of_membership(membership_->members());
    co_return there;
  };
  auto all = co_await repeated(ask);
  co_return all;
}

}  // namespace carillon
