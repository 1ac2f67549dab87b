#pragma once
#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// Who takes part: the instances that share the store, by name.
loop_awaitable<int> print_members(command_context& context);

}  // namespace carillon::app
