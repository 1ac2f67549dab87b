#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/async/task_group.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace carillon::pushes {

/// Serves one page over HTTP: GET /metrics. Anything else is not found.
///
/// Thread safety: none; used on the strand it was made for. Lifetime: `close` has returned before it is
/// destroyed.
class page_server {
 public:
  using page = std::function<loop_awaitable<std::string>()>;

  /// Listens from now on. `content` makes the page, each time that it is asked for.
  /// Errors: throws `std::runtime_error` that says why it cannot listen there.
  page_server(const loop_executor& where, const std::string& host, std::uint16_t port, page content);
  ~page_server();

  std::uint16_t port() const;
  void start();
  /// Cancellation: none.
  loop_awaitable<void> close();

 private:
  using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, loop_executor>;
  using socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, loop_executor>;

  loop_awaitable<void> accept();
  loop_awaitable<void> serve(socket connection);

  loop_executor where_;
  page content_;
  acceptor acceptor_;
  task_group visitors_;
};

}  // namespace carillon::pushes
