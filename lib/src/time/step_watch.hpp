#pragma once
#include <carillon/time/clock.hpp>
#include <functional>
#include <memory>

namespace carillon {

/// Watches the machine's clock for steps and resumes, and calls `on_step` on `where`.
std::unique_ptr<clock::watch> start_step_watch(boost::asio::any_io_executor where,
                                               std::function<void(clock_step)> on_step);

}  // namespace carillon
