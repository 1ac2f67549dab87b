// Operations that add jobs.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr milliseconds between_looks{2'000};
constexpr int most_looks = 5;

/// Never awaited: its frame takes a place.
loop_awaitable<void> nothing() { co_return; }

}  // namespace

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
  } else if (!job.when.follows()) {
    record.state = job_state::ended;
  }
  return record;
}

binding engine::bound_to(const job_record& record) const {
  auto bound = record.bound();
  bound.calendars = options_.calendars.get();
  return bound;
}

/// Has a loop follow a job that was just added, as it was added: nothing has happened to it since that would
/// not be told.
void engine::follow_added(job_record record, put_answer answer) {
  record.revision = record.born = answer.revision;
  take_in({std::move(record), std::move(answer.handle)});
}

/// Adds a declared job; one that is there is changed where its definition is another, and left alone
/// otherwise.
loop_awaitable<put_result> engine::bring_in(definition_ptr definition) {
  co_await refuse_cycle(definition);
  for (;;) {
    const auto did = co_await bring_in_once(definition);
    if (did) co_return *did;
  }
}

/// None: somebody else changed the job meanwhile.
loop_awaitable<std::optional<put_result>> engine::bring_in_once(definition_ptr definition) {
  auto record = new_record(definition);
  own_change noted{*this, definition->id};
  auto answer = co_await store_->add(record, on_conflict::refuse);
  noted.knows(answer.revision);
  if (answer.what == put_answer::kind::added) {
    // Asio gives the frame of a coroutine that has ended to the next one that fits. That of the addition
    // would go to the job's loop, which needs half of it: 180 bytes of each of a million jobs.
    const auto instead_of_the_loop = nothing();
    follow_added(std::move(record), std::move(answer));
    tell_job(event_kind::job_added, definition->id);
    co_return put_result::added;
  }
  if (answer.what == put_answer::kind::unchanged) {
    const auto known = jobs_.find(std::string_view{definition->id});
    const bool up_to_date = known != jobs_.end() && (*known)->revision == answer.revision;
    if (!up_to_date && owns(record)) co_await follow(definition->id);
    co_return put_result::unchanged;
  }
  const auto there = co_await store_->load(definition->id);
  if (!there || there->record.definition->same_but_origin(*definition)) co_return std::nullopt;
  const bool done = co_await replace_definition(there->record, definition, false);
  if (!done) co_return std::nullopt;
  if (shared_) {
    const auto &now = definition->when.text(), &before = there->record.definition->when.text();
    logger_->info("{}: {} declares it otherwise: {}", definition->id, definition->origin.str(),
                  now == before ? "at the same times, other work or options"
                                : fmt::format("'{}', was '{}'", now, before));
  }
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
  co_await refuse_cycle(definition);
  if (policy == on_conflict::replace) co_return co_await bring_in(definition);
  own_change noted{*this, definition->id};
  auto answer = co_await store_->add(record, policy);
  noted.knows(answer.revision);
  if (answer.what == put_answer::kind::conflict) co_return put_result::conflict;
  if (answer.what != put_answer::kind::added) co_return put_result::unchanged;
  follow_added(record, std::move(answer));
  tell_job(event_kind::job_added, definition->id);
  co_return put_result::added;
}

loop_awaitable<declare_result> engine::declare_all(std::string origin, std::vector<job_definition> jobs,
                                                   undeclared rest) {
  std::set<std::string> listed;
  const auto wanted = std::make_shared<std::vector<definition_ptr>>();
  const shared_text shared_origin{origin};
  for (auto& job : jobs) {
    job.origin = shared_origin;
    wanted->push_back(checked(std::move(job)));
    const auto& id = wanted->back()->id;
    const auto fault = options_.operate_only ? std::nullopt : fault_of(*wanted->back());
    if (fault) throw std::invalid_argument(fmt::format("job '{}': {}", id, *fault));
    if (!listed.insert(id).second) throw std::invalid_argument(fmt::format("job '{}' is there twice", id));
  }
  std::vector<std::string> before;
  if (!shared_ || rest == undeclared::remove_all) {
    before = co_await ids_of(origin);
  } else {
    for (const auto& job : files_[origin]) before.push_back(job->id);
  }
  std::erase_if(before, [&](const std::string& id) { return listed.contains(id); });
  if (shared_) {
    files_[origin] = *wanted;
    co_await tell_declared();
  }
  const auto counts = std::make_shared<declare_result>();
  std::function<loop_awaitable<void>(std::size_t)> bring_one = [this, wanted, counts](std::size_t number) {
    return bring_in_counted((*wanted)[number], counts);
  };
  co_await for_each(wanted->size(), std::move(bring_one));
  co_await remove_undeclared(std::move(origin), std::move(before), rest, counts);
  co_return *counts;
}

/// Before the jobs are there: for an instance that removes what nobody declares they would be its prey.
loop_awaitable<void> engine::tell_declared() {
  if (!at_work() || options_.operate_only) co_return;
  store_->serve(served());
  co_await store_->told_others();
}

loop_awaitable<void> engine::bring_in_counted(definition_ptr definition,
                                              std::shared_ptr<declare_result> counts) {
  const auto did = co_await bring_in(std::move(definition));
  if (did == put_result::added) ++counts->added;
  if (did == put_result::replaced) ++counts->changed;
  if (did == put_result::unchanged) ++counts->unchanged;
}

/// Who else declares some jobs, look after look.
struct engine::other_declarers {
  std::set<std::string> jobs;             ///< That another live instance declares, or may.
  std::map<std::string, instant> leases;  ///< Of such members: until when, as each was seen first.
  std::string silent;  ///< One of them that has not renewed its lease since; empty: all have.
};

/// Removes jobs that their origin does not declare any more. On a shared store those that a live instance
/// still declares stay; all are given a moment, for their files were perhaps changed with ours. An instance
/// that was killed declares them until its lease ends: nobody is taken to be live who renews it no more.
loop_awaitable<void> engine::remove_undeclared(std::string origin, std::vector<std::string> ids,
                                               undeclared rest, std::shared_ptr<declare_result> counts) {
  other_declarers others;
  co_await look_for_others(ids, others);
  for (int looks = 1; at_work() && !others.jobs.empty(); ++looks) {
    const bool give_a_moment = rest == undeclared::remove_ours && looks < most_looks;
    if (!give_a_moment && others.silent.empty()) break;
    if (looks == 1) {
      logger_->info(
          "{}: {} jobs that it does not declare any more are declared by other instances; waits "
          "until these have changed, renewed their leases, or are gone",
          origin, others.jobs.size());
    }
    co_await rest_for(between_looks);
    co_await look_for_others(ids, others);
  }
  if (shared_) {  // It may have been declared here again meanwhile.
    for (const auto& job : files_[origin]) std::erase(ids, job->id);
  }
  for (const auto& id : ids) {
    if (others.jobs.contains(id)) {
      ++counts->kept;
      logger_->info("{}: {} does not declare it any more, but another instance does: it stays", id, origin);
      continue;
    }
    const auto job = co_await store_->load(id);
    if (!job || job->record.definition->origin != origin) continue;  // It has moved to another file.
    const bool removed = co_await remove_for_good(id);
    if (removed) ++counts->removed;
  }
}

/// Looks which of these jobs other members declare; one whose work is not known yet may declare anything.
loop_awaitable<void> engine::look_for_others(const std::vector<std::string>& ids, other_declarers& others) {
  others.jobs.clear();
  others.silent.clear();
  if (!shared_ || ids.empty()) co_return;
  const auto all = co_await store_->members();
  const auto me = store_->member();  // Not by the instance's name, which another may have as well.
  for (const auto& member : all) {
    if (member.id == me) continue;
    bool declares = false;
    for (const auto& id : ids) {
      if (member.work && !member.work->declares(seed_of(id))) continue;
      others.jobs.insert(id);
      declares = true;
    }
    if (!declares) continue;
    const auto [lease, is_new] = others.leases.try_emplace(member.id, member.expires);
    if (member.expires <= lease->second) others.silent = member.id;
  }
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
