#pragma once
#include <carillon/http/tls_options.hpp>
#include <carillon/time/clock.hpp>
#include <carillon/time/zone.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "push/delivery.hpp"

namespace spdlog {
class logger;
}

namespace carillon::pushes {

/// How pushes are posted to a receiver.
struct webhook_options {
  std::string url{};        ///< http:// or https://; `user:password@` becomes the header Authorization.
  http::tls_options tls{};  ///< Of https.
  std::map<std::string, std::string> headers{};  ///< Sent beside ours.
  std::size_t connections = 256;                 ///< At most so many at once; deliveries beyond wait for one.
  milliseconds connect_timeout{5'000};           ///< Finding the address and the TLS handshake included.
  milliseconds answer_timeout{10'000};           ///< From the first byte sent to the last received.
  milliseconds keep{30'000};  ///< A connection that was not used for so long is not used again.
  zone where{};               ///< Whose offset `due` has.
  std::shared_ptr<carillon::clock> clock{};  ///< Null: the machine's.
  std::shared_ptr<spdlog::logger> logger{};  ///< Null: spdlog's default.
};

/// What is wrong with a header that is to be sent with each push: no name of a header, one that is ours, a
/// line break; nothing: it is fine.
std::optional<std::string> fault_of_header(std::string_view name, std::string_view value);

/// Posts each push as JSON (`to_json`) with the headers `Content-Type: application/json` and
/// `Idempotency-Key: KEY`, over connections that are kept. What its answer means: `judge`. No answer is worth
/// another attempt, and may be a repeat.
///
/// Certificates are verified, always. A receiver that is out of reach or fails is told to the log: once when
/// it begins, once a minute, once when it is over.
class webhook final : public delivery {
 public:
  /// Errors: throws `std::invalid_argument` (`parse_failure` for the URL) that names the option and its
  /// value.
  webhook(const loop_executor& where, webhook_options how);
  ~webhook() override;

  loop_awaitable<delivered> deliver(const push& what) override;
  /// Connects and, of https, verifies the receiver; posts nothing.
  loop_awaitable<void> check() override;
  loop_awaitable<void> close() override;
  std::string describe() const override;

 private:
  class receiver;
  std::unique_ptr<receiver> receiver_;
};

}  // namespace carillon::pushes
