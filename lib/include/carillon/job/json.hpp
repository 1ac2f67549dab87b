#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <carillon/error.hpp>
#include <carillon/job/job.hpp>

namespace carillon {

/// A definition as JSON: schedule as its text, durations as "1h30m", first_time as RFC 3339 in UTC. Members
/// that have their default are left out, so that what is written stays readable and keeps its meaning.
boost::json::object to_json(const job_definition& job);
boost::json::object to_json(const job_options& options);

/// Reads what `to_json` writes.
///
/// Errors: a `parse_error` whose message names the member ("options.retry.attempts: 0 is not allowed; 1 to
/// 1000") or the member that is not known; of a schedule that does not parse, the position is the one in its
/// text.
parse_result<job_definition> job_from_json(const boost::json::value& text);
parse_result<job_options> options_from_json(const boost::json::value& text);

}  // namespace carillon
