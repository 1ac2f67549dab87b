#include "carillon/commands/explain_job.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/fire_account.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t most_entries = 1'000;

loop_awaitable<void> read_entries(command_context& context, fire_question& question) {
  const auto stretch = stretch_of(question.fires, question.asked);
  ledger_query query;
  query.job = question.job.id();
  query.from = stretch.first;
  query.to = stretch.second;
  query.limit = most_entries;
  auto page = co_await context.store.history(query);
  question.entries = std::move(page.entries);
  question.all_entries = !page.next_before;
  // The run that stood for a coalesced fire may lie outside.
  std::optional<instant> into;
  for (const auto& entry : question.entries)
    if (entry.result.kind == outcome_kind::coalesced && entry.into) into = entry.into;
  if (!into || (stretch.first <= *into && *into <= stretch.second)) co_return;
  query.from = query.to = into;
  const auto stand_ins = co_await context.store.history(query);
  for (const auto& entry : stand_ins.entries) {
    const bool known =
        std::ranges::find(question.entries, entry.number, &ledger_entry::number) != question.entries.end();
    if (!known) question.entries.push_back(entry);
  }
}

std::string as_sentence(std::string words) {
  if (!words.empty())
    words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return words + ".";
}

void print_account(const command_context& context, const fire_question& question,
                   const fire_account& account) {
  const auto at = question.fires.at.value_or(question.asked.at);
  if (!context.json) {
    context.out << fmt::format("{} at {}: {}\n", question.job.id(), short_time(at, context.where),
                               name(account.what));
    for (const auto& sentence : account.sentences) context.out << "  " << as_sentence(sentence) << '\n';
    return;
  }
  boost::json::object object{{"job", question.job.id()}, {"verdict", name(account.what)}};
  object["at"] = time_json(question.asked.at, context.where);
  object["fire"] = time_json(question.fires.at, context.where);
  object["before"] = time_json(question.fires.before, context.where);
  object["after"] = time_json(question.fires.after, context.where);
  boost::json::array sentences, entries;
  for (const auto& sentence : account.sentences) sentences.emplace_back(as_sentence(sentence));
  for (const auto& entry : account.entries) entries.push_back(entry_json(entry, context.where));
  object["sentences"] = std::move(sentences);
  object["entries"] = std::move(entries);
  context.out << boost::json::serialize(object) << '\n';
}

}  // namespace

loop_awaitable<int> explain_job(command_context& context, explain_job_request request) {
  const auto asked = read_time(request.at, context.now, context.where);
  if (!asked) {
    throw wrong_argument(fmt::format("--at '{}': {}", shown(request.at), asked.error().message),
                         asked.error().hint);
  }
  const auto job = co_await context.store.load(request.job);
  if (!job) co_return co_await print_no_such_job(context, request.job);
  const auto fires = find_fires(job->record, *asked, nullptr);
  if (!fires) {
    co_return print_failure(
        context, fmt::format("the schedule of '{}': {}", request.job, fires.error().message()),
        "Lists of dates (except calendar …) are known to the instances that run the job only.");
  }
  fire_question question{job->record, *fires, *asked, {}, true, context.now, context.where};
  co_await read_entries(context, question);
  print_account(context, question, account_for(question));
  co_return exit_code::done;
}

}  // namespace carillon::app
