#pragma once
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

/// Which ends of a job's runs those that follow it wait for. The end of a run is that of its last attempt.
enum class on_end : std::uint8_t {
  success,  ///< It succeeded.
  failure,  ///< It failed, timed out, or was lost with its instance.
  either,   ///< However it ended; it may also have been cancelled.
};

/// "success", "failure", "either"
std::string_view name(on_end ends) noexcept;

/// A job whose runs another one follows.
struct predecessor {
  std::string job;  ///< Its id.
  on_end ends = on_end::success;
  friend bool operator==(const predecessor&, const predecessor&) = default;
};

/// Fires when a run of another job has ended: `after import`, `after "nightly report" on failure`. By itself
/// it has no times; joined by `or` with others it fires beside them: `after("import") || every(1h)`.
///
/// Errors: throws `std::invalid_argument` for what cannot be a job's id.
trigger after(std::string_view job, on_end ends = on_end::success);

}  // namespace carillon
