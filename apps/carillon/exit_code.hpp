#pragma once

/// What the program's end says to whoever started it.
namespace carillon::app::exit_code {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;  ///< What stood on the command line was wrong.

}  // namespace carillon::app::exit_code
