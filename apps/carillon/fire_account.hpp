#pragma once
#include <carillon/job/job.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/trigger/date_calendars.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/time_argument.hpp"

namespace carillon::app {

/// The fires of a job around a time, by the schedule it has now.
struct fires_around {
  std::optional<instant> at;      ///< The first nominal fire within the time that was asked for.
  std::uint64_t more = 0;         ///< Further ones within it.
  std::optional<instant> before;  ///< The nearest ones outside.
  std::optional<instant> after;
};

/// Errors: those of `trigger::next`.
result<fires_around> find_fires(const job_record& job, const time_argument& asked,
                                const date_calendars* calendars);

/// The stretch of nominal times whose ledger entries `account_for` needs.
std::pair<instant, instant> stretch_of(const fires_around& fires, const time_argument& asked);

/// What is known about a time of a job.
struct fire_question {
  const job_record& job;
  fires_around fires;
  time_argument asked;
  std::vector<ledger_entry> entries;  ///< That touch `stretch_of`, newest first.
  bool all_entries = true;            ///< There are no others.
  instant now{};
  zone where;  ///< Of the times in the sentences.
};

/// What became of a fire, or will.
enum class verdict : std::uint8_t {
  ran,  ///< Whatever its outcome.
  skipped,
  missed,
  coalesced,
  lost,
  running,  ///< Or waiting for another attempt, or for a place.
  to_come,
  overdue,     ///< It should have been claimed by now, and was not.
  held,        ///< It is to come or overdue, and the job is paused, parked, or will leave it out.
  not_a_fire,  ///< The job does not fire then.
  not_known,   ///< The ledger says nothing of it (any more).
};
std::string_view name(verdict which) noexcept;

/// Why a job did, or did not, run at a time.
struct fire_account {
  verdict what{};
  std::vector<std::string> sentences;  ///< Each begins small and has no full stop.
  std::vector<ledger_entry> entries;   ///< Those of the fire, in the order in which they were written.
};

/// The answer to "why did it not run?": a pure function of what the store says.
fire_account account_for(const fire_question& question);

}  // namespace carillon::app
