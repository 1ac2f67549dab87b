#include "push/key_types.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include <carillon/text/plain_text.hpp>

namespace carillon::pushes {

namespace {

// Looks are a minute apart.
constexpr std::chrono::minutes between_two_faults{5};

struct wanted_key {
  const char* what;
  const std::string& key;
  std::string_view kind;
};

std::string_view in_words(std::string_view kind) { return kind == "zset" ? "sorted set" : kind; }

}  // namespace

loop_awaitable<std::vector<wrong_key>> wrong_keys(redis::client& through, service_keys keys,
                                                  std::string subscriptions) {
  const std::array<wanted_key, 6> all{{{"subscriptions", subscriptions, "zset"},
                                       {"rich subscriptions", keys.rich, "hash"},
                                       {"what is under way", keys.open, "hash"},
                                       {"dead letters", keys.dead, "stream"},
                                       {"instances", keys.instances, "zset"},
                                       {"definition", keys.definition, "hash"}}};
  std::vector<wrong_key> wrong;
  for (const auto& each : all) {
    const redis::words question{"TYPE", each.key};
    const auto answer = co_await through.command(question);
    const auto kind = answer.text();
    if (kind == "none" || kind == each.kind) continue;
    wrong_key one;
    one.what = each.what;
    one.key = each.key;
    one.why = fmt::format("the key holds a {} and must be a {}", in_words(kind), in_words(each.kind));
    wrong.push_back(std::move(one));
  }
  co_return wrong;
}

key_types::key_types(redis::client& through, service_keys keys, const push_options& options,
                     std::shared_ptr<spdlog::logger> logger)
    : redis_{through},
      keys_{std::move(keys)},
      subscriptions_{options.subscriptions},
      logger_{std::move(logger)} {}

loop_awaitable<bool> key_types::tell() {
  const auto wrong = co_await wrong_keys(redis_, keys_, subscriptions_);
  for (const auto& each : wrong) {
    auto& before = told_[each.key];
    const auto now = std::chrono::steady_clock::now();
    const bool is_told = before.why == each.why && now - before.seen < between_two_faults;
    before.why = each.why;
    before.seen = now;
    if (is_told) continue;
    logger_->error("push: {} '{}': {}; nothing is sent for that until it is mended", each.what,
                   text::excerpt(each.key), each.why);
  }
  co_return !wrong.empty();
}

}  // namespace carillon::pushes
