#include <boost/json/serialize.hpp>
#include <carillon/time/system_clock.hpp>

#include <algorithm>
#include <charconv>
#include <ostream>
#include <utility>
#include <vector>

#include "carillon/commands/history.hpp"
#include "carillon/commands/next.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/shared/store_follower.hpp"
#include "carillon/shared/watch_story.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t shown_at_first = 10;

std::uint64_t number_in(const std::string& digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

class history_follower final : public store_follower {
 public:
  history_follower(const history_follow_request& request, const zone& where, std::ostream& out,
                   std::ostream& err)
      : store_follower{request.store},
        query_{query_of(request.what, system_clock{}.now(), where)},
        outcomes_{outcomes_named(request.what.outcomes)},
        limit_{request.what.limit.value_or(shown_at_first)},
        json_{request.json},
        where_{where},
        out_{out},
        err_{err} {}

 private:
  loop_awaitable<void> begin(redis::inspection& inspector, const store_facts& store,
                             const std::vector<redis::partition_news>& places) override {
    std::vector<std::uint64_t> last;
    for (const auto& place : places) last.push_back(number_in(place.seen_entry));
    const auto is_told_later = [&](const ledger_entry& entry) {
      return entry.number / store.partitions > last[entry.number % store.partitions];
    };
    auto query = query_;
    for (bool more = true; more && entries_.size() < limit_;) {
      auto page = co_await inspector.history(store, query);
      for (auto& entry : page.entries) {
        if (entries_.size() == limit_) break;
        if (is_wanted(entry, outcomes_) && !is_told_later(entry)) entries_.push_back(std::move(entry));
      }
      more = page.next_before.has_value();
      query.before = page.next_before;
    }
    if (!entries_.empty() || query_.job.empty()) co_return;
    const auto job = co_await inspector.job(store, query_.job);
    if (!job) throw_no_such_job();
  }

  [[noreturn]] void throw_no_such_job() const {
    throw no_such_job{"there is no job '" + shown(query_.job) + "', and nothing in the ledger of one"};
  }

  void take(std::uint32_t, const redis::partition_news& news) override {
    for (const auto& entry : news.entries)
      if (fits(entry) && is_wanted(entry, outcomes_)) entries_.push_back(entry);
  }
  void take(const members_answer&) override {}
  void forget_store() override {}

  void end_round() override {
    std::ranges::sort(entries_, {}, &ledger_entry::number);
    for (const auto& entry : entries_) {
      if (json_)
        out_ << boost::json::serialize(entry_json(entry, where_)) << '\n';
      else
        lines_.add(entry_cells(entry, where_));
    }
    if (!json_) lines_.print_on(out_);
    entries_.clear();
    out_.flush();
  }

  void tell(std::string_view event, std::string_view words) override {
    const auto line = line_about_store(system_clock{}.now(), event, words);
    err_ << (json_ ? line.to_json(where_) : line.to_string(where_)) << '\n';
    err_.flush();
  }

  bool fits(const ledger_entry& entry) const {
    const bool of_job = query_.job.empty() || entry.job == query_.job;
    return of_job && (!query_.from || entry.last >= *query_.from) &&
           (!query_.to || entry.first <= *query_.to);
  }

 public:
  /// There is none of that id.
  struct no_such_job : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

 private:
  const ledger_query query_;
  const std::vector<outcome_kind> outcomes_;
  const std::size_t limit_;
  const bool json_;
  const zone where_;
  std::ostream& out_;
  std::ostream& err_;
  table lines_ = entry_table();
  std::vector<ledger_entry> entries_;
};

}  // namespace

int run_history_follow(const history_follow_request& request, std::ostream& out, std::ostream& err) {
  return guarded(request.zone, request.json, err, [&](const zone& where) -> int {
    try {
      history_follower{request, where, out, err}.run();
    } catch (const history_follower::no_such_job& fault) {
      return print_failure(request.json, fault.what(), "carillon jobs list shows those that there are.", err);
    }
    return exit_code::done;
  });
}

}  // namespace carillon::app
