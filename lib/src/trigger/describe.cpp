#include "trigger/describe.hpp"

#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>

#include "trigger/words.hpp"

namespace carillon {

namespace {

std::string times(const std::vector<rules::day_time>& all) {
  std::vector<std::string> texts;
  for (const auto time : all) texts.push_back(time == rules::day_time::zero() ? "midnight" : time_text(time));
  return "at " + listed(texts);
}

/// "every minute", "every 5 minutes", "every 1 hour and 30 minutes"
std::string every(milliseconds period) {
  const auto text = spoken(period);
  const bool one_unit = text.starts_with("1 ") && text.find(" and ") == std::string::npos;
  return "every " + (one_unit ? text.substr(2) : text);
}

std::string every(std::int32_t shortest, std::int32_t longest, std::string_view unit) {
  if (longest == 1) return "every " + std::string{unit};
  if (shortest == longest) return "every " + number_of(shortest, unit);
  return "every " + std::to_string(shortest) + " to " + number_of(longest, unit) + " at random";
}

std::string every(const rules::interval& rule) {
  if (rule.shortest == rule.longest) return every(rule.shortest);
  return "every " + spoken(rule.shortest) + " to " + spoken(rule.longest) + " at random";
}

class rule_speaker {
 public:
  rule_speaker(const zone& where, std::uint64_t seed) noexcept : where_{where}, seed_{seed} {}

  std::string operator()(const rules::at& rule) const {
    if (rule.when.date_only) return "once, at the beginning of " + spoken(rule.when);
    return "once, at " + spoken(rule.when);
  }

  std::string operator()(const rules::interval& rule) const {
    if (rule.from_day)
      return every(rule) + ", beginning on the first " + std::string{full_weekday(*rule.from_day)};
    return every(rule);
  }

  std::string operator()(const rules::window& rule) const {
    auto text = every(rule.period) + " from " + time_text(rule.from) + " to " + time_text(rule.to);
    if (rule.to <= rule.from) text += " of the next day,";
    return text + (rule.days == weekday_set::all() ? " each day" : " on " + spoken_days(rule.days));
  }

  std::string operator()(const rules::weekly& rule) const {
    return times(rule.times) +
           (rule.days == weekday_set::all() ? " every day" : " on " + spoken_days(rule.days));
  }

  std::string operator()(const std::shared_ptr<const rules::calendar>& rule) const {
    std::vector<std::string> amounts;
    const auto add = [&](std::int32_t number, std::string_view unit) {
      if (number > 0) amounts.push_back(rule->single() ? std::string{unit} : number_of(number, unit));
    };
    add(rule->years, "year");
    add(rule->months, "month");
    add(rule->weeks, "week");
    add(rule->days, "day");
    auto text = "every " + listed(amounts);
    if (rule->on != 0) text += " on the " + ordinal(rule->on);
    if (rule->clamp) text += " (or on the month's last day where it has none)";
    return text + ' ' + times(rule->times);
  }

  std::string operator()(const rules::clock& rule) const {
    const auto seconds = rule.at.count();
    switch (rule.unit) {
      case rules::clock_unit::minute:
        return every(rule.shortest, rule.longest, "minute") + " at second " + std::to_string(seconds);
      case rules::clock_unit::hour: {
        auto text = every(rule.shortest, rule.longest, "hour") + " at minute " + std::to_string(seconds / 60);
        return seconds % 60 == 0 ? text : text + " and second " + std::to_string(seconds % 60);
      }
      case rules::clock_unit::day: break;
    }
    return every(rule.shortest, rule.longest, "day") + ", " + times({rule.at});
  }

  std::string operator()(const rules::cron& rule) const {
    const auto& cron = *rule.expression;
    if (!cron.is_drawn()) return describe(cron);
    return describe(cron.for_job(seed_)) + " (by the job's id, out of " + cron.text() + ')';
  }

  std::string operator()(const rules::any_of& rule) const { return joined(rule.parts, "or"); }

  std::string operator()(const rules::all_of& rule) const {
    const auto how = rule.threshold == milliseconds::zero() ? "exactly" : "within " + spoken(rule.threshold);
    return "when these agree " + how + ": " + joined(rule.parts, "and");
  }

  std::string operator()(const std::shared_ptr<const rules::after>& rule) const {
    const auto& [job, ends] = rule->which;
    const auto how = ends == on_end::success   ? " that succeeded"
                     : ends == on_end::failure ? " that failed, timed out or was lost"
                                               : ", however it ended";
    return "after each run of " + id_text(job) + how;
  }

  std::string operator()(const std::shared_ptr<const rules::except>& rule) const {
    auto text = describe(rule->base.node(), where_, seed_);
    for (const auto& other : rule->others) text += "; except " + describe(other.node(), where_, seed_);
    std::vector<std::string> dates;
    for (const auto date : rule->dates) dates.push_back(spoken(date));
    for (const auto& name : rule->calendars) dates.push_back("the dates of calendar " + name);
    return dates.empty() ? text : text + "; except on " + listed(dates);
  }

 private:
  std::string joined(const std::vector<trigger>& parts, std::string_view by) const {
    std::string text;
    for (const auto& part : parts) {
      if (!text.empty()) text += "; " + std::string{by} + ' ';
      text += describe(part.node(), where_, seed_);
    }
    return text;
  }

  zone where_;
  std::uint64_t seed_;
};

std::string spoken_until(const until_bound& until) {
  if (const auto* stamp = std::get_if<timestamp>(&until))
    return stamp->date_only ? "until the end of " + spoken(*stamp) : "until " + spoken(*stamp);
  if (const auto* time = std::get_if<rules::day_time>(&until))
    return "until " + time_text(*time) + " of the day it is added";
  return "until " + spoken(std::get<milliseconds>(until)) + " after it is added";
}

/// Whether the sentence names times of day, which mean nothing without a zone.
bool speaks_of_wall_time(const rules::rule& rule) {
  if (const auto* at = std::get_if<rules::at>(&rule)) return !at->when.offset;
  return !std::holds_alternative<rules::interval>(rule) && !is_combination(rule) && !follows(rule);
}

}  // namespace

std::string describe(const trigger_node& node, const zone& otherwise, std::uint64_t seed) {
  const auto& how = node.how;
  const auto where = how.where.value_or(otherwise);
  auto text = std::visit(rule_speaker{where, seed}, node.rule);
  const auto add = [&](const std::string& clause) { text += ", " + clause; };
  const bool bounded_by_wall = how.bounds && how.where;
  if (speaks_of_wall_time(node.rule) || bounded_by_wall) add("in " + std::string{where.name()} + " time");
  if (how.bounds && how.bounds->starting) add("from " + spoken(*how.bounds->starting) + " on");
  if (how.bounds && how.bounds->until) add(spoken_until(*how.bounds->until));
  if (how.limit) add(*how.limit == 1 ? "once" : "at most " + std::to_string(*how.limit) + " times");
  if (how.jitter > milliseconds::zero()) add("each time delayed by up to " + spoken(how.jitter));
  if (how.fixed_delay) add("counted from the end of the last run");
  if (how.immediately) add("and at once when it is added");
  return text;
}

}  // namespace carillon
