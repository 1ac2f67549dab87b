#include <carillon/sql/job_store.hpp>
#include <carillon/time/system_clock.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "sql/job_backend.hpp"
#include "sql/member_backend.hpp"

namespace carillon::sql {

namespace {

using std::chrono::milliseconds;

shared_store_options sharing_of(const job_store_options& how) {
  shared_store_options sharing;
  sharing.lease = how.lease;
  sharing.partitions = how.partitions;
  sharing.stall_limit = how.stall_limit;
  sharing.remembered = how.remembered;
  sharing.groups = true;
  sharing.logger = how.logger;
  return sharing;
}

[[noreturn]] void out_of_range(const char* option, long long value, const char* range) {
  throw std::invalid_argument(std::string{option} + ": " + std::to_string(value) + "; " + range);
}

void check_options(const job_store_options& how) {
  check(sharing_of(how));
  if (how.lease > std::chrono::hours{1}) out_of_range("lease", how.lease.count(), "at most 1 h, in ms");
  if (how.partitions > 4'096) out_of_range("partitions", how.partitions, "at most 4096");
  if (how.ledger_length == 0) out_of_range("ledger_length", 0, "at least 1 entry must be kept");
  if (how.ledger_age.count() < 0) out_of_range("ledger_age", how.ledger_age.count(), "0 s or more");
  if (how.connections < 1 || how.connections > 64) out_of_range("connections", how.connections, "1 to 64");
  if (how.timeout < milliseconds{100}) out_of_range("timeout", how.timeout.count(), "at least 100 ms");
  if (how.look_for_changes < milliseconds{10})
    out_of_range("look_for_changes", how.look_for_changes.count(), "at least 10 ms");
}

/// The loop of the members, on a thread that no caller blocks.
class member_loop {
 public:
  member_loop() {
    thread_ = std::thread{[this] {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      io_.run();
    }};
  }
  ~member_loop() {
    work_.reset();
    io_.stop();
    thread_.join();
  }
  member_loop(const member_loop&) = delete;
  member_loop& operator=(const member_loop&) = delete;
  const loop_executor& get_executor() const noexcept { return where_; }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  loop_executor where_{io_.get_executor()};
  std::thread thread_;
};

/// What a store has from `open` to `close`. Its end waits for all threads.
struct threads_of_store {
  threads_of_store(std::shared_ptr<store_tables> of, const job_store_options& how)
      : tables{std::move(of)},
        jobs{std::make_shared<worker_pool>(tables->where, connections(*tables, how), how.timeout)},
        members{std::make_shared<worker_pool>(tables->where, 1, how.timeout)} {}
  ~threads_of_store() {
    jobs->stop();
    members->stop();
  }
  threads_of_store(const threads_of_store&) = delete;
  threads_of_store& operator=(const threads_of_store&) = delete;

  static std::size_t connections(const store_tables& tables, const job_store_options& how) {
    return tables.where.kind == database_kind::sqlite ? 1 : how.connections;
  }

  std::shared_ptr<store_tables> tables;
  member_loop loop;  // Before the pools: what they tell their callers goes there.
  std::shared_ptr<worker_pool> jobs, members;
};

std::uint64_t random_number() {
  std::random_device random;
  return (std::uint64_t{random()} << 31 | random()) >> 1;
}

shared_store::backends_factory factory_of(const job_store_options& how) {
  check_options(how);
  const auto where = parse_database_url(how.url).value();
  return [how, where](const loop_executor&) {
    const auto tables = std::make_shared<store_tables>();
    tables->where = where;
    tables->ledger_length = how.ledger_length;
    tables->ledger_age = how.ledger_age;
    tables->create = how.create;
    tables->logger = how.logger;
    tables->teller = random_number();
    const auto threads = std::make_shared<threads_of_store>(tables, how);
    auto jobs = std::make_shared<job_backend>(tables, threads->jobs, how.look_for_changes);
    const auto members = [tables, pool = threads->members](const loop_executor&) {
      return std::make_unique<member_backend>(tables, pool);
    };
    return shared_store::backends{threads, std::move(jobs), members, threads->loop.get_executor()};
  };
}

}  // namespace

job_store::job_store(job_store_options how)
    : shared_store{factory_of(how), how.clock ? how.clock : system_clock::shared(), sharing_of(how)} {}

}  // namespace carillon::sql
