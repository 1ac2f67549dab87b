#pragma once
#include <doctest/doctest.h>
#include <chrono>

#include "contract/store_world.hpp"
#include "support/deaf_listener.hpp"
#include "support/plain_store.hpp"

namespace carillon::testing {

/// A world with a `backend`, and on it a store of two partitions with a job "a", into which somebody looks.
template <typename World>
class with_job_a : public World {
 public:
  using World::World;

  static instant now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

  /// As instance "cellar/1", with the job's fire an hour off.
  void open_with_job() {
    this->run(store.open("cellar/1", nobody_));
    auto record = contract::world::record("a");
    record.cursor = record.due = now() + std::chrono::hours{1};
    this->run(store.add(record, on_conflict::refuse));
  }
  void enqueue(instant at) {
    extra_run extra;
    extra.id = "a";
    extra.occurrence = extra.at = at;
    this->run(store.enqueue(extra));
  }
  void take(instant at) {
    take_request request;
    request.id = "a", request.now = at, request.member = "cellar/1", request.run_id = "run-1";
    REQUIRE(this->run(store.take(request)).what == take_answer::kind::won);
  }

  plain_store store{this->backend, 2};

 private:
  deaf_listener nobody_;
};

}  // namespace carillon::testing
