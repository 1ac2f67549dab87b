// Jobs that run after others: whose ends are kept for whom, and that they are told. docs/redis.md says why
// nothing is lost on the way, and nothing told twice.

#include <spdlog/logger.h>
#include <algorithm>
#include <map>

#include "store/shared_repeat.hpp"

namespace carillon {

/// Has the ends of what a job follows kept for it. Before the job is there: the first end after that counts.
loop_awaitable<void> shared_core::follow_others(std::shared_ptr<const job_definition> job) {
  if (!backend_->keeps_ends())
    throw boost::system::system_error(
        errc::store_refused, "this kind of store cannot run a job after others ('" + job->when.text() + "')");
  for (const auto& each : job->when.predecessors()) {
    const auto call = [&] { return backend_->add_follower(each, job->id); };
    co_await repeated(call);
  }
}

/// Has the followers told of the ends that a partition keeps, soon.
void shared_core::tell_ends(std::uint32_t partition) {
  auto& state = partitions_[partition];
  state.has_ends = true;
  if (closing_ || std::exchange(state.telling, true)) return;
  tasks_.spawn(tell_all_ends(partition));
}

/// By one at a time in this instance; another may do the same, which does no harm. What fails is left for the
/// next look.
loop_awaitable<void> shared_core::tell_all_ends(std::uint32_t partition) {
  const auto generation = generation_;
  std::string why;
  while (why.empty() && generation == generation_ && std::exchange(partitions_[partition].has_ends, false)) {
    auto call = tell_some_ends(partition);
    const auto got = co_await attempted(std::move(call));
    why = got.why;
    if (got.answer && *got.answer && generation == generation_) partitions_[partition].has_ends = true;
  }
  if (generation == generation_) partitions_[partition].telling = false;
  ends_told_.notify();
  if (!why.empty() && !closing_)
    logger_->warn("jobs that run after others of partition {} could not be told; they are later: {}",
                  partition, why);
}

/// Before this instance leaves: others would find them only with their next look.
loop_awaitable<void> shared_core::wait_until_ends_are_told() {
  while (reachable_ != false && std::ranges::any_of(partitions_, &partition_state::telling))
    co_await ends_told_.wait();
}

/// Whether there may be more.
loop_awaitable<bool> shared_core::tell_some_ends(std::uint32_t partition) {
  const auto call = [&] { return backend_->ends(partition); };
  const auto ends = co_await repeated(call);
  if (ends.empty()) co_return false;
  // Of one partition in the order of their ends, which is how they are told.
  std::map<std::uint32_t, std::vector<follow_step>> steps;
  for (const auto& end : ends) {
    for (const auto& follower : end.followers) steps[partition_of(follower)].push_back({follower, &end, {}});
  }
  for (const auto& [where, all] : steps) {
    for (std::size_t at = 0; at < all.size(); at += most_steps) {
      const std::span<const follow_step> some{all.data() + at, std::min(most_steps, all.size() - at)};
      co_await tell_followers(where, some);
    }
  }
  const auto drop = [&] { return backend_->drop_ends(partition, ends.back().number); };
  co_await repeated(drop);
  co_return ends.size() >= most_steps;
}

loop_awaitable<void> shared_core::tell_followers(std::uint32_t partition,
                                                 std::span<const follow_step> steps) {
  std::vector<follow_step> now(steps.begin(), steps.end());
  for (auto& step : now) step.now = store_now();
  const auto call = [&] { return backend_->follow(partition, now); };
  const auto answers = co_await repeated(call);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& what = *now[i].end->what;
    const std::string follower{now[i].follower};
    if (!answers[i].refused.empty()) {
      logger_->error("{}: cannot run after run {} of {}: {}", follower, what.run, what.job,
                     answers[i].refused);
    } else if (answers[i].what == follow_answer::kind::not_followed) {
      const auto drop = [&] { return backend_->drop_follower(what.job, follower); };
      co_await repeated(drop);
    }
  }
}

}  // namespace carillon
