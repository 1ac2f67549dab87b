#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>

#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/shared/push_file.hpp"
#include "carillon/shared/push_progress.hpp"
#include "push/due_minutes.hpp"
#include "push/reservations.hpp"
#include "push/rich_subscription.hpp"
#include "push/subscription.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

// One thing that was tried.
struct trial {
  std::string what;
  std::string fault;  // empty: it is fine
};

struct forecast {
  std::map<instant, std::uint64_t> by_minute;  // of the set
  std::uint64_t before = 0;                    // came due within the grace
  std::uint64_t rich = 0;
  std::uint64_t subscriptions = 0, rich_subscriptions = 0;
  std::vector<std::string> malformed;  // a few
  std::uint64_t malformed_count = 0;

  std::uint64_t in_all() const {
    auto count = rich;
    for (const auto& [due, each] : by_minute) count += each;
    return count;
  }
};

loop_awaitable<trial> try_key(push_desk& desk, std::string key, std::string wanted, std::string what) {
  const redis::words question{"TYPE", key};
  const auto answer = co_await desk.redis.command(question);
  const std::string kind{answer.text()};
  trial found;
  found.what = fmt::format("{} '{}'", what, shown(key));
  if (kind != "none" && kind != wanted)
    found.fault =
        fmt::format("the key holds a {} and must be a {}", kind, wanted == "zset" ? "sorted set" : wanted);
  co_return found;
}

loop_awaitable<trial> try_delivery(push_desk& desk) {
  const auto way = pushes::make_delivery(desk.config.deliver, desk.link, desk.where);
  trial found;
  found.what = way->describe();
  try {
    co_await way->check();
  } catch (const std::runtime_error& fault) {
    found.fault = fault.what();
    if (found.fault.starts_with(found.what + ": ")) found.fault.erase(0, found.what.size() + 2);
  }
  co_await way->close();
  co_return found;
}

void keep(forecast& all, std::string what) {
  ++all.malformed_count;
  if (all.malformed.size() < 10) all.malformed.push_back(std::move(what));
}

loop_awaitable<void> look_at_rich(push_desk& desk, pushes::reservations& state, instant from, instant to,
                                  forecast& all) {
  const auto where = desk.config.time_zone();
  std::string cursor = "0";
  do {
    auto page = co_await state.rich(cursor);
    cursor = std::move(page.cursor);
    for (const auto& [field, value] : page.fields) {
      ++all.rich_subscriptions;
      const auto one = pushes::rich_subscription::parse(value);
      const auto whom = pushes::parse_name(field);
      if (one && whom) {
        all.rich += one->due(field, where, from, to).size();
      } else {
        keep(all, fmt::format("rich '{}': {}", shown(field),
                              one ? whom.error().message : one.error().to_string()));
      }
    }
  } while (cursor != "0");
}

loop_awaitable<forecast> look_ahead(push_desk& desk, instant from, instant to) {
  pushes::reservations state{desk.redis, desk.link.options().name_space, desk.config.options};
  forecast all;
  const redis::words size{"ZCARD", desk.config.options.subscriptions};
  const auto subscriptions = co_await desk.redis.command(size);
  all.subscriptions = static_cast<std::uint64_t>(subscriptions.integer());
  const auto earliest = from - desk.config.options.grace;
  for (const auto& each : pushes::due_minutes(desk.config.time_zone(), earliest, to)) {
    const auto ranks = co_await state.ranks_of(pushes::score_of(each.time_of_day));
    if (each.due <= from) {
      all.before += ranks.count;
    } else if (ranks.count > 0) {
      all.by_minute[each.due] += ranks.count;
    }
  }
  const auto misfits = co_await state.misfits();
  for (const auto& each : misfits.misfits)
    all.malformed.push_back(fmt::format("'{}': score {}", shown(each.member), shown(each.score)));
  all.malformed_count = misfits.malformed;
  co_await look_at_rich(desk, state, from, to, all);
  co_return all;
}

void print_text(const std::vector<trial>& tried, const forecast& all, const zone& where, instant to,
                std::ostream& out) {
  for (const auto& each : tried)
    out << fmt::format("{}: {}\n", each.what, each.fault.empty() ? "fine" : each.fault);
  out << fmt::format("{} subscriptions, {} rich ones; {} malformed\n", with_commas(all.subscriptions),
                     with_commas(all.rich_subscriptions), with_commas(all.malformed_count));
  for (const auto& each : all.malformed) out << "  " << each << '\n';
  out << fmt::format("came due within the grace, and are sent where they are not marked as sent: {}\n",
                     with_commas(all.before));
  out << fmt::format("due until {} ({}): {}\n", format_instant(to, where).substr(11, 5), where.name(),
                     with_commas(all.in_all()));
  for (const auto& [due, count] : all.by_minute)
    out << fmt::format("  {}  {:>11}\n", format_instant(due, where).substr(11, 5), with_commas(count));
  if (all.rich > 0) out << fmt::format("  rich   {:>11}\n", with_commas(all.rich));
}

void print_json(const std::vector<trial>& tried, const forecast& all, const zone& where, std::ostream& out) {
  json::object answer;
  auto& checks = answer["checks"].emplace_array();
  for (const auto& each : tried) {
    json::object one{{"what", each.what}, {"fine", each.fault.empty()}};
    if (!each.fault.empty()) one["fault"] = each.fault;
    checks.push_back(std::move(one));
  }
  answer["subscriptions"] = all.subscriptions;
  answer["rich_subscriptions"] = all.rich_subscriptions;
  answer["malformed"] = all.malformed_count;
  answer["due_before"] = all.before;
  answer["due"] = all.in_all();
  auto& minutes = answer["minutes"].emplace_array();
  for (const auto& [due, count] : all.by_minute)
    minutes.push_back(json::object{{"due", format_instant(due, where)}, {"count", count}});
  out << json::serialize(answer) << '\n';
}

}  // namespace

int check_push(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const auto& options = desk.config.options;
    std::vector<trial> tried;
    tried.push_back(co_await try_key(desk, options.subscriptions, "zset", "subscriptions"));
    tried.push_back(co_await try_key(desk, desk.rich_key(), "hash", "rich subscriptions"));
    const bool readable = tried[0].fault.empty() && tried[1].fault.empty();
    tried.push_back(co_await try_delivery(desk));
    const auto from = system_clock{}.now();
    const auto to = from + std::chrono::hours{1};
    forecast all;
    if (readable) all = co_await look_ahead(desk, from, to);
    if (request.json) {
      print_json(tried, all, desk.config.time_zone(), out);
    } else {
      print_text(tried, all, desk.config.time_zone(), to, out);
    }
    for (const auto& each : tried) {
      if (!each.fault.empty()) co_return exit_code::failed;
    }
    co_return exit_code::done;
  };
  return at_push_desk(request, err, work);
}

}  // namespace carillon::app
