#pragma once
#include <spdlog/logger.h>

#include <carillon/redis/link.hpp>
#include <memory>
#include <variant>

#include "push/delivery.hpp"
#include "push/redis_deliveries.hpp"
#include "push/webhook.hpp"

namespace carillon::pushes {

/// Lines of JSON on standard output.
struct stdout_options {
  zone where{};                              ///< Whose offset `due` has.
  std::shared_ptr<spdlog::logger> logger{};  ///< Null: a reader that goes away is not told.
};

/// One of the ways that come with the service.
using delivery_choice = std::variant<stdout_options, webhook_options, stream_options, channel_options>;

/// Errors: throws `std::invalid_argument` that names the option and its value. Lifetime: the link outlives
/// it.
std::unique_ptr<delivery> make_delivery(const delivery_choice& how, redis::link& link,
                                        const loop_executor& where);

}  // namespace carillon::pushes
