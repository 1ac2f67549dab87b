#include <array>
#include <carillon/time/duration.hpp>
#include <carillon/trigger/cron_expression.hpp>

#include "trigger/node.hpp"
#include "trigger/words.hpp"

namespace carillon {

namespace {

std::string times_text(const std::vector<rules::day_time>& times) {
  std::string text;
  for (const auto time : times) text += (text.empty() ? "" : ",") + time_text(time);
  return text;
}

/// " at 10:30"; nothing for midnight alone, which needs no word.
std::string at_times(const std::vector<rules::day_time>& times) {
  const bool midnight = times.size() == 1 && times.front() == rules::day_time::zero();
  return midnight ? std::string{} : " at " + times_text(times);
}

std::string range_text(std::int64_t shortest, std::int64_t longest) {
  auto text = std::to_string(shortest);
  return shortest == longest ? text : text + ".." + std::to_string(longest);
}

class rule_printer {
 public:
  std::string operator()(const rules::at& rule) const { return "at " + format_timestamp(rule.when); }

  std::string operator()(const rules::interval& rule) const {
    auto text = "every " + format_duration(rule.shortest);
    if (rule.longest != rule.shortest) text += ".." + format_duration(rule.longest);
    if (rule.from_day) text += " from " + std::string{short_weekdays[*rule.from_day]};
    return text;
  }

  std::string operator()(const rules::window& rule) const {
    auto text = "every " + format_duration(rule.period) + " from " + time_text(rule.from) + " to " +
                time_text(rule.to);
    return rule.days == weekday_set::all() ? text : text + " on " + weekdays_text(rule.days);
  }

  std::string operator()(const rules::weekly& rule) const {
    const bool working_days = rule.days == weekday_set::monday_to_friday();
    return "every " + (working_days ? "weekday" : weekdays_text(rule.days)) + at_times(rule.times);
  }

  std::string operator()(const std::shared_ptr<const rules::calendar>& rule) const {
    std::string amounts;
    const bool alone = rule->single();
    const auto add = [&](std::int32_t number, std::string_view unit) {
      if (number == 0) return;
      amounts += ' ' + (alone ? std::string{unit}
                              : std::to_string(number) + ' ' + std::string{unit} + (number == 1 ? "" : "s"));
    };
    add(rule->years, "year");
    add(rule->months, "month");
    add(rule->weeks, "week");
    add(rule->days, "day");
    return "every" + amounts + (rule->on != 0 ? " on " + std::to_string(rule->on) : "") +
           at_times(rule->times);
  }

  std::string operator()(const rules::clock& rule) const {
    constexpr std::array<std::string_view, 3> names{"minute", "hour", "day"};
    const std::string name{names[static_cast<std::size_t>(rule.unit)]};
    const bool single = rule.longest == 1;
    const auto text = "every " + (single ? name : range_text(rule.shortest, rule.longest) + ' ' + name + 's');
    return rule.unit == rules::clock_unit::day ? text + at_times({rule.at})
                                               : text + " at " + place_text(rule);
  }

  std::string operator()(const rules::cron& rule) const {
    const auto& expression = *rule.expression;
    if (expression.dialect() == cron_dialect::named) return "cron{" + expression.text() + '}';
    return (expression.dialect() == cron_dialect::quartz ? "quartz " : "cron ") + expression.text();
  }

  std::string operator()(const rules::any_of& rule) const { return joined(rule.parts, " or "); }

  std::string operator()(const rules::all_of& rule) const {
    auto text = joined(rule.parts, " and ");
    return rule.threshold == default_threshold ? text : text + " within " + format_duration(rule.threshold);
  }

  std::string operator()(const std::shared_ptr<const rules::after>& rule) const {
    const auto& [job, ends] = rule->which;
    return "after " + id_text(job) + (ends == on_end::success ? "" : " on " + std::string{name(ends)});
  }

  std::string operator()(const std::shared_ptr<const rules::except>& rule) const {
    auto text = '(' + rule->base.text() + ')';
    for (const auto& other : rule->others) text += " except (" + other.text() + ')';
    std::string list;
    const auto add = [&](const std::string& item) { list += (list.empty() ? " except " : ", ") + item; };
    for (const auto date : rule->dates) add(date_text(date));
    for (const auto& name : rule->calendars) add("calendar " + name);
    return text + list;
  }

 private:
  static std::string joined(const std::vector<trigger>& parts, std::string_view by) {
    std::string text;
    for (const auto& part : parts) {
      if (!text.empty()) text += by;
      text += '(' + part.text() + ')';
    }
    return text;
  }
};

std::string bounds_text(const time_bounds& bounds) {
  std::string text;
  if (bounds.starting) text += " starting " + format_timestamp(*bounds.starting);
  if (!bounds.until) return text;
  if (const auto* stamp = std::get_if<timestamp>(&*bounds.until))
    return text + " until " + format_timestamp(*stamp);
  if (const auto* time = std::get_if<rules::day_time>(&*bounds.until))
    return text + " until " + time_text(*time);
  return text + " until " + format_duration(std::get<milliseconds>(*bounds.until));
}

}  // namespace

std::string canonical_text(const trigger_node& node) {
  const auto& how = node.how;
  auto text = std::visit(rule_printer{}, node.rule);
  if (how.where) text += " in " + std::string{how.where->name()};
  if (how.bounds) text += bounds_text(*how.bounds);
  if (how.limit) text += " limit " + std::to_string(*how.limit);
  if (how.jitter > milliseconds::zero()) text += " jitter " + format_duration(how.jitter);
  const auto* calendar = std::get_if<std::shared_ptr<const rules::calendar>>(&node.rule);
  if (calendar && (*calendar)->clamp) text += " clamp";
  if (how.immediately) text += " immediately";
  if (how.fixed_delay) text += " fixed_delay";
  if (how.gap != gap_policy::auto_) text += " gap " + std::string{name(how.gap)};
  if (how.overlap != overlap_policy::auto_) text += " overlap " + std::string{name(how.overlap)};
  return text;
}

}  // namespace carillon
