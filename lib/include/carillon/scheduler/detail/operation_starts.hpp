#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/json/value.hpp>
#include <carillon/async/completion.hpp>
#include <carillon/event/event.hpp>
#include <carillon/event/event_filter.hpp>
#include <carillon/job/job.hpp>
#include <carillon/scheduler/operations.hpp>
#include <carillon/scheduler/options.hpp>
#include <carillon/scheduler/run_result.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/trigger/schedule.hpp>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

class engine;  // private: lib/src/scheduler/engine.hpp

namespace detail {

// What the operations of `scheduler` start. Defined where the engine is known, so that its weight stays out
// of users' programs.
using engine_ptr = std::shared_ptr<engine>;
void start_stop(engine_ptr, shutdown_options, completion_handler<void>);
void start_put(engine_ptr, job_definition, on_conflict, completion_handler<put_result>);
void start_declare(engine_ptr, std::string, std::vector<job_definition>, undeclared,
                   completion_handler<declare_result>);
void start_get(engine_ptr, std::string, completion_handler<std::optional<job_record>>);
void start_list(engine_ptr, job_query, completion_handler<job_page>);
void start_modify(engine_ptr, std::string, job_changes, completion_handler<job_record>);
void start_reschedule(engine_ptr, std::string, schedule, std::optional<instant>, std::optional<std::uint64_t>,
                      completion_handler<job_record>);
void start_pause(engine_ptr, std::string, std::string, completion_handler<bool>);
void start_resume(engine_ptr, std::string, resume_from, completion_handler<bool>);
void start_remove(engine_ptr, std::string, completion_handler<bool>);
void start_clear(engine_ptr, completion_handler<std::size_t>);
void start_run_now(engine_ptr, std::string, completion_handler<bool>);
void start_trigger_at(engine_ptr, std::string, instant, completion_handler<bool>);
void start_run_and_wait(engine_ptr, std::string, std::optional<instant>, and_wait,
                        completion_handler<std::optional<run_result>>);
void start_result(engine_ptr, std::string, std::string,
                  completion_handler<std::optional<boost::json::value>>);
void start_set_carried(engine_ptr, std::string, boost::json::value, completion_handler<void>);
void start_backfill(engine_ptr, std::string, instant, instant, backfill_options,
                    completion_handler<backfill_result>);
void start_skip_at(engine_ptr, std::string, instant, completion_handler<bool>);
void start_take_back_skip_at(engine_ptr, std::string, instant, completion_handler<bool>);
void start_cancel_run(engine_ptr, std::string, std::string, completion_handler<bool>);
void start_cancel_waiting(engine_ptr, std::string, completion_handler<bool>);
void start_export_jobs(engine_ptr, job_query, completion_handler<export_result>);
void start_import_jobs(engine_ptr, std::string, import_options, completion_handler<import_report>);
void start_table_of_jobs(engine_ptr, job_query, bool, completion_handler<std::string>);
void start_print_jobs(engine_ptr, std::ostream*, job_query, bool, completion_handler<void>);
void start_move_to(engine_ptr, std::string, engine_ptr, completion_handler<void>);
void start_skip_next(engine_ptr, std::string, std::uint32_t, completion_handler<bool>);
void start_cancel_runs(engine_ptr, std::string, completion_handler<std::size_t>);
void start_next_runs(engine_ptr, std::size_t, std::string, completion_handler<std::vector<upcoming_fire>>);
void start_history(engine_ptr, ledger_query, completion_handler<ledger_page>);
void start_pause_all(engine_ptr, bool, completion_handler<void>);
void start_resume_all(engine_ptr, resume_from, bool, completion_handler<void>);
void start_wait_for(engine_ptr, event_filter, std::optional<milliseconds>,
                    completion_handler<std::optional<event>>);
void start_health(engine_ptr, bool, completion_handler<health_report>);

/// Starts an operation with the handler of a completion token, whose type ends here.
template <typename T, typename Start, typename Token, typename... Args>
auto begin(Start start, Token& token, engine_ptr engine, Args... args) {
  return boost::asio::async_initiate<Token, typename completion<T>::signature>(
      [start](auto handler, engine_ptr self, Args... rest) {
        start(std::move(self), std::move(rest)..., completion_handler<T>(std::move(handler)));
      },
      token, std::move(engine), std::move(args)...);
}

}  // namespace detail

}  // namespace carillon
