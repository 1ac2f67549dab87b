#pragma once
#include <carillon/redis/inspection.hpp>

#include <span>
#include <string>
#include <vector>

#include "carillon/doctor_findings.hpp"

namespace carillon::app {

/// What is wrong with what lies in a Redis: a pure function. `finding::repairable` counts in `faults`.
std::vector<finding> findings_in_data(std::span<const redis::data_fault> faults,
                                      const std::string& name_space);

}  // namespace carillon::app
