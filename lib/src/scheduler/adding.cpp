// Operations that add jobs.

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <set>
#include <stdexcept>

#include "scheduler/engine_parts.hpp"

namespace carillon {

job_record engine::new_record(std::shared_ptr<const job_definition> definition) const {
  const auto now = clock_.now();
  job_record record;
  record.definition = std::move(definition);
  const auto& job = *record.definition;
  record.anchor = now;
  record.where = job.when.where().value_or(zone_);
  const auto first = first_fire(job.when, bound_to(record), now, job.first_time);
  if (first) {
    record.cursor = first->nominal;
    record.due = first->due;
  } else {
    record.state = job_state::ended;
  }
  return record;
}

binding engine::bound_to(const job_record& record) const {
  auto bound = record.bound();
  bound.calendars = options_.calendars.get();
  return bound;
}

/// Has a loop follow a job that was just added: as it was added, if the store says enough of it, else as it
/// is loaded.
loop_awaitable<void> engine::follow_added(job_record record, put_answer answer) {
  if (!answer.handle) {
    co_await follow(record.id());
  } else {
    record.revision = record.born = answer.revision;
    take_in({std::move(record), std::move(answer.handle)});
  }
}

/// Adds a declared job; one that is there is changed where its definition is another, and left alone
/// otherwise.
loop_awaitable<put_result> engine::bring_in(std::shared_ptr<const job_definition> definition) {
  const auto record = new_record(definition);
  const auto answer = co_await store_->add(record, on_conflict::keep);
  if (answer.what == put_answer::kind::added) {
    co_await follow_added(record, answer);
    tell_job(event_kind::job_added, definition->id);
    co_return put_result::added;
  }
  auto there = co_await store_->load(definition->id);
  const bool same = there && there->record.definition->same_but_origin(*definition);
  if (!there || same) {
    if (there) take_in(std::move(*there));
    co_return put_result::unchanged;
  }
  const bool done = co_await replace_definition(there->record, definition, false);
  if (!done) throw boost::system::system_error(boost::asio::error::try_again, definition->id);
  co_return put_result::replaced;
}

loop_awaitable<put_result> engine::put(job_definition job, on_conflict policy) {
  const auto definition = checked(std::move(job));
  refuse_misfit(*definition);
  const auto record = new_record(definition);
  if (record.state == job_state::ended) {
    throw std::invalid_argument(
        fmt::format("job '{}': '{}' never fires again", definition->id, definition->when.text()));
  }
  if (policy == on_conflict::replace) co_return co_await bring_in(definition);
  const auto answer = co_await store_->add(record, policy);
  if (answer.what == put_answer::kind::conflict) co_return put_result::conflict;
  if (answer.what != put_answer::kind::added) co_return put_result::unchanged;
  co_await follow_added(record, answer);
  tell_job(event_kind::job_added, definition->id);
  co_return put_result::added;
}

loop_awaitable<declare_result> engine::declare_all(std::string origin, std::vector<job_definition> jobs) {
  declare_result result;
  std::set<std::string> listed;
  std::vector<std::shared_ptr<const job_definition>> wanted;
  const shared_text shared_origin{origin};
  for (auto& job : jobs) {
    job.origin = shared_origin;
    wanted.push_back(checked(std::move(job)));
    const auto& id = wanted.back()->id;
    if (const auto fault = fault_of(*wanted.back()))
      throw std::invalid_argument(fmt::format("job '{}': {}", id, *fault));
    if (!listed.insert(id).second) throw std::invalid_argument(fmt::format("job '{}' is there twice", id));
  }
  const auto before = co_await ids_of(origin);
  for (const auto& job : wanted) {
    const auto did = co_await bring_in(job);
    if (did == put_result::added) ++result.added;
    if (did == put_result::replaced) ++result.changed;
    if (did == put_result::unchanged) ++result.unchanged;
  }
  for (const auto& id : before) {
    if (listed.contains(id)) continue;
    const bool removed = co_await remove_for_good(id);
    if (removed) ++result.removed;
  }
  co_return result;
}

/// The ids of all jobs, or of those that were declared by an origin.
loop_awaitable<std::vector<std::string>> engine::ids_of(std::optional<std::string> origin) {
  std::vector<std::string> ids;
  job_query query;
  query.limit = 1'000;
  for (bool more = true; more;) {
    auto page = co_await store_->list(query);
    for (const auto& record : page.jobs) {
      if (!origin || record.definition->origin == *origin) ids.push_back(record.id());
    }
    more = page.next_after.has_value();
    if (more) query.after = *page.next_after;
  }
  co_return ids;
}

}  // namespace carillon
