#pragma once
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::testing {

/// What has been posted to a receiver.
struct posted {
  std::string method, target, body;
  std::string key;                             ///< The header Idempotency-Key.
  std::string authorization;                   ///< The header of that name.
  std::string extra;                           ///< The header X-Extra.
  int connection = 0;                          ///< Counted from 1.
  std::size_t number = 0;                      ///< Counted from 1, over all connections.
  std::map<std::string, std::string> headers;  ///< As they were written.
};

/// What it does about it.
struct reaction {
  enum class kind { answer, hang, hang_up };
  kind what = kind::answer;
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  bool close_after = false;            ///< Ends the connection behind the answer, without a word of it.
  std::chrono::milliseconds after{0};  ///< How long it takes.

  static reaction with(unsigned status, std::string body = {}) {
    reaction made;
    made.status = status;
    made.body = std::move(body);
    return made;
  }
  static reaction hang() {
    reaction made;
    made.what = kind::hang;
    return made;
  }
  static reaction hang_up() {
    reaction made;
    made.what = kind::hang_up;
    return made;
  }
};

/// A real HTTP server on a port of 127.0.0.1, in a thread of its own: what is sent to it is not answered by
/// the loop that sends.
class http_receiver {
 public:
  using react = std::function<reaction(const posted&)>;

  /// TLS with the certificates of a folder (`make_certificates`); `ask_for_client`: and only with one of the
  /// client's.
  struct tls_choice {
    std::filesystem::path certificates;
    bool ask_for_client = false;
    std::string server = "server.pem";
  };

  explicit http_receiver(
      react how = [](const posted&) { return reaction{}; }, std::optional<tls_choice> tls = std::nullopt)
      : react_{std::move(how)} {
    if (tls) {
      const auto at = [&](const char* name) { return (tls->certificates / name).string(); };
      tls_.emplace(boost::asio::ssl::context::tls_server);
      tls_->use_certificate_chain_file(at(tls->server.c_str()));
      tls_->use_private_key_file(at("server.key"), boost::asio::ssl::context::pem);
      tls_->load_verify_file(at("authority.pem"));
      if (tls->ask_for_client)
        tls_->set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
    }
    boost::asio::co_spawn(io_, accept(), boost::asio::detached);
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~http_receiver() {
    io_.stop();
    thread_.join();
  }
  http_receiver(const http_receiver&) = delete;
  http_receiver& operator=(const http_receiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/push") const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + std::string{path};
  }

  std::vector<posted> received() const {
    const std::lock_guard guard{lock_};
    return received_;
  }
  std::size_t count() const {
    const std::lock_guard guard{lock_};
    return received_.size();
  }
  int connections() const {
    const std::lock_guard guard{lock_};
    return connections_;
  }
  /// The most requests that were under way at once.
  int most_at_once() const {
    const std::lock_guard guard{lock_};
    return most_;
  }
  /// False: there were not so many within the time.
  bool wait_for(std::size_t count, std::chrono::seconds patience = std::chrono::seconds{60}) {
    std::unique_lock guard{lock_};
    return more_.wait_for(guard, patience, [&] { return received_.size() >= count; });
  }

 private:
  using tcp = boost::asio::ip::tcp;
  template <typename T>
  using awaitable = boost::asio::awaitable<T>;
  static constexpr auto as_values = boost::asio::as_tuple(boost::asio::deferred);

  awaitable<void> accept() {
    for (;;) {
      auto [why, socket] = co_await acceptor_.async_accept(as_values);
      if (why) co_return;
      const int number = count_connection();
      boost::asio::co_spawn(io_, serve(std::move(socket), number), boost::asio::detached);
    }
  }

  awaitable<void> serve(tcp::socket socket, int number) {
    if (!tls_) {
      co_await answer_all(socket, socket, number);
      co_return;
    }
    boost::asio::ssl::stream<tcp::socket> stream{std::move(socket), *tls_};
    const auto [why] = co_await stream.async_handshake(boost::asio::ssl::stream_base::server, as_values);
    if (!why) co_await answer_all(stream, stream.next_layer(), number);
  }

  template <typename Stream>
  awaitable<void> answer_all(Stream& stream, tcp::socket& socket, int number) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      const auto [why, count] = co_await http::async_read(stream, buffer, request, as_values);
      if (why) co_return;
      const auto what = keep(request, number);
      const auto how = react_(what);
      if (how.what == reaction::kind::hang_up) {
        leave();
        socket.close();
        co_return;
      }
      boost::asio::steady_timer pause{io_,
                                      how.what == reaction::kind::hang ? std::chrono::hours{1} : how.after};
      co_await pause.async_wait(as_values);
      http::response<http::string_body> response{static_cast<http::status>(how.status), 11};
      for (const auto& [name, value] : how.headers) response.insert(name, value);
      response.body() = how.body;
      response.keep_alive(true);
      response.prepare_payload();
      if (what.method == "HEAD") response.body().clear();  // Its length is told all the same.
      leave();
      const auto [unsent, sent] = co_await http::async_write(stream, response, as_values);
      if (unsent) co_return;
      if (how.close_after) {
        socket.close();
        co_return;
      }
    }
  }

  int count_connection() {
    const std::lock_guard guard{lock_};
    return ++connections_;
  }

  template <typename Request>
  posted keep(const Request& request, int connection) {
    const std::lock_guard guard{lock_};
    posted one{request.method_string(),
               request.target(),
               request.body(),
               request["Idempotency-Key"],
               request["Authorization"],
               request["X-Extra"],
               connection,
               received_.size() + 1,
               {}};
    for (const auto& header : request) one.headers[header.name_string()] = header.value();
    received_.push_back(one);
    most_ = std::max(most_, ++under_way_);
    more_.notify_all();
    return one;
  }
  void leave() {
    const std::lock_guard guard{lock_};
    --under_way_;
  }

  react react_;
  std::optional<boost::asio::ssl::context> tls_;
  mutable std::mutex lock_;
  std::condition_variable more_;
  std::vector<posted> received_;
  int connections_ = 0, under_way_ = 0, most_ = 0;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::thread thread_;
};

}  // namespace carillon::testing
