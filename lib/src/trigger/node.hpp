#pragma once
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "trigger/rules.hpp"

namespace carillon {

/// `until`: a moment, or (as people say who think of the day they start something) a time of that day, or a
/// while.
using until_bound = std::variant<timestamp, rules::day_time, milliseconds>;

/// `starting` and `until`. Most triggers have neither, so it stands behind a pointer.
struct time_bounds {
  std::optional<timestamp> starting;
  std::optional<until_bound> until;
};

/// What may follow any schedule.
struct modifiers {
  std::optional<zone> where;
  std::shared_ptr<const time_bounds> bounds;  // may be null
  std::optional<std::uint64_t> limit;
  milliseconds jitter{0};
  bool immediately = false;
  bool fixed_delay = false;
  gap_policy gap = gap_policy::auto_;
  overlap_policy overlap = overlap_policy::auto_;
};

/// What a trigger is: a rule, what bounds and places it, and its canonical text.
struct trigger_node {
  rules::rule rule;
  modifiers how;
  std::string text;
};

/// The parts of the text that a fault can lie in.
enum class clause : std::uint8_t {
  whole,
  in,
  starting,
  until,
  limit,
  jitter,
  clamp,
  immediately,
  fixed_delay,
  gap,
  overlap,
  like,
  within
};

/// Why a rule and its modifiers don't go together.
struct clause_fault {
  clause where;
  std::string message;
  std::string hint;
};

/// The first thing that the grammar refuses about a node.
std::optional<clause_fault> fault_of(const trigger_node& node);
/// What it refuses about a trigger as part of a combination.
std::optional<clause_fault> fault_as_part(const trigger_node& node);

/// The canonical text of a rule and its modifiers.
std::string canonical_text(const trigger_node& node);

/// Checks, prints and shares a node. Throws `parse_failure`.
trigger make_trigger(rules::rule rule, modifiers how);

/// The threshold of an `and` that names none.
inline constexpr milliseconds default_threshold{1'000};

/// Sets the pair of policies that comes closest to another scheduler; false if there is no preset of that
/// name.
bool apply_preset(std::string_view name, modifiers& how) noexcept;

/// Whether nothing is set.
bool is_plain(const modifiers& how) noexcept;

bool is_combination(const rules::rule& rule) noexcept;

/// Whether a rule, or a part of it, fires after runs of other jobs.
bool follows(const rules::rule& rule) noexcept;

}  // namespace carillon
