#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/event/event_bus.hpp>
#include <carillon/job/task_registry.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include "scheduler/runner.hpp"

namespace carillon {

class engine;

/// Executors, or groups, by their names.
using place_list = std::map<std::string, std::shared_ptr<executor_place>, std::less<>>;

/// What the engines of one scheduler, one a store, have in common. Whoever has only one store has one engine.
struct common_parts {
  explicit common_parts(loop_executor where) : strand{std::move(where)} {}

  loop_executor strand;
  event_bus events;
  std::mutex declared_mutex;  ///< Guards what programs say from any thread: the next three, and what the
                              ///< engines say of their own.
  task_registry tasks;        ///< Those that did not come with a job.
  place_list places;
  place_list groups;  ///< Places for the runs of all stores in this process.

  // On the strand.
  engine* lead = nullptr;     ///< That of the default store; lives as long as the `run` of any other.
  bool all_open = false;      ///< The stores that must be are open: jobs may fire.
  executor_place everything;  ///< Of all runs but plain calls in the loop.
};

}  // namespace carillon
