#include "push/webhook.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/string.hpp>
#include <carillon/time/system_clock.hpp>
#include <deque>
#include <stdexcept>
#include <utility>

#include "push/push_json.hpp"
#include "push/receiver_addresses.hpp"
#include "push/receiver_connection.hpp"
#include "push/receiver_health.hpp"
#include "push/receiver_url.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::array<std::string_view, 8> headers_of_ours{
    "Host",       "Content-Type", "Content-Length", "Connection", "Transfer-Encoding", "Idempotency-Key",
    "Keep-Alive", "Expect"};

// How long after the handshake a receiver is given to say that it wants another certificate.
constexpr milliseconds time_for_a_refusal{300};

constexpr std::size_t longest_key = 4096;

bool is_token(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.find(c) != std::string_view::npos;
}

webhook_options checked(webhook_options how) {
  for (const auto& [name, value] : how.headers) {
    if (const auto fault = fault_of_header(name, value)) throw std::invalid_argument("headers: " + *fault);
  }
  if (how.connections == 0) throw std::invalid_argument("connections 0: at least 1");
  if (how.connect_timeout <= milliseconds{0} || how.answer_timeout <= milliseconds{0})
    throw std::invalid_argument("connect_timeout and answer_timeout: must be more than 0ms");
  if (!how.clock) how.clock = std::make_shared<system_clock>();
  if (!how.logger) how.logger = spdlog::default_logger();
  return how;
}

receiver_connection::request request_to(const receiver_url& url,
                                        const std::map<std::string, std::string>& headers) {
  receiver_connection::request request{http::verb::post, url.target, 11};
  request.set(http::field::host, url.authority());
  request.set(http::field::user_agent, "carillon");
  request.set(http::field::content_type, "application/json");
  if (!url.authorization.empty()) request.set(http::field::authorization, url.authorization);
  for (const auto& [name, value] : headers) request.set(name, value);
  return request;
}

}  // namespace

std::optional<std::string> fault_of_header(std::string_view name, std::string_view value) {
  const auto same = [&](std::string_view other) { return boost::beast::iequals(name, other); };
  if (name.empty() || !std::ranges::all_of(name, is_token))
    return fmt::format("'{}' is no name of a header: letters, digits and -", name);
  if (std::ranges::any_of(headers_of_ours, same)) return fmt::format("{} is set by the service itself", name);
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::ranges::any_of(value, is_control))
    return fmt::format("{} has a line break or a control character", name);
  return std::nullopt;
}

class webhook::receiver {
 public:
  receiver(const loop_executor& where, webhook_options how)
      : where_{where},
        how_{checked(std::move(how))},
        url_{parse_receiver_url(how_.url).value()},
        name_{"webhook " + url_.to_string()},
        request_{request_to(url_, how_.headers)},
        addresses_{where, url_.host, url_.port},
        places_{where, how_.connections},
        health_{name_} {
    if (url_.tls) tls_.emplace(make_tls_context(how_.tls));
    for (std::size_t each = 0; each < how_.connections; ++each) give_place_back();
  }

  loop_awaitable<delivered> deliver(const push& what) {
    if (what.key.size() > longest_key)
      co_return delivered::never(
          fmt::format("its idempotency key has {} bytes, and a header of HTTP holds {} at most everywhere: "
                      "shorten the tag",
                      what.key.size(), longest_key));
    const auto [stopped] = co_await places_.async_receive(asio::as_tuple(asio::deferred));
    if (stopped) co_return delivered::away("it was to end before there was a connection for it");
    const place held{*this};
    auto outcome = co_await post(what);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return outcome;  // Says nothing of the receiver.
    const bool failed = outcome.what == delivered::kind::again || outcome.what == delivered::kind::away;
    const auto now = std::chrono::steady_clock::now();
    const auto line = failed ? health_.failed(outcome.why, now) : health_.succeeded(now);
    if (line && failed) how_.logger->warn("{}", *line);
    if (line && !failed) how_.logger->info("{}", *line);
    co_return outcome;
  }

  loop_awaitable<void> check() {
    const auto one = make_connection();
    std::string why;
    try {
      co_await open(*one);
      co_await one->listen(time_for_a_refusal);
    } catch (const boost::system::system_error&) {
      throw;  // Cancelled.
    } catch (const std::runtime_error& fault) {
      why = fault.what();
    }
    if (!why.empty()) throw std::runtime_error(fmt::format("{}: {}", name_, why));
  }

  void close() { idle_.clear(); }
  const std::string& name() const noexcept { return name_; }

 private:
  using connection = std::unique_ptr<receiver_connection>;

  // One of the connections that may be: it is given back even when its holder is cancelled.
  class place {
   public:
    explicit place(receiver& of) : of_{of} {}
    ~place() { of_.give_place_back(); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

   private:
    receiver& of_;
  };
  void give_place_back() { places_.try_send(boost::system::error_code()); }

  connection make_connection() {
    const auto& expected = how_.tls.server_name.empty() ? url_.host : how_.tls.server_name;
    return std::make_unique<receiver_connection>(where_, tls_ ? &*tls_ : nullptr, expected);
  }

  loop_awaitable<void> open(receiver_connection& one) {
    const auto deadline = std::chrono::steady_clock::now() + how_.connect_timeout;
    const auto where = co_await addresses_.find(deadline);
    try {
      co_await one.open(where, deadline);
    } catch (const std::runtime_error&) {
      addresses_.forget();
      throw;
    }
  }

  // The one that was used last; those that were not for long are let go.
  connection take_idle() {
    const auto oldest = std::chrono::steady_clock::now() - how_.keep;
    while (!idle_.empty() && idle_.front()->last_used() < oldest) idle_.pop_front();
    while (!idle_.empty()) {
      auto one = std::move(idle_.back());
      idle_.pop_back();
      if (one->can_be_kept()) return one;
    }
    return nullptr;
  }

  loop_awaitable<delivered> post(const push& what) {
    auto one = take_idle();
    bool unsure = false;
    if (one) {
      auto result = co_await ask(*one, what, what.repeat);
      // Receivers end connections that they have kept for long enough, and it may be just now.
      if (!result.hung_up) co_return come_to(result, std::move(one));
      unsure = result.unsure;
    }
    one = make_connection();
    std::string why;
    try {
      co_await open(*one);
    } catch (const boost::system::system_error&) {
      if (unsure) throw;
      why = "it was to end before it was connected";
    } catch (const std::runtime_error& fault) {
      why = fault.what();
    }
    if (!why.empty()) {
      auto outcome = unsure ? delivered::again(std::move(why)) : delivered::away(std::move(why));
      outcome.unsure = unsure;
      co_return outcome;
    }
    auto result = co_await ask(*one, what, what.repeat || unsure);
    result.unsure = result.unsure || (unsure && !result.answer);
    co_return come_to(result, std::move(one));
  }

  loop_awaitable<exchanged> ask(receiver_connection& one, const push& what, bool repeat) {
    auto request = request_;
    request.set("Idempotency-Key", what.key);
    request.body() = to_json(what, repeat, how_.where);
    request.prepare_payload();
    co_return co_await one.ask(request, how_.answer_timeout);
  }

  delivered come_to(exchanged& result, connection one) {
    if (one->can_be_kept()) idle_.push_back(std::move(one));
    if (result.answer) return judge(*result.answer, how_.clock->now());
    auto outcome = delivered::again(std::move(result.why));
    outcome.unsure = result.unsure;
    return outcome;
  }

  loop_executor where_;
  webhook_options how_;
  receiver_url url_;
  std::string name_;
  receiver_connection::request request_;
  receiver_addresses addresses_;
  std::optional<asio::ssl::context> tls_;
  std::deque<connection> idle_;  // the one that was used last is at the back
  asio::experimental::channel<loop_executor, void(boost::system::error_code)> places_;
  receiver_health health_;
};

webhook::webhook(const loop_executor& where, webhook_options how)
    : receiver_{std::make_unique<receiver>(where, std::move(how))} {}

webhook::~webhook() = default;

loop_awaitable<delivered> webhook::deliver(const push& what) { return receiver_->deliver(what); }

loop_awaitable<void> webhook::check() { return receiver_->check(); }

loop_awaitable<void> webhook::close() {
  receiver_->close();
  co_return;
}

std::string webhook::describe() const { return receiver_->name(); }

}  // namespace carillon::pushes
