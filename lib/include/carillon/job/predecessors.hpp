#pragma once
#include <carillon/job/job.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace carillon {

/// By way of which jobs a job would run after itself: "a after b after a"; empty: it does not.
///
/// @param known The definition of a job; null: there is none, as far as is known.
std::string find_cycle(const job_definition& job,
                       const std::function<const job_definition*(std::string_view id)>& known);

}  // namespace carillon
