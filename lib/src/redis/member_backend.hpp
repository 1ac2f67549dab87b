#pragma once
#include <carillon/store/member_backend.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "redis/connection.hpp"
#include "redis/keys.hpp"

namespace carillon::redis {

/// Leases by Redis's clock. Lifetime: the connection must outlive it, and has been started.
class member_backend final : public carillon::member_backend {
 public:
  member_backend(connection& link, std::string name_space) : link_{link}, keys_{std::move(name_space)} {}

  loop_awaitable<members_answer> join(const member_info& me, milliseconds lease,
                                      store_identity expected) override;
  loop_awaitable<members_answer> heartbeat(const member_info& me, milliseconds lease,
                                           store_identity expected) override;
  loop_awaitable<void> leave(std::string member) override;
  loop_awaitable<members_answer> members() override;

  loop_awaitable<void> publish_work(const served_work& work) override;
  loop_awaitable<std::shared_ptr<const served_work>> fetch_work(std::uint64_t digest) override;

 private:
  loop_awaitable<members_answer> ask(const lua_script& script, words arguments);

  connection& link_;
  store_keys keys_;
};

}  // namespace carillon::redis
