#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/date_calendars.hpp>

#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carillon::app {

/// What a command that works on a store is given. `operations` runs no jobs.
struct command_context {
  scheduler& operations;
  job_store& store;
  instant now{};  ///< By the store's clock, as far as it is known.
  zone where;     ///< Of the times that are printed, and of those that were given without an offset.
  bool json = false;
  std::ostream& out;
  std::ostream& err;
  std::shared_ptr<date_calendars> calendars{};  ///< That `operations` knows; null: none.
};

/// Prints what was wrong and what would be right: a line, or {"error": {"message": …, "hint": …}}. Answers
/// `exit_code::failed`.
int print_failure(const command_context& context, std::string_view message, std::string_view hint = {});
int print_failure(bool json, std::string_view message, std::string_view hint, std::ostream& err);

/// What to do when a schedule names a calendar that is not known here.
inline constexpr std::string_view how_calendars_are_named =
    "--calendars FILE takes calendars from a configuration file.";

/// The same for an id that no job has, with the nearest one that there is.
loop_awaitable<int> print_no_such_job(command_context& context, std::string id);

/// A time that stood on the command line behind `option`; wrong usage is thrown (`wrong_argument`).
instant time_of(instant now, const zone& where, std::string_view option, const std::string& given);

/// The command line said something that cannot be. `main` prints it and ends with `exit_code::usage`.
class wrong_argument : public std::invalid_argument {
 public:
  wrong_argument(std::string message, std::string hint)
      : std::invalid_argument(message), hint_(std::move(hint)) {}
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

}  // namespace carillon::app
