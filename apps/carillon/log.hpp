#pragma once
#include <spdlog/logger.h>
#include <carillon/event/event.hpp>
#include <carillon/time/zone.hpp>

#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "carillon/config.hpp"

namespace carillon::app {

/// How a log is written.
struct log_style {
  enum log_format format = log_format::text;
  enum log_level level = log_level::info;
  bool colour = false;
  zone where;                  ///< Of the times.
  bool to_errors = false;      ///< Standard output is for something else.
  bool over_progress = false;  ///< A bar may stand where the next line begins.
};

/// A log on standard output, or error: a line that people read (time, level, words), or one JSON object a
/// line.
std::shared_ptr<spdlog::logger> make_log(const log_style& style);

/// A log for the scheduler of the daemon, with the same sink. What runs say passes, and errors; the rest,
/// which events say better, does not.
std::shared_ptr<spdlog::logger> make_scheduler_log(const std::shared_ptr<spdlog::logger>& log);

/// One line, as `make_log` writes it. Control characters of the words are escaped, so that nobody can forge
/// lines. `fields` are the members of a JSON line beside time, level and message; a line for people leaves
/// them out.
std::string format_line(const log_style& style, instant time, log_level level, std::string_view words,
                        const boost::json::object& fields);

/// What the log says of an event.
struct event_line {
  enum log_level level = log_level::info;
  std::string words;           ///< With the job in front: "backup[a1-7]: failed after 2s: exit code 75".
  boost::json::object fields;  ///< event, job, run, attempt, lateness_ms, duration_ms, ...; "message" is
                               ///< `words` without the job.
};
event_line describe(const event& what, const zone& where);

/// Logs an event.
void log_event(spdlog::logger& log, const event& what, const zone& where);

}  // namespace carillon::app
