#include "trigger/node.hpp"

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

}  // namespace

bool is_combination(const rules::rule& rule) noexcept {
  return std::holds_alternative<rules::any_of>(rule) || std::holds_alternative<rules::all_of>(rule) ||
         std::holds_alternative<std::shared_ptr<const rules::except>>(rule);
}

bool is_plain(const modifiers& how) noexcept {
  return !how.where && !how.bounds && !how.limit && how.jitter == milliseconds::zero() && !how.immediately &&
         !how.fixed_delay && how.gap == gap_policy::auto_ && how.overlap == overlap_policy::auto_;
}

std::optional<clause_fault> fault_of(const trigger_node& node) {
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
