#include "tcp_proxy.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <vector>

namespace carillon::testing {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;
using error = boost::system::error_code;

proxy_house::proxy_house() : thread_{[this] { io_.run(); }} {}

proxy_house::~proxy_house() {
  work_.reset();
  io_.stop();
  thread_.join();
}

namespace {

/// A connection and the one that it is passed on to.
struct passage {
  explicit passage(tcp::socket from) : client{std::move(from)}, server{client.get_executor()} {}

  void cut() {
    error ignored;
    for (auto* socket : {&client, &server}) {
      socket->set_option(asio::socket_base::linger{true, 0}, ignored);  // A reset, not an orderly end.
      socket->close(ignored);
    }
    is_cut = true;
  }

  tcp::socket client;
  tcp::socket server;
  std::size_t answered = 0;  ///< Bytes of answers since answers are cut.
  bool is_cut = false;
};

}  // namespace

class tcp_proxy::state : public std::enable_shared_from_this<state> {
 public:
  state(asio::io_context& io, std::uint16_t target)
      : io_{io}, target_{asio::ip::address_v4::loopback(), target}, acceptor_{io}, changed_{io} {
    changed_.expires_at(asio::steady_timer::time_point::max());
    take_port(0);
    port_ = acceptor_.local_endpoint().port();
  }

  std::uint16_t port() const noexcept { return port_; }
  asio::io_context& io() const noexcept { return io_; }

  void listen() {
    acceptor_.listen();
    auto accepting = [self = shared_from_this()]() -> awaitable<void> { return self->accept(); };
    asio::co_spawn(io_, accepting, asio::detached);
  }

  void become(link_fault fault) {
    const auto before = std::exchange(fault_, fault);
    if (before == link_fault::black_hole || before == link_fault::half_close || fault == link_fault::refuse)
      cut_all();
    if (fault == link_fault::refuse) take_port(port_);
    if (before == link_fault::refuse && fault != link_fault::refuse) listen();
    for (const auto& each : open()) each->answered = 0;
    changed_.cancel();
  }

  void end() {
    error ignored;
    acceptor_.close(ignored);
    cut_all();
    changed_.cancel();
  }

 private:
  // Ours, but nobody can connect until we listen.
  void take_port(std::uint16_t port) {
    error ignored;
    acceptor_.close(ignored);
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address{true});
    acceptor_.bind({asio::ip::address_v4::loopback(), port});
  }

  std::vector<std::shared_ptr<passage>> open() {
    std::vector<std::shared_ptr<passage>> there;
    std::erase_if(passages_, [](const auto& each) { return each.expired(); });
    for (const auto& each : passages_) there.push_back(each.lock());
    return there;
  }

  void cut_all() {
    for (const auto& each : open()) each->cut();
  }

  awaitable<void> accept() {
    for (;;) {
      error failed;
      auto client = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (failed) co_return;
      auto made = std::make_shared<passage>(std::move(client));
      passages_.push_back(made);
      auto passing = [self = shared_from_this(), made]() -> awaitable<void> { return self->pass(made); };
      asio::co_spawn(io_, passing, asio::detached);
    }
  }

  awaitable<void> pass(std::shared_ptr<passage> made) {
    error failed;
    co_await made->server.async_connect(target_, asio::redirect_error(asio::use_awaitable, failed));
    if (failed || made->is_cut) {
      made->cut();
      co_return;
    }
    made->client.set_option(tcp::no_delay{true}, failed);
    made->server.set_option(tcp::no_delay{true}, failed);
    auto answering = [self = shared_from_this(), made]() -> awaitable<void> {
      return self->pump(made, made->server, made->client, true);
    };
    asio::co_spawn(io_, answering, asio::detached);
    co_await pump(made, made->client, made->server, false);
  }

  awaitable<void> pump(std::shared_ptr<passage> made, tcp::socket& from, tcp::socket& to, bool answers) {
    std::array<char, 16'384> bytes;
    for (;;) {
      error failed;
      const auto count = co_await from.async_read_some(asio::buffer(bytes),
                                                       asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::eof) {
        co_await hold();
        to.shutdown(tcp::socket::shutdown_send, failed);
        co_return;
      }
      if (failed) break;
      co_await hold();
      if (made->is_cut) co_return;
      auto passed = count;
      if (answers && fault_ == link_fault::half_close) {
        to.shutdown(tcp::socket::shutdown_send, failed);
        continue;
      }
      if (answers && fault_ == link_fault::cut_answers) passed = std::min(count, cut_after - made->answered);
      co_await asio::async_write(to, asio::buffer(bytes, passed),
                                 asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
      if (answers && fault_ == link_fault::cut_answers) {
        made->answered += passed;
        if (made->answered >= cut_after) break;
      }
    }
    made->cut();
  }

  // Until what was read may go on.
  awaitable<void> hold() {
    while (fault_ == link_fault::black_hole || fault_ == link_fault::late) {
      error woken;
      co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (fault_ == link_fault::delay) {
      asio::steady_timer timer{io_, 40ms};
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  static constexpr std::size_t cut_after = 200;

  asio::io_context& io_;
  tcp::endpoint target_;
  tcp::acceptor acceptor_;
  asio::steady_timer changed_;
  std::vector<std::weak_ptr<passage>> passages_;
  link_fault fault_ = link_fault::none;
  std::uint16_t port_ = 0;
};

namespace {

template <typename Work>
void on(asio::io_context& io, Work work) {
  asio::dispatch(io, asio::use_future(std::move(work))).get();
}

}  // namespace

tcp_proxy::tcp_proxy(proxy_house& house, std::uint16_t target)
    : state_{std::make_shared<state>(house.context(), target)} {
  on(house.context(), [this] { state_->listen(); });
}

tcp_proxy::~tcp_proxy() {
  if (state_) on(state_->io(), [this] { state_->end(); });
}

std::uint16_t tcp_proxy::port() const noexcept { return state_->port(); }

void tcp_proxy::become(link_fault fault) {
  on(state_->io(), [this, fault] { state_->become(fault); });
}

}  // namespace carillon::testing
