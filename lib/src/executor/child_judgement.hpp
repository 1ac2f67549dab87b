#pragma once
#include <carillon/job/outcome.hpp>
#include <string_view>

#include "executor/child_process.hpp"

namespace carillon {

/// What the end of a process says of its run: succeeded for exit code 0; else failed, as "exit:N" or
/// "signal:SIGXXX", with a message that goes on with the end of the output.
outcome judge_child(const child_end& end, std::string_view tail);

}  // namespace carillon
