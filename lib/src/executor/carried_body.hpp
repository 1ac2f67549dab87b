#pragma once
#include <boost/asio/awaitable.hpp>

namespace carillon {

class run;
class task;

/// Runs a body elsewhere than in the scheduler's loop, but with the same surroundings: cancellation reaches
/// it in every form, and one that was cancelled before it began does not begin.
///
/// Both arguments live until the coroutine has ended.
boost::asio::awaitable<void> carry(run& of, const task& body);

}  // namespace carillon
