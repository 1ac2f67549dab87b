#include <carillon/http/client.hpp>

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>

#include "http/addresses.hpp"
#include "http/connection.hpp"

namespace carillon::http {

namespace asio = boost::asio;
using beast_field = boost::beast::http::field;

namespace {

// How long after the handshake a server is given to say that it wants another certificate.
constexpr milliseconds time_for_a_refusal{300};

connection::message message_of(const url& server, const request& what) {
  connection::message made;
  made.method_string(what.method);
  made.target(what.target);
  made.version(11);
  made.set(beast_field::host, server.authority());
  made.set(beast_field::user_agent, "carillon");
  if (!server.authorization.empty()) made.set(beast_field::authorization, server.authorization);
  for (const auto& [name, value] : what.headers) made.set(name, value);
  made.body() = what.body;
  made.prepare_payload();
  return made;
}

}  // namespace

class client::state {
 public:
  state(const loop_executor& where, const url& server, client_options how)
      : where_{where},
        how_{std::move(how)},
        server_{server},
        addresses_{where, server.host, server.port},
        places_{where, how_.connections} {
    if (how_.connections == 0) throw std::invalid_argument("connections 0: at least 1");
    if (server.tls) tls_.emplace(make_tls_context(how_.tls));
    for (std::size_t each = 0; each < how_.connections; ++each) give_place_back();
  }

  loop_awaitable<exchange> ask(const request& what) {
    const counted one_more{*this};
    const auto [stopped] = co_await places_.async_receive(asio::as_tuple(asio::deferred));
    if (stopped) co_return unsent(trouble::stopped, "it was to end before there was a connection for it");
    const place held{*this};
    co_return co_await send(what);
  }

  loop_awaitable<void> check(milliseconds connect_timeout) {
    const auto one = make_connection();
    co_await open(*one, connect_timeout);
    co_await one->listen(time_for_a_refusal);
  }

  void close() { idle_.clear(); }
  void close_unused() {
    const auto oldest = std::chrono::steady_clock::now() - how_.keep;
    while (!idle_.empty() && idle_.front()->last_used() <= oldest) idle_.pop_front();
  }
  time_point last_used() const noexcept { return last_used_; }
  std::size_t under_way() const noexcept { return under_way_; }

 private:
  using kept_connection = std::unique_ptr<connection>;

  // One of the connections that may be: it is given back even when its holder is cancelled.
  class place {
   public:
    explicit place(state& of) : of_{of} {}
    ~place() { of_.give_place_back(); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

   private:
    state& of_;
  };
  void give_place_back() { places_.try_send(boost::system::error_code()); }

  class counted {
   public:
    explicit counted(state& of) : of_{of} { ++of_.under_way_; }
    ~counted() {
      --of_.under_way_;
      of_.last_used_ = std::chrono::steady_clock::now();
    }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

   private:
    state& of_;
  };

  kept_connection make_connection() {
    const auto& expected = how_.tls.server_name.empty() ? server_.host : how_.tls.server_name;
    return std::make_unique<connection>(where_, tls_ ? &*tls_ : nullptr, expected);
  }

  // Throws `std::runtime_error`, `unreachable` where more is known, `system_error` when cancelled.
  loop_awaitable<void> open(connection& one, milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const auto where = co_await addresses_.find(deadline);
    try {
      co_await one.open(where, deadline);
    } catch (const std::runtime_error&) {
      addresses_.forget();
      throw;
    }
  }

  static exchange unsent(trouble what, std::string why) {
    exchange made;
    made.what = what;
    made.why = std::move(why);
    made.unsent = true;
    return made;
  }

  // How opening failed; nothing: it did not.
  loop_awaitable<std::optional<exchange>> try_open(connection& one, milliseconds timeout) {
    std::optional<exchange> failed;
    try {
      co_await open(one, timeout);
    } catch (const boost::system::system_error&) {
      failed = unsent(trouble::stopped, "it was to end before it was connected");
    } catch (const unreachable& fault) {
      failed = unsent(fault.kind(), fault.what());
    } catch (const std::runtime_error& fault) {
      failed = unsent(trouble::connect, fault.what());
    }
    co_return failed;
  }

  // The one that was used last; those that were not for long are let go.
  kept_connection take_idle() {
    close_unused();
    while (!idle_.empty()) {
      auto one = std::move(idle_.back());
      idle_.pop_back();
      if (one->can_be_kept()) return one;
    }
    return nullptr;
  }

  loop_awaitable<exchange> send(const request& what) {
    auto message = message_of(server_, what);
    auto one = take_idle();
    bool unsure = false;
    if (one) {
      auto first = co_await one->ask(message, what.answer_timeout, what.body_kept);
      // Servers end connections that they have kept for long enough, and it may be just now.
      const bool may_repeat = first.hung_up && (!first.unsure || what.repeatable);
      if (!may_repeat) co_return come_to(std::move(first), std::move(one));
      unsure = first.unsure;
    }
    one = make_connection();
    auto failed = co_await try_open(*one, what.connect_timeout);
    if (failed) {
      // What was sent before may be there all the same.
      if (unsure && failed->what == trouble::stopped)
        throw boost::system::system_error(asio::error::operation_aborted);
      failed->unsure = unsure;
      failed->unsent = !unsure;
      co_return std::move(*failed);
    }
    if (unsure && what.body_again) {
      message.body() = what.body_again();
      message.prepare_payload();
    }
    auto result = co_await one->ask(message, what.answer_timeout, what.body_kept);
    result.unsure = result.unsure || (unsure && !result.answered);
    co_return come_to(std::move(result), std::move(one));
  }

  exchange come_to(exchange result, kept_connection one) {
    if (one->can_be_kept()) idle_.push_back(std::move(one));
    return result;
  }

  loop_executor where_;
  client_options how_;
  url server_;
  addresses addresses_;
  std::optional<asio::ssl::context> tls_;
  std::deque<kept_connection> idle_;  // the one that was used last is at the back
  asio::experimental::channel<loop_executor, void(boost::system::error_code)> places_;
  time_point last_used_ = std::chrono::steady_clock::now();
  std::size_t under_way_ = 0;
};

client::client(const loop_executor& where, const url& server, client_options how)
    : state_{std::make_unique<state>(where, server, std::move(how))} {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

loop_awaitable<exchange> client::ask(const request& what) { return state_->ask(what); }

loop_awaitable<void> client::check(milliseconds connect_timeout) { return state_->check(connect_timeout); }

void client::close() { state_->close(); }

void client::close_unused() { state_->close_unused(); }

client::time_point client::last_used() const noexcept { return state_->last_used(); }

std::size_t client::under_way() const noexcept { return state_->under_way(); }

}  // namespace carillon::http
