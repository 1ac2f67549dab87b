#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault_plan.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

/// What a cluster has in common.
class servers {
 public:
  virtual ~servers() = default;
  /// For a client that is not cut off from it.
  virtual std::string url() const = 0;
  /// Where a proxy leads to; 0: nowhere, instances find the server by its URL.
  virtual std::uint16_t proxied() const = 0;
  virtual void begin(fault_kind kind) = 0;
  virtual void end(fault_kind kind) = 0;
};

/// One server, which keeps what it has acknowledged.
class single_server final : public servers {
 public:
  single_server();
  std::string url() const override { return server_.url(); }
  std::uint16_t proxied() const override { return server_.port(); }
  void begin(fault_kind kind) override;
  void end(fault_kind kind) override;

 private:
  redis_server server_;
};

/// A master, a replica, and three sentinels that make the one into the other.
class replicated_servers final : public servers {
 public:
  replicated_servers();
  std::string url() const override;
  std::uint16_t proxied() const override { return 0; }
  void begin(fault_kind kind) override;
  void end(fault_kind kind) override;

 private:
  redis_server& of_port(std::uint16_t port);
  std::optional<std::uint16_t> named_by_all() const;

  redis_server first_, second_;
  std::vector<std::unique_ptr<redis_sentinel>> sentinels_;
  redis_server* killed_ = nullptr;
};

}  // namespace carillon::testing
