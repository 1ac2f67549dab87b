#pragma once
#include <carillon/redis/client.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/time/zone.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "push/delivery.hpp"
#include "push/receiver_health.hpp"

namespace carillon::pushes {

/// How pushes are added to a Redis stream.
struct stream_options {
  std::string key{};             ///< Not empty.
  std::uint64_t max_length = 0;  ///< About how many entries are kept; 0: all.
  zone where{};                  ///< Whose offset `due` has.
};

/// Adds each push to a stream: XADD KEY * user U tag T due D attempt N key K, and `repeat 1` where it may be
/// one. An answer that does not come may mean a repeat.
class stream_delivery final : public delivery {
 public:
  /// Errors: throws `std::invalid_argument` if the key is empty.
  stream_delivery(redis::link& through, const loop_executor& where, stream_options how);

  loop_awaitable<delivered> deliver(const push& what) override;
  /// Whether the key is a stream, or nothing yet.
  loop_awaitable<void> check() override;
  loop_awaitable<void> close() override;
  std::string describe() const override;

 private:
  stream_options how_;
  redis::client redis_;
};

/// How pushes are published.
struct channel_options {
  std::string channel{};                     ///< Not empty.
  zone where{};                              ///< Whose offset `due` has.
  std::shared_ptr<spdlog::logger> logger{};  ///< Null: spdlog's default.
};

/// Publishes each push as JSON (`to_json`). One that nobody listens to is not delivered: it is tried again.
/// Redis counts those only who listen at the server that is written to.
class channel_delivery final : public delivery {
 public:
  /// Errors: throws `std::invalid_argument` if the channel is empty.
  channel_delivery(redis::link& through, const loop_executor& where, channel_options how);

  loop_awaitable<delivered> deliver(const push& what) override;
  /// Whether anybody listens.
  loop_awaitable<void> check() override;
  loop_awaitable<void> close() override;
  std::string describe() const override;

 private:
  channel_options how_;
  redis::client redis_;
  receiver_health health_;
};

}  // namespace carillon::pushes
