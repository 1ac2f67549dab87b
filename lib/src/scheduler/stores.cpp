// Several stores behind one scheduler: an engine for each. That of the default store leads: it begins the
// others, waits for those without which the scheduler must not start, and ends when they have ended. All are
// on one strand and share what `common_parts` has; of everything else each has its own, so that a store which
// fails is nothing that the jobs of another notice.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/job_document.hpp"
#include "scheduler/operate.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

/// The same failure, with the store that it is of.
std::exception_ptr with_store(const std::exception_ptr& failure, const std::string& store) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& thrown) {
    std::string words = thrown.what();
    const auto of_code = thrown.code().what();  // It is appended again.
    if (words.ends_with(of_code)) words.resize(words.size() - of_code.size());
    if (words.ends_with(": ")) words.resize(words.size() - 2);
    return std::make_exception_ptr(boost::system::system_error(
        thrown.code(), words.empty() ? store : fmt::format("{}: {}", store, words)));
  } catch (const std::exception& thrown) {
    return std::make_exception_ptr(std::runtime_error(fmt::format("{}: {}", store, thrown.what())));
  } catch (...) {
    return failure;
  }
}

}  // namespace

engine::engine(engine& lead, std::string alias, std::shared_ptr<job_store> store, store_options how)
    : engine{lead.common_, std::move(alias), std::move(store), lead.options_, how.required} {}

std::shared_ptr<engine> engine::add_store(std::string alias, std::shared_ptr<job_store> store,
                                          store_options how) {
  if (const auto fault = fault_of_id(alias, "an alias"))
    throw std::invalid_argument(fmt::format("store '{}': {}", alias, *fault));
  if (!store) throw std::invalid_argument(fmt::format("store '{}': there is none (null)", alias));
  const bool runs = phase_ != phase::idle;
  how.required = how.required && !runs;
  auto made = std::make_shared<engine>(*this, std::move(alias), std::move(store), how);
  {
    const std::lock_guard lock{declared_mutex_};
    bool known = made->alias_ == alias_, kept = made->store_ == store_;
    for (const auto& other : others_) {
      known = known || other->alias_ == made->alias_;
      kept = kept || other->store_ == made->store_;
    }
    if (known) throw std::invalid_argument(fmt::format("there is a store '{}' already", made->alias_));
    if (kept) throw std::invalid_argument(fmt::format("store '{}' has another alias already", made->alias_));
    others_.push_back(made);
  }
  made->take_over_groups();
  if (runs) boost::asio::post(strand_, [self = shared_from_this()] { self->begin_others(); });
  return made;
}

std::vector<std::shared_ptr<engine>> engine::others() {
  const std::lock_guard lock{declared_mutex_};
  return others_;
}

/// For messages: of whoever has one store only, it has no name.
std::string engine::store_in_words() {
  if (leads_alone()) return "the store";
  return fmt::format("store '{}'", alias_);
}

/// The store of this scheduler, but for this one, in which a job is, as far as this process knows; or empty.
std::string engine::store_that_has(const std::string& id) {
  auto all = common_->lead->others();
  all.push_back(common_->lead->shared_from_this());
  const auto has = std::ranges::find_if(all, [&](const auto& each) {
    return each.get() != this && each->jobs_.contains(std::string_view{id});
  });
  return has == all.end() ? std::string{} : (*has)->alias_;
}

/// A job that is not here, for messages: with the store in which there is one, if it is known.
std::string engine::job_in_words(std::string_view id) {
  if (leads_alone()) return std::string{id};
  auto words = fmt::format("'{}' in store '{}'", id, alias_);
  const auto elsewhere = store_that_has(std::string{id});
  if (!elsewhere.empty()) words += fmt::format(" (there is one in store '{}')", elsewhere);
  return words;
}

/// A body by its name; null if there is none. With the mutex held.
const task* engine::task_of(std::string_view name) const {
  const auto* own = tasks_.find(name);
  return own ? own : common_->tasks.find(name);
}

void engine::register_task(task_registry& where, std::string name, task body) {
  // A body that came with a job and one that did not are different things of one name.
  if (task_of(name)) throw std::invalid_argument("task '" + name + "': this name is registered already");
  where.add(std::move(name), std::move(body));
}

/// Something was registered that all stores may have jobs for. Any thread.
void engine::look_at_registered() {
  served_changed();
  boost::asio::post(strand_, [self = shared_from_this()] {
    if (self->leads()) self->open_executors();
    self->look_at_parked();
  });
  for (const auto& other : others()) other->look_at_registered();
}

void engine::begin_others() {
  if (!at_work()) {
    for (const auto& other : others()) other->ask_to_stop(left_to_drain());
    return;
  }
  for (const auto& other : others()) {
    if (other->phase_ != phase::idle || std::exchange(other->begun_, true)) continue;
    ++serving_;
    boost::asio::co_spawn(strand_, other->run(),
                          [self = shared_from_this(), other](const std::exception_ptr& failure) {
                            self->other_ended(*other, failure);
                          });
  }
}

void engine::other_ended(engine& other, const std::exception_ptr& failure) {
  --serving_;
  if (failure && at_work()) {
    const auto named = with_store(failure, other.store_in_words());
    logger_->critical("scheduler: {}", outcome_of(named).message);
    if (other.required_ && !other_failure_) other_failure_ = named;
  }
  news_.notify();
}

/// Opens the store. One that need not be there is tried again and again, until the scheduler ends.
loop_awaitable<void> engine::open_store() {
  for (std::uint32_t failures = 0; at_work() && !to_close_; ++failures) {
    std::exception_ptr failure;
    try {
      co_await store_->open(options_.instance, *this);
      to_close_ = true;
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) break;
    if (required_) std::rethrow_exception(failure);
    store_is_lost(outcome_of(failure).message);
    news_.notify();  // Operations that wait for it are told so.
    co_await rest(failures);
  }
  if (!to_close_) co_return;
  tell_of_store(event_kind::store_opened, {});
  store_answers();
  if (!leads()) common_->lead->news_.notify();
}

/// Waits until every store that must be open is: before that no job fires.
loop_awaitable<void> engine::all_open() {
  if (!leads()) {
    while (at_work() && !common_->all_open) co_await news_.wait();
    co_return;
  }
  begin_others();
  const auto all = others();
  const auto is_awaited = [](const auto& other) { return other->required_ && !other->to_close_; };
  while (at_work() && !other_failure_ && std::ranges::any_of(all, is_awaited)) co_await news_.wait();
  if (other_failure_) std::rethrow_exception(other_failure_);
  common_->all_open = true;
  for (const auto& other : all) other->news_.notify();
}

std::optional<milliseconds> engine::next_wakeup() {
  auto first = next_wakeup_here();
  for (const auto& other : others()) {
    const auto its = other->next_wakeup_here();
    if (its && (!first || *its < *first)) first = its;
  }
  return first;
}

loop_awaitable<health_report> engine::health(bool everywhere) {
  auto report = health_here();
  if (!everywhere) co_return report;
  for (const auto& other : others()) {
    const auto its = other->health_here();
    report.healthy = report.healthy && its.healthy;
    if (!its.why.empty()) report.why += (report.why.empty() ? "" : "; ") + its.why;
    report.jobs += its.jobs;
    report.runs += its.runs;
    report.paused = report.paused && its.paused;
    report.waiting += its.waiting;
  }
  co_return report;
}

loop_awaitable<void> engine::pause_all(bool everywhere) {
  pause_here();
  if (!everywhere) co_return;
  for (const auto& other : others()) other->pause_here();
}

loop_awaitable<void> engine::resume_all(resume_from where, bool everywhere) {
  resume_here(where);
  if (!everywhere) co_return;
  for (const auto& other : others()) other->resume_here(where);
}

/// Of several stores a table for each, under its name; one that cannot be asked says so in its place.
loop_awaitable<std::string> engine::table_of_jobs(job_query which, bool everywhere) {
  auto all = others();
  if (!everywhere || all.empty()) {
    auto own = co_await table_of_jobs_here(std::move(which));
    co_return std::move(own);
  }
  all.insert(all.begin(), shared_from_this());
  std::string text;
  for (const auto& each : all) {
    const operation_count counted{*each};
    std::string table = "not open\n";
    try {
      if (each->phase_ == phase::running) table = co_await each->table_of_jobs_here(which);
    } catch (const boost::system::system_error& why) {
      table = fmt::format("{}\n", why.what());
    }
    text += fmt::format("{}store '{}'\n{}", text.empty() ? "" : "\n", each->alias_, table);
  }
  co_return text;
}

/// Gives a job to another store. It is paused here meanwhile, so that nobody fires it twice whatever happens.
loop_awaitable<void> engine::move_to(std::string id, std::shared_ptr<engine> to) {
  if (to.get() == this)
    throw std::invalid_argument(fmt::format("'{}' is to be moved to the store in which it is", id));
  const auto job = co_await require(id);
  const auto& task = job.record.definition->task_name();
  {
    const std::lock_guard lock{declared_mutex_};
    if (!task.empty() && (task == plain_calls_ || task == other_calls_))
      throw std::invalid_argument(fmt::format("'{}' runs once, by its store", id));
  }
  co_await to->wait_until_running();
  const operation_count counted{*to};
  const auto note = fmt::format("is being moved to store '{}'", to->alias_);
  // By a process that was killed before it had done all, or that lost a store.
  const bool half_moved = job.record.state == job_state::paused && job.record.note == note;
  const bool stopped = co_await pause_job(id, note);
  std::exception_ptr failure;
  try {
    co_await bring_over(id, *to, stopped || half_moved);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) {
    co_await remove(std::move(id));
    co_return;
  }
  // A store that failed may have it all the same.
  const bool surely_here = stopped && !is_store_failure(failure);
  if (surely_here) co_await resume_job(std::move(id), resume_from::catch_up);
  std::rethrow_exception(failure);
}

loop_awaitable<void> engine::bring_over(std::string id, engine& to, bool active) {
  const auto job = co_await require(id);
  const auto& record = job.record;
  auto definition = std::make_shared<job_definition>(*record.definition);
  definition->origin = {};  // It is nobody's any more who declares jobs of the other store.
  documented_job wanted;
  wanted.id = id;
  wanted.state = active ? job_state::active : record.state;
  wanted.note = active ? std::string{} : record.note;
  wanted.where = record.where;
  wanted.anchor = record.anchor;
  wanted.cursor = record.cursor;
  wanted.due = record.due;
  wanted.skip_next = record.skip_next;
  wanted.skip_at = record.skip_at;
  wanted.carried = record.carried;
  {
    const std::lock_guard lock{declared_mutex_};
    const auto* own = tasks_.find(definition->task_name());
    if (own && !to.task_of(definition->task_name()))
      to.register_task(to.tasks_, definition->task_name(), task{*own});
  }
  wanted.definition = std::move(definition);
  to.served_changed();
  import_report::entry did;
  co_await to.look_at_import(wanted, on_conflict::refuse, false, did);
  if (did.what == import_report::kind::added) co_await to.import_one(wanted, false, did);
  if (did.what != import_report::kind::refused) co_return;
  throw std::invalid_argument(fmt::format("'{}' cannot be moved to store '{}': {}", id, to.alias_, did.why));
}

}  // namespace carillon
