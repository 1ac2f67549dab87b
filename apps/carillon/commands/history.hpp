#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "carillon/table.hpp"

namespace carillon::app {

/// `carillon history` as it was asked for.
struct history_request {
  std::string job;                    ///< Empty: all.
  std::string from, to;               ///< Nominal times, inclusive.
  std::vector<std::string> outcomes;  ///< Names of `outcome_kind`; empty: all.
  std::optional<std::size_t> limit;   ///< None: 100, or 10 where more are to follow.
  bool follow = false;                ///< Go on with what comes; then the oldest is first.
};

/// What became of fires, the latest first; with `--json` an object a line.
loop_awaitable<int> print_history(command_context& context, history_request request);

/// What is asked for, as a question to a store; wrong times are thrown (`wrong_argument`).
ledger_query query_of(const history_request& request, instant now, const zone& where);

/// The outcomes that go by these names; wrong ones are thrown (`wrong_argument`).
std::vector<outcome_kind> outcomes_named(const std::vector<std::string>& names);

bool is_wanted(const ledger_entry& entry, const std::vector<outcome_kind>& outcomes);

/// Where entries are printed, and the cells of one.
table entry_table();
std::vector<std::string> entry_cells(const ledger_entry& entry, const zone& where);

}  // namespace carillon::app
