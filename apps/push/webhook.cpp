#include "push/webhook.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/http/client.hpp>
#include <carillon/time/system_clock.hpp>
#include <stdexcept>
#include <utility>

#include "push/judge.hpp"
#include "push/push_json.hpp"
#include "push/receiver_health.hpp"

namespace carillon::pushes {

namespace {

constexpr std::array<std::string_view, 8> headers_of_ours{
    "Host",       "Content-Type", "Content-Length", "Connection", "Transfer-Encoding", "Idempotency-Key",
    "Keep-Alive", "Expect"};

constexpr std::size_t longest_key = 4096;

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

http::client_options client_options_of(const webhook_options& how) {
  http::client_options options;
  options.tls = how.tls;
  options.connections = how.connections;
  options.keep = how.keep;
  return options;
}

// All but what differs from push to push.
http::request request_to(const http::url& url, const webhook_options& how) {
  http::request request;
  request.target = url.target;
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.insert(request.headers.end(), how.headers.begin(), how.headers.end());
  request.repeatable = true;  // It says that it is a repeat.
  request.connect_timeout = how.connect_timeout;
  request.answer_timeout = how.answer_timeout;
  return request;
}

}  // namespace

std::optional<std::string> fault_of_header(std::string_view name, std::string_view value) {
  const auto same = [&](std::string_view other) { return boost::beast::iequals(name, other); };
  if (std::ranges::any_of(headers_of_ours, same)) return fmt::format("{} is set by the service itself", name);
  return http::fault_of_header(name, value);
}

class webhook::receiver {
 public:
  receiver(const loop_executor& where, webhook_options how)
      : how_{checked(std::move(how))},
        url_{http::parse_url(how_.url).value()},
        name_{"webhook " + url_.to_string()},
        request_{request_to(url_, how_)},
        client_{where, url_, client_options_of(how_)},
        health_{name_} {}

  loop_awaitable<delivered> deliver(const push& what) {
    if (what.key.size() > longest_key)
      co_return delivered::never(
          fmt::format("its idempotency key has {} bytes, and a header of HTTP holds {} at most everywhere: "
                      "shorten the tag",
                      what.key.size(), longest_key));
    auto result = co_await post(what);
    auto outcome = outcome_of(result);
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none)
      co_return outcome;  // Says nothing of the receiver.
    const bool failed = outcome.what == delivered::kind::again || outcome.what == delivered::kind::away;
    const auto now = std::chrono::steady_clock::now();
    const auto line = failed ? health_.failed(outcome.why, now) : health_.succeeded(now);
    if (line && failed) how_.logger->warn("{}", *line);
    if (line && !failed) how_.logger->info("{}", *line);
    co_return outcome;
  }

  loop_awaitable<void> check() {
    std::string why;
    try {
      co_await client_.check(how_.connect_timeout);
    } catch (const boost::system::system_error&) {
      throw;  // Cancelled.
    } catch (const std::runtime_error& fault) {
      why = fault.what();
    }
    if (!why.empty()) throw std::runtime_error(fmt::format("{}: {}", name_, why));
  }

  void close() { client_.close(); }
  const std::string& name() const noexcept { return name_; }

 private:
  loop_awaitable<http::exchange> post(const push& what) {
    auto request = request_;
    request.headers.emplace_back("Idempotency-Key", what.key);
    request.body = to_json(what, what.repeat, how_.where);
    request.body_again = [this, &what] { return to_json(what, true, how_.where); };
    co_return co_await client_.ask(request);
  }

  delivered outcome_of(http::exchange& result) const {
    if (result.answered) return judge(*result.answered, how_.clock->now());
    auto outcome =
        result.unsent ? delivered::away(std::move(result.why)) : delivered::again(std::move(result.why));
    outcome.unsure = result.unsure;
    return outcome;
  }

  webhook_options how_;
  http::url url_;
  std::string name_;
  http::request request_;
  http::client client_;
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
