#include <algorithm>
#include <carillon/trigger/trigger.hpp>

#include "trigger/grammar.hpp"
#include "trigger/node.hpp"

namespace carillon {

namespace {

/// The clauses that a text after some trigger stands for: "until 10:30".
modifiers clause_of(std::string_view keyword, std::string_view argument) {
  const auto text = std::string{keyword} + ' ' + std::string{argument};
  scanner in{text};
  if (argument.find_first_of(" \t\r\n()") != std::string_view::npos)
    fail(0,
         "'" + std::string{argument} + "' behind '" + std::string{keyword} + "': one word, without blanks");
  return read_modifiers(in, 0).how;
}

trigger with_bounds(const trigger_node& node, std::optional<timestamp> starting,
                    std::optional<until_bound> until) {
  auto bounds = node.how.bounds ? *node.how.bounds : time_bounds{};
  if (starting) bounds.starting = starting;
  if (until) bounds.until = until;
  auto how = node.how;
  how.bounds = std::make_shared<const time_bounds>(std::move(bounds));
  return make_trigger(node.rule, std::move(how));
}

timestamp utc(instant time) {
  return {.wall = wall_time{time.time_since_epoch()}, .offset = std::chrono::seconds{0}, .date_only = false};
}

template <typename Change>
trigger changed(const trigger_node& node, const Change& change) {
  auto how = node.how;
  change(how);
  return make_trigger(node.rule, std::move(how));
}

void check_part(const trigger& part) {
  if (auto fault = fault_as_part(part.node())) fail(0, std::move(fault->message), std::move(fault->hint));
}

void check_width(milliseconds width) {
  if (width < milliseconds::zero()) fail(0, "jitter: an amount above zero");
  if (width > latest_instant - earliest_instant) fail(0, "jitter: more than 10,000 years");
}

}  // namespace

trigger trigger::in(std::string_view zone_name) const {
  return changed(*node_, [&](modifiers& how) { how.where = zone::find(zone_name).value(); });
}

trigger trigger::starting(std::string_view when) const {
  return with_bounds(*node_, clause_of("starting", when).bounds->starting, {});
}
trigger trigger::starting(instant when) const { return with_bounds(*node_, utc(when), {}); }
trigger trigger::until(std::string_view when) const {
  return with_bounds(*node_, {}, clause_of("until", when).bounds->until);
}
trigger trigger::until(instant when) const { return with_bounds(*node_, {}, utc(when)); }

trigger trigger::limit(std::uint64_t fires) const {
  if (fires == 0) fail(0, "limit '0': a number of fires from 1 on");
  return changed(*node_, [&](modifiers& how) { how.limit = fires; });
}

trigger trigger::jitter(milliseconds width) const {
  check_width(width);
  return changed(*node_, [&](modifiers& how) { how.jitter = width; });
}

trigger trigger::gap(gap_policy policy) const {
  return changed(*node_, [&](modifiers& how) { how.gap = policy; });
}
trigger trigger::overlap(overlap_policy policy) const {
  return changed(*node_, [&](modifiers& how) { how.overlap = policy; });
}
trigger trigger::like(std::string_view preset) const {
  const auto found = clause_of("like", preset);
  return changed(*node_, [&](modifiers& how) {
    how.gap = found.gap;
    how.overlap = found.overlap;
  });
}

trigger trigger::fire_immediately() const {
  return changed(*node_, [](modifiers& how) { how.immediately = true; });
}
trigger trigger::delay_from_end() const {
  return changed(*node_, [](modifiers& how) { how.fixed_delay = true; });
}

trigger trigger::except(const trigger& other) const {
  check_part(*this);
  check_part(other);
  auto rule = except_of(*this);
  rule.others.push_back(other);
  return make_trigger(std::make_shared<const rules::except>(std::move(rule)), {});
}

trigger trigger::except(std::string_view dates) const {
  check_part(*this);
  auto rule = except_of(*this);
  scanner in{dates};
  read_dates(in, rule);
  if (!in.at_end()) fail(in.position(), "did not expect " + in.here() + " here");
  return make_trigger(std::make_shared<const rules::except>(std::move(rule)), {});
}

trigger trigger::within(milliseconds threshold) const {
  const auto* rule = std::get_if<rules::all_of>(&node_->rule);
  if (!rule) fail(0, "'within' belongs to an 'and'");
  if (threshold < milliseconds::zero() || threshold > latest_instant - earliest_instant)
    fail(0, "within: an amount from zero to 10,000 years");
  return make_trigger(rules::all_of{rule->parts, threshold}, node_->how);
}

trigger operator&&(const trigger& a, const trigger& b) {
  std::vector<trigger> parts;
  for (const auto* part : {&a, &b}) {
    check_part(*part);
    const auto* nested = std::get_if<rules::all_of>(&part->node().rule);
    if (nested && nested->threshold == default_threshold && is_plain(part->node().how)) {
      parts.insert(parts.end(), nested->parts.begin(), nested->parts.end());
    } else {
      parts.push_back(*part);
    }
  }
  return make_trigger(rules::all_of{std::move(parts), default_threshold}, {});
}

trigger operator||(const trigger& a, const trigger& b) {
  check_part(a);
  check_part(b);
  std::vector<trigger> parts;
  append_part(parts, a);
  append_part(parts, b);
  return make_trigger(rules::any_of{std::move(parts)}, {});
}

}  // namespace carillon
