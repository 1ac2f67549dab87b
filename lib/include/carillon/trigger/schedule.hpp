#pragma once
#include <carillon/trigger/trigger.hpp>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// What `scheduler.add` takes for its when: a trigger, and the tags that a builder was given for the job.
struct schedule {
  trigger when;
  std::vector<std::string> tags;

  /// From a trigger, a cron literal, or anything else that becomes one.
  schedule(trigger fires, std::vector<std::string> labels = {})  // NOLINT(google-explicit-constructor)
      : when{std::move(fires)}, tags{std::move(labels)} {}
};

}  // namespace carillon
