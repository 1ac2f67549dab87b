#include "carillon/commands/run.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/scheduler/options.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "carillon/daemon.hpp"
#include "carillon/daemon_files.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/runs_what.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

// What `--check` says of a job.
struct listed_job {
  std::string id, schedule, next, command, store;
  std::string_view without_next = "never";
};

listed_job describe(const declaration& job, const zone& fallback, const date_calendars& calendars,
                    instant now) {
  const auto& definition = job.definition;
  listed_job listed{.id = definition.id,
                    .schedule = definition.when.text(),
                    .next = {},
                    .command = runs_what(definition),
                    .store = job.store};
  if (job.at_start) {
    const bool waits = job.start_delay > milliseconds{0};
    listed.schedule = waits ? "@reboot after " + format_duration(job.start_delay) : "@reboot";
    listed.without_next = waits ? "after the start" : "at the start";
    return listed;
  }
  if (definition.when.follows()) listed.without_next = "after others";
  const binding bound{
      .seed = seed_of(definition.id), .anchor = now, .where = fallback, .calendars = &calendars, .fired = 0};
  const auto next = definition.when.first(bound, now);
  if (next && *next) listed.next = format_instant(**next, definition.when.where().value_or(fallback));
  return listed;
}

void list_as_json(const declaration& job, const listed_job& listed, std::ostream& out) {
  json::object object{{"id", listed.id}, {"schedule", listed.schedule}};
  object["next"] = listed.next.empty() ? json::value{} : json::value{listed.next};
  object["file"] = in_utf8(job.file);
  object["line"] = job.line;
  object["store"] = job.store.empty() ? default_store_name : job.store;
  object["command"] = in_utf8(listed.command);
  out << json::serialize(object) << '\n';
}

void list_jobs(const daemon_plan& plan, const zone& fallback, instant now, bool as_json, std::ostream& out) {
  std::vector<listed_job> all;
  std::size_t widest_id = 0, widest_schedule = 0;
  for (const auto& job : plan.jobs) {
    all.push_back(describe(job, fallback, plan.calendars, now));
    if (as_json) list_as_json(job, all.back(), out);
    widest_id = std::max(widest_id, all.back().id.size());
    widest_schedule = std::max(widest_schedule, all.back().schedule.size());
  }
  if (as_json) return;
  for (const auto& job : all) {
    const std::string_view next = job.next.empty() ? job.without_next : job.next;
    const auto where = job.store.empty() ? "" : fmt::format("  in {}", job.store);
    out << fmt::format("{:<{}}  {:<{}}  {}{}\n", job.id, widest_id, job.schedule,
                       std::min<std::size_t>(widest_schedule, 60), next, where);
  }
  if (all.empty()) out << "no jobs\n";
}

log_style style_of(const run_request& request, const daemon_settings& settings) {
  log_style style;
  const auto by_default = request.json ? log_format::json : log_format::text;
  style.format = request.log_format.value_or(settings.log_format.value_or(by_default));
  style.level = request.log_level.value_or(settings.log_level.value_or(log_level::info));
  style.colour =
      style.format == log_format::text && ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  style.where = settings.timezone.value_or(zone::system());
  return style;
}

}  // namespace

int run_daemon(const run_request& request, std::ostream& out, std::ostream& err) {
  const auto started = system_clock{}.now();
  const file_list files{request.files,           request.crontabs,        request.store, request.instance,
                        request.system_crontabs, request.crontab_folders, request.state};
  auto plan = read_files(files, started, crontab_surroundings::of_this_machine());
  const auto style = style_of(request, plan.settings);
  for (const auto* found : {&plan.found, &plan.aside})
    print_diagnostics(*found, style.format == log_format::json, err);
  if (has_errors(plan.found)) return exit_code::failed;
  if (request.check_only) {
    list_jobs(plan, style.where, started, request.json, out);
    return exit_code::done;
  }
  return guarded(style.format == log_format::json, err, [&]() -> int {
    daemon{files, std::move(plan), style, started, request.prune}.run();
    return exit_code::done;
  });
}

}  // namespace carillon::app
