#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/shared/push_file.hpp"
#include "carillon/shared/push_progress.hpp"
#include "carillon/shared/push_trials.hpp"
#include "push/due_minutes.hpp"
#include "push/outlook.hpp"
#include "push/reservations.hpp"
#include "push/rich_subscription.hpp"
#include "push/subscription.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

// A subscription that is none, and why.
struct misfit_line {
  std::string what, why;
};

struct forecast {
  pushes::outlook before;                        // of the set: came due within the grace
  std::map<instant, pushes::outlook> by_minute;  // of the set: within the hour
  pushes::outlook rich_before, rich;
  std::uint64_t subscriptions = 0, rich_subscriptions = 0;
  std::vector<misfit_line> malformed;  // a few
  std::uint64_t malformed_count = 0;

  pushes::outlook in_all() const {
    auto all = rich;
    for (const auto& [due, each] : by_minute) all.add(each);
    return all;
  }
  pushes::outlook in_all_before() const {
    auto all = before;
    all.add(rich_before);
    return all;
  }
};

constexpr std::size_t most_shown = 20;

void keep(forecast& all, const pushes::misfit& which) {
  if (all.malformed.size() >= most_shown) return;
  const auto member = pushes::parse_member(which.member);
  const auto score = pushes::parse_score(which.score);
  all.malformed.push_back({fmt::format("'{}': score {}", shown(which.member), shown(which.score)),
                           !member  ? member.error().to_string()
                           : !score ? score.error().to_string()
                                    : std::string{"no time of day"}});
}

loop_awaitable<void> look_at_rich(pushes::foreseer& state, std::vector<pushes::wanted_push>& wanted,
                                  instant from, forecast& all) {
  // Those that are due together are asked for together.
  std::ranges::sort(wanted, {}, &pushes::wanted_push::due);
  const auto later = std::ranges::upper_bound(wanted, from, {}, &pushes::wanted_push::due);
  const auto count_before = static_cast<std::size_t>(later - wanted.begin());
  const std::span<const pushes::wanted_push> every{wanted};
  all.rich_before.add(co_await state.named(every.first(count_before), from));
  all.rich.add(co_await state.named(every.subspan(count_before), from));
  wanted.clear();
}

loop_awaitable<void> read_rich(push_desk& desk, pushes::reservations& state, pushes::foreseer& seer,
                               instant from, instant to, forecast& all) {
  const auto where = desk.config.time_zone();
  const auto earliest = from - desk.config.options.grace;
  std::vector<pushes::wanted_push> wanted;
  std::string cursor = "0";
  do {
    auto page = co_await state.rich(cursor);
    cursor = std::move(page.cursor);
    for (const auto& [field, value] : page.fields) {
      ++all.rich_subscriptions;
      const auto one = pushes::rich_subscription::parse(value);
      const auto whom = pushes::parse_name(field);
      if (!one || !whom) {
        ++all.malformed_count;
        if (all.malformed.size() < most_shown)
          all.malformed.push_back(
              {fmt::format("rich '{}'", shown(field)), one ? whom.error().message : one.error().to_string()});
        continue;
      }
      for (const auto due : one->due(field, where, earliest, to)) {
        pushes::push push;
        push.user = whom->user;
        push.tag = whom->tag;
        push.due = due;
        wanted.push_back({pushes::name_of(push), *whom, due, 0});
      }
    }
    co_await look_at_rich(seer, wanted, from, all);
  } while (cursor != "0");
}

loop_awaitable<forecast> look_ahead(push_desk& desk, instant from, instant to) {
  const auto& options = desk.config.options;
  pushes::reservations state{desk.redis, desk.link.options().name_space, options};
  pushes::foreseer seer{desk.redis, state, options};
  forecast all;
  const redis::words size{"ZCARD", options.subscriptions};
  const auto subscriptions = co_await desk.redis.command(size);
  all.subscriptions = static_cast<std::uint64_t>(subscriptions.integer());
  const auto misfits = co_await state.misfits();
  all.malformed_count = misfits.malformed;
  for (const auto& each : misfits.misfits) keep(all, each);
  for (const auto& each : pushes::due_minutes(desk.config.time_zone(), from - options.grace, to)) {
    const auto found = co_await seer.minute(each.due, pushes::score_of(each.time_of_day), from);
    all.malformed_count += found.malformed;
    for (const auto& misfit : found.misfits) keep(all, misfit);
    if (each.due <= from) {
      all.before.add(found);
    } else if (found.due + found.sent + found.pending + found.dead > 0) {
      all.by_minute[each.due].add(found);
    }
  }
  co_await read_rich(desk, state, seer, from, to, all);
  co_return all;
}

std::string in_words(const pushes::outlook& of) {
  auto line = with_commas(of.due) + " to be sent";
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) line += fmt::format(", {} {}", with_commas(count), what);
  };
  add(of.sent, "marked as sent");
  add(of.pending, "under way");
  add(of.dead, "dead");
  return line;
}

void print_text(const std::vector<trial>& tried, const forecast& all, const zone& where, instant to,
                std::ostream& out) {
  for (const auto& each : tried)
    out << fmt::format("{}: {}\n", each.what, each.fault.empty() ? "fine" : each.fault);
  out << fmt::format("{} subscriptions, {} rich ones; {} malformed\n", with_commas(all.subscriptions),
                     with_commas(all.rich_subscriptions), with_commas(all.malformed_count));
  for (const auto& each : all.malformed) out << fmt::format("  {}: {}\n", each.what, each.why);
  if (all.malformed_count > all.malformed.size())
    out << fmt::format("  and {} more\n", with_commas(all.malformed_count - all.malformed.size()));
  out << fmt::format("came due within the grace: {}\n", in_words(all.in_all_before()));
  out << fmt::format("due until {} ({}): {}\n", format_instant(to, where).substr(11, 5), where.name(),
                     in_words(all.in_all()));
  for (const auto& [due, each] : all.by_minute)
    out << fmt::format("  {}  {:>11}\n", format_instant(due, where).substr(11, 5), with_commas(each.due));
  if (all.rich.due > 0) out << fmt::format("  rich   {:>11}\n", with_commas(all.rich.due));
}

json::object as_json(const pushes::outlook& of) {
  return {{"to_be_sent", of.due}, {"sent", of.sent}, {"under_way", of.pending}, {"dead", of.dead}};
}

void print_json(const std::vector<trial>& tried, const forecast& all, const zone& where, std::ostream& out) {
  json::object answer;
  auto& checks = answer["checks"].emplace_array();
  for (const auto& each : tried) {
    json::object one{{"what", in_utf8(each.what)}, {"fine", each.fault.empty() || each.only_warns}};
    if (!each.fault.empty()) one["fault"] = in_utf8(each.fault);
    checks.push_back(std::move(one));
  }
  answer["subscriptions"] = all.subscriptions;
  answer["rich_subscriptions"] = all.rich_subscriptions;
  answer["malformed"] = all.malformed_count;
  auto& malformed = answer["malformed_subscriptions"].emplace_array();
  for (const auto& each : all.malformed)
    malformed.push_back(json::object{{"what", in_utf8(each.what)}, {"why", in_utf8(each.why)}});
  answer["due_before"] = as_json(all.in_all_before());
  answer["due"] = as_json(all.in_all());
  answer["due_rich"] = as_json(all.rich);
  auto& minutes = answer["minutes"].emplace_array();
  for (const auto& [due, each] : all.by_minute) {
    auto one = as_json(each);
    one["due"] = format_instant(due, where);
    minutes.push_back(std::move(one));
  }
  out << json::serialize(answer) << '\n';
}

}  // namespace

int check_push(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const auto tried = co_await try_all(desk);
    const auto from = system_clock{}.now();
    const auto to = from + std::chrono::hours{1};
    forecast all;
    if (std::ranges::none_of(tried, &trial::hides_work)) all = co_await look_ahead(desk, from, to);
    if (request.json) {
      print_json(tried, all, desk.config.time_zone(), out);
    } else {
      print_text(tried, all, desk.config.time_zone(), to, out);
    }
    for (const auto& each : tried) {
      if (!each.fault.empty() && !each.only_warns) co_return exit_code::failed;
    }
    co_return exit_code::done;
  };
  return at_push_desk(request, err, work);
}

}  // namespace carillon::app
