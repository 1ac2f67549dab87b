#pragma once
#include <carillon/async/loop.hpp>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// `carillon members` of a store that only tells who they are. Answers the exit code.
loop_awaitable<int> print_members(command_context& context);

}  // namespace carillon::app
