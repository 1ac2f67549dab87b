#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>
#include <carillon/trigger/trigger.hpp>

#include "trigger/grammar.hpp"

namespace carillon {

namespace {

constexpr int deepest = 32;

std::string_view trimmed(std::string_view text, std::size_t& position) {
  const auto begin = std::min(text.find_first_not_of(" \t\n\r"), text.size());
  const auto end = text.find_last_not_of(" \t\n\r");
  position += begin;
  return begin == text.size() ? std::string_view{} : text.substr(begin, end + 1 - begin);
}

rules::rule read_cron(scanner& in, cron_dialect dialect) {
  const auto text =
      in.take_before({"in", "starting", "until", "limit", "jitter", "clamp", "immediately", "fixed_delay",
                      "gap", "overlap", "like", "within", "and", "or", "except"});
  if (text.empty()) {
    fail(in.position(), "expected a cron expression, found " + in.here(),
         dialect == cron_dialect::quartz ? "as in quartz 0 0 9 ? * mon-fri" : "as in cron 0 9 * * mon-fri");
  }
  return rules::cron{std::make_shared<const cron_expression>(
      value_of(cron_expression::parse(dialect, text.text), text.position))};
}

cron_expression::named_field read_named_field(std::string_view text, std::size_t position) {
  const auto whole = trimmed(text, position);
  const auto equals = whole.find('=');
  if (whole.empty()) fail(position, "expected a field", "as in cron{day=last sun; hour=2}");
  if (equals == std::string_view::npos) {
    fail(position, "expected = after '" + std::string{whole} + "'", "as in cron{day=last sun; hour=2}");
  }
  cron_expression::named_field field;
  field.name_position = position;
  field.name = trimmed(whole.substr(0, equals), field.name_position);
  field.value_position = position + equals + 1;
  field.value = trimmed(whole.substr(equals + 1), field.value_position);
  return field;
}

rules::rule read_named_cron(scanner& in) {
  const auto begin = in.position();
  const auto text = in.take_through('}');
  if (!text) fail(begin + 4, "this { is never closed", "as in cron{day=last sun; hour=2}");
  const auto inside = text->text.substr(5, text->text.size() - 6);
  std::vector<cron_expression::named_field> fields;
  std::size_t at = 0;
  auto blank = text->position + 5;
  const bool empty = trimmed(inside, blank).empty();
  while (!empty && at <= inside.size()) {
    const auto end = std::min(inside.find(';', at), inside.size());
    fields.push_back(read_named_field(inside.substr(at, end - at), text->position + 5 + at));
    at = end + 1;
  }
  return rules::cron{std::make_shared<const cron_expression>(value_of(cron_expression::parse(fields), 0))};
}

rules::rule read_at(scanner& in) {
  const auto when = in.take();
  if (when.empty())
    fail(when.position, "expected a time, found " + in.here(), "as in at 2026-12-31T23:59:59");
  return rules::at{value_of(parse_timestamp(when.text), when.position)};
}

rules::rule read_after(scanner& in) {
  const auto begin = in.position();
  predecessor which;
  if (in.at('"')) {
    if (!in.take_quoted(which.job)) fail(begin, "this \" is never closed", "as in after \"nightly report\"");
  } else {
    which.job = in.take().text;
  }
  if (which.job.empty())
    fail(begin, "expected the id of a job, found " + in.here(), "as in after import on failure");
  if (!in.accept("on")) return std::make_shared<const rules::after>(rules::after{std::move(which)});
  const auto ends = in.take();
  for (const auto each : {on_end::success, on_end::failure, on_end::either}) {
    if (ends.text != name(each)) continue;
    which.ends = each;
    return std::make_shared<const rules::after>(rules::after{std::move(which)});
  }
  fail(ends.position, "expected success, failure or either, found '" + std::string{ends.text} + "'",
       did_you_mean(ends.text, {"success", "failure", "either"}));
}

rules::rule read_rule(scanner& in) {
  const auto first = in.peek();
  if (first.text.starts_with("cron{")) return read_named_cron(in);
  if (in.accept("every")) return read_every(in);
  if (in.accept("cron")) return read_cron(in, cron_dialect::crontab);
  if (in.accept("quartz")) return read_cron(in, cron_dialect::quartz);
  if (in.accept("at")) return read_at(in);
  if (in.accept("after")) return read_after(in);
  fail_at_beginning(in);
}

trigger read_part(scanner& in, int depth) {
  const auto open = in.position();
  if (!in.accept('(')) fail(open, "expected a trigger in parentheses, found " + in.here());
  if (depth >= deepest) fail(open, "parentheses more than 32 deep");
  auto part = read_trigger(in, depth + 1);
  if (!in.accept(')')) {
    fail(in.position(),
         "expected ) for the ( at character " + std::to_string(open + 1) + ", found " + in.here(),
         did_you_mean(in.peek().text, {"in", "starting", "until", "gap", "overlap", "like", "clamp"}));
  }
  return part;
}

std::string_view peek_joiner(scanner& in) {
  const auto next = in.peek().text;
  return next == "or" || next == "and" || next == "except" ? next : std::string_view{};
}

rules::rule read_all_of(scanner& in, std::vector<trigger> parts) {
  auto threshold = default_threshold;
  if (in.accept("within")) {
    const auto text = in.take();
    if (text.empty()) fail(text.position, "expected a threshold, found " + in.here(), "as in within 5s");
    threshold = read_duration(text, true);
  }
  return rules::all_of{std::move(parts), threshold};
}

rules::rule read_excepted(scanner& in, int depth, trigger base) {
  auto rule = except_of(std::move(base));
  while (in.accept("except")) {
    if (in.at('(')) {
      rule.others.push_back(read_part(in, depth));
    } else {
      read_dates(in, rule);
    }
  }
  return std::make_shared<const rules::except>(std::move(rule));
}

rules::rule read_joined(scanner& in, int depth, trigger first, std::string_view joiner) {
  if (joiner == "except") return read_excepted(in, depth, std::move(first));
  std::vector<trigger> parts;
  const auto add = [&](trigger part) {
    if (joiner == "or") return append_part(parts, std::move(part));
    parts.push_back(std::move(part));
  };
  add(std::move(first));
  while (in.accept(joiner)) add(read_part(in, depth));
  if (joiner == "or") return rules::any_of{std::move(parts)};
  return read_all_of(in, std::move(parts));
}

trigger read_combination(scanner& in, int depth) {
  auto first = read_part(in, depth);
  const auto joiner = peek_joiner(in);
  if (joiner.empty()) return first;
  auto rule = read_joined(in, depth, std::move(first), joiner);
  if (!peek_joiner(in).empty()) {
    fail(in.position(),
         "mixing " + std::string{joiner} + " and " + std::string{peek_joiner(in)} + " needs parentheses",
         "as in (…) " + std::string{joiner} + " ((…) " + std::string{peek_joiner(in)} + " (…))");
  }
  return finish(std::move(rule), read_modifiers(in, depth));
}

}  // namespace

trigger read_trigger(scanner& in, int depth) {
  if (in.at('(')) return read_combination(in, depth);
  const auto begin = in.position();
  auto rule = read_rule(in);
  auto clauses = read_modifiers(in, depth);
  clauses[clause::whole] = begin;
  return finish(std::move(rule), std::move(clauses));
}

parse_result<trigger> parse_trigger(std::string_view text) {
  try {
    scanner in{text};
    auto found = read_trigger(in, 0);
    if (in.at_end()) return found;
    if (const auto joiner = peek_joiner(in); !joiner.empty()) {
      fail(in.position(), "'" + std::string{joiner} + "' joins triggers in parentheses",
           "as in (every 5m) " + std::string{joiner} + " (cron 0 9 * * *)");
    }
    fail(in.position(), "did not expect " + in.here() + " here",
         did_you_mean(in.peek().text,
                      {"in", "starting", "until", "limit", "jitter", "clamp", "immediately", "fixed_delay",
                       "gap", "overlap", "like", "at", "on", "from", "and", "or", "except", "within"}));
  } catch (const parse_failure& failure) {
    return failure.error();
  }
}

trigger finish(rules::rule rule, read_clauses clauses) {
  if (clauses.clamp) {
    const auto* calendar = std::get_if<std::shared_ptr<const rules::calendar>>(&rule);
    if (!calendar || (*calendar)->step_months() == 0) {
      fail(clauses[clause::clamp],
           "clamp is for intervals of months or years: it makes the 31st the month's last day");
    }
    auto clamped = **calendar;
    clamped.clamp = true;
    rule = std::make_shared<const rules::calendar>(std::move(clamped));
  }
  trigger_node node{std::move(rule), std::move(clauses.how), {}};
  if (auto fault = fault_of(node))
    fail(clauses[fault->where], std::move(fault->message), std::move(fault->hint));
  return make_trigger(std::move(node.rule), std::move(node.how));
}

}  // namespace carillon
