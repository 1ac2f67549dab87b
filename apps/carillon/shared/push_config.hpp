#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/config.hpp"
#include "carillon/diagnostic.hpp"
#include "push/make_delivery.hpp"
#include "push/options.hpp"

namespace carillon::app {

/// Where the figures are served: "127.0.0.1:9464".
struct metrics_address {
  std::string host;
  std::uint16_t port = 0;
};

/// `[push]` and `[push.deliver]` as they were read: what is right in them, and what is wrong.
struct push_config {
  pushes::push_options options;
  std::string store;  ///< The URL; empty: it was not given, or wrong.
  std::optional<std::string> instance;
  std::optional<milliseconds>
      drain;  ///< How long what is under way may go on at the end; none: the service's.
  std::vector<std::string> fixed_times;       ///< As "08:30", the earliest first.
  std::optional<command_line> fixed_command;  ///< What is done then: this, or ...
  std::optional<std::string> fixed_http;      ///< ... a post to this URL.
  pushes::delivery_choice deliver;
  std::optional<metrics_address> metrics;
  std::optional<enum log_format> log_format;
  std::optional<enum log_level> log_level;
  std::vector<diagnostic> found;  ///< In the order of their places.

  zone time_zone() const { return options.time_zone.value_or(zone::system()); }
};

/// Reads the configuration of the push service (docs/push.md). Everything that is wrong is found at once, but
/// for faults of TOML itself, where the first ends the reading.
push_config read_push_config(std::string_view text, const std::string& file);

}  // namespace carillon::app
