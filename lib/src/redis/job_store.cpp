#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/store/shared_store.hpp>
#include <carillon/time/system_clock.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "redis/job_backend.hpp"
#include "redis/link_state.hpp"
#include "redis/member_backend.hpp"

namespace carillon::redis {

namespace {

shared_store_options sharing_of(const job_store_options& how, const link_state& link) {
  shared_store_options sharing;
  sharing.lease = how.lease;
  sharing.partitions = how.partitions;
  sharing.stall_limit = how.stall_limit;
  sharing.remembered = how.remembered;
  sharing.logger = link.options().logger;
  return sharing;
}

void check_options(const job_store_options& how, const link_state& link) {
  check(sharing_of(how, link));
  if (how.lease > std::chrono::hours{1})
    throw std::invalid_argument("lease: " + std::to_string(how.lease.count()) + " ms; at most 1 h");
  if (how.partitions > 4'096)
    throw std::invalid_argument("partitions: " + std::to_string(how.partitions) + "; at most 4096");
  if (how.ledger_length == 0) throw std::invalid_argument("ledger_length: 0; at least 1 entry must be kept");
  if (how.ledger_age < std::chrono::seconds{0})
    throw std::invalid_argument("ledger_age: " + std::to_string(how.ledger_age.count()) + " s; 0 or more");
  if (how.durable.within <= std::chrono::milliseconds{0})
    throw std::invalid_argument("durable.within: " + std::to_string(how.durable.within.count()) +
                                " ms; more than 0");
}

}  // namespace

/// What there is from `open` to `close`: a connection, and the store that speaks over it.
class job_store::opened {
 public:
  opened(const loop_executor& strand, link_state& link, std::shared_ptr<background> leases,
         const job_store_options& how)
      : leases_{std::move(leases)},
        connection_{link.connect(strand, "store")},
        store{backend_on(*connection_, link, how), members_of(*leases_, link), leases_->get_executor(),
              how.clock ? how.clock : system_clock::shared(), sharing_of(how, link)} {
    connection_->start();
  }

  loop_awaitable<void> close() {
    co_await store.close();
    co_await connection_->stop();
  }

 private:
  static std::unique_ptr<carillon::job_backend> backend_on(redis::connection& connection,
                                                           const link_state& link,
                                                           const job_store_options& how) {
    job_backend_options kept;
    kept.ledger_length = how.ledger_length;
    kept.ledger_age = how.ledger_age;
    kept.durable = how.durable;
    kept.create = how.create;
    return std::make_unique<job_backend>(connection, link.name_space(), kept);
  }
  static shared_store::member_factory members_of(background& leases, const link_state& link) {
    return [&leases, name_space = link.name_space()](const loop_executor&) {
      return std::make_unique<member_backend>(leases.connection(), name_space);
    };
  }

  std::shared_ptr<background> leases_;
  std::unique_ptr<redis::connection> connection_;

 public:
  shared_store store;
};

job_store::job_store(link& to, job_store_options how) : link_{to.state()}, how_{std::move(how)} {
  check_options(how_, *link_);
}

job_store::job_store(job_store&&) noexcept = default;
job_store& job_store::operator=(job_store&&) noexcept = default;
job_store::~job_store() = default;

loop_awaitable<void> job_store::open(std::string instance, store_listener& listener) {
  if (opened_) throw std::logic_error("this store has been opened before and not closed");
  auto leases = link_->background();
  if (!leases) throw boost::system::system_error(errc::stopped, "the link to Redis is gone");
  const loop_executor strand = co_await boost::asio::this_coro::executor;
  opened_ = std::make_shared<opened>(strand, *link_, std::move(leases), how_);
  opened_->store.serve(work_);
  if (stays_out_) opened_->store.stay_out();
  std::exception_ptr failure;
  try {
    co_await opened_->store.open(std::move(instance), listener);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await close();
  std::rethrow_exception(failure);
}

loop_awaitable<void> job_store::close() {
  const auto closing = opened_;
  if (!closing) co_return;
  co_await closing->close();
  opened_.reset();
}

job_store::opened& job_store::now() const {
  if (!opened_) throw boost::system::system_error(errc::stopped, "this store is not open");
  return *opened_;
}

loop_awaitable<put_answer> job_store::add(job_record job, on_conflict policy) {
  return now().store.add(std::move(job), policy);
}

loop_awaitable<change_answer> job_store::update(std::string id, std::uint64_t expected_revision,
                                                job_change change) {
  return now().store.update(std::move(id), expected_revision, std::move(change));
}

loop_awaitable<change_answer> job_store::remove(std::string id,
                                                std::optional<std::uint64_t> expected_revision,
                                                bool tombstone) {
  return now().store.remove(std::move(id), expected_revision, tombstone);
}

loop_awaitable<std::optional<loaded_job>> job_store::load(std::string id) {
  return now().store.load(std::move(id));
}

loop_awaitable<job_page> job_store::list(job_query query) { return now().store.list(std::move(query)); }

loop_awaitable<bool> job_store::enqueue(extra_run run) { return now().store.enqueue(std::move(run)); }

loop_awaitable<ledger_page> job_store::history(ledger_query query) {
  return now().store.history(std::move(query));
}

loop_awaitable<claim_answer> job_store::claim(const claim_request& request) {
  return now().store.claim(request);
}

loop_awaitable<take_answer> job_store::take(const take_request& request) { return now().store.take(request); }

loop_awaitable<finish_answer> job_store::finish(const run_report& report) {
  return now().store.finish(report);
}

void job_store::stay_out() { stays_out_ = true; }

store_health job_store::health() const {
  if (opened_) return opened_->store.health();
  store_health none;
  none.healthy = false;
  none.why = "the store is not open";
  return none;
}

void job_store::serve(served_work work) {
  work_ = std::move(work);
  if (opened_) opened_->store.serve(work_);
}

bool job_store::owns(const job_record& job) const { return opened_ && opened_->store.owns(job); }

loop_awaitable<own_jobs> job_store::load_own(std::string from, known_job is_known) {
  return now().store.load_own(std::move(from), std::move(is_known));
}

loop_awaitable<std::size_t> job_store::stop_runs(std::string id, cancel_reason why) {
  return now().store.stop_runs(std::move(id), why);
}

loop_awaitable<std::vector<member_info>> job_store::members() { return now().store.members(); }

void job_store::loop_answers() {
  if (opened_) opened_->store.loop_answers();
}

}  // namespace carillon::redis
