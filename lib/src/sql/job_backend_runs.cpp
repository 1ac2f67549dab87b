// Ways past a cursor, and in and out of the set of active runs.

#include <algorithm>
#include <set>
#include <stdexcept>

#include "sql/job_backend.hpp"

namespace carillon::sql {

namespace {

constexpr std::size_t most_seen = 100;
constexpr std::int64_t end_paused = 1, end_removed = 2;

void check_order(const claim_request& request) {
  if (!request.next_cursor || *request.next_cursor > request.expected_cursor) return;
  throw std::invalid_argument("claim of '" + std::string{request.id} +
                              "': the next cursor must be greater than the expected one");
}

std::string token_of_taken(std::string_view run_id) { return "taken:" + std::string{run_id}; }

/// Of a run that has ended and whose job is gone, or is another by now.
std::string token_of_end(const std::string& id, std::uint64_t fence) {
  return "ended:" + std::to_string(fence) + ":" + id;
}

/// The end of a run whose job has been removed since, sent again: what was answered the first time.
job_handle job_that_ended(std::uint64_t fence, std::int64_t flags) {
  auto job = std::make_shared<memory_job>();
  job->last_fence = fence;
  job->last_end_paused = (flags & end_paused) != 0;
  job->last_end_removed = (flags & end_removed) != 0;
  return job;
}

finish_answer finish_one(desk& there, owned_finish& step) {
  auto& report = step.get();
  const auto token = token_of_end(step.id, report.fence);
  const auto ended = there.token(token);
  report.handle = ended ? job_that_ended(report.fence, *ended) : there.handle_of(step.id, step.born);
  auto answer = there.jobs().finish(report);
  report.handle.reset();
  // One that is sent again answers as the first time.
  const bool is_followed = answer.what == finish_answer::kind::done && there.jobs().is_followed(step.id);
  if (is_followed && !answer.followed) answer.followed = there.keeps_ends();
  if (answer.what != finish_answer::kind::done) return answer;
  if (!step.value.empty()) there.keep_value(step.id, step.run_id, report.finished, report.keep_value);
  if (!there.is_born(step.id, step.born))
    there.keep_token(token, (answer.paused_now ? end_paused : 0) | (answer.removed_now ? end_removed : 0));
  // By another instance than the one that runs its loop, perhaps.
  const auto* const job = there.jobs().kept(step.id);
  const bool is_idle = job && job->cursor == memory_job::none && job->held() == 0;
  if (job && job->state == job_state::active && (report.next || is_idle))
    there.tell(*job, there.jobs().last_number());
  return answer;
}

/// Reads the active runs of a partition into what was seen of it.
void see_active(session& with, store_tables& tables, std::uint32_t partition, partition_look& seen) {
  std::set<std::string, std::less<>> names;
  const auto name_of = [&](std::string_view name) { return &*names.emplace(name).first; };
  query asks{"SELECT id, content FROM "};
  asks.add(with.speaks().table("jobs")).add(" WHERE part = ").bind(partition).add(" AND active > 0");
  for (const auto& row : with.ask(asks, "tt")) {
    const auto& id = row[0].text;
    try {
      const auto runs = runs_in(row[1].text, name_of);
      for (const auto& run : runs->held) seen.runs.push_back(active_record_of(id, run));
    } catch (const unreadable& fault) {
      tables.tell_once("the active runs of job '" + id +
                       "' cannot be read and are passed over: " + fault.what());
    }
  }
}

std::vector<std::string> see_late(session& with, std::uint32_t partition, std::string_view column,
                                  instant now) {
  query asks{"SELECT id FROM "};
  asks.add(with.speaks().table("jobs")).add(" WHERE part = ").bind(partition).add(" AND ").add(column);
  asks.add(" <= ").bind(std::int64_t{now.time_since_epoch().count()}).add(" ORDER BY ").add(column);
  std::vector<std::string> ids;
  for (auto& row : with.ask(asks.add(" LIMIT ").bind(most_seen), "t")) ids.push_back(std::move(row[0].text));
  return ids;
}

}  // namespace

loop_awaitable<std::vector<step_answer<claim_answer>>> job_backend::claim(std::uint32_t partition,
                                                                          std::string_view member,
                                                                          std::span<const claim_step> steps) {
  for (const auto& step : steps) check_order(*step.request);
  const auto one = [who = std::string{member}](desk& there, owned_claim& step) {
    auto& request = step.get(who);
    request.handle = there.handle_of(step.id, step.born);
    auto answer = there.jobs().claim(request);
    request.handle.reset();
    return answer;
  };
  auto owned = own<owned_claim>(steps);
  auto claiming = change_each<claim_answer>(partition, std::move(owned), one);
  co_return co_await std::move(claiming);
}

loop_awaitable<std::vector<step_answer<take_answer>>> job_backend::take(std::uint32_t partition,
                                                                        std::string_view member,
                                                                        std::span<const take_step> steps) {
  const auto one = [who = std::string{member}](desk& there, owned_take& step) {
    auto& request = step.get(who);
    if (there.token(token_of_taken(step.run_id))) there.jobs().put_back_taken(step.run_id);
    request.handle = there.handle_of(step.id, step.born);
    auto answer = there.jobs().take(request);
    request.handle.reset();
    return answer;
  };
  std::vector<std::string> tokens;
  for (const auto& step : steps) tokens.push_back(token_of_taken(step.request->run_id));
  auto owned = own<owned_take>(steps);
  auto taking = change_each<take_answer>(partition, std::move(owned), one, std::move(tokens));
  co_return co_await std::move(taking);
}

loop_awaitable<std::vector<step_answer<finish_answer>>> job_backend::finish(
    std::uint32_t partition, std::span<const finish_step> steps) {
  std::vector<std::string> tokens;
  for (const auto& step : steps)
    tokens.push_back(token_of_end(std::string{step.report->id}, step.report->fence));
  auto owned = own<owned_finish>(steps);
  auto finishing = change_each<finish_answer>(partition, std::move(owned), finish_one, std::move(tokens));
  co_return co_await std::move(finishing);
}

loop_awaitable<std::vector<bool>> job_backend::reap(std::uint32_t partition, std::span<const reap_step> steps,
                                                    instant) {
  auto work = [all = own<owned_reap>(steps)](desk& there) {
    there.fetch(ids_of(all));
    there.fetch_followers(ids_of(all));
    std::vector<bool> ended;
    for (const auto& step : all) {
      const bool readable = there.refusal(step.id).empty();
      ended.push_back(readable && there.jobs().reap(step.id, step.run_id, step.fence, step.why));
    }
    return ended;
  };
  auto reaping = change<std::vector<bool>>(partition, std::move(work));
  co_return co_await std::move(reaping);
}

loop_awaitable<std::size_t> job_backend::ask_to_stop(std::string id, std::string run_id, cancel_reason why) {
  const auto partition = partition_of(id);
  auto work = [id = std::move(id), run_id = std::move(run_id), why](desk& there) {
    there.fetch({id});
    const auto asked = there.jobs().ask_to_stop(id, run_id, why);
    for (const auto* const run : asked) there.tell_stop(*run, why);
    return asked.size();
  };
  auto stopping = change<std::size_t>(partition, std::move(work));
  co_return co_await std::move(stopping);
}

loop_awaitable<partition_look> job_backend::look(std::uint32_t partition, instant now) {
  auto work = [tables = tables_, store = store_, partition, now](session& with) {
    query asks{"SELECT store, seq FROM "};
    asks.add(with.speaks().table("parts")).add(" WHERE part = ").bind(partition);
    const auto part = with.ask(asks, "nn");
    if (part.empty() || part[0][0].count() != store.id) throw boost::system::system_error(errc::other_store);
    partition_look seen;
    seen.seq = part[0][1].count();
    see_active(with, *tables, partition, seen);
    seen.due = see_late(with, partition, "due", now);
    seen.waiting = see_late(with, partition, "waiting", now);
    query ends{"SELECT num FROM "};
    ends.add(with.speaks().table("untold")).add(" WHERE part = ").bind(partition).add(" LIMIT 1");
    seen.ends = !with.ask(ends, "n").empty();
    tables->clean_up(with, store);
    return seen;
  };
  auto looking = reach<partition_look>(std::move(work));
  co_return co_await std::move(looking);
}

}  // namespace carillon::sql
