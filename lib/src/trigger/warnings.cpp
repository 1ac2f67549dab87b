#include "trigger/warnings.hpp"

#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>
#include <charconv>

#include "trigger/describe.hpp"
#include "trigger/words.hpp"

namespace carillon {

namespace {

std::string clock_text(wall_time wall) {
  const auto date = std::chrono::floor<std::chrono::days>(wall);
  return time_text(std::chrono::floor<std::chrono::seconds>(wall - wall_time{date}));
}

std::string date_of(wall_time wall) { return spoken(std::chrono::floor<std::chrono::days>(wall)); }

/// Looks for the first gap and the first overlap that a schedule of wall times falls into.
class clock_change_search {
 public:
  clock_change_search(const trigger_node& node, const question& outer)
      : node_{node}, asked_{outer.in(node.how)} {
    const bool real_time = follows_real_time(node.rule);
    policy_ = resolve(node.how.gap, node.how.overlap, real_time);
    natural_ = real_time && policy_.gap == gap_policy::skip && policy_.overlap == overlap_policy::both;
  }

  std::vector<std::string> warnings(instant now) {
    if (natural_) return {};
    const auto end = now + std::chrono::days{2 * 366};
    std::vector<std::string> found;
    for (auto change = asked_.where.next_change(now); change && *change <= end;
         change = asked_.where.next_change(*change)) {
      const auto span = asked_.where.span_at(*change);
      const auto before = wall_time{change->time_since_epoch() + span.offset_before};
      const auto after = wall_time{change->time_since_epoch() + span.offset};
      if (after > before && !gap_seen_)
        look_at(before, after, span, found, gap_seen_, &clock_change_search::gap_text);
      if (after < before && !overlap_seen_)
        look_at(after, before, span, found, overlap_seen_, &clock_change_search::overlap_text);
    }
    return found;
  }

 private:
  using speak = std::string (clock_change_search::*)(wall_time, const offset_span&) const;

  void look_at(wall_time from, wall_time to, const offset_span& span, std::vector<std::string>& found,
               bool& seen, speak text) {
    const auto wall = next_wall(node_, asked_, from - tick);
    if (!wall || *wall >= to) return;
    seen = true;
    const bool forward = span.offset > span.offset_before;
    found.push_back("On " + date_of(from) + " the clocks of " + std::string{asked_.where.name()} + " go " +
                    (forward ? "forward from " + clock_text(from) + " to " + clock_text(to)
                             : "back from " + clock_text(to) + " to " + clock_text(from)) +
                    ": " + (this->*text)(*wall, span) + '.');
  }

  std::string gap_text(wall_time wall, const offset_span& span) const {
    const auto missing = clock_text(wall) + " does not exist then, and ";
    if (policy_.gap == gap_policy::skip) return missing + "nothing fires in its place";
    const auto at = policy_.gap == gap_policy::shift ? wall + (span.offset - span.offset_before)
                                                     : wall_time{span.begin.time_since_epoch() + span.offset};
    return missing + "the fire comes at " + clock_text(at);
  }

  std::string overlap_text(wall_time wall, const offset_span&) const {
    const auto twice = clock_text(wall) + " comes twice then, and ";
    if (policy_.overlap == overlap_policy::both) return twice + "the fire with it";
    return twice + "the fire comes the " + std::string{name(policy_.overlap)} + " time only";
  }

  const trigger_node& node_;
  question asked_;
  wall_policy policy_;
  bool natural_;
  bool gap_seen_ = false;
  bool overlap_seen_ = false;
};

/// n of a field "*/n" or "0/n"; else 0.
unsigned step_of(std::string_view field) {
  if (!field.starts_with("*/") && !field.starts_with("0/")) return 0;
  unsigned step = 0;
  const auto [stop, error] = std::from_chars(field.data() + 2, field.data() + field.size(), step);
  return error == std::errc{} && stop == field.data() + field.size() ? step : 0;
}

class rule_warnings {
 public:
  rule_warnings(const trigger_node& node, const question& asked, std::vector<std::string>& into) noexcept
      : node_{node}, asked_{asked}, into_{into} {}

  void operator()(const rules::cron& rule) const {
    const auto cron = rule.expression->for_job(asked_.seed);
    uneven(cron, cron_field::second, 60, "second", "minute");
    uneven(cron, cron_field::minute, 60, "minute", "hour");
    uneven(cron, cron_field::hour, 24, "hour", "day");
    if (const auto step = step_of(cron.field(cron_field::day)); step > 1)
      into_.push_back(
          "*/" + std::to_string(step) +
          " in the day field begins anew on the 1st of each month, so the last step of a month is shorter.");
    missing_days(cron.fields());
    day_fields(cron);
    if (rule.expression->is_drawn())
      into_.emplace_back("The id of the job decides what ~ is: a job with another id has other values.");
  }

  void operator()(const std::shared_ptr<const rules::calendar>& rule) const {
    const auto& bounds = node_.how.bounds;
    auto day = unsigned{rule->on};
    if (day == 0) {
      const auto start =
          bounds && bounds->starting ? bounds->starting->wall : asked_.where.to_wall(asked_.anchor);
      day = static_cast<unsigned>(
          std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(start)}.day());
    }
    if (rule->step_months() == 0 || rule->clamp || day <= 28) return;
    into_.push_back("Months without a " + ordinal(day) + " are skipped; clamp would take their last day.");
  }

  void operator()(const rules::window& rule) const {
    const auto length =
        rule.to - rule.from + (rule.to > rule.from ? std::chrono::hours{0} : std::chrono::hours{24});
    if (rule.period > length)
      into_.emplace_back("The interval is longer than the window: only the window's start fires.");
  }

  void operator()(const std::shared_ptr<const rules::except>& rule) const {
    for (const auto& name : rule->calendars)
      if (!asked_.calendars || !asked_.calendars->find(name))
        into_.push_back("No calendar '" + name + "' is defined here, so its dates are not known.");
  }

  void operator()(const auto&) const {}

 private:
  void uneven(const cron_expression& cron, cron_field field, unsigned span, std::string_view unit,
              std::string_view whole) const {
    const auto step = step_of(cron.field(field));
    if (step < 2 || span % step == 0) return;
    const auto last = (span - 1) / step * step;
    into_.push_back("Steps of " + std::to_string(step) + " don't divide the " + std::string{whole} +
                    ": after " + std::to_string(last) + " comes 0 of the next one, " +
                    number_of(span - last, unit) + " later.");
  }

  void missing_days(const cron_fields& fields) const {
    const bool others = fields.days_before_last != 0 || fields.weekdays_nearest_last != 0 ||
                        fields.either_day || fields.nth_are_numbers;
    const auto days = fields.days | fields.weekdays_nearest;
    if (others || days == 0 || (days & 0x1FFF'FFFFU) != 0) return;
    const auto first = static_cast<unsigned>(std::countr_zero(days));
    const bool february_only = fields.months == 1U << 2;
    into_.push_back(february_only ? "29 February comes in leap years only."
                                  : "Months without a " + ordinal(first) + " are skipped.");
  }

  void day_fields(const cron_expression& cron) const {
    if (cron.dialect() != cron_dialect::crontab || !cron.fields().either_day) return;
    into_.emplace_back(
        "Day of month and day of week are both given: a date that matches either of them fires, as in every "
        "crontab.");
    const auto day = cron.field(cron_field::day);
    const auto weekday = cron.field(cron_field::weekday);
    for (const auto field : {day, weekday}) {
      if (!field.starts_with('*')) continue;
      into_.push_back("Vixie's cron takes " + std::string{field} +
                      " for a star, and then wants both day fields to match; here it counts as given.");
    }
  }

  const trigger_node& node_;
  const question& asked_;
  std::vector<std::string>& into_;
};

}  // namespace

std::vector<std::string> warnings_about(const trigger_node& node, const question& outer, instant now) {
  std::vector<std::string> found;
  const auto asked = outer.in(node.how);
  const auto add_parts = [&](const std::vector<trigger>& parts) {
    for (const auto& part : parts)
      std::ranges::move(warnings_about(part.node(), asked, now), std::back_inserter(found));
  };
  if (const auto* any = std::get_if<rules::any_of>(&node.rule)) add_parts(any->parts);
  if (const auto* all = std::get_if<rules::all_of>(&node.rule)) add_parts(all->parts);
  if (const auto* except = std::get_if<std::shared_ptr<const rules::except>>(&node.rule)) {
    add_parts({(*except)->base});
    add_parts((*except)->others);
  }
  std::visit(rule_warnings{node, asked, found}, node.rule);
  if (!is_combination(node.rule) && !follows(node.rule))
    std::ranges::move(clock_change_search{node, outer}.warnings(now), std::back_inserter(found));
  return found;
}

}  // namespace carillon
