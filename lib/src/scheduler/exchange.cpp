// Jobs as a document: written, and brought in.

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>

#include "scheduler/engine_parts.hpp"
#include "scheduler/job_document.hpp"

namespace carillon {

namespace {

constexpr int most_tries = 5;  // Of changing a job that others change at the same time.

bool is_there(const std::optional<loaded_job>& job) { return job && job->record.state != job_state::removed; }

void sort_out(import_report::entry& into, import_report::kind what, std::string why = {}) {
  into.what = what;
  into.why = std::move(why);
}

}  // namespace

std::string_view name(import_report::kind what) noexcept {
  switch (what) {
    case import_report::kind::added: return "added";
    case import_report::kind::changed: return "changed";
    case import_report::kind::unchanged: return "unchanged";
    case import_report::kind::refused: return "refused";
  }
  return "unknown";
}

std::size_t import_report::count(kind what) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(entries, what, &entry::what));
}

loop_awaitable<export_result> engine::export_jobs(job_query which) {
  export_result result;
  std::vector<job_record> jobs;
  which.limit = 1'000;
  which.after.clear();
  for (bool more = true; more;) {
    auto page = co_await store_->list(which);
    more = page.next_after.has_value();
    if (more) which.after = *page.next_after;
    for (auto& job : page.jobs) {
      if (job.state == job_state::parked)  // Of the store itself: what it has is a stand-in.
        result.left_out.push_back(fmt::format("'{}': {}", job.id(), job.note));
      else
        jobs.push_back(std::move(job));
    }
  }
  result.jobs = jobs.size();
  result.document = document_of(jobs, clock_.now());
  co_return result;
}

/// A job of a document as it is to be added.
job_record engine::record_of(const documented_job& wanted, bool begin_anew) const {
  auto record = new_record(wanted.definition);
  if (wanted.where) record.where = *wanted.where;
  if (wanted.anchor && !begin_anew) record.anchor = wanted.anchor;
  const auto bound = bound_to(record);
  if (wanted.cursor && !begin_anew) {
    record.cursor = wanted.cursor;
    record.due = wanted.due.value_or(wanted.definition->when.due(bound, *wanted.cursor));
    record.state = job_state::active;
  } else {
    const auto& job = *wanted.definition;
    const auto first = first_fire(job.when, bound, clock_.now(), job.first_time);
    record.cursor = first ? std::optional{first->nominal} : std::nullopt;
    record.due = first ? first->due : instant{};
    record.state = first || job.when.follows() ? job_state::active : job_state::ended;
  }
  if (wanted.state == job_state::ended && !begin_anew) {
    record.state = job_state::ended;
    record.cursor.reset();
  }
  if (wanted.state == job_state::paused) record.state = job_state::paused;
  record.note = wanted.note;
  record.skip_next = wanted.skip_next;
  record.skip_at = wanted.skip_at;
  record.carried = wanted.carried;
  return record;
}

/// What would be done with a job of a document. Changes nothing.
loop_awaitable<void> engine::look_at_import(const documented_job& wanted, on_conflict policy, bool begin_anew,
                                            import_report::entry& into) {
  using kind = import_report::kind;
  into.job = wanted.id;
  if (!wanted.fault.empty()) co_return sort_out(into, kind::refused, wanted.fault);
  std::string fault;
  try {
    const auto definition = checked(job_definition(*wanted.definition));
    refuse_misfit(*definition);
    co_await refuse_cycle(definition);
    const auto record = record_of(wanted, begin_anew);
    if (record.state == job_state::ended && wanted.state != job_state::ended)
      fault = fmt::format("'{}' never fires again", wanted.definition->when.text());
  } catch (const std::invalid_argument& why) {
    fault = why.what();
  } catch (const boost::system::system_error& why) {
    fault = why.what();
  }
  if (!fault.empty()) co_return sort_out(into, kind::refused, std::move(fault));
  const auto there = co_await store_->load(wanted.id);
  if (!is_there(there)) co_return sort_out(into, kind::added);
  auto differs = difference(there->record, wanted);
  if (differs.empty() || policy == on_conflict::keep) co_return sort_out(into, kind::unchanged);
  if (policy == on_conflict::replace) co_return sort_out(into, kind::changed, std::move(differs));
  sort_out(into, kind::refused, "it is there and differs: " + differs);
}

/// Adds a job of a document. False: it is there by now.
loop_awaitable<bool> engine::add_imported(const documented_job& wanted, bool begin_anew) {
  const auto there = co_await store_->load(wanted.id);
  if (there && there->record.state == job_state::removed) {  // Its record would stand in the way.
    co_await store_->remove(wanted.id, there->record.revision, false);
  }
  auto record = record_of(wanted, begin_anew);
  record.definition = checked(job_definition(*wanted.definition));
  own_change noted{*this, wanted.id};
  auto answer = co_await store_->add(record, on_conflict::refuse);
  noted.knows(answer.revision);
  if (answer.what != put_answer::kind::added) co_return false;
  follow_added(std::move(record), std::move(answer));
  tell_job(event_kind::job_added, wanted.id);
  co_return true;
}

/// Makes a job that is there what the document has. False: others have changed it all the time.
loop_awaitable<bool> engine::change_to_imported(const documented_job& wanted) {
  bool done = false;
  for (int tries = 0; tries < most_tries && !done; ++tries) {
    const auto there = co_await store_->load(wanted.id);
    if (!is_there(there)) co_return false;
    auto definition = *wanted.definition;
    definition.origin = there->record.definition->origin;
    auto what = change_to(there->record, checked(std::move(definition)), false);
    what.skip_next = wanted.skip_next;
    what.skip_at = wanted.skip_at;
    what.carried = wanted.carried;
    if (wanted.state == job_state::paused && there->record.state == job_state::paused)
      what.note = wanted.note;
    done = co_await change(there->record, std::move(what));
  }
  if (!done) co_return false;
  tell_job(event_kind::job_changed, wanted.id);
  if (wanted.state == job_state::paused) {
    co_await pause_job(wanted.id, wanted.note);
  } else {
    co_await resume_job(wanted.id, resume_from::now);
  }
  co_return true;
}

loop_awaitable<void> engine::import_one(const documented_job& wanted, bool begin_anew,
                                        import_report::entry& into) {
  using kind = import_report::kind;
  if (into.what == kind::added) {
    const bool added = co_await add_imported(wanted, begin_anew);
    if (!added) sort_out(into, kind::refused, "somebody else has added it meanwhile");
  } else if (into.what == kind::changed) {
    const bool changed = co_await change_to_imported(wanted);
    if (!changed) sort_out(into, kind::refused, "somebody else changes it at the same time");
  }
}

loop_awaitable<import_report> engine::import_jobs(std::string document, import_options how) {
  const auto jobs = read_document(document);
  import_report report;
  report.entries.resize(jobs.size());
  for (std::size_t k = 0; k < jobs.size(); ++k) {
    co_await look_at_import(jobs[k], how.policy, how.begin_anew, report.entries[k]);
  }
  const bool none_refused = report.count(import_report::kind::refused) == 0;
  report.done = !how.dry_run && (none_refused || how.partial);
  if (!report.done) co_return report;
  for (std::size_t k = 0; k < jobs.size(); ++k) {
    co_await import_one(jobs[k], how.begin_anew, report.entries[k]);
  }
  co_return report;
}

}  // namespace carillon
