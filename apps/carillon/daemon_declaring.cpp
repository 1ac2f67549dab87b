// What the files of a daemon declare, brought into the stores that their jobs are kept in.

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "carillon/daemon.hpp"

namespace carillon::app {

namespace asio = boost::asio;

// Who declares a job, and where it is kept.
struct daemon::job_place {
  std::string file, store;
  friend bool operator==(const job_place&, const job_place&) = default;
};
daemon::job_place daemon::place_of(const declaration& job) { return {job.file, job.store}; }

// The jobs of each file, in the order of the files; files that are gone declare nothing any more. In each
// store for itself: in the daemon's own all files declare what they have, in the others those that have had
// something there, or if `all_stores`.
std::vector<std::pair<daemon::job_place, std::vector<job_definition>>> daemon::by_place(
    const daemon_plan& before, const daemon_plan& plan, bool all_stores) {
  std::vector<std::pair<job_place, std::vector<job_definition>>> all;
  const auto jobs_of = [&all](const job_place& place) -> std::vector<job_definition>& {
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == place; });
    return known != all.end() ? known->second : all.emplace_back(place, std::vector<job_definition>{}).second;
  };
  for (const auto* list : {&plan.origins, &before.origins}) {
    for (const auto& file : *list) {
      jobs_of({file, {}});
      if (!all_stores) continue;
      for (const auto& [name, store] : plan.settings.stores) jobs_of({file, name});
    }
  }
  for (const auto& job : before.jobs) jobs_of(place_of(job));
  for (const auto& job : plan.jobs) jobs_of(place_of(job)).push_back(job.definition);
  return all;
}

// A job that has moved from one file to another must leave the first before the second can have it; and one
// store before it is in another.
asio::awaitable<void> daemon::declare(const daemon_plan& plan, undeclared rest, declare_result& all) {
  std::map<std::string, job_place> before;
  for (const auto& job : plan_.jobs) before.emplace(job.definition.id, place_of(job));
  const auto places = by_place(plan_, plan, rest == undeclared::remove_all);
  const bool moved = std::any_of(plan.jobs.begin(), plan.jobs.end(), [&](const declaration& job) {
    const auto old = before.find(job.definition.id);
    return old != before.end() && !(old->second == place_of(job));
  });
  for (const bool only_old : {true, false}) {
    if (only_old && !moved) continue;
    for (const auto& [place, jobs] : places) {
      const auto is_new = [&](const job_definition& job) { return !(before[job.id] == place); };
      auto some = jobs;
      if (only_old) std::erase_if(some, is_new);
      const auto done = co_await declare_in(place, std::move(some), rest);
      if (!done) continue;
      all.added += done->added, all.changed += done->changed, all.removed += done->removed;
      if (!only_old) all.kept += done->kept;
      if (!only_old) all.unchanged += done->unchanged;
    }
  }
}

// Nothing: the store cannot be asked now. Beside the daemon's own none may keep the others from what they do.
asio::awaitable<std::optional<declare_result>> daemon::declare_in(const job_place& place,
                                                                  std::vector<job_definition> jobs,
                                                                  undeclared rest) {
  auto& store = place.store.empty() ? scheduler_ : scheduler_.in(place.store);
  std::optional<declare_result> done;
  try {
    done = co_await store.declare(place.file, std::move(jobs), rest);
  } catch (const boost::system::system_error& fault) {
    if (place.store.empty() || fault.code() != errc::store_unreachable) throw;
  }
  if (!done && away_.insert(place.store).second)
    log_->warn("store '{}' cannot be asked: jobs that the files have for it wait until it can", place.store);
  co_return done;
}

asio::awaitable<void> daemon::declare_where_away() {
  const auto rest = prune_ ? undeclared::remove_all : undeclared::remove_ours;
  const auto still_away = std::exchange(away_, {});
  std::map<std::string, declare_result> done_in;
  auto places = by_place(plan_, plan_, true);
  for (auto& [place, jobs] : places) {
    const bool wanted = still_away.contains(place.store) && !away_.contains(place.store);
    if (!wanted) continue;
    away_.insert(place.store);  // That it is has been told of.
    std::optional<declare_result> done;
    std::string why;
    try {
      done = co_await declare_in(place, std::move(jobs), rest);
    } catch (const std::exception& fault) {
      why = fault.what();
    }
    if (stopping_) co_return;
    if (!why.empty()) log_->error("store '{}': the jobs could not be changed: {}", place.store, why);
    if (!done && why.empty()) continue;
    away_.erase(place.store);
    if (!done) continue;
    auto& all = done_in[place.store];
    all.added += done->added, all.changed += done->changed, all.removed += done->removed;
    all.unchanged += done->unchanged;
  }
  for (const auto& [name, all] : done_in) {
    if (away_.contains(name)) continue;
    for (const auto& job : plan_.jobs) {
      if (job.store != name || look_anew_.erase(job.definition.id) == 0) continue;
      std::string why;
      try {
        co_await look_anew(job);
      } catch (const std::exception& fault) {
        why = fault.what();
      }
      if (!why.empty()) log_->error("{}: {}", job.definition.id, why);
    }
    log_->info("store '{}' can be asked: {} added, {} changed, {} removed, {} as before", name, all.added,
               all.changed, all.removed, all.unchanged);
  }
}

// A list of dates is read by the scheduler on this thread only, so it can be changed between two of its
// steps; the jobs that leave its dates out must then look for their next time anew. Answers how many.
asio::awaitable<std::size_t> daemon::take_calendars(const daemon_plan& plan) {
  std::size_t moved = 0;
  const auto before = std::exchange(*calendars_, plan.calendars);
  for (const auto& job : plan.jobs) {
    const auto known = std::find_if(plan_.jobs.begin(), plan_.jobs.end(), [&](const declaration& old) {
      return old.definition.id == job.definition.id && old.definition.when == job.definition.when &&
             old.store == job.store;
    });
    bool touched = false;
    for (const auto& name : job.definition.when.calendars()) {
      const auto* dates = before.find(name);
      touched = touched || dates == nullptr || *dates != *plan.calendars.find(name);
    }
    if (!touched || known == plan_.jobs.end()) continue;
    const bool done = co_await look_anew(job);
    const bool counts_as_changed = !known->definition.same_but_origin(job.definition);
    if (done && !counts_as_changed) ++moved;
  }
  co_return moved;
}

// False: its store, which is not the daemon's own, cannot be asked; later then.
asio::awaitable<bool> daemon::look_anew(const declaration& job) {
  try {
    co_await in_store_of(job).reschedule(job.definition.id, job.definition.when);
    co_return true;
  } catch (const boost::system::system_error& fault) {
    if (job.store.empty() || fault.code() != errc::store_unreachable) throw;
  }
  look_anew_.insert(job.definition.id);
  co_return false;
}

}  // namespace carillon::app
