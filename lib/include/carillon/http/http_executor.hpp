#pragma once
#include <carillon/executor/executor.hpp>
#include <carillon/http/http_call.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// How an `http_executor` behaves.
struct http_executor_options {
  executor_limits limits{.running = 100, .queued = 1000};
  std::size_t answer_kept = 1024;  ///< How much of the beginning of an answer's body history keeps.
  /// A connection that was not used for so long is closed. Short, because servers end what they have kept for
  /// a while, and a POST that meets that end must not be sent again.
  milliseconds keep{3'000};
};

/// Sends a job's request, over http or https, and takes its answer for the outcome. The job's arguments are
/// one `http_call` as JSON; it needs no task.
///
/// The body is a JSON object that says which run this is: `job`, `run`, `scheduled_for` (RFC 3339 with
/// milliseconds and the offset of the job's zone), `attempt`, `fence` and `instance`, of one that follows
/// another `after_job`, `after_run` and `after_outcome`, and what the call adds. Requests without it (GET,
/// HEAD, DELETE, a text of their own) say the same in headers Carillon-Job to Carillon-Instance. All have a
/// header Idempotency-Key that is the same for each attempt at an occurrence.
///
/// An answer whose status is expected is a success; status and beginning of the body are the run's note. Else
/// the run fails with a `failure` named "http:503" (the status), "connect" (nobody there), "tls", "timeout"
/// (no answer in time), "ended" (the server ended the connection; it may have the request) or "start" (a
/// file that the request needs cannot be used here); a Retry-After puts off the next attempt. Redirections
/// are not followed. A run that is cancelled ends its connection; the server may have the request.
///
/// Hosts are asked over connections of their own, kept for the next runs and shared by jobs with the same TLS
/// options. Requests that do no harm twice (GET, HEAD, PUT, DELETE) are sent again at once where a kept
/// connection has just ended; POST and PATCH only where the server cannot have them.
class http_executor final : public executor {
 public:
  explicit http_executor(http_executor_options options = {});
  ~http_executor() override;

  executor_limits limits() const noexcept override { return options_.limits; }
  bool needs_body() const noexcept override { return false; }
  std::optional<std::string> fault_of(const job_definition& job) const override;
  boost::asio::awaitable<void> execute(run& run, const task* body) override;
  boost::asio::awaitable<void> close() override;

 private:
  class hosts;

  http_executor_options options_;
  std::shared_ptr<hosts> hosts_;  // made with the first run
};

/// The arguments of a job that sends `call`: `job_definition::arguments`.
std::string http_arguments(const http_call& call);

/// Reads them back.
///
/// Errors: throws `std::invalid_argument` with a sentence if they are not one `http_call`.
http_call http_call_of(std::string_view arguments);

}  // namespace carillon
