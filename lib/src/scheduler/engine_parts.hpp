#pragma once
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include "scheduler/engine.hpp"

namespace carillon {

/// A run that this instance has won.
struct engine::taken_run {
  instant occurrence;
  instant due;
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  std::string_view id;
};

/// A claim, from the plan to the answer: together, so that what the request refers to lives as long.
struct engine::claim_work {
  fire_plan plan;
  boost::container::small_vector<run_ids::text, 1> ids;
  claim_request request;
};

/// A finish that waits for its store: with copies of what the report refers to.
struct engine::finish_work {
  std::string id, run_id, member;
  outcome result;
  run_report report;
  std::exception_ptr thrown;
  job_entry* job = nullptr;
};

}  // namespace carillon
