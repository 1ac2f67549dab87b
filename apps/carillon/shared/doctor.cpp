#include "carillon/doctor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "carillon/shared/data_findings.hpp"
#include "carillon/shared/inspect.hpp"
#include "carillon/shared/quiet_link.hpp"
#include "carillon/store_kinds.hpp"

namespace carillon::app {
namespace {

// What lies in a Redis, and what is wrong with it.
struct examined_data {
  store_examination store;
  std::vector<redis::data_fault> faults;
};

loop_awaitable<void> look_at_store(redis::inspection& inspector, examined_data& seen) {
  auto& all = seen.store;
  all.store = co_await inspector.store();
  if (!all.store.exists || !all.store.known_format) co_return;
  for (std::uint32_t which = 0; which < all.store.partitions; ++which) {
    auto partition = co_await inspector.partition(all.store, which, claimed_by_then);
    std::ranges::move(partition.faults, std::back_inserter(seen.faults));
    take_in(std::move(partition), all.contents);
  }
  auto keys = co_await inspector.keys(all.store);
  std::ranges::move(keys, std::back_inserter(seen.faults));
  all.members = co_await inspector.members();
  all.groups = co_await inspector.groups();
  all.missing = co_await inspector.missing_predecessors(all.store);
  all.shares = co_await inspector.shares(all.store, all.members.members);
}

loop_awaitable<void> mend(redis::inspection& inspector, const examined_data& data, diagnosis& seen) {
  std::vector<finding> left;
  for (auto& one : seen.found) {
    bool mended = false;
    if (one.repairable) mended = co_await inspector.repair(data.store.store, data.faults[*one.repairable]);
    (mended ? seen.mended : left).push_back(std::move(one));
  }
  seen.found = std::move(left);
}

loop_awaitable<void> examine(redis::inspection& inspector, bool repair, examined_data& data,
                             diagnosis& seen) {
  const auto server = co_await inspector.server();
  seen.server = server;
  seen.found = findings_about(seen.server);
  if (server.role == "sentinel") co_return;  // It has no keys to look at.
  co_await look_at_store(inspector, data);
  const bool fit = std::ranges::none_of(seen.server.findings, &server_finding::unfit);
  add_findings_of(data.store, findings_in_data(data.faults, data.store.name_space), seen.found);
  if (repair && fit) co_await mend(inspector, data, seen);
}

}  // namespace

diagnosis examine_redis(const doctor_request& request) {
  diagnosis seen;
  examined_data data;
  data.store.name_space = quiet_options(request.store).name_space;
  inspect(request.store,
          [&](redis::inspection& inspector) { return examine(inspector, request.repair, data, seen); });
  seen.store = std::move(data.store);
  return seen;
}

}  // namespace carillon::app
