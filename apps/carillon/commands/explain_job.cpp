#include "carillon/commands/explain_job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <utility>

#include "carillon/daemon_files.hpp"
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
    std::string what{name(account.what)};
    std::ranges::replace(what, '_', ' ');
    context.out << fmt::format("{} at {}: {}\n", question.job.id(), short_time(at, context.where), what);
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

// Those of the files; none if a file has faults, which are printed.
std::optional<date_calendars> calendars_of(const command_context& context,
                                           const std::vector<std::string>& files) {
  auto plan = read_files(only_configs(files), context.now, crontab_surroundings::of_this_machine());
  if (!has_errors(plan.found)) return std::move(plan.calendars);
  for (const auto& problem : plan.found) print_failure(context, problem.to_string());
  return std::nullopt;
}

std::vector<std::string> unknown_calendars(const job_definition& job, const date_calendars& known) {
  std::vector<std::string> unknown;
  for (const auto& name : job.when.calendars())
    if (known.find(name) == nullptr) unknown.push_back(shown(name));
  return unknown;
}

// The store keeps a calendar's name; its dates are in the files, or the program, that declare the job.
int print_unknown_calendars(const command_context& context, const job_record& job,
                            const explain_job_request& request, const std::vector<std::string>& unknown) {
  const auto& origin = job.definition->origin.str();
  const bool given = !request.files.empty();
  return print_failure(
      context,
      fmt::format("the schedule of job '{}' leaves out the dates of calendar '{}', {}", job.id(),
                  fmt::join(unknown, "' and '"),
                  given ? "which the files given do not define" : "which the store does not have"),
      origin.empty()
          ? fmt::format(
                "carillon explain {} --at TIME --file FILE takes calendars from a configuration file.",
                job.id())
          : fmt::format("{} declares the job: carillon explain {} --at TIME --file {} takes its calendars.",
                        shown(origin), job.id(), shown(origin)));
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
  const auto calendars = calendars_of(context, request.files);
  if (!calendars) co_return exit_code::failed;
  const auto unknown = unknown_calendars(*job->record.definition, *calendars);
  if (!unknown.empty()) co_return print_unknown_calendars(context, job->record, request, unknown);
  const auto fires = find_fires(job->record, *asked, &*calendars);
  if (!fires)
    co_return print_failure(
        context, fmt::format("the schedule of job '{}': {}", request.job, fires.error().message()));
  fire_question question{job->record, *fires, *asked, {}, true, context.now, context.where};
  co_await read_entries(context, question);
  print_account(context, question, account_for(question));
  co_return exit_code::done;
}

}  // namespace carillon::app
