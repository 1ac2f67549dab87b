#pragma once
#include <atomic>
#include <carillon/job/followed_run.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace carillon {

/// What a `run` tells its body. Filled in by whoever starts runs (a scheduler, a test) and kept until the
/// body has returned; may be used again for the next run, after `forget_body`. Job, task, instance and
/// arguments are others', the rest is its own.
struct run_context {
  const std::string* job = nullptr;        ///< Job id. Never null while a run refers to this.
  const std::string* task = nullptr;       ///< The name of the body; null: that of the job.
  const std::string* instance = nullptr;   ///< Never null while a run refers to this.
  const std::string* arguments = nullptr;  ///< A JSON array; null or empty: none.
  std::string id;                          ///< Run id.
  instant scheduled_for{};
  instant due{};
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  followed_run_ptr follows;  ///< Null: it follows none.
  std::optional<instant> deadline;
  zone where;                        ///< The job's.
  std::string note;                  ///< What the body said of its run (`run::note`).
  bool carries = false;              ///< `job_options::carries`.
  std::string carried;               ///< What the run before handed on, as JSON; empty: nothing.
  std::optional<std::string> carry;  ///< What this one hands on, as JSON; empty text: nothing from now on.
  std::string value;                 ///< What the body returned, as JSON; empty: nothing, or too much.
  std::atomic<cancel_reason> reason = cancel_reason::none;  ///< May be set from any thread.
  spdlog::logger* logger = nullptr;                         ///< Null: spdlog's default.

  /// Empties what a body has said.
  void forget_body() {
    note.clear();
    carry.reset();
    value.clear();
  }
};

}  // namespace carillon
