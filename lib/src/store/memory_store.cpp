#include <carillon/store/memory_store.hpp>

#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "store/memory_jobs.hpp"

namespace carillon {

memory_store::memory_store(std::size_t ledger_size) {
  if (ledger_size == 0) throw std::invalid_argument("ledger_size: 0; at least 1 entry must be kept");
  jobs_ = std::make_unique<memory_jobs>(ledger_size);
}

memory_store::memory_store(memory_store&& other) noexcept = default;

memory_store::~memory_store() = default;

loop_awaitable<void> memory_store::open(std::string instance, store_listener& listener) {
  const auto where = co_await boost::asio::this_coro::executor;
  jobs_->open(std::move(instance), where, listener);
}

loop_awaitable<void> memory_store::close() {
  jobs_->close();
  co_return;
}

loop_awaitable<put_answer> memory_store::add(job_record job, on_conflict policy) {
  co_return jobs_->add(std::move(job), policy);
}

loop_awaitable<change_answer> memory_store::update(std::string id, std::uint64_t expected_revision,
                                                   job_change change) {
  co_return jobs_->update(id, expected_revision, std::move(change));
}

loop_awaitable<change_answer> memory_store::remove(std::string id,
                                                   std::optional<std::uint64_t> expected_revision,
                                                   bool tombstone) {
  co_return jobs_->remove(id, expected_revision, tombstone);
}

loop_awaitable<std::optional<loaded_job>> memory_store::load(std::string id) { co_return jobs_->load(id); }

loop_awaitable<job_page> memory_store::list(job_query query) { co_return jobs_->list(query); }

loop_awaitable<std::uint64_t> memory_store::enqueue(extra_run run) { co_return jobs_->enqueue(run); }

loop_awaitable<std::uint64_t> memory_store::enqueue_awaited(extra_run run) {
  run.awaited = true;
  co_return jobs_->enqueue(run);
}

loop_awaitable<awaited_end> memory_store::end_of(std::string id, std::uint64_t number) {
  co_return jobs_->end_of(id, number);
}

loop_awaitable<std::optional<std::string>> memory_store::result(std::string id, std::string run_id,
                                                                instant now) {
  co_return jobs_->result(id, run_id, now);
}

loop_awaitable<ledger_page> memory_store::history(ledger_query query) { co_return jobs_->history(query); }

loop_awaitable<own_jobs> memory_store::load_own(std::string from, known_job is_known) {
  co_return jobs_->load_own(from, is_known);
}

loop_awaitable<claim_answer> memory_store::claim(const claim_request& request) {
  co_return jobs_->claim(request);
}

loop_awaitable<take_answer> memory_store::take(const take_request& request) {
  co_return jobs_->take(request);
}

loop_awaitable<finish_answer> memory_store::finish(const run_report& report) {
  co_return jobs_->finish(report);
}

std::optional<claim_answer> memory_store::claim_now(const claim_request& request) {
  return jobs_->claim(request);
}

std::optional<take_answer> memory_store::take_now(const take_request& request) {
  return jobs_->take(request);
}

std::optional<finish_answer> memory_store::finish_now(const run_report& report) {
  return jobs_->finish(report);
}

}  // namespace carillon
