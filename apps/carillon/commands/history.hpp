#pragma once
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// `carillon history` as it was asked for.
struct history_request {
  std::string job;                    ///< Empty: all.
  std::string from, to;               ///< Nominal times, inclusive.
  std::vector<std::string> outcomes;  ///< Names of `outcome_kind`; empty: all.
  std::size_t limit = 100;
};

/// What became of fires, the latest first; with `--json` an object a line.
loop_awaitable<int> print_history(command_context& context, history_request request);

/// The outcomes that go by these names; wrong ones are thrown (`wrong_argument`).
std::vector<outcome_kind> outcomes_named(const std::vector<std::string>& names);

/// The columns in which entries are printed, and their cells.
std::vector<std::string> entry_heads();
std::vector<std::string> entry_cells(const ledger_entry& entry, const zone& where);

}  // namespace carillon::app
