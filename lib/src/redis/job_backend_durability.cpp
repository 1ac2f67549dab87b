// Runs that start only when replicas know of them.

#include <algorithm>
#include <redis/scripts.hpp>

#include "redis/job_backend.hpp"
#include "redis/msgpack.hpp"
#include "redis/record_codec.hpp"
#include "redis/step_answers.hpp"

namespace carillon::redis {

namespace {

/// How long a run that was taken back waits before it is tried again.
constexpr milliseconds pause_before_next_try{1'000};

std::string packed_postponements(const std::vector<won_run>& runs) {
  outcome held_back;
  held_back.kind = outcome_kind::cancelled;
  held_back.message = "not replicated";
  const auto result = packed_outcome(held_back, std::nullopt, std::nullopt);
  packer out;
  out.list(runs.size());
  for (const auto& run : runs)
    out.list(5).add(run.job).add(run.run_id).add(run.fence).add(run.now + pause_before_next_try).add(result);
  return out.take();
}

}  // namespace

/// Whether enough replicas have all that was written to a partition until now.
loop_awaitable<bool> job_backend::is_replicated(std::uint32_t partition) {
  // WAIT speaks of what its connection has written. A claim that is answered again, perhaps over another
  // connection, has written nothing: this is written after it in any case.
  const words mark("SET", keys_.of_partition(partition, "replicated"), 1, "EX", 3'600);
  co_await link_.command(mark);
  const auto patience = how_.durable.within.count();
  const words wait("WAIT", how_.durable.replicas, patience);
  const auto heard = co_await link_.command(wait, how_.durable.within + link_.options().command_timeout);
  co_return heard.integer() >= std::int64_t{how_.durable.replicas};
}

loop_awaitable<std::vector<postponed>> job_backend::postpone(std::uint32_t partition,
                                                             const std::vector<won_run>& runs) {
  auto arguments = head_of_change();
  arguments.add(packed_postponements(runs));
  const auto said = co_await run(partition, scripts::postpone, std::move(arguments));
  expect_size(said, runs.size());
  std::vector<postponed> all;
  for (const auto each : said) {
    auto& one = all.emplace_back();
    one.refused = refusal_in(each);
    if (one.refused.empty()) one.next_waiting = read_time(each);
  }
  co_return all;
}

loop_awaitable<void> job_backend::make_durable(std::uint32_t partition, std::span<const claim_step> steps,
                                               std::vector<step_answer<claim_answer>>& answers) {
  std::vector<won_run> won;
  std::vector<std::pair<step_answer<claim_answer>*, run_answer*>> said;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const auto& request = *steps[k].request;
    for (std::size_t each = 0; each < answers[k].runs.size(); ++each) {
      auto& answer = answers[k].runs[each];
      if (answer.what != run_answer::kind::won) continue;
      won.push_back({request.id, request.runs[each].run_id, answer.fence, request.now});
      said.emplace_back(&answers[k], &answer);
    }
  }
  if (won.empty()) co_return;
  const bool replicated = co_await is_replicated(partition);
  if (replicated) co_return;
  const auto next = co_await postpone(partition, won);
  for (std::size_t k = 0; k < said.size(); ++k) {
    if (!next.at(k).refused.empty()) said[k].first->refused = next.at(k).refused;
    said[k].first->next_waiting = next.at(k).next_waiting;
    said[k].second->what = run_answer::kind::queued;
    said[k].second->fence = 0;
  }
}

loop_awaitable<void> job_backend::make_durable(std::uint32_t partition, std::span<const take_step> steps,
                                               std::vector<step_answer<take_answer>>& answers) {
  std::vector<won_run> won;
  std::vector<step_answer<take_answer>*> said;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const auto& request = *steps[k].request;
    if (!answers[k].refused.empty() || answers[k].what != take_answer::kind::won) continue;
    won.push_back({request.id, request.run_id, answers[k].fence, request.now});
    said.push_back(&answers[k]);
  }
  if (won.empty()) co_return;
  const bool replicated = co_await is_replicated(partition);
  if (replicated) co_return;
  const auto next = co_await postpone(partition, won);
  for (std::size_t k = 0; k < said.size(); ++k) {
    *said[k] = take_answer();
    said[k]->what = take_answer::kind::none_due;
    said[k]->refused = next.at(k).refused;
    said[k]->next_waiting = next.at(k).next_waiting;
  }
}

}  // namespace carillon::redis
