#include "sql/job_codec.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/job/json.hpp>
#include <span>

#include "sql/json_fields.hpp"

namespace carillon::sql {

namespace {

// Structured bindings, so that a member that is added does not compile until it is written here as well.

json::object json_of(const job_counters& did) {
  const auto& [succeeded, failed, cancelled, lost, retried, missed, skipped, coalesced, in_a_row] = did;
  field_writer out;
  out.put("succeeded", succeeded).put("failed", failed).put("cancelled", cancelled).put("lost", lost);
  out.put("retried", retried).put("missed", missed).put("skipped", skipped).put("coalesced", coalesced);
  return out.put("in_a_row", in_a_row).take();
}

void read_counters(const json::value& from, job_counters& did) {
  auto& [succeeded, failed, cancelled, lost, retried, missed, skipped, coalesced, in_a_row] = did;
  const field_reader in{from};
  in.get("succeeded", succeeded).get("failed", failed).get("cancelled", cancelled).get("lost", lost);
  in.get("retried", retried).get("missed", missed).get("skipped", skipped).get("coalesced", coalesced);
  in.get("in_a_row", in_a_row);
}

json::array json_of(std::span<const instant> times) {
  json::array all;
  for (const auto time : times) all.emplace_back(time.time_since_epoch().count());
  return all;
}

outcome_kind kind_named(std::string_view wanted) {
  for (auto each = outcome_kind::succeeded; each <= outcome_kind::coalesced;
       each = static_cast<outcome_kind>(static_cast<int>(each) + 1)) {
    if (name(each) == wanted) return each;
  }
  throw unreadable("an outcome '" + std::string{wanted} + "' is not known");
}

json::object json_of(const followed_run& run) {
  const auto& [job, id, how] = run;
  return field_writer{}.put("job", job).put("run", id).put("outcome", std::string{name(how)}).take();
}

void put_followed(json::object& into, const followed_run_ptr& run) {
  if (run) into["follows"] = json_of(*run);
}

followed_run_ptr followed_in(const field_reader& from) {
  const auto* const given = from.find("follows");
  if (!given) return nullptr;
  followed_run made;
  std::string how;
  const field_reader in{*given};
  in.get("job", made.job).get("run", made.run).get("outcome", how);
  made.how = kind_named(how);
  return std::make_shared<const followed_run>(std::move(made));
}

json::object json_of(const held_run& run) {
  const auto& [id, member, fence, born, occurrence, due, attempt, started, why, taken, extra, awaited, stop,
               revision, follows] = run;
  field_writer out;
  out.put("run", id).put("member", *member).put("fence", fence).put("born", born);
  out.put("occurrence", occurrence).put("due", due).put("attempt", attempt, 1).put("started", started);
  out.put("why", why).put("taken", taken).put("extra", extra).put("awaited", awaited).put("stop", stop);
  auto all = out.put("revision", revision).take();
  put_followed(all, follows);
  return all;
}

held_run held_run_in(const json::value& from, const name_keeper& name_of) {
  held_run made;
  auto& [id, member, fence, born, occurrence, due, attempt, started, why, taken, extra, awaited, stop,
         revision, follows] = made;
  std::string name;
  const field_reader in{from};
  in.get("run", id).get("member", name).get("fence", fence).get("born", born);
  in.get("occurrence", occurrence).get("due", due).get("attempt", attempt).get("started", started);
  in.get("why", why).get("taken", taken).get("extra", extra).get("awaited", awaited).get("stop", stop);
  in.get("revision", revision);
  follows = followed_in(in);
  member = name_of(name);
  return made;
}

json::object json_of(const waiting_run& run) {
  const auto& [at, due, occurrence, attempt, why, extra, awaited, revision, follows, planned_as, cancels] =
      run;
  field_writer out;
  out.put("at", at).put("due", due).put("occurrence", occurrence).put("attempt", attempt, 1);
  out.put("why", why).put("extra", extra).put("awaited", awaited).put("revision", revision);
  auto all = out.put("planned_as", planned_as).put("cancels", cancels).take();
  put_followed(all, follows);
  return all;
}

waiting_run waiting_run_in(const json::value& from) {
  waiting_run made;
  auto& [at, due, occurrence, attempt, why, extra, awaited, revision, follows, planned_as, cancels] = made;
  const field_reader in{from};
  in.get("at", at).get("due", due).get("occurrence", occurrence).get("attempt", attempt).get("why", why);
  in.get("extra", extra).get("awaited", awaited).get("revision", revision).get("planned_as", planned_as);
  in.get("cancels", cancels);
  follows = followed_in(in);
  return made;
}

void put_runs(json::object& into, const live_runs& runs) {
  const auto& [held, waiting] = runs;
  json::array active, later;
  for (const auto& run : held) active.emplace_back(json_of(run));
  for (const auto& run : waiting) later.emplace_back(json_of(run));
  if (!active.empty()) into["active"] = std::move(active);
  if (!later.empty()) into["waiting"] = std::move(later);
}

json::array json_of(const std::map<std::string, std::uint64_t>& told) {
  json::array all;
  for (const auto& [job, number] : told)
    all.emplace_back(field_writer{}.put("job", job).put("number", number).take());
  return all;
}

void read_told(const json::array& from, std::map<std::string, std::uint64_t>& told) {
  for (const auto& each : from) {
    std::string job;
    const field_reader in{each};
    in.get("job", job);
    in.get("number", told[job]);
  }
}

std::unique_ptr<live_runs> read_runs(const json::value& from, const name_keeper& name_of) {
  auto made = std::make_unique<live_runs>();
  const field_reader in{from};
  if (const auto* const active = in.list("active")) {
    for (const auto& each : *active) made->held.push_back(held_run_in(each, name_of));
  }
  if (const auto* const waiting = in.list("waiting")) {
    for (const auto& each : *waiting) made->waiting.push_back(waiting_run_in(each));
  }
  return made;
}

}  // namespace

std::string text_of(const job_definition& job) { return serialized(to_json(job)); }

std::shared_ptr<const job_definition> definition_in(std::string_view text) {
  auto read = job_from_json(parsed(text));
  if (!read) throw unreadable(read.error().to_string());
  return std::make_shared<const job_definition>(*std::move(read));
}

std::string text_of(const memory_job& job) {
  const auto unless_none = [](instant time) {
    return time == memory_job::none ? std::nullopt : std::optional{time};
  };
  field_writer out;
  out.put("born", job.born).put("last_claim", job.last_claim).put("last_fence", job.last_fence);
  out.put("succeeded", job.succeeded).put("anchor", unless_none(job.anchor));
  out.put("cursor", unless_none(job.cursor));
  if (job.cursor != memory_job::none) out.put("due", job.due);
  out.put("last_fire", unless_none(job.last_fire)).put("skip_next", job.skip_next);
  out.put("end_paused", job.last_end_paused).put("end_removed", job.last_end_removed);
  if (job.where.name() != zone{}.name()) out.put("zone", job.where.name());
  auto all = out.take();
  if (job.rare) {
    const auto& [counters, note, skip_at, carried, told] = *job.rare;
    auto did = json_of(counters);
    if (!did.empty()) all["counters"] = std::move(did);
    if (!note.empty()) all["note"] = clean(note);
    if (!skip_at.empty()) all["skip_at"] = json_of(skip_at);
    if (!carried.empty()) all["carried"] = clean(carried);
    if (!told.empty()) all["told"] = json_of(told);
  }
  if (job.live) put_runs(all, *job.live);
  return json::serialize(all);
}

std::string text_of(const live_runs& runs) {
  json::object all;
  put_runs(all, runs);
  return json::serialize(all);
}

void read_job(std::string_view text, memory_job& job, const name_keeper& name_of) {
  const auto all = parsed(text);
  const field_reader in{all};
  std::optional<instant> anchor, cursor, last_fire;
  std::string zone_name;
  in.get("born", job.born).get("last_claim", job.last_claim).get("last_fence", job.last_fence);
  in.get("succeeded", job.succeeded).get("anchor", anchor).get("cursor", cursor).get("due", job.due);
  in.get("last_fire", last_fire).get("skip_next", job.skip_next).get("zone", zone_name);
  in.get("end_paused", job.last_end_paused).get("end_removed", job.last_end_removed);
  job.anchor = anchor.value_or(memory_job::none);
  job.cursor = cursor.value_or(memory_job::none);
  job.last_fire = last_fire.value_or(memory_job::none);
  if (!zone_name.empty()) {
    const auto where = zone::find(zone_name);
    if (!where) throw unreadable(where.error().to_string());
    job.where = *where;
  }
  const auto* const counters = in.find("counters");
  const auto* const note = in.find("note");
  if (counters) read_counters(*counters, job.rarely().counters);
  if (note) in.get("note", job.rarely().note);
  if (in.find("skip_at")) in.get_all("skip_at", job.rarely().skip_at);
  if (in.find("carried")) in.get("carried", job.rarely().carried);
  if (const auto* const told = in.list("told")) read_told(*told, job.rarely().told);
  auto live = read_runs(all, name_of);
  if (!live->empty()) job.live = std::move(live);
}

std::unique_ptr<live_runs> runs_in(std::string_view text, const name_keeper& name_of) {
  return read_runs(parsed(text), name_of);
}

std::string text_of(const ledger_entry& entry) {
  const auto& [number, job, result, first, last, count, into, extra, final, run, instance, attempt, fence,
               due, started, finished, follows] = entry;
  const auto& [kind, reason, permanent, failure, message, not_kept] = result;
  field_writer out;
  out.put("kind", std::string{name(kind)}).put("reason", reason).put("permanent", permanent);
  out.put("failure", failure).put("message", message).put("first", first);
  if (last != first) out.put("last", last);
  out.put("count", count, 1).put("into", into).put("extra", extra).put("final", final, true);
  out.put("run", run).put("instance", instance_of(instance)).put("attempt", attempt).put("fence", fence);
  out.put("due", due).put("started", started).put("finished", finished);
  auto all = out.take();
  put_followed(all, follows);
  return json::serialize(all);
}

void read_entry(std::string_view text, ledger_entry& entry) {
  auto& [number, job, result, first, last, count, into, extra, final, run, instance, attempt, fence, due,
         started, finished, follows] = entry;
  auto& [kind, reason, permanent, failure, message, not_kept] = result;
  const auto all = parsed(text);
  const field_reader in{all};
  std::string kind_name;
  in.get("kind", kind_name).get("reason", reason).get("permanent", permanent).get("failure", failure);
  in.get("message", message).get("first", first);
  last = first;
  in.get("last", last).get("count", count).get("into", into).get("extra", extra).get("final", final);
  in.get("run", run).get("instance", instance).get("attempt", attempt).get("fence", fence);
  in.get("due", due).get("started", started).get("finished", finished);
  follows = followed_in(in);
  kind = kind_named(kind_name);
}

std::string text_of(const kept_end& end) {
  const auto& [number, what, occurrence, followers] = end;
  auto all = json_of(*what);
  all["occurrence"] = occurrence.time_since_epoch().count();
  json::array names;
  for (const auto& follower : followers) names.emplace_back(clean(follower));
  all["followers"] = std::move(names);
  return json::serialize(all);
}

void read_end(std::string_view text, kept_end& end) {
  auto& [number, what, occurrence, followers] = end;
  const auto all = parsed(text);
  const field_reader in{all};
  followed_run made;
  std::string how;
  in.get("job", made.job).get("run", made.run).get("outcome", how).get("occurrence", occurrence);
  in.get_all("followers", followers);
  made.how = kind_named(how);
  what = std::make_shared<const followed_run>(std::move(made));
}

std::string text_of(const member_info& member) {
  field_writer out;
  out.put("host", member.host).put("process", member.process).put("version", member.version);
  out.put("started", member.started).put("takes_jobs", member.takes_jobs, true);
  out.put("work", member.work_digest);
  auto all = out.take();
  if (member.clock_offset) all["clock_offset"] = member.clock_offset->count();
  return json::serialize(all);
}

void read_member(std::string_view text, member_info& member) {
  const auto all = parsed(text);
  const field_reader in{all};
  in.get("host", member.host).get("process", member.process).get("version", member.version);
  in.get("started", member.started).get("takes_jobs", member.takes_jobs).get("work", member.work_digest);
  if (in.find("clock_offset")) {
    std::int64_t offset = 0;
    in.get("clock_offset", offset);
    member.clock_offset = milliseconds{offset};
  }
}

std::string text_of(const served_work& work) {
  const auto& [tasks, executors, body_executors, declared] = work;
  json::object all;
  all["tasks"] = json::array(tasks.begin(), tasks.end());
  all["executors"] = json::array(executors.begin(), executors.end());
  all["body_executors"] = json::array(body_executors.begin(), body_executors.end());
  all["declared"] = json::array(declared.begin(), declared.end());
  return json::serialize(all);
}

std::shared_ptr<const served_work> work_in(std::string_view text) {
  auto made = std::make_shared<served_work>();
  auto& [tasks, executors, body_executors, declared] = *made;
  const auto all = parsed(text);
  const field_reader in{all};
  in.get_all("tasks", tasks).get_all("executors", executors).get_all("body_executors", body_executors);
  in.get_all("declared", declared);
  return made;
}

job_brief brief_of(const memory_job& job) {
  job_brief brief;
  brief.id = job.id();
  brief.task = job.definition->task_name();
  brief.executor = job.definition->options->executor;
  brief.revision = job.revision;
  brief.state = job.state;
  brief.waits = job.next_waiting().has_value();
  return brief;
}

std::string text_of(const change_notice& notice) {
  const auto& [part, number, job, run, member, why, group] = notice;
  const auto& [id, task, executor, revision, state, waits] = job;
  field_writer out;
  out.put("number", number).put("job", id).put("task", task).put("executor", executor);
  out.put("revision", revision).put("state", state).put("waits", waits);
  out.put("run", run).put("member", member).put("why", why).put("group", group);
  return json::serialize(out.take());
}

change_notice notice_in(std::string_view text) {
  change_notice made;
  auto& [part, number, job, run, member, why, group] = made;
  auto& [id, task, executor, revision, state, waits] = job;
  const auto all = parsed(text);
  const field_reader in{all};
  in.get("number", number).get("job", id).get("task", task).get("executor", executor);
  in.get("revision", revision).get("state", state).get("waits", waits);
  in.get("run", run).get("member", member).get("why", why).get("group", group);
  return made;
}

}  // namespace carillon::sql
