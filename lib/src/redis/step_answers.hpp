#pragma once
#include <carillon/store/job_backend.hpp>
#include <cstddef>
#include <string>

#include <carillon/redis/reply.hpp>

namespace carillon::redis {

// What the scripts answer to steps, as the library has it. Errors: throws `system_error` with
// `errc::store_refused` for an answer that is not as the scripts of this version give it: too short, too
// long, something else.

/// @param planned How many runs the claim has asked for.
/// `carries`: what the job carries was asked for.
claim_answer read_claim(const reply& said, std::size_t planned, bool carries = false);
take_answer read_take(const reply& said);
/// Of `awaited`.
awaited_end read_end(const reply& said);
finish_answer read_finish(const reply& said);
follow_answer read_follow(const reply& said);
put_answer read_put(const reply& said);
/// Of `update` and `remove`.
change_answer read_change(const reply& said);
/// Why the answer to a step is that it was not done, for people: a record that it needs cannot be read.
/// Empty: it was done.
std::string refusal_in(const reply& said);
/// What `read` makes of the answer to a step, unless that is a refusal.
template <typename Read>
auto read_step(const reply& said, Read read) -> step_answer<decltype(read(said))> {
  step_answer<decltype(read(said))> answer;
  answer.refused = refusal_in(said);
  if (answer.refused.empty()) return read(said);
  return answer;
}

/// None where a script answers null.
std::optional<instant> read_time(const reply& number);

/// Throws unless it is a list of so many.
void expect_size(const reply& said, std::size_t wanted);

}  // namespace carillon::redis
