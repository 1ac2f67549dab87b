#include <carillon/store/shared_store.hpp>

#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "store/shared_core.hpp"

namespace carillon {

void check(const shared_store_options& options) {
  if (options.lease < milliseconds{100}) {
    throw std::invalid_argument("lease: " + std::to_string(options.lease.count()) +
                                " ms; at least 100 ms are needed");
  }
  if (options.stall_limit == 0) throw std::invalid_argument("stall_limit: 0; at least 1 lease");
  if (options.partitions > 65'536) {
    throw std::invalid_argument("partitions: " + std::to_string(options.partitions) + "; at most 65536");
  }
}

shared_store::shared_store(std::unique_ptr<job_backend> jobs, const member_factory& members,
                           loop_executor member_executor, std::shared_ptr<clock> time,
                           shared_store_options options)
    : shared_store{[below = backends{nullptr, std::move(jobs), members, std::move(member_executor)}](
                       const loop_executor&) { return below; },
                   std::move(time), std::move(options)} {}

shared_store::shared_store(backends_factory make, std::shared_ptr<clock> time, shared_store_options options)
    : make_{std::move(make)},
      time_{std::move(time)},
      options_{std::move(options)},
      work_{std::make_shared<const served_work>()} {
  check(options_);
}

shared_store::~shared_store() { let_go(); }
shared_store::shared_store(shared_store&&) noexcept = default;

shared_store& shared_store::operator=(shared_store&& other) noexcept {
  if (this == &other) return *this;
  let_go();
  make_ = std::move(other.make_);
  time_ = std::move(other.time_);
  options_ = std::move(other.options_);
  work_ = std::move(other.work_);
  stays_out_ = other.stays_out_;
  keeper_ = std::move(other.keeper_);
  core_ = std::move(other.core_);
  return *this;
}

void shared_store::let_go() noexcept {
  if (core_) core_->let_go();
  core_.reset();
  keeper_.reset();
}

loop_awaitable<void> shared_store::open(std::string instance, store_listener& listener) {
  if (core_) throw std::logic_error("this store has been opened before and not closed");
  const loop_executor strand = co_await boost::asio::this_coro::executor;
  auto below = make_(strand);
  keeper_ = std::move(below.keeper);
  core_ = std::make_shared<shared_core>(std::move(below), strand, time_, options_, listener, !stays_out_);
  const auto core = core_;
  std::exception_ptr failure;
  try {
    co_await core->open(std::move(instance), work_);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await close();
  std::rethrow_exception(failure);
}

loop_awaitable<void> shared_store::close() {
  const auto core = core_;
  if (!core) co_return;
  co_await core->close();
  let_go();
}

shared_core& shared_store::opened() const {
  if (!core_) throw boost::system::system_error(errc::stopped, "this store is not open");
  return *core_;
}

loop_awaitable<put_answer> shared_store::add(job_record job, on_conflict policy) {
  return opened().add(std::move(job), policy);
}

loop_awaitable<change_answer> shared_store::update(std::string id, std::uint64_t expected_revision,
                                                   job_change change) {
  return opened().update(std::move(id), expected_revision, std::move(change));
}

loop_awaitable<change_answer> shared_store::remove(std::string id,
                                                   std::optional<std::uint64_t> expected_revision,
                                                   bool tombstone) {
  return opened().remove(std::move(id), expected_revision, tombstone);
}

loop_awaitable<std::optional<loaded_job>> shared_store::load(std::string id) {
  return opened().load(std::move(id));
}

loop_awaitable<job_page> shared_store::list(job_query query) { return opened().list(std::move(query)); }

loop_awaitable<std::uint64_t> shared_store::enqueue(extra_run run) {
  return opened().enqueue(std::move(run));
}

loop_awaitable<std::uint64_t> shared_store::enqueue_awaited(extra_run run) {
  return opened().enqueue_awaited(std::move(run));
}

loop_awaitable<awaited_end> shared_store::end_of(std::string id, std::uint64_t number) {
  return opened().end_of(std::move(id), number);
}

loop_awaitable<std::optional<std::string>> shared_store::result(std::string id, std::string run_id,
                                                                instant now) {
  return opened().result(std::move(id), std::move(run_id), now);
}

loop_awaitable<ledger_page> shared_store::history(ledger_query query) {
  return opened().history(std::move(query));
}

loop_awaitable<claim_answer> shared_store::claim(const claim_request& request) {
  return opened().claim(request);
}

loop_awaitable<take_answer> shared_store::take(const take_request& request) { return opened().take(request); }

loop_awaitable<finish_answer> shared_store::finish(const run_report& report) {
  return opened().finish(report);
}

void shared_store::serve(served_work work) {
  work_ = std::make_shared<const served_work>(std::move(work));
  if (core_) core_->serve(work_);
}

loop_awaitable<void> shared_store::told_others() {
  if (core_) co_await core_->told_others();
}

bool shared_store::owns(const job_record& job) const { return core_ && core_->owns(job); }

loop_awaitable<own_jobs> shared_store::load_own(std::string from, known_job is_known) {
  return opened().load_own(std::move(from), std::move(is_known));
}

loop_awaitable<std::size_t> shared_store::stop_runs(std::string id, std::string run_id, cancel_reason why) {
  return opened().stop_runs(std::move(id), std::move(run_id), why);
}

loop_awaitable<std::vector<member_info>> shared_store::members() { return opened().members(); }

void shared_store::loop_answers() {
  if (core_) core_->loop_answers();
}

store_health shared_store::health() const {
  if (core_) return core_->health();
  store_health closed;
  closed.healthy = false;
  closed.why = "the store is not open";
  return closed;
}

loop_awaitable<group_answer> shared_store::share_group(group_request request) {
  return opened().share_group(std::move(request));
}

std::string shared_store::member() const { return core_ ? core_->member() : std::string{}; }

}  // namespace carillon
