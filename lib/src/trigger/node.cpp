#include "trigger/node.hpp"

#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>

namespace carillon {

namespace {

/// Why the policies of the clocks' changes say nothing about a rule; null if they do.
const char* why_without_clock_changes(const rules::rule& rule) {
  if (is_combination(rule)) return "belongs to the parts of a combination, inside their parentheses";
  if (std::holds_alternative<rules::interval>(rule))
    return "says nothing here: elapsed time does not see the wall clock jump";
  const auto* at = std::get_if<rules::at>(&rule);
  if (at && at->when.offset) return "says nothing here: a time with an offset is one instant";
  return nullptr;
}

/// What `after` does not go together with: it says nothing about times.
std::optional<clause_fault> fault_with_after(const trigger_node& node) {
  constexpr auto hint = "as in (after import) or (every 5m)";
  const auto is_one = [](const trigger& part) { return part.follows(); };
  if (const auto* all = std::get_if<rules::all_of>(&node.rule);
      all && std::ranges::any_of(all->parts, is_one))
    return clause_fault{clause::whole, "'after' is joined with others by 'or' alone", hint};
  if (const auto* except = std::get_if<std::shared_ptr<const rules::except>>(&node.rule)) {
    if (is_one((*except)->base) || std::ranges::any_of((*except)->others, is_one))
      return clause_fault{clause::whole, "'after' is joined with others by 'or' alone", hint};
  }
  if (!follows(node.rule)) return std::nullopt;
  const auto refuse = [&](clause which, std::string_view name) {
    return clause_fault{which, "'" + std::string{name} + "' is of times, and 'after' has none", hint};
  };
  const auto& how = node.how;
  if (how.bounds && how.bounds->starting) return refuse(clause::starting, "starting");
  if (how.bounds && how.bounds->until) return refuse(clause::until, "until");
  if (how.limit) return refuse(clause::limit, "limit");
  if (is_combination(node.rule)) return std::nullopt;
  if (how.where) return refuse(clause::in, "in");
  if (how.jitter > milliseconds::zero()) return refuse(clause::jitter, "jitter");
  if (how.immediately) return refuse(clause::immediately, "immediately");
  if (how.gap != gap_policy::auto_) return refuse(clause::gap, "gap");
  if (how.overlap != overlap_policy::auto_) return refuse(clause::overlap, "overlap");
  return std::nullopt;
}

}  // namespace

bool follows(const rules::rule& rule) noexcept {
  if (std::holds_alternative<std::shared_ptr<const rules::after>>(rule)) return true;
  const auto* any = std::get_if<rules::any_of>(&rule);
  return any && std::ranges::any_of(any->parts, [](const trigger& part) { return part.follows(); });
}

bool is_combination(const rules::rule& rule) noexcept {
  return std::holds_alternative<rules::any_of>(rule) || std::holds_alternative<rules::all_of>(rule) ||
         std::holds_alternative<std::shared_ptr<const rules::except>>(rule);
}

bool is_plain(const modifiers& how) noexcept {
  return !how.where && !how.bounds && !how.limit && how.jitter == milliseconds::zero() && !how.immediately &&
         !how.fixed_delay && how.gap == gap_policy::auto_ && how.overlap == overlap_policy::auto_;
}

std::optional<clause_fault> fault_of(const trigger_node& node) {
  if (auto fault = fault_with_after(node)) return fault;
  const auto& how = node.how;
  if (how.gap != gap_policy::auto_ || how.overlap != overlap_policy::auto_) {
    const bool of_gap = how.gap != gap_policy::auto_;
    if (const auto* why = why_without_clock_changes(node.rule))
      return clause_fault{
          of_gap ? clause::gap : clause::overlap, (of_gap ? "'gap' " : "'overlap' ") + std::string{why}, {}};
  }
  const auto* interval = std::get_if<rules::interval>(&node.rule);
  if (how.fixed_delay && (!interval || interval->from_day)) {
    return clause_fault{clause::fixed_delay, "'fixed_delay' goes with elapsed time alone",
                        "as in every 5m fixed_delay"};
  }
  return std::nullopt;
}

std::optional<clause_fault> fault_as_part(const trigger_node& node) {
  const auto refuse = [](clause which, std::string_view name) {
    return clause_fault{which, "'" + std::string{name} + "' stands only on the outermost trigger",
                        "put it on the combination"};
  };
  if (node.how.limit) return refuse(clause::limit, "limit");
  if (node.how.jitter > milliseconds::zero()) return refuse(clause::jitter, "jitter");
  if (node.how.immediately) return refuse(clause::immediately, "immediately");
  if (node.how.fixed_delay) return refuse(clause::fixed_delay, "fixed_delay");
  return std::nullopt;
}

trigger make_trigger(rules::rule rule, modifiers how) {
  auto node = std::make_shared<trigger_node>(trigger_node{std::move(rule), std::move(how), {}});
  if (auto fault = fault_of(*node))
    throw parse_failure(parse_error{std::move(fault->message), 0, std::move(fault->hint)});
  node->text = canonical_text(*node);
  return trigger{std::move(node)};
}

}  // namespace carillon
