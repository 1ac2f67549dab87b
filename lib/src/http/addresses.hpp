#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon::http {

/// The addresses of one host: asked for once for all who wait, and remembered for a while.
///
/// Thread safety: none; used on the strand it was made for.
class addresses {
 public:
  using endpoint = boost::asio::ip::tcp::endpoint;
  using time_point = std::chrono::steady_clock::time_point;

  addresses(const loop_executor& where, const std::string& host, std::uint16_t port);

  /// There is at least one.
  /// Errors: throws `std::runtime_error` that says why there is none, or that the deadline has passed.
  /// Cancellation: terminal.
  loop_awaitable<std::vector<endpoint>> find(time_point deadline);

  /// None of them could be connected to: they are asked for anew.
  void forget();

 private:
  struct question;
  std::shared_ptr<question> question_;  // outlives this where the system still looks for an answer
};

}  // namespace carillon::http
