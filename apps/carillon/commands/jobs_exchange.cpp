#include "carillon/commands/jobs_exchange.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <ostream>
#include <system_error>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

using kind = import_report::kind;

std::optional<std::string> text_in(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return std::nullopt;
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad()) return std::nullopt;
  return text;
}

void print_entry(const command_context& context, const import_report::entry& entry) {
  if (context.json) {
    const boost::json::object object{
        {"job", entry.job}, {"what", name(entry.what)}, {"why", in_utf8(entry.why)}};
    context.out << boost::json::serialize(object) << '\n';
    return;
  }
  const auto why = entry.why.empty() ? std::string{} : fmt::format(" ({})", shown(entry.why, 1000));
  context.out << fmt::format("{}: {}{}\n", shown(entry.job), name(entry.what), why);
}

int print_report(const command_context& context, const import_report& report, bool dry_run) {
  for (const auto& entry : report.entries) print_entry(context, entry);
  const auto count = [&](kind what) { return report.count(what); };
  const auto refused = count(kind::refused);
  if (context.json) {
    const boost::json::object object{{"done", report.done},
                                     {"added", count(kind::added)},
                                     {"changed", count(kind::changed)},
                                     {"unchanged", count(kind::unchanged)},
                                     {"refused", refused}};
    context.out << boost::json::serialize(object) << '\n';
  } else {
    context.out << fmt::format("{}: {} added, {} changed, {} unchanged, {} refused{}\n",
                               counted(report.entries.size(), "job"), count(kind::added),
                               count(kind::changed), count(kind::unchanged), refused,
                               report.done ? ""
                               : dry_run   ? " (a dry run: nothing was changed)"
                                           : ": nothing was changed");
  }
  if (refused == 0) return exit_code::done;
  if (report.done || dry_run) return exit_code::failed;
  return print_failure(
      context, fmt::format("{} refused, so that nothing was changed", counted(refused, "job")),
      "--partial brings in the others; --replace gives jobs that are there these definitions, "
      "--keep leaves them as they are.");
}

}  // namespace

loop_awaitable<int> export_jobs(command_context& context, jobs_list_request request) {
  job_query query;
  query.id_prefix = request.prefix;
  query.tags = request.tags;
  query.task = request.task;
  const auto result = co_await context.operations.export_jobs(std::move(query));
  context.out << result.document;
  if (result.left_out.empty()) co_return exit_code::done;
  for (const auto& one : result.left_out) print_failure(context, "not exported: " + shown(one, 1000));
  co_return exit_code::failed;
}

loop_awaitable<int> import_jobs(command_context& context, jobs_import_request request) {
  std::error_code unknown;
  const bool is_folder = std::filesystem::is_directory(request.file, unknown);
  const auto text = is_folder ? std::nullopt : text_in(request.file);
  if (!text)
    co_return print_failure(context, fmt::format("'{}' {}", shown(request.file),
                                                 is_folder ? "is a folder, not a file" : "cannot be read"));
  std::optional<import_report> report;
  std::string refused;
  try {
    report = co_await context.operations.import_jobs(*text, request.how);
  } catch (const std::invalid_argument& fault) {
    refused = fault.what();
  }
  if (!report) co_return print_failure(context, refused, "carillon jobs export writes such documents.");
  co_return print_report(context, *report, request.how.dry_run);
}

}  // namespace carillon::app
