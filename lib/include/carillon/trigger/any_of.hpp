#pragma once
#include <carillon/trigger/trigger.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace carillon {

/// Several triggers of one job: fires where any of them does, once where several do. The same as `a || b ||
/// c`, and as the text `(A) or (B) or (C)`; of one it is that one, whatever it says.
///
///     scheduler.add("report", any_of({cron("0 9 * * mon-fri"), every().saturday().at("11:00")}), send);
///
/// Errors: throws `parse_failure` for what cannot be part of another trigger (it has a `limit`, for one), the
/// part in the message by its number, from 1; `std::invalid_argument` if there are none.
trigger any_of(const std::vector<trigger>& parts);

/// The same of schedule texts. Errors: as `parse_trigger`, for the first text that is wrong: the position is
/// one in that text, and `faulty`, if given, is set to its index. Without any text: a fault of index 0.
parse_result<trigger> parse_any_of(std::span<const std::string> texts, std::size_t* faulty = nullptr);

}  // namespace carillon
