#pragma once
#include <carillon/trigger/trigger.hpp>

#include <optional>
#include <string_view>

#include "carillon/config_section.hpp"

namespace carillon::app {

/// `after` of a job: "JOB", { job = "JOB", on = "failure" }, or a list of these, of which any fires it.
/// Complains about what is wrong, and answers nothing then.
std::optional<trigger> read_after(config_section& section);

/// `JOB` or `JOB:success|failure|either`, as the command line has it: what stands in a file.
toml::table predecessor_of(std::string_view given);

}  // namespace carillon::app
