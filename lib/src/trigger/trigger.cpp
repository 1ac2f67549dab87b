#include <carillon/trigger/trigger.hpp>

#include <xxhash.h>

#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>
#include <set>
#include <stdexcept>
#include <utility>

#include "trigger/evaluate.hpp"
#include "trigger/node.hpp"
#include "trigger/step_grid.hpp"

namespace carillon {

namespace {

/// A grid of elapsed time from the anchor with nothing else to it: the trigger of most jobs, answered without
/// more ado.
const rules::interval* plain_grid(const trigger_node& node) noexcept {
  const auto* rule = std::get_if<rules::interval>(&node.rule);
  const auto& how = node.how;
  const bool plain = rule && rule->shortest == rule->longest && !rule->from_day && !how.bounds &&
                     !how.limit && !how.immediately;
  return plain ? rule : nullptr;
}

void collect_calendars(const trigger_node& node, std::set<std::string>& names) {
  const auto visit_all = [&](const std::vector<trigger>& parts) {
    for (const auto& part : parts) collect_calendars(part.node(), names);
  };
  if (const auto* any = std::get_if<rules::any_of>(&node.rule)) visit_all(any->parts);
  if (const auto* all = std::get_if<rules::all_of>(&node.rule)) visit_all(all->parts);
  if (const auto* except = std::get_if<std::shared_ptr<const rules::except>>(&node.rule)) {
    collect_calendars((*except)->base.node(), names);
    visit_all((*except)->others);
    names.insert((*except)->calendars.begin(), (*except)->calendars.end());
  }
}

void collect_predecessors(const trigger_node& node, std::set<std::pair<std::string, on_end>>& into) {
  if (const auto* any = std::get_if<rules::any_of>(&node.rule)) {
    for (const auto& part : any->parts) collect_predecessors(part.node(), into);
  }
  const auto* rule = std::get_if<std::shared_ptr<const rules::after>>(&node.rule);
  if (rule) into.emplace((*rule)->which.job, (*rule)->which.ends);
}

}  // namespace

std::uint64_t seed_of(std::string_view job_id) noexcept { return XXH64(job_id.data(), job_id.size(), 0); }

trigger::trigger(std::string_view text) : trigger{parse_trigger(text).value()} {}

trigger::trigger(cron_expression expression)
    : trigger{make_trigger(rules::cron{std::make_shared<const cron_expression>(std::move(expression))}, {})} {
}

result<fire> trigger::next(const binding& bound, instant after) const {
  const auto* grid = plain_grid(*node_);
  if (grid && bound.anchor && *bound.anchor <= after && *bound.anchor > earliest_instant &&
      after < latest_instant) {
    const auto found = *bound.anchor + ((after - *bound.anchor) / grid->shortest + 1) * grid->shortest;
    return found <= latest_instant ? fire{found} : fire{};
  }
  search_budget budget;
  return carillon::next(*node_, question{bound, after, budget}, after);
}

result<fire> trigger::previous(const binding& bound, instant before) const {
  search_budget budget;
  return carillon::previous(*node_, question{bound, before, budget}, before);
}

result<std::uint64_t> trigger::count(const binding& bound, instant from, instant to) const {
  search_budget budget;
  return carillon::count(*node_, question{bound, from, budget}, from, to);
}

result<fire> trigger::latest(const binding& bound, instant from, instant to) const {
  search_budget budget;
  auto found = carillon::previous(*node_, question{bound, from, budget}, std::min(to, latest_instant) + tick);
  if (found && *found && **found <= from) return fire{};
  return found;
}

result<fire> trigger::first(const binding& bound, instant added) const {
  const bool once = std::holds_alternative<rules::at>(node_->rule);
  const auto before = once ? earliest_instant - tick : immediately() ? added - tick : added;
  search_budget budget;
  return carillon::next(*node_, question{bound, added, budget}, before);
}

instant trigger::due(const binding& bound, instant nominal) const {
  const auto width = jitter();
  if (width == milliseconds::zero()) return nominal;
  const auto choices = static_cast<std::uint64_t>(width.count()) + 1;
  const auto hash = hash_of(bound.seed, nominal.time_since_epoch().count());
  const auto due = nominal + milliseconds{static_cast<std::int64_t>(hash % choices)};
  const auto following = next(bound, nominal);
  return following && *following ? std::min(due, **following) : due;
}

bool trigger::fixed_delay() const noexcept { return node_->how.fixed_delay; }
bool trigger::immediately() const noexcept { return node_->how.immediately; }
milliseconds trigger::jitter() const noexcept { return node_->how.jitter; }
std::optional<std::uint64_t> trigger::limit() const noexcept { return node_->how.limit; }
std::optional<zone> trigger::where() const noexcept { return node_->how.where; }
const std::string& trigger::text() const noexcept { return node_->text; }

bool trigger::follows() const noexcept { return carillon::follows(node_->rule); }

std::vector<predecessor> trigger::predecessors() const {
  std::set<std::pair<std::string, on_end>> all;
  if (follows()) collect_predecessors(*node_, all);
  std::vector<predecessor> list;
  for (const auto& [job, ends] : all) list.push_back({job, ends});
  return list;
}

trigger after(std::string_view job, on_end ends) {
  if (job.empty()) throw std::invalid_argument("after: the id of a job must not be empty");
  return make_trigger(std::make_shared<const rules::after>(rules::after{{std::string{job}, ends}}), {});
}

std::vector<std::string> trigger::calendars() const {
  std::set<std::string> names;
  collect_calendars(*node_, names);
  return {names.begin(), names.end()};
}

}  // namespace carillon
