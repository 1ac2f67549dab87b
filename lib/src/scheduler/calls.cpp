// Bodies that run once. Each is a job put at run time, so that stores, executors, events and the ledger know
// nothing special; their bodies are kept here, by the ids of the jobs, and called by two tasks: were each a
// task of its own, what is registered would grow with every call.

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/post.hpp>
#include <carillon/scheduler/delayed_call.hpp>
#include <carillon/trigger/builder.hpp>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/operate.hpp"
#include "scheduler/pending_call.hpp"

namespace carillon {

namespace {

constexpr const char* taken_back = "it was cancelled before it began";

}  // namespace

job_options delayed_options() {
  job_options options;
  options.misfire_grace.reset();
  return options;
}

bool delayed_call::cancel() {
  const auto owner = owner_.lock();
  return call_ && owner && owner->cancel_call(*call_);
}

bool delayed_call::pending() const noexcept { return call_ && call_->state == pending_call::phase::waiting; }

const std::string& delayed_call::id() const noexcept {
  static const std::string none;
  return call_ ? call_->definition->id : none;
}

/// The task that calls such bodies; registered with the first of them. Other instances that share the store
/// have tasks of other names: they have not the body.
const std::string& engine::name_of_calls(bool plain) {
  const std::lock_guard lock{declared_mutex_};
  auto& name = plain ? plain_calls_ : other_calls_;
  if (!name.empty()) return name;
  const auto number = call_ids_.next();
  auto known = fmt::format("once:{}", std::string_view{number.data(), number.size()});
  if (plain) {
    tasks_.add(known, task{[this](class run& of) {
                 const auto call = begin_call(of);
                 if (call) call->body.call(of);
               }});
  } else {
    tasks_.add(known, task{[this](class run& of) -> boost::asio::awaitable<void> {
                 const auto call = begin_call(of);
                 if (call) co_await call->body.start(of);
               }});
  }
  return name = std::move(known);
}

/// None: there is nothing to run any more. Any thread.
std::shared_ptr<pending_call> engine::begin_call(class run& of) {
  std::shared_ptr<pending_call> call;
  {
    const std::lock_guard lock{declared_mutex_};
    const auto known = calls_.find(of.job_id());
    if (known != calls_.end()) call = known->second;
  }
  const bool may_run = call && (call->leave_waiting(pending_call::phase::begun) ||
                                call->state == pending_call::phase::begun);  // another attempt
  if (may_run) return call;
  of.note(taken_back);
  return nullptr;
}

std::shared_ptr<pending_call> engine::call_once(instant when, task body, job_options options) {
  if (options_.operate_only) throw std::logic_error("this scheduler runs no jobs (operate_only): not once");
  if (!body.bound_arguments().empty())
    throw std::invalid_argument("once: the body captures what it needs; bind is for what a store must keep");
  const bool plain = body.plain();
  const auto& name = name_of_calls(plain);
  options.keep = false;
  job_definition job{{}, at(when), shared_text{name}, {}, intern(options), {}, {}};
  {
    const std::lock_guard lock{declared_mutex_};
    const auto number = call_ids_.next();
    job.id = fmt::format("once-{}", std::string_view{number.data(), number.size()});
  }
  const auto definition = checked(std::move(job));
  if (const auto fault = fault_of(*definition)) throw std::invalid_argument(fmt::format("once: {}", *fault));
  const auto call = std::make_shared<pending_call>(std::move(body), definition);
  bool is_first = false;
  {
    const std::lock_guard lock{declared_mutex_};
    if (calls_over_) {
      call->leave_waiting(pending_call::phase::cancelled);
      return call;
    }
    calls_.emplace(definition->id, call);
    is_first = declared_.empty();
    declared_.push_back(definition);
  }
  if (phase_ == phase::idle) return call;
  served_changed();
  if (is_first) boost::asio::post(strand_, [self = shared_from_this()] { self->ask(self->declaring_); });
  return call;
}

/// Any thread. What the store has of it goes soon.
bool engine::cancel_call(pending_call& call) {
  if (!call.leave_waiting(pending_call::phase::cancelled)) return false;
  const auto& id = call.definition->id;
  {
    const std::lock_guard lock{declared_mutex_};
    calls_.erase(id);
    const auto not_brought_in = std::ranges::find(declared_, call.definition);
    if (not_brought_in != declared_.end()) {
      declared_.erase(not_brought_in);
      return true;
    }
  }
  withdraw_call(id);
  return true;
}

/// If it is not there yet, who brings it in will notice. If the store fails, it runs in vain.
void engine::withdraw_call(const std::string& id) {
  if (phase_ == phase::stopped) return;
  operate(remove(id), detail::completion_handler<bool>([](const std::exception_ptr&, bool) {}));
}

/// Whether a job is one that was to run once, and is not any more.
bool engine::is_dead_call(const job_definition& job) {
  const std::lock_guard lock{declared_mutex_};
  const auto& task = job.task_name();
  const bool is_call = !task.empty() && (task == plain_calls_ || task == other_calls_);
  return is_call && !calls_.contains(job.id);
}

/// A job is over: should it have been one that runs once.
void engine::forget_call(const std::string& id) {
  std::shared_ptr<pending_call> last;  // Its body goes when nobody holds the lock.
  const std::lock_guard lock{declared_mutex_};
  if (calls_.empty()) return;
  const auto known = calls_.find(id);
  if (known == calls_.end()) return;
  last = std::move(known->second);
  calls_.erase(known);
}

std::vector<engine::definition_ptr> engine::pending_calls() {
  const std::lock_guard lock{declared_mutex_};
  std::vector<definition_ptr> all;
  for (const auto& [id, call] : calls_) {
    if (call->state == pending_call::phase::waiting) all.push_back(call->definition);
  }
  return all;
}

/// At the end: those that have not begun never will, nor those to come.
void engine::end_calls() {
  std::map<std::string, std::shared_ptr<pending_call>, std::less<>> gone;
  {
    const std::lock_guard lock{declared_mutex_};
    calls_over_ = true;
    gone.swap(calls_);
  }
  for (const auto& [id, call] : gone) call->leave_waiting(pending_call::phase::cancelled);
}

/// Nobody else could run them.
loop_awaitable<void> engine::remove_pending_calls() {
  const auto all = pending_calls();
  end_calls();
  for (const auto& definition : all) {
    if (!opened_ || !reachable_) break;
    std::exception_ptr failure;
    try {
      co_await store_->remove(definition->id, std::nullopt, false);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      logger_->warn("{} was to run once and stays in the store, where nobody serves it: {}", definition->id,
                    outcome_of(failure).message);
      break;
    }
  }
}

}  // namespace carillon
