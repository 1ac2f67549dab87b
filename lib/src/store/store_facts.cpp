#include <carillon/store/store_facts.hpp>

#include <algorithm>
#include <iterator>

namespace carillon {

void take_in(store_contents&& some, store_contents& all) {
  all.jobs += some.jobs;
  all.runs += some.runs;
  all.waiting += some.waiting;
  all.ledger += some.ledger;
  std::ranges::move(some.active, std::back_inserter(all.active));
  std::ranges::move(some.overdue, std::back_inserter(all.overdue));
}

}  // namespace carillon
