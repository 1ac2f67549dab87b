// Jobs that run after others: whose ends are kept for whom, and what becomes of them.

#include <redis/scripts.hpp>

#include "redis/job_backend.hpp"
#include "redis/msgpack.hpp"
#include "redis/record_codec.hpp"
#include "redis/step_answers.hpp"

namespace carillon::redis {

loop_awaitable<bool> job_backend::add_follower(predecessor of, std::string follower) {
  auto arguments = head();
  arguments.add(of.job).add(follower).add(unsigned{mask_of(of.ends)});
  const auto said = co_await run(partition_of(of.job), scripts::follower, std::move(arguments));
  co_return said[0].integer() != 0;
}

loop_awaitable<bool> job_backend::drop_follower(std::string of, std::string follower) {
  auto arguments = head();
  arguments.add(of).add(follower).add("");
  const auto said = co_await run(partition_of(of), scripts::follower, std::move(arguments));
  co_return said[0].integer() != 0;
}

loop_awaitable<std::vector<kept_end>> job_backend::ends(std::uint32_t partition) {
  auto arguments = head();
  arguments.add("");
  const auto said = co_await run(partition, scripts::ends, std::move(arguments));
  std::vector<kept_end> all;
  for (const auto packed : said) {
    const auto read = [&] { return read_kept_end(packed.text()); };
    if (auto end = readable("an end of a run in partition", std::to_string(partition), read))
      all.push_back(*std::move(end));
  }
  co_return all;
}

loop_awaitable<std::vector<step_answer<follow_answer>>> job_backend::follow(
    std::uint32_t partition, std::span<const follow_step> steps) {
  std::vector<step_answer<follow_answer>> answers;
  if (steps.empty()) co_return answers;
  packer out;
  out.list(steps.size());
  for (const auto& step : steps) {
    const auto& end = *step.end;
    out.list(7).add(step.follower).add(end.what->job).add(end.what->run).add(static_cast<int>(end.what->how));
    out.add(end.occurrence).add(end.number).add(step.now);
  }
  auto arguments = head_of_change();
  arguments.add(out.text());
  const auto said = co_await run(partition, scripts::follow, std::move(arguments));
  expect_size(said, steps.size());
  for (const auto each : said) answers.push_back(read_step(each, read_follow));
  co_return answers;
}

loop_awaitable<bool> job_backend::drop_ends(std::uint32_t partition, std::uint64_t through) {
  auto arguments = head();
  arguments.add(through);
  co_await run(partition, scripts::ends, std::move(arguments));
  co_return true;
}

}  // namespace carillon::redis
