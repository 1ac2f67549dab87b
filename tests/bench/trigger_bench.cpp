// next(), parse and count of cron triggers, beside the simplest search over bit sets.
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/cron_expression.hpp>
#include <carillon/trigger/trigger.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <string>
#include <vector>

#include "bench.hpp"

namespace carillon::bench {

namespace {

constexpr std::array<const char*, 10> expressions{
    "*/5 * * * *",          "0 9 * * 1-5",     "0 0 29 2 *",  "30 4 1,15 * 5", "0 0 1 1 *",
    "*/15 6-8 * * mon-fri", "23 0-20/2 * * *", "5 4 * * sun", "0 22 * * 1-5",  "0 0 31 */2 *"};

instant begin() { return parse_timestamp("2024-01-01T00:00:00Z").value().in({}); }

/// The simplest search over bit sets: five fields, whole minutes, UTC, no special days, no bounds.
class plain_search {
 public:
  explicit plain_search(const cron_fields& fields) : fields_{fields} {}

  instant next(instant after) const {
    using namespace std::chrono;
    const auto from = floor<minutes>(after) + minutes{1};
    auto day = floor<days>(from);
    const auto of_day = static_cast<unsigned>((from - day).count());
    if (fires_on(day)) {
      const auto hour = of_day / 60;
      const auto minute_bits = fields_.minutes >> (of_day % 60);
      if ((fields_.hours >> hour & 1) && minute_bits != 0)
        return day + minutes{of_day + static_cast<unsigned>(std::countr_zero(minute_bits))};
      if (const auto later = fields_.hours >> hour >> 1)
        return day + hours{hour + 1 + static_cast<unsigned>(std::countr_zero(later))} +
               minutes{std::countr_zero(fields_.minutes)};
    }
    return next_day(day + days{1}) + hours{std::countr_zero(fields_.hours)} +
           minutes{std::countr_zero(fields_.minutes)};
  }

 private:
  std::uint32_t days_in(std::chrono::year_month month) const {
    const std::chrono::weekday first{std::chrono::sys_days{month / 1}};
    const auto length = static_cast<unsigned>((month / std::chrono::last).day());
    const auto spread =
        static_cast<std::uint32_t>((fields_.weekdays * 0x8'1020'4081ULL >> first.c_encoding()) << 1);
    const auto valid = static_cast<std::uint32_t>(((std::uint64_t{1} << length) - 1) << 1);
    return (fields_.either_day ? fields_.days | spread : fields_.days & spread) & valid;
  }
  bool fires_on(std::chrono::sys_days day) const {
    const std::chrono::year_month_day date{day};
    return (fields_.months >> static_cast<unsigned>(date.month()) & 1) &&
           (days_in(date.year() / date.month()) >> static_cast<unsigned>(date.day()) & 1);
  }
  std::chrono::sys_days next_day(std::chrono::sys_days day) const {
    const std::chrono::year_month_day date{day};
    auto first = static_cast<unsigned>(date.day());
    for (auto month = date.year() / date.month();; month += std::chrono::months{1}, first = 1) {
      if ((fields_.months >> static_cast<unsigned>(month.month()) & 1) == 0) continue;
      if (const auto rest = days_in(month) >> first)
        return month / std::chrono::day{first + static_cast<unsigned>(std::countr_zero(rest))};
    }
  }

  cron_fields fields_;
};

/// Microseconds for each call along a chain of answers, begun anew when time runs out.
template <typename Next>
double chain_cost(Next next) {
  const auto first = begin();
  const auto last = first + std::chrono::days{200 * 365};
  return nanoseconds_per_call([&](std::uint64_t calls) {
           auto time = first;
           for (std::uint64_t i = 0; i < calls; ++i) {
             time = next(time);
             if (time > last) time = first;
           }
           keep(time);
         }) /
         1000;
}

struct chain_costs {
  std::vector<double> ours;
  std::vector<double> plain;
};

chain_costs measure_chains(std::string_view zone_name) {
  chain_costs costs;
  binding bound;
  bound.where = zone::find(zone_name).value();
  for (const auto* text : expressions) {
    const trigger fires("cron " + std::string{text});
    costs.ours.push_back(chain_cost([&](instant time) { return **fires.next(bound, time); }));
    const plain_search plain(cron_expression::parse(cron_dialect::crontab, text).value().fields());
    costs.plain.push_back(chain_cost([&](instant time) { return plain.next(time); }));
  }
  return costs;
}

void next_figures(report& out) {
  for (const auto& [zone_name, target] :
       {std::pair{"UTC", "<= 0.09"}, std::pair{"America/New_York", "<= 0.12"}}) {
    const auto costs = measure_chains(zone_name);
    const std::string where = std::string{", "} + zone_name;
    out.add(
        {"next(), median of ten expressions" + where, median(costs.ours), "us", median(costs.plain), target});
    out.add({"next(), slowest of the ten" + where, *std::ranges::max_element(costs.ours), "us",
             *std::ranges::max_element(costs.plain), "<= 0.25"});
  }
}

void parse_figures(report& out) {
  std::vector<double> expression_costs;
  std::vector<double> trigger_costs;
  for (const std::string text : expressions) {
    expression_costs.push_back(nanoseconds_per_call([&](std::uint64_t calls) {
                                 for (std::uint64_t i = 0; i < calls; ++i)
                                   keep(cron_expression::parse(cron_dialect::crontab, text));
                               }) /
                               1000);
    const auto schedule = "cron " + text;
    trigger_costs.push_back(nanoseconds_per_call([&](std::uint64_t calls) {
                              for (std::uint64_t i = 0; i < calls; ++i) keep(parse_trigger(schedule));
                            }) /
                            1000);
  }
  out.add({"parse of a cron expression, median of the ten", median(expression_costs), "us", {}, "<= 0.7"});
  out.add({"parse of a whole schedule text, median of the ten", median(trigger_costs), "us", {}, ""});
}

void count_figures(report& out) {
  binding bound;
  const auto first = begin();
  const auto last = first + std::chrono::days{3653};
  for (const auto* text : {"cron * * * * * * in America/New_York",
                           "cron * * * * * * in America/New_York gap shift overlap first"}) {
    const trigger fires{std::string_view{text}};
    const auto cost = [&](auto ask) {
      return nanoseconds_per_call([&](std::uint64_t calls) {
               for (std::uint64_t i = 0; i < calls; ++i) keep(ask());
             }) /
             1000;
    };
    const std::string name =
        std::string{text}.substr(std::string_view{"cron * * * * * * in America/New_York"}.size());
    out.add({"count() over ten years of seconds, New_York" + name,
             cost([&] { return fires.count(bound, first, last); }),
             "us",
             {},
             "< 50"});
    out.add({"latest() over ten years of seconds, New_York" + name,
             cost([&] { return fires.latest(bound, first, last); }),
             "us",
             {},
             "< 50"});
  }
}

const benchmark triggers{"triggers", "next(), parse and count of cron triggers", [](report& out) {
                           out.section("Triggers (limit: the simplest search over bit sets, in UTC)");
                           next_figures(out);
                           parse_figures(out);
                           count_figures(out);
                         }};

}  // namespace

}  // namespace carillon::bench
