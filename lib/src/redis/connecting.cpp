#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/redis/ignore.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/while_watched.hpp>
#include <carillon/error.hpp>
#include <random>

#include "redis/outage.hpp"
#include "redis/refusal.hpp"
#include "redis/tls.hpp"
#include "redis/wire.hpp"

namespace carillon::redis {

namespace asio = boost::asio;

namespace {

// Between half of `most` and all of it, so that those who lost one server do not all come back at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds most) {
  thread_local std::minstd_rand dice{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(dice));
}

}  // namespace

connection::listening connection::wire::listen(listeners& all, std::function<void()> listener) {
  auto kept = std::make_shared<std::function<void()>>(std::move(listener));
  all.push_back(kept);
  return kept;
}

void connection::wire::call_all(listeners& all) {
  std::erase_if(all, [](const auto& each) { return each.expired(); });
  for (std::size_t i = 0; i < all.size(); ++i) {  // They may add to it.
    const auto listener = all[i].lock();
    if (listener) (*listener)();
  }
}

connection::wire::wire(const loop_executor& where, connection_options options)
    : where{where},
      how{std::move(options)},
      pause_{where},
      lost_{where},
      stopped_{where},
      deadline_timer_{where} {
  if (!how.logger) how.logger = spdlog::default_logger();
  if (!how.outage) how.outage = std::make_shared<redis::outage>();
  auto noted = [this](boost::redis::logger::level level, std::string_view line) { note(level, line); };
  redis_ = std::make_unique<boost::redis::connection>(
      where, make_tls_context(how.where, how.tls),
      boost::redis::logger(boost::redis::logger::level::err, noted));
  expect_messages();
}

void connection::wire::start() {
  if (started_ || stopping_) return;
  started_ = true;
  running_ = true;
  auto ended = [me = shared_from_this()](std::exception_ptr failure) {
    me->running_ = false;
    me->stopped_.notify();
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(where, keep_connected(shared_from_this()), std::move(ended));
}

void connection::wire::abandon() {
  begin_to_stop();
  fail_all("the connection has been stopped");
  deadline_timer_.cancel();
}

void connection::wire::drop() {
  begin_to_stop();
  drop_calls();
  deadline_timer_.cancel();
}

void connection::wire::begin_to_stop() {
  stopping_ = true;
  if (std::exchange(missed_, false)) how.outage->left();
  pause_.cancel();
  lost_.notify();
  if (redis_) redis_->cancel();
}

loop_awaitable<void> connection::wire::stop() {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  abandon();
  while (running_ || in_flight_ > 0 || deadline_armed_) co_await stopped_.wait();
  redis_.reset();  // Only this closes its socket.
}

loop_awaitable<void> connection::wire::keep_connected(self me) {
  auto longest = me->how.first_pause;
  while (!me->stopping_) {
    const auto began = std::chrono::steady_clock::now();
    try {
      co_await me->live_once();
    } catch (const boost::system::system_error& failure) {
      if (me->last_note_.empty()) me->last_note_ = failure.what();
      if (failure.code() == errc::store_refused) me->last_refusal_ = me->last_note_;
    }
    me->went_down(me->last_note_);
    if (me->stopping_) break;
    const bool lasted = std::chrono::steady_clock::now() - began > me->how.longest_pause;
    longest = lasted ? me->how.first_pause : longest;
    me->pause_.expires_after(jittered(longest));
    longest = std::min(2 * longest, me->how.longest_pause);
    boost::system::error_code woken;
    co_await me->pause_.async_wait(asio::redirect_error(asio::deferred, woken));
  }
}

// One connection from its beginning to its end.
loop_awaitable<void> connection::wire::live_once() {
  last_note_.clear();
  last_refusal_.clear();
  outdated_ = false;
  arriving_.clear();
  arrived_.clear();
  co_await while_watched(carry(), while_watched(attend(), listen()));
}

loop_awaitable<void> connection::wire::carry() {
  const auto config = wire_config();
  boost::system::error_code why;
  co_await redis_->async_run(config, asio::redirect_error(asio::deferred, why));
  if (why == boost::redis::error::resp3_hello) {
    last_note_ = last_refusal_;
  } else {
    last_refusal_.clear();  // It was lost meanwhile.
  }
  if (last_note_.empty()) last_note_ = why.message();
}

// Everything that goes over the wire before the connection counts as up; then the reasons to give it up that
// the wire itself does not see.
loop_awaitable<void> connection::wire::attend() {
  boost::redis::request ping{boost::redis::request::config{true, false, true, false}};
  ping.push("PING");
  boost::redis::response<std::string> pong;
  co_await redis_->async_exec(ping, pong, asio::deferred);
  if (!std::get<0>(pong)) {
    last_note_ = std::get<0>(pong).error().diagnostic;
    throw_refusal(last_note_);
  }
  came_up();
  while (!outdated_ && !stopping_) co_await lost_.wait();
  if (!outdated_) co_return;
  last_note_ = "READONLY: the server is a replica now";
  throw_unreachable(last_note_);
}

void connection::wire::came_up() {
  up = been_up_ = announced_ = true;
  refusal_.clear();
  why_down.clear();
  if (std::exchange(missed_, false)) how.outage->ended(*how.logger, how.where);
  for (const auto& each : subscribers_) {
    const auto subscribed = each.lock();
    if (!subscribed) continue;
    subscribed->confirmed = 0;
    send_subscribe(subscribed->channels);
  }
  call_all(on_up);
  flush();
}

void connection::wire::went_down(const std::string& why) {
  up = false;
  why_down = stopping_ ? "the connection has been stopped" : why;
  redis_->cancel(boost::redis::operation::exec);
  refusal_ = been_up_ ? "" : last_refusal_;
  const bool hopeless = !refusal_.empty() && !may_pass(refusal_code(refusal_));
  if (hopeless) fail_all(fmt::format("{}: {}", how.where.to_string(), why));
  if (!missed_ && !stopping_) {
    missed_ = true;
    how.outage->began(*how.logger, how.where, why);
  }
  if (std::exchange(announced_, false)) call_all(on_down);
}

// What Boost.Redis logs is the only place where it says what the server said when it was connected to.
void connection::wire::note(boost::redis::logger::level, std::string_view line) {
  constexpr std::string_view setup = "Setup request execution failed: ";
  if (line.starts_with(setup)) {
    last_refusal_ = line.substr(setup.size());
    return;
  }
  last_note_ = line;
  std::replace(last_note_.begin(), last_note_.end(), '\n', ' ');
}

boost::redis::config connection::wire::wire_config() const {
  boost::redis::config config;
  config.use_ssl = how.where.tls;
  const auto address_of = [](const host_and_port& each) {
    return boost::redis::address{each.host, each.port};
  };
  switch (how.where.what) {
    case endpoint::kind::server: config.addr = address_of(how.where.hosts.at(0)); break;
    case endpoint::kind::socket: config.unix_socket = how.where.socket_path; break;
    case endpoint::kind::sentinel:
      for (const auto& each : how.where.hosts) config.sentinel.addresses.push_back(address_of(each));
      config.sentinel.master_name = how.where.master_name;
      config.sentinel.use_ssl = how.where.tls;
      break;
  }
  config.use_setup = true;
  config.setup.clear();
  if (how.where.password.empty() && how.where.user == "default") {
    config.setup.hello_setname(how.client_name);
  } else {
    config.setup.hello_setname(how.where.user, how.where.password, how.client_name);
  }
  if (!how.where.sentinel_password.empty()) {
    config.sentinel.setup.clear();
    config.sentinel.setup.hello(how.where.sentinel_user, how.where.sentinel_password);
  }
  if (how.where.database != 0) config.setup.push("SELECT", how.where.database);
  config.resolve_timeout = config.connect_timeout = config.ssl_handshake_timeout = how.connect_timeout;
  config.sentinel.resolve_timeout = config.sentinel.connect_timeout = config.sentinel.ssl_handshake_timeout =
      config.sentinel.request_timeout = how.connect_timeout;
  config.health_check_interval = how.health_check_interval;
  config.reconnect_wait_interval = std::chrono::seconds{0};  // That is done here, with growing pauses.
  return config;
}

}  // namespace carillon::redis
