// Who and what is there now, and what has happened: without being an instance, and without changing anything.

#include <algorithm>
#include <array>
#include <charconv>
#include <redis/scripts.hpp>
#include <set>

#include "redis/inspection_parts.hpp"
#include "redis/member_backend.hpp"
#include "redis/record_codec.hpp"
#include "store/job_shares.hpp"

namespace carillon::redis {

namespace {

constexpr std::size_t page_size = 1'000;

/// Of NUMBER LIMIT GIVEN RETURNED WAITING RANK...; see group.lua.
group_part part_in(std::string_view member, std::string_view text) {
  std::array<std::uint64_t, 5> numbers{};
  for (auto& number : numbers) {
    const auto end = std::min(text.find(' '), text.size());
    std::from_chars(text.data(), text.data() + end, number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  group_part part;
  part.member = member;
  part.limit = static_cast<std::uint32_t>(numbers[1]);
  part.held = numbers[2] - std::min(numbers[2], numbers[3]);
  part.waiting = numbers[4];
  return part;
}

}  // namespace

job_backend& inspection::parts::reader_of(const store_facts& store) {
  jobs.look_at({store.id, store.partitions});
  return jobs;
}

loop_awaitable<members_answer> inspection::members() {
  member_backend asked{*parts_->wire, parts_->keys.name_space()};
  auto answer = co_await asked.members();
  for (auto& member : answer.members) member.work = co_await asked.fetch_work(member.work_digest);
  co_return answer;
}

loop_awaitable<job_shares> inspection::shares(const store_facts& store, std::vector<member_info> members) {
  const ownership owners{std::move(members), {}};
  auto& jobs = parts_->reader_of(store);
  job_shares shares;
  for (std::uint32_t partition = 0; partition < store.partitions; ++partition) {
    std::optional<std::string> after = std::string{};
    while (after) {
      auto page = co_await jobs.page(partition, *after, page_size);
      for (auto& job : page.jobs) count_share(owners, partition, std::move(job), shares);
      after = std::move(page.next_after);
    }
  }
  co_return shares;
}

loop_awaitable<std::vector<group_facts>> inspection::groups() {
  const auto prefix = parts_->keys.group("");
  std::set<std::string> names;
  std::string cursor = "0";
  do {
    const words ask("SCAN", cursor, "MATCH", prefix + "*", "COUNT", 1000);
    const auto page = co_await parts_->wire->command(ask);
    cursor = page[0].text();
    for (const auto key : page[1]) names.emplace(key.text().substr(prefix.size()));
  } while (cursor != "0");
  std::vector<group_facts> all;
  for (const auto& name : names) {
    const words ask("HGETALL", parts_->keys.group(name));
    const auto said = co_await parts_->wire->command(ask);
    group_facts group;
    group.name = name;
    for (std::size_t k = 0; k + 1 < said.size(); k += 2)
      group.parts.push_back(part_in(said[k].text(), said[k + 1].text()));
    all.push_back(std::move(group));
  }
  co_return all;
}

loop_awaitable<std::vector<missing_predecessor>> inspection::missing_predecessors(const store_facts& store) {
  constexpr std::size_t most_named = 100;
  std::vector<missing_predecessor> all;
  for (std::uint32_t which = 0; which < store.partitions; ++which) {
    std::string cursor{"0"};
    do {
      const auto page = co_await parts_->run(store, which, scripts::followed, cursor, "");
      const auto found = page[1];
      for (std::size_t k = 0; k + 1 < found.size() && all.size() < most_named; k += 2) {
        missing_predecessor one{std::string{found[k].text()}, std::string{found[k + 1].text()}};
        const auto follower = co_await job(store, one.follower);
        if (!follower || follower->state == job_state::removed) continue;
        const auto follows = follower->definition->when.predecessors();
        if (std::ranges::find(follows, one.job, &predecessor::job) != follows.end())
          all.push_back(std::move(one));
      }
      cursor = page[0].text();
    } while (cursor != "0");
  }
  co_return all;
}

loop_awaitable<ledger_page> inspection::history(const store_facts& store, ledger_query query) {
  auto page = co_await parts_->reader_of(store).history(query);
  co_return page;
}

loop_awaitable<std::optional<job_record>> inspection::job(const store_facts& store, std::string id) {
  std::vector<std::string> ids;
  ids.push_back(std::move(id));
  auto records = co_await parts_->reader_of(store).load(partition_of(ids[0], store.partitions), ids);
  co_return std::move(records[0]);
}

loop_awaitable<partition_news> inspection::news(const store_facts& store, std::uint32_t which,
                                                partition_news before) {
  const auto answer = co_await parts_->run(store, which, scripts::news, before.seen, before.seen_entry);
  partition_news news;
  news.seen = answer[0].text();
  news.seen_entry = before.seen_entry;
  if (answer.size() < 4) co_return news;
  news.changed = true;
  const auto runs = answer[1];
  for (std::size_t k = 0; k + 1 < runs.size(); k += 2) {
    const auto run_id = runs[k], packed = runs[k + 1];
    const auto read = [&] { return read_run(run_id.text(), packed.text()); };
    if (auto run = parts_->jobs.readable("run", run_id.text(), read)) news.runs.push_back(*std::move(run));
  }
  for (const auto each : answer[2]) {
    if (auto entry = parts_->reader_of(store).readable_entry(which, each))
      news.entries.push_back(*std::move(entry));
  }
  news.seen_entry = answer[3].text();
  co_return news;
}

}  // namespace carillon::redis
