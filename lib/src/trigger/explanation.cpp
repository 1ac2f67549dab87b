#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/explanation.hpp>

#include "trigger/describe.hpp"
#include "trigger/evaluate.hpp"
#include "trigger/warnings.hpp"
#include "trigger/words.hpp"

namespace carillon {

namespace {

std::string as_sentence(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text + '.';
}

std::optional<explanation::policies> policies_of(const trigger_node& node) {
  const auto* at = std::get_if<rules::at>(&node.rule);
  if (is_combination(node.rule) || std::holds_alternative<rules::interval>(node.rule) ||
      (at && at->when.offset) || follows(node.rule))
    return std::nullopt;
  const auto both = resolve(node.how.gap, node.how.overlap, follows_real_time(node.rule));
  return explanation::policies{
      both.gap, both.overlap, node.how.gap == gap_policy::auto_ && node.how.overlap == overlap_policy::auto_};
}

/// The next fires; what keeps them from being found becomes a warning.
void find_next(const trigger& which, const binding& bound, instant now, std::size_t fires,
               explanation& into) {
  auto found = which.next(bound, now);
  while (found && *found && into.next.size() < fires) {
    into.next.push_back(**found);
    found = which.next(bound, **found);
  }
  if (!found && found.error() != errc::unknown_calendar)
    into.warnings.push_back("The search was given up: " + found.error().message() + '.');
  into.ends = found && !*found;
  if (!into.ends || !into.next.empty()) return;
  const auto last = which.previous(bound, now);
  const bool fired = last && *last;
  if (which.follows()) {
    into.ends = false;  // It has no times, or none any more, and fires all the same.
    if (fired) into.warnings.emplace_back("Its times have ended: it only fires after other jobs now.");
    return;
  }
  into.warnings.emplace_back(fired ? "It has ended: nothing fires any more." : "It never fires.");
}

}  // namespace

explanation explain(const trigger& which, const binding& bound, instant now, std::size_t fires) {
  auto fixed = bound;
  fixed.anchor = bound.anchor.value_or(now);
  const auto& node = which.node();
  explanation found;
  found.sentence = as_sentence(describe(node, bound.where, bound.seed));
  found.where = node.how.where.value_or(bound.where);
  found.on_change = policies_of(node);
  search_budget budget;
  found.warnings = warnings_about(node, question{fixed, now, budget}, now);
  find_next(which, fixed, now, fires, found);
  return found;
}

std::string explanation::to_string() const {
  auto text = sentence + '\n';
  for (const auto time : next) text += "  " + format_instant(time, where) + '\n';
  if (ends) text += next.empty() ? "" : "  and no more\n";
  if (on_change) {
    text += "Where the clocks change: gap " + std::string{name(on_change->gap)} + ", overlap " +
            std::string{name(on_change->overlap)} + (on_change->automatic ? " (auto)" : "") + ".\n";
  }
  for (const auto& warning : warnings) text += "Note: " + warning + '\n';
  return text;
}

}  // namespace carillon
