#pragma once
#include <boost/json/value.hpp>
#include <carillon/job/followed_run.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// What a pool of processes and its workers say to each other: each message four bytes of length, most
// significant first, and so many of JSON.

namespace carillon {

/// In the environment of a worker: the number of the open socket.
inline constexpr const char* worker_variable = "CARILLON_WORKER";

/// The exit code of a worker that cannot work as one.
inline constexpr int not_a_worker = 72;

/// No message is longer.
inline constexpr std::size_t longest_message = std::size_t{64} << 20;

/// The pool's first word: how to behave.
struct worker_setup {
  std::uint64_t memory = 0;    ///< Bytes of address space; 0: no limit.
  milliseconds cpu_time{0};    ///< Of one run; 0: no limit.
  milliseconds stop_after{0};  ///< How long a run may go on when the pool is gone.
};

/// Carry this out.
struct run_order {
  std::string job, task, id, instance, zone, arguments;
  instant scheduled_for{}, due{};
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  std::optional<instant> deadline;
  std::optional<std::string> carried;  ///< JSON, or empty; none: the job carries no data.
  followed_run_ptr follows;
  int log_level = 0;  ///< Lines of this level and above are wanted; spdlog's numbers.
};

/// Stop what you do.
struct stop_order {
  cancel_reason why = cancel_reason::none;
};

/// A worker's first word.
struct worker_ready {};

/// A line that a body has logged.
struct logged_line {
  int level = 0;
  std::string words;
};

/// How a run has ended.
struct run_end {
  outcome result;  ///< Succeeded or failed.
  std::string note;
  std::optional<boost::json::value> value;  ///< What the body returned.
  std::optional<boost::json::value> carry;  ///< What it hands on; null: nothing from now on.
  bool spent = false;                       ///< The worker should not be used again.
};

using pool_message = std::variant<worker_setup, run_order, stop_order, worker_ready, logged_line, run_end>;

/// With its length. Errors: throws `std::length_error` for one that is too long.
std::string encode(const pool_message& message);

/// Takes whole messages out of bytes as they come.
class message_reader {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  /// The next one; none: more bytes are needed. Errors: throws `std::runtime_error` for what is no message.
  std::optional<pool_message> next();

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace carillon
