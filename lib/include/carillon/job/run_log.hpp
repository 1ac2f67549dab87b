#pragma once
#include <fmt/format.h>
#include <carillon/job/run_context.hpp>
#include <cstdint>
#include <string_view>
#include <utility>

namespace carillon {

/// A log bound to one run, on spdlog. Each line names job, run and attempt, as `report[a1-7]: words` (with `,
/// attempt 2` from the second on); a formatter that writes fields finds them in `current_log_fields`.
///
/// Arguments are formatted only when the level is on.
/// Lifetime: that of its run. Thread safety: safe.
class run_log {
 public:
  explicit run_log(const run_context& context) noexcept : context_{&context} {}

  template <typename... Args>
  void trace(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::trace, words, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void debug(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::debug, words, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::info, words, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::warn, words, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::error, words, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void critical(fmt::format_string<Args...> words, Args&&... args) const {
    write(level::critical, words, fmt::make_format_args(args...));
  }

  /// What is logged now: lines of this level and above, in spdlog's numbers, 0 (trace) to 6 (nothing).
  int least_level() const noexcept;

 private:
  enum class level : std::uint8_t { trace, debug, info, warn, error, critical };  // in spdlog's order

  void write(level severity, fmt::string_view words, fmt::format_args args) const;

  const run_context* context_;
};

/// What belongs to the log line that is being written: for formatters that keep fields apart (JSON).
struct log_fields {
  std::string_view job;
  std::string_view run;
  std::uint32_t attempt = 0;
  std::string_view words;  ///< The message without what `run_log` puts before it.
};

/// The fields of the line that this thread is logging; null when it comes from elsewhere. A formatter that
/// runs on another thread (spdlog's async loggers) finds none, and has the same in the text.
const log_fields* current_log_fields() noexcept;

}  // namespace carillon
