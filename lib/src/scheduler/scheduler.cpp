#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <mutex>
#include <stdexcept>

#include "scheduler/operate.hpp"

namespace carillon {

struct scheduler::views {
  std::mutex mutex;  ///< Guards the list.
  std::vector<std::unique_ptr<scheduler>> all;
};

scheduler::scheduler(boost::asio::io_context& io, scheduler_options options)
    : scheduler{io, std::make_shared<memory_store>(options.ledger_size), std::move(options)} {}

scheduler::scheduler(boost::asio::io_context& io, std::shared_ptr<job_store> store, scheduler_options options)
    : engine_{std::make_shared<engine>(io, std::move(store), std::move(options))},
      views_{std::make_unique<views>()} {}

scheduler::scheduler(scheduler& whole, std::shared_ptr<engine> one)
    : engine_{std::move(one)}, whole_{&whole} {}

scheduler::~scheduler() = default;

scheduler& scheduler::store(std::string alias, std::shared_ptr<job_store> kept_in, store_options how) {
  if (whole_ != this) return whole_->store(std::move(alias), std::move(kept_in), how);
  auto made = engine_->add_store(std::move(alias), std::move(kept_in), how);
  std::unique_ptr<scheduler> view{new scheduler{*this, std::move(made)}};
  const std::lock_guard lock{views_->mutex};
  return *views_->all.emplace_back(std::move(view));
}

scheduler& scheduler::in(std::string_view alias) {
  if (whole_ != this) return whole_->in(alias);
  const std::lock_guard lock{views_->mutex};
  for (const auto& view : views_->all) {
    if (view->engine_->alias() == alias) return *view;
  }
  if (alias == default_store_name)
    return *views_->all.emplace_back(std::unique_ptr<scheduler>{new scheduler{*this, engine_}});
  std::string known = default_store_name;
  for (const auto& view : views_->all) {
    if (view->engine_ != engine_) known += ", " + view->engine_->alias();
  }
  throw std::invalid_argument(fmt::format("there is no store '{}' here; there is {}", alias, known));
}

std::vector<std::string> scheduler::stores() const {
  std::vector<std::string> all{default_store_name};
  const std::lock_guard lock{whole_->views_->mutex};
  for (const auto& view : whole_->views_->all) {
    if (view->engine_ != whole_->engine_) all.push_back(view->engine_->alias());
  }
  return all;
}

event_filter scheduler::heard_here(event_filter which) const {
  if (whole_ != this) which.of_store(engine_->alias());
  return which;
}

job_ref scheduler::add(job_definition job) { return declare_one(std::move(job), std::nullopt); }

job_ref scheduler::declare_one(job_definition job, std::optional<carillon::task> body) {
  auto id = job.id;
  engine_->declare(std::move(job), std::move(body));
  return {*this, std::move(id)};
}

void scheduler::add_task(std::string name, carillon::task body) {
  whole_->engine_->add_task(std::move(name), std::move(body));
}

void scheduler::executor(std::string name, std::shared_ptr<carillon::executor> how) {
  whole_->engine_->add_executor(std::move(name), std::move(how));
}

void scheduler::group(std::string name, group_limits limits) {
  whole_->engine_->set_group(std::move(name), limits);
}

subscription scheduler::on(event_filter which, std::function<void(const event&)> handler) {
  return engine_->events().on(heard_here(std::move(which)), std::move(handler));
}

subscription scheduler::on_next(event_filter which, std::function<void(const event&)> handler) {
  return engine_->events().on_next(heard_here(std::move(which)), std::move(handler));
}

event_stream scheduler::events(event_filter which, event_stream_options options) {
  return engine_->stream(heard_here(std::move(which)), options);
}

delayed_call scheduler::call_once(instant when, carillon::task body, job_options options) {
  return {engine_, engine_->call_once(when, std::move(body), std::move(options))};
}

boost::asio::awaitable<void> scheduler::run() {
  if (whole_ != this) throw std::logic_error("run the scheduler: it runs all its stores");
  const auto self = engine_;
  co_await boost::asio::co_spawn(self->strand(), self->run(), boost::asio::deferred);
}

boost::asio::any_io_executor scheduler::get_executor() const { return engine_->strand(); }

const scheduler_options& scheduler::options() const noexcept { return engine_->options(); }

instant scheduler::now() const noexcept { return engine_->now(); }

namespace detail {

void start_stop(engine_ptr self, shutdown_options how, completion_handler<void> done) {
  auto& owner = *self;
  owner.operate_at_any_time(owner.stop(how), std::move(done));
}
void start_put(engine_ptr self, job_definition job, on_conflict policy, completion_handler<put_result> done) {
  self->operate(self->put(std::move(job), policy), std::move(done));
}
void start_declare(engine_ptr self, std::string origin, std::vector<job_definition> jobs, undeclared rest,
                   completion_handler<declare_result> done) {
  self->operate(self->declare_all(std::move(origin), std::move(jobs), rest), std::move(done));
}
void start_get(engine_ptr self, std::string id, completion_handler<std::optional<job_record>> done) {
  self->operate(self->find(std::move(id)), std::move(done));
}
void start_list(engine_ptr self, job_query query, completion_handler<job_page> done) {
  self->operate(self->list(std::move(query)), std::move(done));
}
void start_modify(engine_ptr self, std::string id, job_changes changes, completion_handler<job_record> done) {
  self->operate(self->modify(std::move(id), std::move(changes)), std::move(done));
}
void start_reschedule(engine_ptr self, std::string id, schedule when, std::optional<instant> first_time,
                      std::optional<std::uint64_t> expected_revision, completion_handler<job_record> done) {
  self->operate(self->reschedule(std::move(id), std::move(when), first_time, expected_revision),
                std::move(done));
}
void start_pause(engine_ptr self, std::string id, std::string note, completion_handler<bool> done) {
  self->operate(self->pause_job(std::move(id), std::move(note)), std::move(done));
}
void start_resume(engine_ptr self, std::string id, resume_from where, completion_handler<bool> done) {
  self->operate(self->resume_job(std::move(id), where), std::move(done));
}
void start_remove(engine_ptr self, std::string id, completion_handler<bool> done) {
  self->operate(self->remove(std::move(id)), std::move(done));
}
void start_clear(engine_ptr self, completion_handler<std::size_t> done) {
  self->operate(self->clear(), std::move(done));
}
void start_run_now(engine_ptr self, std::string id, completion_handler<bool> done) {
  self->operate(self->run_now(std::move(id)), std::move(done));
}
void start_trigger_at(engine_ptr self, std::string id, instant time, completion_handler<bool> done) {
  self->operate(self->trigger_at(std::move(id), time), std::move(done));
}
void start_run_and_wait(engine_ptr self, std::string id, std::optional<instant> time, and_wait how,
                        completion_handler<std::optional<run_result>> done) {
  self->operate(self->run_and_wait(std::move(id), time, how), std::move(done));
}
void start_result(engine_ptr self, std::string id, std::string run_id,
                  completion_handler<std::optional<boost::json::value>> done) {
  self->operate(self->result(std::move(id), std::move(run_id)), std::move(done));
}
void start_set_carried(engine_ptr self, std::string id, boost::json::value data,
                       completion_handler<void> done) {
  self->operate(self->set_carried(std::move(id), std::move(data)), std::move(done));
}
void start_backfill(engine_ptr self, std::string id, instant from, instant to, backfill_options how,
                    completion_handler<backfill_result> done) {
  self->operate(self->backfill(std::move(id), from, to, how), std::move(done));
}
void start_skip_at(engine_ptr self, std::string id, instant time, completion_handler<bool> done) {
  self->operate(self->skip_at(std::move(id), time), std::move(done));
}
void start_take_back_skip_at(engine_ptr self, std::string id, instant time, completion_handler<bool> done) {
  self->operate(self->take_back_skip_at(std::move(id), time), std::move(done));
}
void start_cancel_run(engine_ptr self, std::string id, std::string run_id, completion_handler<bool> done) {
  self->operate(self->cancel_one_run(std::move(id), std::move(run_id)), std::move(done));
}
void start_cancel_waiting(engine_ptr self, std::string id, completion_handler<bool> done) {
  self->operate(self->cancel_waiting(std::move(id)), std::move(done));
}
void start_export_jobs(engine_ptr self, job_query which, completion_handler<export_result> done) {
  self->operate(self->export_jobs(std::move(which)), std::move(done));
}
void start_import_jobs(engine_ptr self, std::string document, import_options how,
                       completion_handler<import_report> done) {
  self->operate(self->import_jobs(std::move(document), how), std::move(done));
}
void start_table_of_jobs(engine_ptr self, job_query which, bool everywhere,
                         completion_handler<std::string> done) {
  self->operate(self->table_of_jobs(std::move(which), everywhere), std::move(done));
}
void start_print_jobs(engine_ptr self, std::ostream* out, job_query which, bool everywhere,
                      completion_handler<void> done) {
  self->operate(self->print_jobs(out, std::move(which), everywhere), std::move(done));
}
void start_move_to(engine_ptr self, std::string id, engine_ptr to, completion_handler<void> done) {
  self->operate(self->move_to(std::move(id), std::move(to)), std::move(done));
}
void start_skip_next(engine_ptr self, std::string id, std::uint32_t fires, completion_handler<bool> done) {
  self->operate(self->skip_next(std::move(id), fires), std::move(done));
}
void start_cancel_runs(engine_ptr self, std::string id, completion_handler<std::size_t> done) {
  self->operate(self->cancel_runs(std::move(id)), std::move(done));
}
void start_next_runs(engine_ptr self, std::size_t count, std::string id,
                     completion_handler<std::vector<upcoming_fire>> done) {
  self->operate(self->next_runs(count, std::move(id)), std::move(done));
}
void start_history(engine_ptr self, ledger_query query, completion_handler<ledger_page> done) {
  self->operate(self->history(std::move(query)), std::move(done));
}
void start_pause_all(engine_ptr self, bool everywhere, completion_handler<void> done) {
  self->operate(self->pause_all(everywhere), std::move(done));
}
void start_resume_all(engine_ptr self, resume_from where, bool everywhere, completion_handler<void> done) {
  self->operate(self->resume_all(where, everywhere), std::move(done));
}

void start_wait_for(engine_ptr self, event_filter which, std::optional<milliseconds> within,
                    completion_handler<std::optional<event>> done) {
  auto stream = self->stream(std::move(which), {.buffer = 1});  // From now on: nothing is missed.
  auto& owner = *self;
  owner.operate_at_any_time(owner.next_event(std::move(stream), within), std::move(done));
}
void start_health(engine_ptr self, bool everywhere, completion_handler<health_report> done) {
  self->operate(self->health(everywhere), std::move(done));
}

}  // namespace detail
}  // namespace carillon
