// The ledger: a stream in each partition, read as one.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <redis/scripts.hpp>

#include "redis/job_backend.hpp"
#include "redis/record_codec.hpp"

namespace carillon::redis {

namespace {

bool fits(const ledger_entry& entry, const ledger_query& query) {
  return (!query.from || entry.last >= *query.from) && (!query.to || entry.first <= *query.to);
}

/// Of a stream's "NUMBER-0".
std::uint64_t number_in(std::string_view id) {
  std::uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

}  // namespace

/// Entries of a partition that fit, read ahead. Those of partition p of P with the number n there have the
/// number n * P
/// + p in the store: each number once, and of one partition in their order.
struct job_backend::entries_of_partition {
  std::uint32_t partition = 0;
  std::string greatest = "+";       ///< As `history.lua` wants it: where the next look begins.
  std::vector<ledger_entry> found;  ///< The newest first, with numbers of the store.
  std::size_t next = 0;             ///< The first of `found` that has not been taken.
  bool over = false;                ///< There are no more than those in `found`.

  bool empty() const noexcept { return next == found.size(); }
  void end_before(std::uint64_t number) {
    over = number == 0;
    if (!over) greatest = std::to_string(number - 1);
  }
};

std::optional<ledger_entry> job_backend::readable_entry(std::uint32_t partition, const reply& stored) {
  try {
    auto entry = read_entry(stored);
    entry.number = entry.number * store_.partitions + partition;
    return entry;
  } catch (const boost::system::system_error& fault) {
    const auto key = keys_.of_partition(partition, "ledger");
    const auto id = stored[0].text();
    tell_once(
        fmt::format("entry {} of {} cannot be read and is passed over: {}; when nobody needs it: redis-cli "
                    "XDEL '{}' {}",
                    id, key, words_of(fault), key, id));
    return std::nullopt;
  }
}

loop_awaitable<void> job_backend::fill(entries_of_partition& from, const ledger_query& query,
                                       std::size_t limit) {
  while (from.empty() && !from.over) {
    auto arguments = head();
    arguments.add(from.greatest).add(query.job).add(limit);
    const auto said = co_await run(from.partition, scripts::history, std::move(arguments));
    from.found.clear();
    from.next = 0;
    for (const auto each : said[0]) {
      auto entry = readable_entry(from.partition, each);
      if (entry && fits(*entry, query)) from.found.push_back(*std::move(entry));
    }
    from.over = said[1].is_null();
    if (!from.over) from.end_before(number_in(said[1].text()));
  }
}

loop_awaitable<ledger_page> job_backend::history(const ledger_query& query) {
  const auto limit = std::max<std::size_t>(query.limit, 1);
  const auto ahead =
      std::clamp<std::size_t>(query.job.empty() ? 2 * limit / store_.partitions : limit + 1, 8, 1'000);
  std::vector<entries_of_partition> parts;
  for (std::uint32_t partition = 0; partition < store_.partitions; ++partition) {
    if (!query.job.empty() && partition != partition_of(query.job)) continue;
    auto& part = parts.emplace_back();
    part.partition = partition;
    // The first number n of the partition for which n * P + p is not less.
    if (query.before) {
      const auto p = std::uint64_t{partition}, count = std::uint64_t{store_.partitions};
      part.end_before(*query.before <= p ? 0 : (*query.before - p + count - 1) / count);
    }
  }
  ledger_page page;
  for (;;) {
    entries_of_partition* newest = nullptr;
    for (auto& part : parts) {
      co_await fill(part, query, ahead);
      if (part.empty()) continue;
      if (!newest || part.found[part.next].number > newest->found[newest->next].number) newest = &part;
    }
    if (!newest) break;
    if (page.entries.size() == limit) {
      page.next_before = page.entries.back().number;
      break;
    }
    page.entries.push_back(std::move(newest->found[newest->next++]));
  }
  co_return page;
}

}  // namespace carillon::redis
