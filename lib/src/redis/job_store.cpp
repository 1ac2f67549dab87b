#include <boost/system/system_error.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/time/system_clock.hpp>
#include <stdexcept>
#include <utility>

#include "redis/job_backend.hpp"
#include "redis/link_state.hpp"
#include "redis/member_backend.hpp"
#include "redis/outage.hpp"

namespace carillon::redis {

namespace {

shared_store_options sharing_of(const job_store_options& how, const link_state& link) {
  shared_store_options sharing;
  sharing.lease = how.lease;
  sharing.partitions = how.partitions;
  sharing.stall_limit = how.stall_limit;
  sharing.remembered = how.remembered;
  sharing.groups = true;
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

/// A backend with a connection of its own, which is made with it and ends with `close`.
struct own_connection {
  std::shared_ptr<outage> outages;
  std::shared_ptr<void> telling;  ///< Whoever uses the store is told of an outage, and tells.
  std::unique_ptr<connection> wire;
};
class connected_backend final : own_connection, public job_backend {
 public:
  connected_backend(std::unique_ptr<connection> wire_, const link_state& link, const job_backend_options& how)
      : own_connection{link.connecting().outage, link.connecting().outage->told_by_another(),
                       std::move(wire_)},
        job_backend{*wire, link.name_space(), how} {
    wire->start();
  }
  loop_awaitable<void> close() override {
    co_await job_backend::close();
    co_await wire->stop();
    telling.reset();
  }
};

shared_store::backends backends_of(const std::shared_ptr<link_state>& link, const job_backend_options& how,
                                   const loop_executor& strand) {
  auto leases = link->background();
  if (!leases) throw boost::system::system_error(errc::stopped, "the link to Redis is gone");
  const auto members = [where = leases.get(), name_space = link->name_space()](const loop_executor&) {
    return std::make_unique<member_backend>(where->connection(), name_space);
  };
  auto jobs = std::make_shared<connected_backend>(link->connect(strand, "store"), *link, how);
  return {leases, std::move(jobs), members, leases->get_executor()};
}

shared_store::backends_factory factory_of(const std::shared_ptr<link_state>& link,
                                          const job_store_options& how) {
  check_options(how, *link);
  job_backend_options kept;
  kept.ledger_length = how.ledger_length;
  kept.ledger_age = how.ledger_age;
  kept.durable = how.durable;
  kept.create = how.create;
  return [link, kept](const loop_executor& strand) { return backends_of(link, kept, strand); };
}

}  // namespace

job_store::job_store(link& to, job_store_options how)
    : shared_store{factory_of(to.state(), how), how.clock ? how.clock : system_clock::shared(),
                   sharing_of(how, *to.state())} {}

}  // namespace carillon::redis
