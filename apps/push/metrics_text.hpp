#pragma once
#include <string>

#include "push/figures.hpp"

namespace carillon::pushes {

/// The figures in Prometheus' text form (version 0.0.4): counters `carillon_push_…_total` and the histogram
/// `carillon_push_lateness_seconds`.
/// Source: prometheus.io/docs/instrumenting/exposition_formats
std::string metrics_text(const push_figures& figures);

}  // namespace carillon::pushes
