#pragma once
#include <carillon/store/member_backend.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sql/member_locks.hpp"
#include "sql/store_tables.hpp"
#include "sql/worker_pool.hpp"

namespace carillon::sql {

/// Who is in the table.
struct all_members {
  members_answer answer;             ///< As of `members`.
  std::vector<std::string> expired;  ///< Whose leases are over, and whom nobody has dropped yet.
};

/// Members and their leases in the tables of an SQL database, by its clock.
class member_backend final : public carillon::member_backend {
 public:
  /// @param pool With one thread: who comes after a call that nobody waits for any more waits for it.
  member_backend(std::shared_ptr<store_tables> tables, std::shared_ptr<worker_pool> pool);

  loop_awaitable<members_answer> join(const member_info& me, milliseconds lease,
                                      store_identity expected) override;
  loop_awaitable<members_answer> heartbeat(const member_info& me, milliseconds lease,
                                           store_identity expected) override;
  loop_awaitable<void> leave(std::string member) override;
  loop_awaitable<members_answer> members() override;
  /// The same, and who else is there. Adds and renews nothing.
  loop_awaitable<all_members> look();
  loop_awaitable<void> publish_work(const served_work& work) override;
  loop_awaitable<std::shared_ptr<const served_work>> fetch_work(std::uint64_t digest) override;

 private:
  loop_awaitable<members_answer> renew(const member_info& me, milliseconds lease, store_identity expected,
                                       bool joins);

  std::shared_ptr<store_tables> tables_;
  std::shared_ptr<worker_pool> pool_;
  std::shared_ptr<member_locks> locks_;  ///< Touched on the pool's thread only. Null: a server has none.
};

}  // namespace carillon::sql
