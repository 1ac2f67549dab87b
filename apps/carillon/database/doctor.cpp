#include "carillon/doctor.hpp"

#include <carillon/sql/inspection.hpp>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

#include "carillon/database/table_findings.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/store_kinds.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

// Who cannot be read counts as one that takes no jobs. That is another finding than that it is blocked.
void forgive_unreadable(sql::store_look& look) {
  for (auto& member : look.members.members) {
    const auto is_hers = [&](const sql::table_fault& fault) {
      return fault.what == sql::table_fault_kind::unreadable_member && fault.subject == member.id;
    };
    if (std::ranges::any_of(look.faults, is_hers)) member.takes_jobs = true;
  }
}

loop_awaitable<void> look_into_tables(sql::inspection& inspector, diagnosis& seen) {
  auto& store = seen.store;
  store.store = co_await inspector.store();
  std::vector<finding> more;
  if (store.store.exists && store.store.known_format) {
    auto look = co_await inspector.look(store.store, claimed_by_then);
    more = findings_in_tables(look);
    forgive_unreadable(look);
    store.contents = std::move(look.contents);
    store.members = std::move(look.members);
    store.shares = std::move(look.shares);
    store.groups = std::move(look.groups);
    store.missing = std::move(look.missing);
  }
  add_findings_of(store, std::move(more), seen.found);
}

loop_awaitable<void> examine_tables(sql::inspection& inspector, diagnosis& seen) {
  if (inspector.is_there()) {
    seen.server = co_await inspector.server();
    seen.found = findings_about(seen.server);
  }
  const bool fit = std::ranges::none_of(seen.server.findings, &server_finding::unfit);
  try {
    co_await look_into_tables(inspector, seen);
  } catch (const boost::system::system_error& fault) {
    if (fit) throw;  // Else it may be because of what was found.
    seen.found.push_back({weight::fault,
                          "what is in it cannot be looked at: " + shown(words_of_store(fault), 300),
                          "everything", "first what is above", std::nullopt});
  }
}

}  // namespace

diagnosis examine_database(const doctor_request& request) {
  diagnosis seen;
  boost::asio::io_context io{1};
  sql::inspection inspector{request.store};
  seen.store.name_space = inspector.name_space();
  std::exception_ptr failure;
  boost::asio::co_spawn(loop_executor{io.get_executor()}, examine_tables(inspector, seen),
                        [&](const std::exception_ptr& thrown) { failure = thrown; });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return seen;
}

}  // namespace carillon::app
