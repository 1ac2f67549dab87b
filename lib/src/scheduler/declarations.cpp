// What programs say from any thread: jobs, tasks, executors; and how run() brings it into the store.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr std::size_t recent_triggers = 16'384;

[[noreturn]] void refuse(const std::string& id, const std::string& why) {
  throw std::invalid_argument(fmt::format("job '{}': {}", id, why));
}

}  // namespace

/// A definition that is sound in itself, to be shared from now on; throws otherwise.
engine::definition_ptr engine::checked(job_definition&& job) {
  if (const auto fault = fault_of_id(job.id)) throw std::invalid_argument(*fault);
  if (!job.options) job.options = default_options();
  if (job.options != default_options()) check(*job.options);
  for (const auto& name : job.when.calendars()) {
    if (!options_.calendars || !options_.calendars->find(name)) {
      refuse(job.id, fmt::format("there is no list of dates called '{}'", name));
    }
  }
  {
    const std::lock_guard lock{declared_mutex_};
    share(job);
  }
  return std::make_shared<const job_definition>(std::move(job));
}

/// Lets a definition share its schedule and its task's name with others that have the same, as long as that
/// costs next to nothing.
void engine::share(job_definition& job) {
  if (!job.task.empty()) {
    if (job.task != last_task_) last_task_ = job.task;
    job.task = last_task_;
  }
  recent_triggers_.resize(recent_triggers);
  auto& seen = recent_triggers_[seed_of(job.when.text()) % recent_triggers];
  if (!seen || !(*seen == job.when)) seen = job.when;
  job.when = *seen;
}

/// Why this process cannot run a job; none if it can. `own` is a body that comes with it.
std::optional<std::string> engine::fault_of(const job_definition& job, const task* own) {
  const std::lock_guard lock{declared_mutex_};
  const auto& group_name = job.options->group;
  if (!group_name.empty()) {
    if (!store_->has_groups()) return fmt::format("it is in group '{}', and {}", group_name, no_groups);
    if (!groups_.contains(group_name)) return fmt::format("there is no group '{}' here", group_name);
  }
  const auto& executor_name = job.options->executor;
  if (!executor_name.empty()) {
    const auto place = places_.find(executor_name);
    if (place == places_.end()) return fmt::format("there is no executor '{}' here", executor_name);
    if (auto fault = place->second->how->fault_of(job)) return fault;
    if (!place->second->how->needs_body()) return std::nullopt;
  }
  const auto* body = own ? own : task_of(job.task_name());
  if (!body) return fmt::format("nothing is registered here under the task name '{}'", job.task_name());
  return body->fault_of(job.arguments);
}

/// Refuses a job that this process is meant to run and cannot. One whose task is not known here may be for
/// another.
void engine::refuse_misfit(const job_definition& job) {
  if (options_.operate_only) return;  // Others run it.
  bool for_another = job.options->executor.empty() && job.options->group.empty();
  {
    const std::lock_guard lock{declared_mutex_};
    for_another = for_another && !task_of(job.task_name());
  }
  if (for_another) return;
  if (const auto fault = fault_of(job)) refuse(job.id, *fault);
}

void engine::declare(job_definition job, std::optional<task> body) {
  static const shared_text program{"program"};
  if (options_.operate_only)
    throw std::logic_error("this scheduler runs no jobs (operate_only): it may put them, not add them");
  job.origin = program;
  const auto definition = checked(std::move(job));
  if (const auto fault = fault_of(*definition, body ? &*body : nullptr)) refuse(definition->id, *fault);
  bool is_first = false;
  {
    const std::lock_guard lock{declared_mutex_};
    const auto seed = seed_of(definition->id);
    if (declared_ids_.contains(seed)) refuse(definition->id, "this id has been added before");
    refuse_declared_cycle(*definition);
    refuse_declared_elsewhere(*definition);
    if (body) register_task(tasks_, definition->task_name(), std::move(*body));
    declared_ids_.insert(seed);
    is_first = declared_.empty();
    declared_.push_back(definition);
    if (shared_) declared_ever_.push_back(definition);
  }
  if (body) tell_named(event_kind::task_added, definition->task_name());
  if (phase_ == phase::idle) return;
  if (body) served_changed();
  if (is_first) boost::asio::post(strand_, [self = shared_from_this()] { self->ask(self->declaring_); });
}

void engine::add_task(std::string name, task body) {
  {
    const std::lock_guard lock{declared_mutex_};
    register_task(common_->tasks, name, std::move(body));
  }
  tell_named(event_kind::task_added, name);
  look_at_registered();
}

void engine::add_executor(std::string name, std::shared_ptr<executor> how) {
  if (!how) throw std::invalid_argument(fmt::format("executor '{}': there is none (null)", name));
  {
    const std::lock_guard lock{declared_mutex_};
    auto place = std::make_shared<executor_place>();
    place->name = name;
    place->what = executor_place::kind::executor;
    place->limits = how->limits();
    place->how = std::move(how);
    if (!places_.emplace(name, std::move(place)).second) {
      throw std::invalid_argument("an executor of that name has been added before");
    }
  }
  tell_named(event_kind::executor_added, name);
  look_at_registered();
}

std::vector<engine::definition_ptr> engine::take_declared() {
  const std::lock_guard lock{declared_mutex_};
  return std::exchange(declared_, {});
}

/// What could not be brought in, because the store failed: for the next time.
void engine::put_back_declared(std::vector<definition_ptr> rest) {
  std::erase(rest, nullptr);
  const std::lock_guard lock{declared_mutex_};
  declared_.insert(declared_.begin(), std::make_move_iterator(rest.begin()),
                   std::make_move_iterator(rest.end()));
}

loop_awaitable<void> engine::bring_in_declarations() {
  const auto declared = std::make_shared<std::vector<definition_ptr>>(take_declared());
  if (declared->empty()) co_return;
  if (!shared_) jobs_.reserve(jobs_.size() + declared->size());
  std::function<loop_awaitable<void>(std::size_t)> bring_one = [this, declared](std::size_t number) {
    return bring_in_declared(std::exchange((*declared)[number], nullptr));
  };
  std::exception_ptr failure;
  try {
    co_await for_each(declared->size(), std::move(bring_one));
  } catch (...) {
    failure = std::current_exception();
  }
  put_back_declared(std::move(*declared));
  if (failure) std::rethrow_exception(failure);
}

loop_awaitable<void> engine::bring_in_declared(definition_ptr definition) {
  std::exception_ptr failure;
  try {
    const bool withdrawn = is_dead_call(*definition);
    if (!withdrawn) co_await bring_in(definition);
    const bool withdrawn_meanwhile = !withdrawn && is_dead_call(*definition);
    if (withdrawn_meanwhile) co_await remove_for_good(definition->id);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (is_store_failure(failure)) {
    put_back_declared({std::move(definition)});
  } else if (phase_ == phase::running) {  // One job's fault must not keep the others out.
    logger_->critical("{}: was not added: {}", definition->id, outcome_of(failure).message);
    co_return;
  }
  std::rethrow_exception(failure);
}

/// What this instance can carry out, and what its files declare: all instances agree by that whose a job is.
served_work engine::served() {
  served_work work;
  for (const auto& [origin, jobs] : files_) {
    for (const auto& job : jobs) work.declared.push_back(seed_of(job->id));
  }
  std::ranges::sort(work.declared);
  const std::lock_guard lock{declared_mutex_};
  work.tasks = tasks_.names();
  std::ranges::copy(common_->tasks.names(), std::back_inserter(work.tasks));
  std::ranges::sort(work.tasks);
  work.tasks.erase(std::ranges::unique(work.tasks).begin(), work.tasks.end());
  for (const auto& [name, place] : places_) {
    if (name.empty()) continue;  // Everybody has a default.
    (place->how->needs_body() ? work.body_executors : work.executors).push_back(name);
  }
  return work;
}

/// Has a shared store told what is served here, once for all that changes together.
void engine::served_changed() {
  if (!shared_ || phase_ == phase::idle || serving_changed_.exchange(true)) return;
  boost::asio::post(strand_, [self = shared_from_this()] {
    self->serving_changed_ = false;
    if (self->at_work() && !self->options_.operate_only) self->store_->serve(self->served());
  });
}

/// What would carry out a job here, if nothing speaks against it.
const run_means* engine::means_of(const job_definition& job) {
  const std::lock_guard lock{declared_mutex_};
  const auto place = places_.find(job.options->executor);
  run_means how;
  how.place = place == places_.end() ? nullptr : place->second.get();
  const auto group = groups_.find(job.options->group);
  how.group = group == groups_.end() ? nullptr : group->second.get();
  const bool brings_body = how.place && !how.place->how->needs_body();
  how.body = brings_body ? nullptr : task_of(job.task_name());
  return &means_.try_emplace({how.body, how.place, how.group}, how).first->second;
}

/// Finds out by what a job's runs are carried out; or that nobody here can.
void engine::settle_body(job_entry& job) {
  if (job.options().priority != 0 && !std::exchange(prioritized_, true)) {
    chores_.spawn(wake_all());  // From now on all are looked at in an order.
  }
  const auto fault = fault_of(*job.definition);
  if (!fault) {
    job.how = means_of(*job.definition);
    const bool was_parked = !parked_why_.empty() && parked_why_.erase(job.id()) > 0;
    if (was_parked) tell_job(event_kind::job_unparked, *job.definition);
    return;
  }
  job.how = nullptr;
  const bool news = parked_why_.insert_or_assign(job.id(), *fault).second;
  if (!news) return;
  logger_->warn("{}: parked: {}", job.id(), *fault);
  tell_job(event_kind::job_parked, *job.definition, *fault);
}

/// Something was registered: perhaps a job waits for it.
void engine::look_at_parked() {
  std::vector<std::string> ids;
  for (const auto& [id, why] : parked_why_) ids.push_back(id);
  for (const auto& id : ids) {
    const auto known = jobs_.find(std::string_view{id});
    if (known == jobs_.end()) {
      parked_why_.erase(id);
      continue;
    }
    settle_body(**known);
    (*known)->bell.wake();
  }
}

}  // namespace carillon
