#pragma once
#include <carillon/async/loop.hpp>

namespace carillon {

/// Runs `work` with `watch` beside it. Whichever ends first, by returning or by throwing, ends both; when
/// both are over, its outcome is the outcome of the whole.
///
/// Asio's `work || watch` will not do: it waits for the first *success*, so that work that throws would leave
/// an endless watch running. Both run on the caller's strand. Cancellation: terminal; reaches both.
loop_awaitable<void> while_watched(loop_awaitable<void> work, loop_awaitable<void> watch);

}  // namespace carillon
