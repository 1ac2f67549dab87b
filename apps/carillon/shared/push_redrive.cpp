#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>

#include <exception>
#include <ostream>
#include <string>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/log.hpp"
#include "carillon/shared/push_file.hpp"
#include "carillon/shared/push_progress.hpp"
#include "push/dead_letters.hpp"

namespace carillon::app {
namespace {

bool is_chosen(const push_request& request, const pushes::dead_letter& letter) {
  return (request.user.empty() || request.user == letter.user) &&
         (!request.tag || *request.tag == letter.tag);
}

void print_letter(const push_request& request, const pushes::dead_letter& letter, const zone& where,
                  std::ostream& out) {
  const auto due = format_instant(letter.due, where);
  if (request.json) {
    const boost::json::object line{{"user", in_utf8(letter.user)},
                                   {"tag", in_utf8(letter.tag)},
                                   {"due", due},
                                   {"key", letter.key},
                                   {"attempts", letter.attempts},
                                   {"reason", in_utf8(letter.reason)},
                                   {"at", format_instant(letter.at, where)}};
    out << boost::json::serialize(line) << '\n';
  } else {
    out << fmt::format("{}  {}  {}  {} (attempt {})\n", due, shown(letter.user), shown(letter.tag),
                       shown(letter.reason, 200), letter.attempts);
  }
}

// What would be sent.
loop_awaitable<int> list_letters(push_desk& desk, const push_request& request, std::ostream& out) {
  constexpr std::size_t in_a_page = 500;
  const auto where = desk.config.time_zone();
  std::uint64_t count = 0;
  std::string after;
  for (bool more = true; more;) {
    const auto letters = co_await pushes::read_dead_letters(desk.redis, desk.keys().dead, after, in_a_page);
    more = letters.size() == in_a_page;
    for (const auto& each : letters) {
      after = each.id;
      if (!is_chosen(request, each)) continue;
      ++count;
      print_letter(request, each, where, out);
    }
  }
  if (!request.json) out << fmt::format("{} dead letters\n", with_commas(count));
  co_return exit_code::done;
}

loop_awaitable<pushes::redriven> send_letters(push_desk& desk, const push_request& request) {
  log_style style;
  style.to_errors = true;
  style.where = desk.config.time_zone();
  const auto log = make_log(style);
  auto choice = desk.config.deliver;
  if (auto* webhook = std::get_if<pushes::webhook_options>(&choice)) webhook->logger = log;
  if (auto* channel = std::get_if<pushes::channel_options>(&choice)) channel->logger = log;
  if (auto* lines = std::get_if<pushes::stdout_options>(&choice)) lines->logger = log;
  const auto way = pushes::make_delivery(choice, desk.link, desk.where);
  const auto chosen = [&request](const pushes::dead_letter& letter) { return is_chosen(request, letter); };
  std::exception_ptr failure;
  pushes::redriven done;
  try {
    done =
        co_await pushes::redrive(desk.link, *way, desk.config.options, system_clock::shared(), log, chosen);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await way->close();
  if (failure) std::rethrow_exception(failure);
  co_return done;
}

}  // namespace

int redrive_pushes(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    if (request.dry_run) co_return co_await list_letters(desk, request, out);
    const auto done = co_await send_letters(desk, request);
    if (request.json) {
      const boost::json::object answer{{"letters", done.letters},
                                       {"sent", done.sent},
                                       {"dead", done.dead},
                                       {"with_others", done.with_others}};
      out << boost::json::serialize(answer) << '\n';
    } else {
      out << fmt::format("{} dead letters: {} sent, {} failed for good again, {} with others\n",
                         with_commas(done.letters), with_commas(done.sent), with_commas(done.dead),
                         with_commas(done.with_others));
    }
    co_return done.dead + done.with_others == 0 ? exit_code::done : exit_code::failed;
  };
  return at_push_desk(request, err, work);
}

}  // namespace carillon::app
