#include "servers.hpp"

#include <algorithm>
#include <stdexcept>

#include "waiting.hpp"

namespace carillon::testing {

namespace {

redis_options durable() {
  redis_options how;
  how.append_only = true;
  how.config = {"appendfsync always", "repl-backlog-size 16mb"};
  return how;
}

[[noreturn]] void not_of_these(fault_kind kind) {
  throw std::invalid_argument("these servers know no fault " + std::string{name(kind)});
}

}  // namespace

single_server::single_server() : server_{durable()} {}

void single_server::begin(fault_kind kind) {
  switch (kind) {
    case fault_kind::redis_kill: return server_.kill();
    case fault_kind::redis_freeze: return server_.pause();
    case fault_kind::redis_flush: server_.cli({"FLUSHALL"}); return;
    default: not_of_these(kind);
  }
}

void single_server::end(fault_kind kind) {
  if (kind == fault_kind::redis_kill) server_.start();
  if (kind == fault_kind::redis_freeze) server_.resume();
}

replicated_servers::replicated_servers() : first_{durable()}, second_{durable()} {
  second_.replicate(first_);
  for (int i = 0; i < 3; ++i) sentinels_.push_back(std::make_unique<redis_sentinel>(first_, 2));
  for (const auto& sentinel : sentinels_) {
    wait_until("the sentinels find each other and the replica", [&] {
      const auto seen = sentinel->cli({"SENTINEL", "MASTER", "main"});
      return seen.find("num-other-sentinels\n2") != std::string::npos &&
             seen.find("num-slaves\n1") != std::string::npos;
    });
  }
}

std::string replicated_servers::url() const {
  std::string hosts;
  for (const auto& sentinel : sentinels_)
    hosts += (hosts.empty() ? "" : ",") + ("127.0.0.1:" + std::to_string(sentinel->port()));
  return "redis+sentinel://" + hosts + "/main";
}

redis_server& replicated_servers::of_port(std::uint16_t port) {
  if (port == first_.port()) return first_;
  if (port == second_.port()) return second_;
  throw std::runtime_error("the sentinels name a master that is none of ours");
}

void replicated_servers::begin(fault_kind kind) {
  if (kind != fault_kind::failover) not_of_these(kind);
  killed_ = &of_port(sentinels_.front()->master_port());
  killed_->kill();
}

void replicated_servers::end(fault_kind kind) {
  if (kind != fault_kind::failover) not_of_these(kind);
  wait_until("every sentinel names the other as the master", [&] {
    const auto master = named_by_all();
    return master && *master != killed_->port();
  });
  // It comes up as the master that it was: for a moment there are two. The sentinels would make a replica of
  // it, but only after it was in order for periods of their own, which on a busy machine it never is.
  killed_->start();
  wait_until("one server is the replica of the other", [&] {
    const auto master = named_by_all();
    if (!master) return false;
    auto& replica = *master == first_.port() ? second_ : first_;
    const auto role = replica.cli({"INFO", "replication"});
    const bool follows = role.find("master_port:" + std::to_string(*master)) != std::string::npos;
    if (!follows) replica.cli({"REPLICAOF", "127.0.0.1", std::to_string(*master)});
    return follows && role.find("master_link_status:up") != std::string::npos;
  });
}

/// None: they are of two minds.
std::optional<std::uint16_t> replicated_servers::named_by_all() const {
  const auto named = sentinels_.front()->master_port();
  const auto agrees = [&](const auto& each) { return each->master_port() == named; };
  return std::ranges::all_of(sentinels_, agrees) ? std::optional{named} : std::nullopt;
}

}  // namespace carillon::testing
