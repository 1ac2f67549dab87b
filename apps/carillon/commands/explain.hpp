#pragma once
#include <carillon/time/instant.hpp>

#include <iosfwd>
#include <string>

namespace carillon::app {

/// `carillon explain` as it was asked for.
struct explain_request {
  std::string schedule;
  std::string after;  ///< A time, as RFC 3339; empty: now.
  std::string zone;   ///< For schedules that name none; empty: the machine's.
  std::string id;     ///< Of the job: it decides what is random in the schedule.
  bool json = false;
};

/// Says a schedule in words, with its next times and what one should know of it. Answers the exit code.
int print_explanation(const explain_request& request, instant now, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
