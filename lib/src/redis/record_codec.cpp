#include "redis/record_codec.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/job/json.hpp>
#include <charconv>
#include <map>

#include "job/json_text.hpp"

namespace carillon::redis {

namespace {

namespace json = boost::json;

/// The task's name; an empty one is the id.
std::string task_of(std::string_view id, std::string_view task) {
  return std::string{task.empty() ? id : task};
}

/// Of a record the part that no fire needs, as text within it.
std::string packed_rest(const job_record& record) {
  const auto& job = *record.definition;
  const auto& options = *job.options;
  const auto& did = record.counters;
  const auto zone_name = record.where.name();
  packer out;
  out.list(17).add(record.anchor).add(zone_name == zone{}.name() ? std::string_view{} : zone_name);
  out.add(static_cast<int>(options.on_overlap)).add(options.queue_limit);
  out.add(static_cast<int>(options.on_lost)).add(options.pause_after);
  out.add(options.keep || !job.origin.empty() ? 1 : 0);
  out.add(job.task_name() == job.id ? std::string_view{} : std::string_view{job.task_name()});
  out.add(options.executor).add(job.origin.str());
  out.add(did.failed).add(did.cancelled).add(did.lost).add(did.retried);
  return out.add(did.missed).add(did.skipped).add(did.coalesced).take();
}

/// A record's fields in their order, as far as they are not in the definition as well.
struct short_record {
  job_record job;  // without a definition
  std::string_view zone_name, task, executor, origin;

  explicit short_record(std::string_view packed) {
    unpacker in{packed};
    in.list();
    job.revision = in.number();
    job.born = in.number();
    job.state = static_cast<job_state>(in.integer());
    job.cursor = in.optional_time();
    const milliseconds delay{in.integer()};
    if (job.cursor) job.due = *job.cursor + delay;
    job.last_fire = in.optional_time();
    job.skip_next = static_cast<std::uint32_t>(in.number());
    in.integer();  // max_instances
    in.integer();  // the number of the last claim
    if (!in.none()) {
      for (auto left = in.list(); left > 0; --left) in.integer();
    }
    job.counters.succeeded = in.number();
    job.counters.consecutive_failures = static_cast<std::uint32_t>(in.number());
    read_rest(unpacker{in.text()});
  }

 private:
  void read_rest(unpacker in) {
    in.list();
    job.anchor = in.optional_time();
    zone_name = in.text();
    for (int option = 0; option < 5; ++option) in.integer();
    task = in.text();
    executor = in.text();
    origin = in.text();
    auto& did = job.counters;
    for (auto* each :
         {&did.failed, &did.cancelled, &did.lost, &did.retried, &did.missed, &did.skipped, &did.coalesced}) {
      *each = in.number();
    }
  }
};

parse_result<job_definition> read_definition(std::string_view id, std::string_view text,
                                             std::string_view origin) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed, json::storage_ptr(), own_text());
  if (failed || !value.is_object()) return parse_error{"its definition is no JSON object", 0, ""};
  auto& members = value.get_object();
  members["id"] = id;
  if (!origin.empty()) members["origin"] = origin;
  return job_from_json(value);
}

/// Stands for a job that this version cannot read: never fires, and keeps what is known of it.
std::shared_ptr<const job_definition> stand_in(std::string_view id, const short_record& record) {
  job_definition job{std::string{id}, trigger{"at 9999-12-31T00:00:00Z"}, {}, {}, default_options(), {}, {}};
  if (!record.task.empty()) job.task = record.task;
  if (!record.origin.empty()) job.origin = record.origin;
  return std::make_shared<const job_definition>(std::move(job));
}

std::string pack_times(outcome_kind kind, instant first, instant last, std::uint64_t count,
                       std::optional<instant> into, std::string_view reason, bool extra) {
  packer out;
  out.list(7).add(static_cast<int>(kind)).add(first).add(last).add(count).add(into).add(reason);
  return out.add(extra ? 1 : 0).take();
}

std::vector<instant> read_skips(std::string_view packed) {
  std::vector<instant> times;
  if (packed.empty()) return times;
  unpacker in{packed};
  for (auto left = in.list(); left > 0; --left) times.push_back(in.time());
  return times;
}

followed_run_ptr read_followed(unpacker& in) {
  in.list();
  followed_run what;
  what.job = in.text();
  what.run = in.text();
  what.how = static_cast<outcome_kind>(in.integer());
  return std::make_shared<const followed_run>(std::move(what));
}

void read_times(unpacker in, ledger_entry& entry) {
  const auto fields = in.list();
  entry.result.kind = static_cast<outcome_kind>(in.integer());
  entry.first = in.time();
  entry.last = in.time();
  entry.count = in.number();
  entry.into = in.optional_time();
  entry.result.message = in.text();
  entry.extra = in.integer() != 0;
  if (fields > 7) entry.follows = read_followed(in);
}

void read_outcome(unpacker in, ledger_entry& entry) {
  in.list();
  entry.result.kind = static_cast<outcome_kind>(in.integer());
  entry.result.reason = static_cast<cancel_reason>(in.integer());
  entry.result.permanent = in.integer() != 0;
  entry.result.failure = in.text();
  entry.result.message = in.text();
  entry.started = in.optional_time();
  entry.finished = in.optional_time();
}

void read_entry_of_run(const active_record& run, ledger_entry& entry) {
  entry.first = entry.last = run.occurrence;
  entry.extra = run.extra;
  entry.instance = instance_of(run.member);
  entry.attempt = run.attempt;
  entry.fence = run.fence;
  entry.due = run.due;
  entry.follows = run.follows;
}

}  // namespace

std::string packed_record(const job_record& job) {
  packer out;
  out.list(13).add(job.revision).add(job.born).add(static_cast<int>(job.state)).add(job.cursor);
  out.add(job.cursor ? (job.due - *job.cursor).count() : 0).add(job.last_fire).add(job.skip_next);
  out.add(job.definition->options->max_instances).add(0).none();
  out.add(job.counters.succeeded).add(job.counters.consecutive_failures);
  return out.add(packed_rest(job)).take();
}

std::string packed_skips(const std::vector<instant>& times) {
  if (times.empty()) return {};
  packer out;
  out.list(times.size());
  for (const auto time : times) out.add(time);
  return out.take();
}

std::string packed_predecessors(const job_definition& job) {
  if (!job.when.follows()) return {};
  std::map<std::string, ends_mask> all;
  for (const auto& each : job.when.predecessors()) all[each.job] |= mask_of(each.ends);
  packer out;
  out.list(2 * all.size());
  for (const auto& [id, ends] : all) out.add(id).add(unsigned{ends});
  return out.take();
}

kept_end read_kept_end(std::string_view packed) {
  unpacker in{packed};
  in.list();
  kept_end end;
  followed_run what;
  end.number = in.number();
  what.job = in.text();
  what.run = in.text();
  what.how = static_cast<outcome_kind>(in.integer());
  end.occurrence = in.time();
  for (auto left = in.list(); left > 0; --left) end.followers.emplace_back(in.text());
  end.what = std::make_shared<const followed_run>(std::move(what));
  return end;
}

std::string definition_text(const job_definition& job) {
  auto all = to_json(job);
  all.stable_erase(all.find("id"));
  if (const auto origin = all.find("origin"); origin != all.end()) all.stable_erase(origin);
  return json::serialize(all);
}

job_record read_record(std::string_view id, std::string_view packed, std::string_view definition,
                       std::string_view note, std::string_view skips) {
  short_record record{packed};
  record.job.note = note;
  record.job.skip_at = read_skips(skips);
  auto read = read_definition(id, definition, record.origin);
  const auto where = record.zone_name.empty() ? zone{} : zone::find(record.zone_name);
  if (read && where) {
    record.job.definition = std::make_shared<const job_definition>(*std::move(read));
    record.job.where = *where;
    return std::move(record.job);
  }
  record.job.definition = stand_in(id, record);
  if (record.job.state == job_state::active) record.job.state = job_state::parked;
  record.job.note = "this version cannot read the job: " + (read ? where.error() : read.error()).to_string();
  return std::move(record.job);
}

job_brief read_brief(std::string_view id, std::string_view packed, bool waits) {
  const short_record record{packed};
  return {std::string{id},     task_of(id, record.task), std::string{record.executor},
          record.job.revision, record.job.state,         waits};
}

active_record read_run(std::string_view run_id, std::string_view packed) {
  unpacker in{packed};
  const auto fields = in.list();
  active_record run;
  run.run_id = run_id;
  run.job = in.text();
  run.born = in.number();
  run.fence = in.number();
  run.occurrence = in.time();
  run.due = in.time();
  run.started = in.time();
  run.attempt = static_cast<std::uint32_t>(in.number());
  run.member = in.text();
  run.why = static_cast<waiting_reason>(in.integer());
  run.taken = in.integer() != 0;
  run.extra = in.integer() != 0;
  run.stop = static_cast<cancel_reason>(in.integer());
  run.revision = in.number();
  if (fields > 13) run.follows = read_followed(in);
  return run;
}

std::string packed_outcome(const outcome& result, std::optional<instant> started,
                           std::optional<instant> finished) {
  packer out;
  out.list(7).add(static_cast<int>(result.kind)).add(static_cast<int>(result.reason));
  out.add(result.permanent ? 1 : 0).add(result.failure).add(result.message);
  return out.add(started).add(finished).take();
}

std::string packed_times(const ledger_stretch& stretch) {
  return pack_times(stretch.kind, stretch.first, stretch.last, stretch.count, stretch.into, stretch.reason,
                    false);
}

std::string packed_times(const ledger_entry& entry) {
  return pack_times(entry.result.kind, entry.first, entry.last, entry.count, entry.into, entry.result.message,
                    entry.extra);
}

ledger_entry read_entry(const reply& stored) {
  ledger_entry entry;
  const auto id = stored[0].text();
  std::from_chars(id.data(), id.data() + id.size(), entry.number);
  std::string_view run, result;
  bool has_times = false;
  const auto fields = stored[1];
  for (std::size_t k = 0; k + 1 < fields.size(); k += 2) {
    const auto value = fields[k + 1].text();
    const auto name = fields[k].text();
    switch (name.empty() ? '\0' : name[0]) {
      case 'j': entry.job = value; break;
      case 's':
        read_times(unpacker{value}, entry);
        has_times = true;
        break;
      case 'i': entry.run = value; break;
      case 'r': run = value; break;
      case 'o': result = value; break;
      case 'f': entry.final = value != "0"; break;
      default: break;
    }
  }
  if (entry.job.empty() || has_times != run.empty())
    throw boost::system::system_error(errc::store_refused, "it is not as this version writes it");
  if (!run.empty()) {
    read_entry_of_run(read_run(entry.run, run), entry);
    read_outcome(unpacker{result}, entry);
  }
  return entry;
}

std::variant<change_notice, stop_notice> read_notice(std::string_view packed) {
  unpacker in{packed};
  in.list();
  const bool is_stop = in.integer() == 1;
  const auto seq = in.number();
  if (is_stop) {
    stop_notice stop;
    stop.run_id = in.text();
    stop.member = in.text();
    stop.why = static_cast<cancel_reason>(in.integer());
    return stop;
  }
  change_notice change;
  change.seq = seq;
  change.job.id = in.text();
  change.job.task = task_of(change.job.id, in.text());
  change.job.executor = in.text();
  change.job.revision = in.number();
  change.job.state = static_cast<job_state>(in.integer());
  change.job.waits = in.integer() != 0;
  return change;
}

}  // namespace carillon::redis
