#include "push/service_instances.hpp"

#include <fmt/format.h>

#include <utility>

#include <carillon/text/plain_text.hpp>
#include "push/scripts.hpp"

namespace carillon::pushes {

namespace {

// Who leaves while Redis is away is forgotten with its lease.
constexpr std::chrono::milliseconds patience_at_leaving{500};

}  // namespace

service_instances::service_instances(redis::client& through, service_keys keys, std::string me)
    : redis_{through}, keys_{std::move(keys)}, me_{std::move(me)} {}

loop_awaitable<service_instances::answer> service_instances::join(const service_definition& how,
                                                                  const push_options& options, asking why) {
  const redis::words keys(keys_.instances, keys_.definition);
  const redis::words arguments(me_, to_text(how), options.lease.count(), options.grace.count(),
                               options.lookahead.count(), why == asking::to_stay ? 1 : 0);
  const auto said = co_await redis_.run(scripts::join, keys, arguments);
  answer found;
  found.is_in = said[0].integer() == 1;
  found.others = static_cast<std::uint64_t>(said[1].integer());
  found.definition = said[2].text();
  found.reach = instant{milliseconds{said[3].integer()}};
  found.alive = instant{milliseconds{said[4].integer()}};
  found.now = instant{milliseconds{said[5].integer()}};
  found.reach_grace = milliseconds{said[6].integer()};
  co_return found;
}

loop_awaitable<service_instances::answer> service_instances::look() {
  const redis::words ask_time{"TIME"};
  const auto time = co_await redis_.command(ask_time);
  const auto now = time[0].integer() * 1000 + time[1].integer() / 1000;
  const redis::words ask_count("ZCOUNT", keys_.instances, fmt::format("({}", now), "+inf");
  const auto count = co_await redis_.command(ask_count);
  const redis::words ask_how{"HGET", keys_.definition, "how"};
  const auto how = co_await redis_.command(ask_how);
  answer found;
  found.others = static_cast<std::uint64_t>(count.integer());
  if (!how.is_null()) found.definition = how.text();
  co_return found;
}

loop_awaitable<void> service_instances::leave() {
  const redis::words words{"ZREM", keys_.instances, me_};
  co_await redis_.command(words, patience_at_leaving);
}

std::string others_in_words(const service_instances::answer& others, const service_definition& ours,
                            const push_options& options) {
  if (others.others == 0)
    return fmt::format("others have run the service of '{}' and '{}' by other options: {}",
                       text::excerpt(options.subscriptions), text::excerpt(options.sent),
                       differences(others.definition, ours));
  return fmt::format(
      "{} {} the service of '{}' and '{}' by other options: {}. Give all the same; what is to be a service "
      "of its own needs other keys in subscriptions or sent, or another ?namespace= in store",
      others.others, others.others == 1 ? "instance runs" : "instances run",
      text::excerpt(options.subscriptions), text::excerpt(options.sent),
      differences(others.definition, ours));
}

}  // namespace carillon::pushes
