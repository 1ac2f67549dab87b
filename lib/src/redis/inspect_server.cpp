#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

#include "redis/server_facts.hpp"
#include "store/attempt.hpp"

namespace carillon::redis {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// The answer, or the words of the refusal.
loop_awaitable<std::optional<reply>> try_ask(connection& where, const words& what, std::string& refused) {
  try {
    co_return co_await where.command(what);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() != errc::store_refused) throw;
    refused = words_of(failure);
    refused.resize(std::min(refused.size(), refused.find("; ")));  // What to do about it is said once.
  }
  co_return std::nullopt;
}

loop_awaitable<std::optional<std::string>> config_value(connection& where, const char* name) {
  std::string refused;
  const auto answer = co_await try_ask(where, words("CONFIG", "GET", name), refused);
  if (!answer || answer->size() < 2) co_return std::nullopt;
  co_return std::string((*answer)[1].text());
}

loop_awaitable<void> take_times(connection& where, server_facts& facts) {
  constexpr std::size_t times = 7;
  struct sample {
    microseconds took;
    milliseconds offset;
  };
  std::array<sample, times> samples{};
  for (auto& each : samples) {
    const auto began = std::chrono::steady_clock::now();
    const auto local = std::chrono::system_clock::now().time_since_epoch();
    const auto answer = co_await where.command(words("TIME"));
    each.took = duration_cast<microseconds>(std::chrono::steady_clock::now() - began);
    const auto theirs = std::chrono::seconds(answer[0].integer()) + microseconds(answer[1].integer());
    each.offset = duration_cast<milliseconds>(theirs - duration_cast<microseconds>(local) - each.took / 2);
  }
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.took < b.took; });
  facts.latency = samples[times / 2].took;
  facts.clock_offset = samples[0].offset;  // That of the quickest answer is the surest.
}

// Turns "NOAUTH …" into words with advice, when there is any.
loop_awaitable<void> come_up(connection& where) {
  std::string said;
  try {
    co_await where.wait_until_up(where.options().command_timeout);
  } catch (const boost::system::system_error& failure) {
    const auto advice = advice_on_refusal(where.why_down());
    if (failure.code() != errc::store_refused || advice.empty()) throw;
    auto why = where.why_down();
    if (why.ends_with('.')) why.pop_back();
    said = where.options().where.to_string() + ": " + why + "; " + advice;
  }
  if (!said.empty()) throw boost::system::system_error(make_error_code(errc::store_refused), said);
}

}  // namespace

loop_awaitable<server_facts> inspect_server(connection& where) {
  co_await come_up(where);
  const auto info = co_await where.command(words("INFO"));
  auto facts = facts_of(info.text());
  if (facts.what == server_facts::role::sentinel || facts.loading) co_return facts;

  std::string scripts_refused;
  co_await try_ask(where, words("EVAL", "return 1", 0), scripts_refused);
  facts.scripts_refused = std::move(scripts_refused);
  facts.snapshots = co_await config_value(where, "save");
  facts.append_fsync = co_await config_value(where, "appendfsync");
  co_await take_times(where, facts);
  co_return facts;
}

}  // namespace carillon::redis
