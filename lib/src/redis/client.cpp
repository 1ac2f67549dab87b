#include <carillon/redis/client.hpp>

#include "redis/connection.hpp"
#include "redis/link_state.hpp"

namespace carillon::redis {

client::client(link& through, const loop_executor& where, std::string_view who)
    : wire_{through.state()->connect(where, who)} {}

client::~client() = default;

const loop_executor& client::get_executor() const noexcept { return wire_->get_executor(); }

connection& client::started() {
  if (!started_) wire_->start();
  started_ = true;
  return *wire_;
}

loop_awaitable<reply> client::run(const lua_script& script, const words& keys, const words& arguments) {
  return started().run(script, keys, arguments);
}

loop_awaitable<reply> client::command(const words& all) { return started().command(all); }

loop_awaitable<reply> client::command(const words& all, std::chrono::milliseconds deadline) {
  return started().command(all, deadline);
}

loop_awaitable<void> client::close() {
  started_ = true;  // It is not to begin after this.
  return wire_->stop();
}

}  // namespace carillon::redis
