// What programs say from any thread: jobs, tasks, executors; and how run() brings it into the store.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::size_t recent_triggers = 16'384;

[[noreturn]] void refuse(const std::string& id, const std::string& why) {
  throw std::invalid_argument(fmt::format("job '{}': {}", id, why));
}

}  // namespace

/// A definition that is sound in itself, to be shared from now on; throws otherwise.
std::shared_ptr<const job_definition> engine::checked(job_definition&& job) {
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
  const auto& executor_name = job.options->executor;
  if (!executor_name.empty()) {
    const auto place = places_.find(executor_name);
    if (place == places_.end()) return fmt::format("there is no executor '{}' here", executor_name);
    if (auto fault = place->second->how->fault_of(job)) return fault;
    if (!place->second->how->needs_body()) return std::nullopt;
  }
  const auto* body = own ? own : tasks_.find(job.task_name());
  if (!body) return fmt::format("nothing is registered here under the task name '{}'", job.task_name());
  return body->fault_of(job.arguments);
}

/// Refuses a job that this process is meant to run and cannot. One whose task is not known here may be for
/// another.
void engine::refuse_misfit(const job_definition& job) {
  bool for_another = job.options->executor.empty();
  {
    const std::lock_guard lock{declared_mutex_};
    for_another = for_another && !tasks_.find(job.task_name());
  }
  if (for_another) return;
  if (const auto fault = fault_of(job)) refuse(job.id, *fault);
}

void engine::declare(job_definition job, std::optional<task> body) {
  static const shared_text program{"program"};
  job.origin = program;
  const auto definition = checked(std::move(job));
  if (const auto fault = fault_of(*definition, body ? &*body : nullptr)) refuse(definition->id, *fault);
  {
    const std::lock_guard lock{declared_mutex_};
    if (!declared_ids_.insert(seed_of(definition->id)).second)
      refuse(definition->id, "this id has been added before");
    if (body) tasks_.add(definition->task_name(), std::move(*body));
    declared_.push_back(definition);
  }
  if (phase_ != phase::idle) wake_run();
}

void engine::add_task(std::string name, task body) {
  {
    const std::lock_guard lock{declared_mutex_};
    tasks_.add(std::move(name), std::move(body));
  }
  boost::asio::post(strand_, [self = shared_from_this()] { self->look_at_parked(); });
}

void engine::add_executor(std::string name, std::shared_ptr<executor> how) {
  {
    const std::lock_guard lock{declared_mutex_};
    auto place = std::make_shared<executor_place>();
    place->name = name;
    place->limits = how->limits();
    place->how = std::move(how);
    if (!places_.emplace(std::move(name), std::move(place)).second) {
      throw std::invalid_argument("an executor of that name has been added before");
    }
  }
  boost::asio::post(strand_, [self = shared_from_this()] { self->look_at_parked(); });
}

/// Has `run()` look for what was declared.
void engine::wake_run() {
  boost::asio::post(strand_, [self = shared_from_this()] { self->news_.notify(); });
}

bool engine::anything_declared() {
  const std::lock_guard lock{declared_mutex_};
  return !declared_.empty();
}

std::vector<std::shared_ptr<const job_definition>> engine::take_declared() {
  const std::lock_guard lock{declared_mutex_};
  return std::exchange(declared_, {});
}

loop_awaitable<void> engine::bring_in_declarations() {
  const auto declared = take_declared();
  jobs_.reserve(jobs_.size() + declared.size());
  for (const auto& job : declared) co_await bring_in(job);
}

/// What would carry out a job here, if nothing speaks against it.
const run_means* engine::means_of(const job_definition& job) {
  const std::lock_guard lock{declared_mutex_};
  const auto place = places_.find(job.options->executor);
  run_means how;
  how.place = place == places_.end() ? nullptr : place->second.get();
  const bool brings_body = how.place && !how.place->how->needs_body();
  how.body = brings_body ? nullptr : tasks_.find(job.task_name());
  return &means_.try_emplace({how.body, how.place}, how).first->second;
}

/// Finds out by what a job's runs are carried out; or that nobody here can.
void engine::settle_body(job_entry& job) {
  const auto fault = fault_of(*job.definition);
  if (!fault) {
    job.how = means_of(*job.definition);
    if (!parked_why_.empty()) parked_why_.erase(job.id());
    return;
  }
  job.how = nullptr;
  const bool news = parked_why_.insert_or_assign(job.id(), *fault).second;
  if (!news) return;
  logger_->warn("{}: parked: {}", job.id(), *fault);
  tell_job(event_kind::job_parked, job.id(), *fault);
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
