#include "push/dead_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <exception>
#include <unordered_map>

#include "push/outbox.hpp"
#include "push/reservations.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

dead_letter letter_in(const redis::reply& entry) {
  dead_letter letter;
  letter.id = entry[0].text();
  const auto fields = entry[1];
  for (auto at = fields.begin(); at != fields.end();) {
    const auto name = (*at++).text();
    const auto value = *at++;
    if (name == "user") letter.user = value.text();
    if (name == "tag") letter.tag = value.text();
    if (name == "key") letter.key = value.text();
    if (name == "reason") letter.reason = value.text();
    if (name == "repeat") letter.repeat = value.integer() != 0;
    if (name == "due") letter.due = instant{milliseconds{value.integer()}};
    if (name == "at") letter.at = instant{milliseconds{value.integer()}};
    if (name == "attempts") letter.attempts = static_cast<std::uint32_t>(value.integer());
  }
  return letter;
}

// What a redrive is made of.
struct redriving {
  redriving(redis::link& through, const loop_executor& where, delivery& way, const push_options& how,
            std::shared_ptr<clock> by, const std::shared_ptr<spdlog::logger>& logger)
      : client{through, where, "redrive"},
        state{client, through.options().name_space, how},
        time{std::move(by)},
        out{{where, state, way, *time, figures, logger}, how},
        mine{out} {}

  loop_awaitable<void> send_all(const std::function<bool(const dead_letter&)>& chosen);
  loop_awaitable<void> send_page(std::vector<dead_letter> letters);

  redis::client client;
  reservations state;
  std::shared_ptr<clock> time;
  push_figures figures;
  outbox out;
  outbox::share mine;
  redriven report;
};

loop_awaitable<void> redriving::send_all(const std::function<bool(const dead_letter&)>& chosen) {
  constexpr std::size_t in_a_page = 500;
  const redis::words newest("XREVRANGE", state.keys().dead, "+", "-", "COUNT", 1);
  const auto answer = co_await client.command(newest);
  if (answer.empty()) co_return;
  // What fails again has a letter behind this one, which is left alone.
  const std::string last{answer[0][0].text()};
  std::string after;
  for (;;) {
    auto letters = co_await read_dead_letters(client, state.keys().dead, after, in_a_page, last);
    if (letters.empty()) break;
    after = letters.back().id;
    if (chosen) std::erase_if(letters, [&](const dead_letter& each) { return !chosen(each); });
    if (!letters.empty()) co_await send_page(std::move(letters));
  }
}

loop_awaitable<void> redriving::send_page(std::vector<dead_letter> letters) {
  report.letters += letters.size();
  std::vector<wanted_push> wanted;
  std::unordered_map<std::string, std::size_t> places;  // One push may have several letters.
  for (const auto& each : letters) {
    push what;
    what.user = each.user;
    what.tag = each.tag;
    what.due = each.due;
    auto name = name_of(what);
    const auto [place, is_first] = places.try_emplace(name, wanted.size());
    if (is_first)
      wanted.push_back({std::move(name), {each.user, each.tag}, each.due, each.attempts, false, {}});
    auto& one = wanted[place->second];
    one.repeat = one.repeat || each.repeat;
    one.letters += each.id + ' ';
  }
  const auto asked_at = std::chrono::steady_clock::now();
  auto page = co_await state.reserve(state.next_token(), wanted, true);
  report.with_others += wanted.size() - page.won.size();
  if (page.won.empty()) co_return;
  out.add(mine, std::move(page.won), asked_at);
  co_await out.finish(mine);  // The letters go as each is marked.
}

}  // namespace

loop_awaitable<std::vector<dead_letter>> read_dead_letters(redis::client& through, std::string key,
                                                           std::string after, std::size_t count,
                                                           std::string up_to) {
  const redis::words range("XRANGE", key, after.empty() ? "-" : "(" + after, up_to, "COUNT", count);
  const auto answer = co_await through.command(range);
  std::vector<dead_letter> letters;
  for (const auto& each : answer) letters.push_back(letter_in(each));
  co_return letters;
}

loop_awaitable<redriven> redrive(redis::link& through, delivery& way, push_options how,
                                 std::shared_ptr<clock> clock, std::shared_ptr<spdlog::logger> logger,
                                 std::function<bool(const dead_letter&)> chosen) {
  check(how);
  const auto where = co_await asio::this_coro::executor;
  redriving all{through, where, way, how, std::move(clock), logger};
  std::exception_ptr failure;
  try {
    co_await all.send_all(chosen);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await all.out.close();
  co_await all.client.close();
  if (failure) std::rethrow_exception(failure);
  all.report.sent = all.figures.sent;
  all.report.dead = all.figures.dead;
  co_return all.report;
}

}  // namespace carillon::pushes
