#include "push/redis_deliveries.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/time/timestamp.hpp>
#include <stdexcept>
#include <utility>

#include <carillon/text/plain_text.hpp>
#include "push/push_json.hpp"

namespace carillon::pushes {

namespace {

std::string not_empty(const char* name, std::string value) {
  if (value.empty()) throw std::invalid_argument(fmt::format("{}: must not be empty", name));
  return value;
}

// What a call to Redis failed by. Throws on what is neither an outage nor a refusal.
delivered failed_by(const boost::system::system_error& fault) {
  const bool is_lost = fault.code() == errc::store_unreachable;
  if (!is_lost && fault.code() != errc::store_refused) throw fault;
  std::string why = fault.what();
  const bool unsure = is_lost && why.find("not sent") == std::string::npos;
  if (!unsure) return delivered::away(std::move(why));
  auto outcome = delivered::again(std::move(why));
  outcome.unsure = true;
  return outcome;
}

}  // namespace

stream_delivery::stream_delivery(redis::link& through, const loop_executor& where, stream_options how)
    : how_{std::move(how)}, redis_{through, where, "push-stream"} {
  how_.key = not_empty("stream", std::move(how_.key));
}

loop_awaitable<delivered> stream_delivery::deliver(const push& what) {
  redis::words words{"XADD", how_.key};
  if (how_.max_length > 0) words.add("MAXLEN").add("~").add(how_.max_length);
  words.add("*").add("user").add(what.user).add("tag").add(what.tag);
  words.add("due").add(format_instant(what.due, how_.where));
  words.add("attempt").add(what.attempt).add("key").add(what.key);
  if (what.repeat) words.add("repeat").add("1");
  delivered outcome;
  try {
    co_await redis_.command(words);
  } catch (const boost::system::system_error& fault) {
    outcome = failed_by(fault);
  }
  co_return outcome;
}

loop_awaitable<void> stream_delivery::check() {
  const redis::words question{"TYPE", how_.key};
  const auto answer = co_await redis_.command(question);
  const std::string kind{answer.text()};
  if (kind != "none" && kind != "stream")
    throw std::runtime_error(
        fmt::format("{}: the key holds a {}: give a stream a key of its own", describe(), kind));
}

loop_awaitable<void> stream_delivery::close() { return redis_.close(); }

std::string stream_delivery::describe() const { return fmt::format("stream '{}'", text::excerpt(how_.key)); }

channel_delivery::channel_delivery(redis::link& through, const loop_executor& where, channel_options how)
    : how_{std::move(how)},
      redis_{through, where, "push-channel"},
      health_{fmt::format("channel '{}'", text::excerpt(how_.channel))} {
  how_.channel = not_empty("channel", std::move(how_.channel));
  if (!how_.logger) how_.logger = spdlog::default_logger();
}

loop_awaitable<delivered> channel_delivery::deliver(const push& what) {
  const redis::words words{"PUBLISH", how_.channel, to_json(what, how_.where)};
  std::int64_t listeners = 0;
  delivered outcome;
  try {
    const auto answer = co_await redis_.command(words);
    listeners = answer.integer();
  } catch (const boost::system::system_error& fault) {
    outcome = failed_by(fault);
  }
  if (outcome.what != delivered::kind::ok) co_return outcome;
  const auto now = std::chrono::steady_clock::now();
  if (listeners > 0) {
    if (const auto line = health_.succeeded(now)) how_.logger->info("{}", *line);
    co_return outcome;
  }
  if (const auto line = health_.failed("nobody listens to it", now)) how_.logger->warn("{}", *line);
  co_return delivered::away(fmt::format("nobody listens to {}", describe()));
}

loop_awaitable<void> channel_delivery::check() {
  const redis::words question{"PUBSUB", "NUMSUB", how_.channel};
  const auto answer = co_await redis_.command(question);
  // Who listens by pattern is counted for all channels together.
  const redis::words by_pattern{"PUBSUB", "NUMPAT"};
  const auto patterns = co_await redis_.command(by_pattern);
  if (answer[1].integer() == 0 && patterns.integer() == 0)
    throw std::runtime_error(
        fmt::format("{}: nobody listens to it: start who receives the pushes first", describe()));
}

loop_awaitable<void> channel_delivery::close() { return redis_.close(); }

std::string channel_delivery::describe() const {
  return fmt::format("channel '{}'", text::excerpt(how_.channel));
}

}  // namespace carillon::pushes
