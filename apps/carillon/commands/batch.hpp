#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace carillon::app {

/// Answers one line of `carillon next --batch`, without the newline:
/// `{"id": …, "trigger": "cron 0 9 * * mon-fri", "after": "2026-03-27T10:00:00Z", "count": 5}` gives `{"id":
/// …, "fires": […]}` or
/// `{"id": …, "error": {"message": …, "position": …, "hint": …}}`. Whatever stands in the line, there is an
/// answer.
std::string answer_batch_line(std::string_view line, instant now, const zone& where);

/// Reads lines from a file descriptor until its end, and answers each in order; what has been read is
/// answered before more is waited for, so that a program can ask and read in turn. A line of more than a
/// megabyte is refused, and passed over.
///
/// Errors: answers false if reading failed, or `write` did.
bool answer_batch(int input, const std::function<bool(std::string_view)>& write,
                  const std::function<instant()>& now, const zone& where);

}  // namespace carillon::app
