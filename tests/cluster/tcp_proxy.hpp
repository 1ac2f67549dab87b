#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

namespace carillon::testing {

/// What a proxy does to all that passes it.
enum class link_fault : std::uint8_t {
  none,
  refuse,       ///< Cuts what is open, and lets nobody connect.
  black_hole,   ///< Nothing passes, nobody is told; what was held back is thrown away with its connections.
  late,         ///< Nothing passes; all that was held back arrives when it is over.
  delay,        ///< Each piece arrives some time later.
  cut_answers,  ///< Requests pass; each connection is cut in the middle of an answer.
  half_close,   ///< Requests pass; the way back is closed.
};

/// Proxies on 127.0.0.1, each on a port of its own, on a thread of their own.
class proxy_house {
 public:
  proxy_house();
  ~proxy_house();
  proxy_house(const proxy_house&) = delete;
  proxy_house& operator=(const proxy_house&) = delete;

  boost::asio::io_context& context() noexcept { return io_; }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(io_);
  std::thread thread_;
};

/// Passes on what is sent to it, until it is told to do otherwise.
///
/// Lifetime: within that of its house. Thread safety: not from the house's thread; functions return when they
/// have taken effect.
class tcp_proxy {
 public:
  /// @param target A port of 127.0.0.1.
  tcp_proxy(proxy_house& house, std::uint16_t target);
  ~tcp_proxy();
  tcp_proxy(tcp_proxy&&) noexcept = default;
  tcp_proxy& operator=(tcp_proxy&&) = delete;

  std::uint16_t port() const noexcept;
  void become(link_fault fault);

 private:
  class state;
  std::shared_ptr<state> state_;
};

}  // namespace carillon::testing
