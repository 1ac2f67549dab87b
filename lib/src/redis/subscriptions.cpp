#include <spdlog/logger.h>

#include <algorithm>
#include <boost/asio/bind_executor.hpp>
#include <boost/redis/adapter/any_adapter.hpp>
#include <boost/redis/ignore.hpp>

#include "redis/wire.hpp"

namespace carillon::redis {

connection::listening connection::wire::subscribe(std::vector<std::string> channels,
                                                  message_handlers handlers) {
  auto added = std::make_shared<subscriber>();
  added->channels = std::move(channels);
  added->handlers = std::move(handlers);
  subscribers_.push_back(added);
  if (up) send_subscribe(added->channels);
  return {added.get(), [added, me = weak_from_this()](void*) mutable {
            const auto gone = std::move(added);
            const auto still_there = me.lock();
            if (still_there) still_there->leave(*gone);
          }};
}

void connection::wire::leave(const subscriber& gone) {
  std::erase_if(subscribers_, [&](const auto& each) { return each.expired() || each.lock().get() == &gone; });
  std::vector<std::string> unheard;
  for (const auto& channel : gone.channels) {
    const bool heard = std::any_of(subscribers_.begin(), subscribers_.end(), [&](const auto& each) {
      const auto other = each.lock();
      return other &&
             std::find(other->channels.begin(), other->channels.end(), channel) != other->channels.end();
    });
    if (!heard) unheard.push_back(channel);
  }
  if (up) send_unsubscribe(unheard);
}

void connection::wire::send_subscribe(const std::vector<std::string>& channels) {
  if (channels.empty()) return;
  auto request =
      std::make_shared<boost::redis::request>(boost::redis::request::config{true, false, true, false});
  request->push_range("SUBSCRIBE", channels);
  send_apart(std::move(request));
}

void connection::wire::send_unsubscribe(const std::vector<std::string>& channels) {
  if (channels.empty()) return;
  auto request =
      std::make_shared<boost::redis::request>(boost::redis::request::config{true, false, true, false});
  request->push_range("UNSUBSCRIBE", channels);
  send_apart(std::move(request));
}

void connection::wire::send_apart(std::shared_ptr<boost::redis::request> request) {
  ++in_flight_;
  auto sent = [me = shared_from_this(), request](const boost::system::error_code&, std::size_t) {
    if (--me->in_flight_ == 0) me->stopped_.notify();
  };
  redis_->async_exec(*request, boost::redis::any_adapter(boost::redis::ignore),
                     boost::asio::bind_executor(where, std::move(sent)));
}

// Pushes are only kept while they are read: what is done about them may ask for more reading.
void connection::wire::expect_messages() {
  using event = boost::redis::any_adapter::parse_event;
  boost::redis::any_adapter keep(
      [this](event what, const boost::redis::resp3::node_view& each, boost::system::error_code&) {
        if (what == event::init) arriving_.clear();
        const bool head = each.depth == 0 && each.data_type == boost::redis::resp3::type::push;
        if (what == event::node && !head) arriving_.emplace_back(each.value);
        if (what == event::done) arrived_.push_back(std::move(arriving_));
      });
  redis_->set_receive_response(keep);
}

loop_awaitable<void> connection::wire::listen() {
  for (;;) {
    co_await redis_->async_receive2(boost::asio::deferred);
    const auto now = std::exchange(arrived_, {});
    for (const auto& push : now) deliver(push);
  }
}

void connection::wire::deliver(const std::vector<std::string>& push) {
  if (push.size() == 3 && push[0] == "message") {
    pass_on(push[1], push[2]);
  } else if (push.size() == 3 && push[0] == "subscribe") {
    confirm(push[1]);
  } else if (push.size() == 1) {
    how.logger->warn("redis: {}: no notices, as the server refuses: {}", how.where.to_string(), push[0]);
  }
}

void connection::wire::pass_on(const std::string& channel, const std::string& message) {
  const auto all = subscribers_;  // They may come and go meanwhile.
  for (const auto& each : all) {
    const auto subscribed = each.lock();
    if (!subscribed || !subscribed->handlers.on_message) continue;
    const auto& channels = subscribed->channels;
    if (std::find(channels.begin(), channels.end(), channel) != channels.end()) {
      subscribed->handlers.on_message(channel, message);
    }
  }
}

// The server confirms each channel of each SUBSCRIBE, in their order; one that is asked for twice twice.
void connection::wire::confirm(const std::string& channel) {
  const auto all = subscribers_;
  for (const auto& each : all) {
    const auto subscribed = each.lock();
    if (!subscribed) continue;
    const auto& channels = subscribed->channels;
    if (subscribed->confirmed < channels.size() && channels[subscribed->confirmed] == channel) {
      if (++subscribed->confirmed == channels.size() && subscribed->handlers.on_subscribed) {
        subscribed->handlers.on_subscribed();
      }
    }
  }
}

}  // namespace carillon::redis
