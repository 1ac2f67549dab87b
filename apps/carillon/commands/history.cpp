#include "carillon/commands/history.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <ostream>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t usual_limit = 100;

std::string reason_of(const ledger_entry& entry, const zone& where) {
  if (entry.result.kind == outcome_kind::skipped) return skip_reason(entry.result.message, nullptr);
  if (entry.result.kind == outcome_kind::coalesced && entry.into)
    return "the run of " + short_time(*entry.into, where) + " stood for it";
  auto words = short_message(entry.result.message);
  if (entry.result.reason != cancel_reason::none && words.empty()) words = name(entry.result.reason);
  return words;
}

}  // namespace

std::vector<outcome_kind> outcomes_named(const std::vector<std::string>& names) {
  constexpr std::array all{outcome_kind::succeeded, outcome_kind::failed,   outcome_kind::timed_out,
                           outcome_kind::cancelled, outcome_kind::lost,     outcome_kind::missed,
                           outcome_kind::skipped,   outcome_kind::coalesced};
  std::vector<outcome_kind> kinds;
  std::vector<std::string_view> words;
  for (const auto kind : all) words.push_back(name(kind));
  for (const auto& given : names) {
    const auto place = std::ranges::find(words, given);
    if (place == words.end())
      throw wrong_argument(fmt::format("--outcome '{}' is not known", shown(given)),
                           suggestion(given, words));
    kinds.push_back(all.at(static_cast<std::size_t>(place - words.begin())));
  }
  return kinds;
}

bool is_wanted(const ledger_entry& entry, const std::vector<outcome_kind>& outcomes) {
  return outcomes.empty() || std::ranges::find(outcomes, entry.result.kind) != outcomes.end();
}

table entry_table() {
  table lines{{"TIME", "JOB", "OUTCOME", "FIRES", "TRY", "TOOK", "LATE", "INSTANCE", "REASON"}};
  for (std::size_t column = 3; column < 7; ++column) lines.align_right(column);
  return lines;
}

ledger_query query_of(const history_request& request, instant now, const zone& where) {
  ledger_query query;
  query.job = request.job;
  query.limit = std::clamp<std::size_t>(request.limit.value_or(usual_limit), 1, 1'000);
  if (!request.from.empty()) query.from = time_of(now, where, "--from", request.from);
  if (!request.to.empty()) query.to = time_of(now, where, "--to", request.to);
  if (query.from && query.to && *query.from > *query.to)
    throw wrong_argument("--from is later than --to", "The earlier of the two times is --from.");
  return query;
}

std::vector<std::string> entry_cells(const ledger_entry& entry, const zone& where) {
  const bool ran = entry.started && entry.finished;
  const bool late = entry.started && entry.due;
  auto outcome = std::string{name(entry.result.kind)};
  if (!entry.final) outcome += ", again";
  if (entry.follows)
    outcome += ", after " + shown(entry.follows->job);
  else if (entry.extra)
    outcome += ", extra";
  return {short_time(entry.first, where),
          entry.job,
          std::move(outcome),
          std::to_string(entry.count),
          entry.attempt == 0 ? "" : std::to_string(entry.attempt),
          ran ? spoken(*entry.finished - *entry.started) : "",
          late ? spoken(std::max(*entry.started - *entry.due, milliseconds{0})) : "",
          entry.instance,
          reason_of(entry, where)};
}

loop_awaitable<int> print_history(command_context& context, history_request request) {
  const auto outcomes = outcomes_named(request.outcomes);
  auto query = query_of(request, context.now, context.where);
  const auto limit = request.limit.value_or(usual_limit);
  auto lines = entry_table();
  std::size_t count = 0;
  for (bool more = true; more && count < limit;) {
    const auto page = co_await context.store.history(query);
    for (const auto& entry : page.entries) {
      if (count == limit) break;
      if (!is_wanted(entry, outcomes)) continue;
      ++count;
      if (context.json) {
        context.out << boost::json::serialize(entry_json(entry, context.where)) << '\n';
      } else {
        lines.add(entry_cells(entry, context.where));
      }
    }
    more = page.next_before.has_value();
    query.before = page.next_before;
  }
  if (count == 0 && !request.job.empty()) {
    const auto job = co_await context.store.load(request.job);
    if (!job) co_return co_await print_no_such_job(context, request.job);
  }
  if (!context.json) count == 0 ? context.out << "nothing in the ledger\n" : context.out << lines;
  co_return exit_code::done;
}

}  // namespace carillon::app
