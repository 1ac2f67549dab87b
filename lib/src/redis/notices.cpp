#include "redis/notices.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "redis/record_codec.hpp"

namespace carillon::redis {

namespace {

/// Of "carillon:{NS:12}:changes".
std::uint32_t partition_in(std::string_view channel) {
  const auto end = channel.rfind('}');
  const auto begin = channel.rfind(':', end) + 1;
  std::uint32_t partition = 0;
  std::from_chars(channel.data() + begin, channel.data() + end, partition);
  return partition;
}

using notice = std::variant<change_notice, stop_notice>;

/// None: a later version has written it, which this one cannot read. Notices are hints.
std::optional<notice> try_read(std::string_view message) {
  try {
    return read_notice(message);
  } catch (const boost::system::system_error&) {
    return std::nullopt;
  }
}

}  // namespace

notices::notices(connection& link, const store_keys& keys, std::uint32_t partitions, backend_listener& tell)
    : tell_{tell},
      members_channel_{keys.shared("changes")},
      groups_channel_{keys.group_channel()},
      patience_{link.get_executor(), link.options().command_timeout} {
  std::vector<std::string> channels;
  for (std::uint32_t partition = 0; partition < partitions; ++partition)
    channels.push_back(keys.changes(partition));
  channels.push_back(members_channel_);
  channels.push_back(groups_channel_);
  connection::message_handlers handlers;
  handlers.on_message = [this](std::string_view channel, std::string_view message) {
    on_message(channel, message);
  };
  handlers.on_subscribed = [this] { on_subscribed(); };
  subscription_ = link.subscribe(std::move(channels), std::move(handlers));
  up_ = link.on_up([this] { tell_.on_reachable(true, ""); });
  down_ = link.on_down([this, &link] { tell_.on_reachable(false, link.why_down()); });
}

loop_awaitable<void> notices::wait_until_heard() {
  if (!hears_) co_await patience_.async_wait(boost::asio::as_tuple(boost::asio::deferred));
}

void notices::on_message(std::string_view channel, std::string_view message) {
  if (channel == members_channel_) return tell_.on_members_changed();
  if (channel == groups_channel_) {
    const auto end = message.find('\0');
    if (end == std::string_view::npos) return;
    return tell_.on_group_place(std::string{message.substr(0, end)}, std::string{message.substr(end + 1)});
  }
  const auto read = try_read(message);
  if (!read) return;
  if (const auto* change = std::get_if<change_notice>(&*read)) {
    tell_.on_change(partition_in(channel), change->seq, change->job);
  } else {
    const auto& stop = std::get<stop_notice>(*read);
    tell_.on_stop_asked(stop.member, stop.run_id, stop.why);
  }
}

void notices::on_subscribed() {
  if (hears_) tell_.on_gap();
  hears_ = true;
  patience_.cancel();
}

}  // namespace carillon::redis
