#pragma once
#include <carillon/store/job_backend.hpp>
#include <cstddef>

#include "redis/reply.hpp"

namespace carillon::redis {

// What the scripts answer to steps, as the library has it. Errors: throws `system_error` with
// `errc::store_refused` for an answer that is not as the scripts of this version give it: too short, too
// long, something else.

/// @param planned How many runs the claim has asked for.
claim_answer read_claim(const reply& said, std::size_t planned);
take_answer read_take(const reply& said);
finish_answer read_finish(const reply& said);
put_answer read_put(const reply& said);
/// Of `update` and `remove`.
change_answer read_change(const reply& said);
/// None where a script answers null.
std::optional<instant> read_time(const reply& number);

/// Throws unless it is a list of so many.
void expect_size(const reply& said, std::size_t wanted);

}  // namespace carillon::redis
