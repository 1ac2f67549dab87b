// Ways past a cursor, and in and out of the set of active runs.

#include <xxhash.h>

#include <algorithm>
#include <redis/scripts.hpp>
#include <stdexcept>

#include "redis/job_backend.hpp"
#include "redis/msgpack.hpp"
#include "redis/record_codec.hpp"
#include "redis/step_answers.hpp"

namespace carillon::redis {

namespace {

/// What tells one claim of a job from another, exact in a Lua number; 0: it cannot be sent again.
std::uint64_t claim_number(const claim_request& request) {
  if (request.runs.empty()) return 0;
  const auto& run_id = request.runs[0].run_id;
  return std::max<std::uint64_t>(XXH64(run_id.data(), run_id.size(), 0) >> 11, 1);
}

/// The latest nominal time that a claim passes over.
instant last_of(const claim_request& request) {
  auto last = request.expected_cursor;
  for (const auto& run : request.runs) last = std::max(last, run.occurrence);
  for (const auto& stretch : request.left_out) last = std::max(last, stretch.last);
  return last;
}

void check_claim(const claim_request& request) {
  if (!request.next_cursor || *request.next_cursor > request.expected_cursor) return;
  throw std::invalid_argument("claim of '" + std::string{request.id} +
                              "': the next cursor must be greater than the expected one");
}

void pack_step(packer& out, const claim_step& step) {
  const auto& request = *step.request;
  out.list(request.carries ? 14 : 13)
      .add(request.id)
      .add(step.born)
      .add(request.expected_cursor)
      .add(request.expected_revision);
  out.add(request.next_cursor);
  out.add(request.next_cursor ? (request.next_due - *request.next_cursor).count() : 0);
  out.add(request.ends ? 1 : 0).add(request.now).add(request.skips_used).add(claim_number(request));
  out.add(last_of(request)).list(3 * request.runs.size());
  for (const auto& run : request.runs) out.add(run.run_id).add(run.occurrence).add(run.due);
  out.list(3 * request.left_out.size());
  for (const auto& stretch : request.left_out)
    out.add(static_cast<int>(stretch.kind)).add(stretch.count).add(packed_times(stretch));
  if (request.carries) out.add(1);
}

void pack_step(packer& out, const take_step& step) {
  const auto& request = *step.request;
  out.list(request.carries ? 5 : 4).add(request.id).add(step.born).add(request.run_id).add(request.now);
  if (request.carries) out.add(1);
}

void pack_step(packer& out, const finish_step& step) {
  const auto& report = *step.report;
  const bool leaves_data = !report.value.empty() || report.carry;
  out.list(leaves_data ? 12 : 9)
      .add(report.id)
      .add(step.born)
      .add(report.run_id)
      .add(report.fence)
      .add(report.retry_at);
  out.add(static_cast<int>(report.result->kind)).add(report.result->message);
  out.add(packed_outcome(*report.result, report.started, report.finished));
  if (report.next) {
    const auto& next = *report.next;
    out.list(3).add(next.expected_revision).add(next.cursor);
    out.add(next.cursor ? (next.due - *next.cursor).count() : 0);
  } else {
    out.none();
  }
  if (!leaves_data) return;
  out.add(report.value).add(report.keep_value.count());
  if (report.carry)
    out.add(*report.carry);
  else
    out.none();
}

void pack_step(packer& out, const reap_step& step) {
  outcome lost;
  lost.kind = outcome_kind::lost;
  lost.reason = cancel_reason::lost_lease;
  lost.message = step.why;
  out.list(4).add(step.job).add(step.run_id).add(step.fence);
  out.add(packed_outcome(lost, std::nullopt, std::nullopt));
}

template <typename Step>
std::string packed_steps(std::span<const Step> steps) {
  packer out;
  out.list(steps.size());
  for (const auto& step : steps) pack_step(out, step);
  return out.take();
}

}  // namespace

loop_awaitable<std::vector<step_answer<claim_answer>>> job_backend::claim(std::uint32_t partition,
                                                                          std::string_view member,
                                                                          std::span<const claim_step> steps) {
  std::vector<step_answer<claim_answer>> answers;
  if (steps.empty()) co_return answers;
  for (const auto& step : steps) check_claim(*step.request);
  auto arguments = head_of_change();
  arguments.add(member).add(packed_steps(steps));
  const auto said = co_await run(partition, scripts::claim, std::move(arguments));
  expect_size(said, steps.size());
  answers.reserve(steps.size());
  for (const auto each : said) {
    const auto& request = *steps[answers.size()].request;
    const auto read = [&](const reply& answer) {
      return read_claim(answer, request.runs.size(), request.carries);
    };
    answers.push_back(read_step(each, read));
  }
  if (how_.durable.replicas > 0) co_await make_durable(partition, steps, answers);
  co_return answers;
}

loop_awaitable<std::vector<step_answer<take_answer>>> job_backend::take(std::uint32_t partition,
                                                                        std::string_view member,
                                                                        std::span<const take_step> steps) {
  std::vector<step_answer<take_answer>> answers;
  if (steps.empty()) co_return answers;
  auto arguments = head_of_change();
  arguments.add(member).add(packed_steps(steps));
  const auto said = co_await run(partition, scripts::take, std::move(arguments));
  expect_size(said, steps.size());
  answers.reserve(steps.size());
  for (const auto each : said) answers.push_back(read_step(each, read_take));
  if (how_.durable.replicas > 0) co_await make_durable(partition, steps, answers);
  co_return answers;
}

loop_awaitable<std::vector<step_answer<finish_answer>>> job_backend::finish(
    std::uint32_t partition, std::span<const finish_step> steps) {
  std::vector<step_answer<finish_answer>> answers;
  if (steps.empty()) co_return answers;
  auto arguments = head_of_change();
  arguments.add(packed_steps(steps));
  const auto said = co_await run(partition, scripts::finish, std::move(arguments));
  expect_size(said, steps.size());
  answers.reserve(steps.size());
  for (const auto each : said) answers.push_back(read_step(each, read_finish));
  co_return answers;
}

loop_awaitable<std::vector<bool>> job_backend::reap(std::uint32_t partition, std::span<const reap_step> steps,
                                                    instant) {
  std::vector<bool> ended;
  if (steps.empty()) co_return ended;
  auto arguments = head_of_change();
  arguments.add(packed_steps(steps));
  const auto said = co_await run(partition, scripts::reap, std::move(arguments));
  expect_size(said, steps.size());
  for (const auto each : said) {
    const auto refused = refusal_in(each);
    if (!refused.empty()) tell_once(refused);
    ended.push_back(refused.empty() && each.integer() == 1);
  }
  co_return ended;
}

loop_awaitable<std::size_t> job_backend::ask_to_stop(std::string id, std::string run_id, cancel_reason why) {
  auto arguments = head_of_change();
  arguments.add(id).add(static_cast<int>(why)).add(run_id);
  const auto said = co_await run(partition_of(id), scripts::stop, std::move(arguments));
  co_return static_cast<std::size_t>(said[0].integer());
}

loop_awaitable<partition_look> job_backend::look(std::uint32_t partition, instant now) {
  auto arguments = head();
  arguments.add(now.time_since_epoch().count()).add(how_.ledger_age.count());
  const auto said = co_await run(partition, scripts::look, std::move(arguments));
  partition_look seen;
  seen.seq = static_cast<std::uint64_t>(said[0].integer());
  const auto all = said[1];
  for (std::size_t k = 0; k + 1 < all.size(); k += 2) {
    const auto run_id = all[k], packed = all[k + 1];
    const auto read = [&] { return read_run(run_id.text(), packed.text()); };
    if (auto active = readable("run", run_id.text(), read)) seen.runs.push_back(*std::move(active));
  }
  for (const auto id : said[2]) seen.due.emplace_back(id.text());
  for (const auto id : said[3]) seen.waiting.emplace_back(id.text());
  seen.ends = said[4].integer() != 0;
  co_return seen;
}

loop_awaitable<group_answer> job_backend::share_group(std::string member, const group_request& request) {
  const words keys(keys_.meta(), keys_.group(request.group));
  words arguments(store_.id, store_.partitions, member, request.group, request.number, request.limit);
  arguments.add(request.given).add(request.returned).add(request.waiting);
  for (const auto rank : request.ranks) arguments.add(rank);
  const auto said = co_await link_.run(scripts::group, keys, arguments);
  const auto what = said[0].integer();
  if (what == 2) throw boost::system::system_error(errc::other_store, keys_.name_space());
  group_answer answer;
  answer.member = what == 0;
  if (!answer.member) co_return answer;
  expect_size(said, 3);
  answer.given = static_cast<std::uint64_t>(said[1].integer());
  answer.limit = static_cast<std::uint32_t>(said[2].integer());
  co_return answer;
}

}  // namespace carillon::redis
