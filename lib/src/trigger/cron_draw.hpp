#pragma once
#include <carillon/trigger/cron_expression.hpp>
#include <cstdint>
#include <string_view>

namespace carillon {

/// Whether a crontab expression leaves a value to the job's id: `~`, `0~29`, `5~`, `~/10`.
bool has_drawn_values(std::string_view text) noexcept;

/// Checks such an expression. Answers its fields with every value that may be drawn; errors are as of an
/// expression that has the whole ranges in their place.
parse_result<cron_fields> read_drawn(std::string_view text);

/// The expression with its values drawn by a hash of the seed: one in `low~high`, where to begin in
/// `low~high/step`. Only values with which it fires at all.
cron_expression drawn_for(std::string_view text, std::uint64_t seed);

}  // namespace carillon
