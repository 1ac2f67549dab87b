// What other instances have changed. No database tells: it is looked for, at short intervals, in the numbers
// of the last notices of all partitions.

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

#include "sql/job_backend.hpp"
#include "store/attempt.hpp"

namespace carillon::sql {

namespace {

/// After so long without a look, notices may have been thrown away.
constexpr std::chrono::seconds longest_pause{60};

/// For how long a change that nobody waits for any more may still be made.
constexpr std::chrono::seconds doubts_last{60};

/// Where the number of a row of `parts` is kept here: those of groups and of members come last.
std::size_t place_of(long long part, std::uint32_t partitions) {
  if (part == part_of_members) return partitions + 1;
  return part == part_of_groups ? partitions : static_cast<std::size_t>(part);
}

}  // namespace

void job_backend::doubt(std::uint32_t partition, std::uint64_t from) {
  const auto [there, is_new] = doubted_.emplace(partition, from);
  if (!is_new) there->second = std::min(there->second, from);
  doubts_end_ = std::chrono::steady_clock::now() + doubts_last;
}

std::uint64_t job_backend::noticed(std::uint32_t partition) const {
  return partition < noticed_.size() ? noticed_[partition] : 0;
}

void job_backend::take_notice(outlook& seen, std::string_view text, std::uint32_t place,
                              store_tables& tables) {
  try {
    seen.notices.push_back(notice_in(text));
    seen.notices.back().part = place;
  } catch (const unreadable& fault) {
    tables.tell_once(std::string{"a notice of a change cannot be read and is passed over: "} + fault.what());
  }
}

loop_awaitable<job_backend::outlook> job_backend::see_changes() {
  auto before = noticed_;
  const auto doubted = std::exchange(doubted_, {});
  for (const auto& [partition, number] : doubted) {
    if (partition < before.size()) before[partition] = std::min(before[partition], number);
  }
  // What this one has done it has told itself, unless it does not know whether it was done.
  const auto silent = std::chrono::steady_clock::now() < doubts_end_ ? 0 : tables_->teller;
  auto work = [tables = tables_, store = store_, before = std::move(before), silent](session& with) {
    outlook seen;
    seen.noticed.resize(store.partitions + 2);
    query asks{"SELECT part, noticed, store FROM "};
    for (const auto& part : with.ask(asks.add(with.speaks().table("parts")), "nnn")) {
      if (part[2].count() != store.id) throw boost::system::system_error(errc::other_store);
      const auto place = place_of(part[0].number, store.partitions);
      if (place < seen.noticed.size()) seen.noticed[place] = part[1].count();
    }
    for (std::uint32_t place = 0; place <= store.partitions && !before.empty(); ++place) {
      if (seen.noticed[place] == before[place]) continue;
      const auto part = place < store.partitions ? static_cast<int>(place) : part_of_groups;
      query reads{"SELECT content FROM "};
      reads.add(with.speaks().table("changes")).add(" WHERE part = ").bind(part);
      reads.add(" AND num > ").bind(before[place]).add(" AND num <= ").bind(seen.noticed[place]);
      reads.add(" AND teller <> ").bind(silent).add(" ORDER BY num");
      for (const auto& each : with.ask(reads, "t")) take_notice(seen, each[0].text, place, *tables);
    }
    return seen;
  };
  auto reached = reach<outlook>(std::move(work));
  try {
    auto seen = co_await std::move(reached);
    co_return seen;
  } catch (...) {
    for (const auto& [partition, number] : doubted) doubt(partition, number);
    throw;
  }
}

void job_backend::follow(outlook&& seen) {
  const auto now = std::chrono::steady_clock::now();
  const bool first = noticed_.empty();
  const bool members_changed = !first && noticed_.back() != seen.noticed.back();
  const bool is_gap = !first && now - looked_ > longest_pause;
  noticed_ = std::move(seen.noticed);
  looked_ = now;
  tell(std::move(seen.notices));
  if (!members_changed && !is_gap) return;
  boost::asio::post(*where_, [to = listener_, members_changed, is_gap] {
    if (*to && members_changed) (*to)->on_members_changed();
    if (*to && is_gap) (*to)->on_gap();
  });
}

loop_awaitable<void> job_backend::look_for_changes() {
  while (!closing_) {
    pause_->expires_after(between_looks_);
    boost::system::error_code over;
    co_await pause_->async_wait(boost::asio::redirect_error(boost::asio::deferred, over));
    if (closing_) break;
    const auto opened = store_;
    auto seeing = see_changes();
    auto seen = co_await attempted(std::move(seeing));
    // That it could not be seen, or that it is another store, whoever works with it finds.
    if (seen.answer && opened == store_ && !closing_) follow(std::move(*seen.answer));
  }
}

}  // namespace carillon::sql
