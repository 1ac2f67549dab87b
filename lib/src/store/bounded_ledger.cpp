#include "store/bounded_ledger.hpp"

#include <algorithm>

namespace carillon {

namespace {

bool matches(const ledger_entry& entry, const ledger_query& query) {
  if (!query.job.empty() && entry.job != query.job) return false;
  return (!query.from || entry.last >= *query.from) && (!query.to || entry.first <= *query.to);
}

/// Back to the defaults, keeping what its strings have allocated.
void reset(ledger_entry& entry) {
  entry.job.clear();
  entry.result.kind = outcome_kind::succeeded;
  entry.result.reason = cancel_reason::none;
  entry.result.permanent = false;
  entry.result.failure.clear();
  entry.result.message.clear();
  entry.first = entry.last = instant{};
  entry.count = 1;
  entry.into.reset();
  entry.extra = false;
  entry.final = true;
  entry.run.clear();
  entry.instance.clear();
  entry.attempt = 0;
  entry.fence = 0;
  entry.due.reset();
  entry.started.reset();
  entry.finished.reset();
  entry.follows.reset();
}

}  // namespace

ledger_entry& bounded_ledger::write() {
  const auto number = ++written_;
  auto& entry = number <= capacity_ ? ring_.emplace_back() : ring_[(number - 1) % capacity_];
  if (number > capacity_) reset(entry);
  entry.number = number;
  return entry;
}

ledger_page bounded_ledger::read(const ledger_query& query) const {
  ledger_page page;
  const auto oldest = written_ > capacity_ ? written_ - capacity_ + 1 : 1;
  auto number =
      query.before ? std::min(*query.before - std::min<std::uint64_t>(*query.before, 1), written_) : written_;
  for (; number >= oldest && number > 0; --number) {
    const auto& entry = at(number);
    if (!matches(entry, query)) continue;
    if (page.entries.size() >= std::max<std::size_t>(query.limit, 1)) {
      page.next_before = page.entries.back().number;
      break;
    }
    page.entries.push_back(entry);
  }
  return page;
}

}  // namespace carillon
