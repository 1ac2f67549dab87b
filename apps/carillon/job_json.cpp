#include "carillon/job_json.hpp"

#include <boost/json/parse.hpp>
#include <carillon/job/json.hpp>
#include <carillon/time/timestamp.hpp>

#include <utility>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

boost::json::object counters_json(const job_counters& counters) {
  return {{"succeeded", counters.succeeded},
          {"failed", counters.failed},
          {"cancelled", counters.cancelled},
          {"lost", counters.lost},
          {"retried", counters.retried},
          {"missed", counters.missed},
          {"skipped", counters.skipped},
          {"coalesced", counters.coalesced},
          {"consecutive_failures", counters.consecutive_failures}};
}

void add_run_json(boost::json::object& object, const ledger_entry& entry, const zone& where) {
  object["run"] = entry.run;
  object["instance"] = entry.instance;
  object["attempt"] = entry.attempt;
  object["fence"] = entry.fence;
  object["due"] = time_json(entry.due, where);
  object["started"] = time_json(entry.started, where);
  object["finished"] = time_json(entry.finished, where);
  if (entry.due && entry.started) object["lateness_ms"] = (*entry.started - *entry.due).count();
  if (entry.started && entry.finished) object["duration_ms"] = (*entry.finished - *entry.started).count();
}

}  // namespace

boost::json::value time_json(const std::optional<instant>& time, const zone& where) {
  return time ? boost::json::value{format_instant(*time, where)} : boost::json::value{};
}

boost::json::object job_json(const job_record& job, const zone& where) {
  boost::json::object object{{"id", job.id()},
                             {"state", name(job.state)},
                             {"schedule", job.definition->when.text()},
                             {"zone", job.where.name()},
                             {"revision", job.revision}};
  object["next"] = time_json(job.cursor, where);
  object["due"] = time_json(job.cursor ? std::optional{job.due} : std::nullopt, where);
  object["next_waiting"] = time_json(job.next_waiting, where);
  object["last_fire"] = time_json(job.last_fire, where);
  object["anchor"] = time_json(job.anchor, where);
  object["active"] = job.active;
  object["skip_next"] = job.skip_next;
  boost::json::array times;
  for (const auto time : job.skip_at) {
    if (!job.cursor || time >= *job.cursor) times.emplace_back(format_instant(time, where));
  }
  object["skip_at"] = std::move(times);
  if (!job.carried.empty()) {
    boost::system::error_code failed;
    auto carried = boost::json::parse(job.carried, failed);
    object["carried"] = failed ? boost::json::value{in_utf8(job.carried)} : std::move(carried);
  }
  object["note"] = in_utf8(job.note);
  object["origin"] = in_utf8(job.definition->origin.str());
  object["counters"] = counters_json(job.counters);
  object["definition"] = to_json(*job.definition);
  return object;
}

boost::json::object entry_json(const ledger_entry& entry, const zone& where) {
  boost::json::object object{{"number", entry.number},
                             {"job", entry.job},
                             {"outcome", name(entry.result.kind)},
                             {"first", format_instant(entry.first, where)},
                             {"last", format_instant(entry.last, where)},
                             {"count", entry.count}};
  object["final"] = entry.final;
  object["extra"] = entry.extra;
  if (const auto& after = entry.follows)
    object["follows"] = {
        {"job", in_utf8(after->job)}, {"run", in_utf8(after->run)}, {"outcome", name(after->how)}};
  if (entry.into) object["into"] = format_instant(*entry.into, where);
  if (entry.result.reason != cancel_reason::none) object["reason"] = name(entry.result.reason);
  if (!entry.result.failure.empty()) object["failure"] = entry.result.failure;
  object["message"] = in_utf8(entry.result.message);
  if (!entry.run.empty()) add_run_json(object, entry, where);
  return object;
}

}  // namespace carillon::app
