#include "redis/connection.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "redis/wire.hpp"

namespace carillon::redis {

std::string endpoint::to_string() const {
  if (what == kind::socket) return "unix:" + socket_path;
  std::string url = tls ? "rediss" : "redis";
  url += what == kind::sentinel ? "+sentinel://" : "://";
  for (const auto& each : hosts) {
    if (&each != &hosts.front()) url += ',';
    const bool v6 = each.host.find(':') != std::string::npos;
    url += (v6 ? "[" + each.host + "]" : each.host) + ":" + each.port;
  }
  if (what == kind::sentinel) url += "/" + master_name;
  if (database != 0) url += fmt::format("/{}", database);
  return url;
}

connection::connection(const loop_executor& where, connection_options how)
    : wire_{std::make_shared<wire>(where, std::move(how))} {}

connection::~connection() {
  wire_->drop();
  if (ear_) ear_->drop();
}

const loop_executor& connection::get_executor() const noexcept { return wire_->where; }
const connection_options& connection::options() const noexcept { return wire_->how; }
void connection::start() { wire_->start(); }

loop_awaitable<void> connection::stop() {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  if (ear_) co_await ear_->stop();
  co_await wire_->stop();
}

bool connection::is_up() const noexcept { return wire_->up; }
const std::string& connection::why_down() const noexcept { return wire_->why_down; }

connection::listening connection::on_up(std::function<void()> listener) {
  return wire::listen(wire_->on_up, std::move(listener));
}

connection::listening connection::on_down(std::function<void()> listener) {
  return wire::listen(wire_->on_down, std::move(listener));
}

loop_awaitable<void> connection::wait_until_up(milliseconds deadline) {
  call asked;
  asked.how = call::form::none;
  asked.deadline = std::chrono::steady_clock::now() + deadline;
  co_await wire_->ask(asked);
  wire_->taken(asked);
}

loop_awaitable<reply> connection::run(const lua_script& script, const words& keys, const words& arguments) {
  call asked;
  asked.how = call::form::by_sha;
  asked.script = &script;
  asked.keys = &keys;
  asked.arguments = &arguments;
  asked.deadline = std::chrono::steady_clock::now() + wire_->how.command_timeout;
  co_await wire_->ask(asked);
  while (wire_->lacks_script(asked)) co_await wire_->ask(asked);
  co_return wire_->taken(asked);
}

connection::listening connection::subscribe(std::vector<std::string> channels, message_handlers handlers) {
  if (!ear_) {
    auto how = wire_->how;
    how.client_name += "-notices";
    ear_ = std::make_shared<wire>(wire_->where, std::move(how));
    if (wire_->stopping()) ear_->abandon();
    ear_->start();
  }
  return ear_->subscribe(std::move(channels), std::move(handlers));
}

loop_awaitable<reply> connection::command(const words& all) {
  return command(all, wire_->how.command_timeout);
}

loop_awaitable<reply> connection::command(const words& all, milliseconds deadline) {
  call asked;
  asked.arguments = &all;
  asked.deadline = std::chrono::steady_clock::now() + deadline;
  co_await wire_->ask(asked);
  co_return wire_->taken(asked);
}

}  // namespace carillon::redis
