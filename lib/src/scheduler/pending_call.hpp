#pragma once
#include <atomic>
#include <carillon/job/job.hpp>
#include <carillon/job/task.hpp>
#include <cstdint>
#include <memory>
#include <utility>

namespace carillon {

/// A body that is to run once, and whether it may still be taken back.
struct pending_call {
  enum class phase : std::uint8_t { waiting, begun, cancelled };

  pending_call(task what, std::shared_ptr<const job_definition> job)
      : body{std::move(what)}, definition{std::move(job)} {}

  /// One of `begun` and `cancelled`, whichever was first, for good.
  bool leave_waiting(phase next) noexcept {
    auto expected = phase::waiting;
    return state.compare_exchange_strong(expected, next);
  }

  const task body;
  const std::shared_ptr<const job_definition> definition;
  std::atomic<phase> state = phase::waiting;
};

}  // namespace carillon
