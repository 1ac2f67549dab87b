#include <doctest/doctest.h>
#include <string>

#include "contract/store_world.hpp"
#include "redis/connection_world.hpp"
#include "redis/job_backend.hpp"
#include "support/deaf_listener.hpp"
#include "support/plain_store.hpp"

namespace carillon::testing {

namespace {

/// A store whose runs start when one replica knows of them.
class durable_world : public connection_world {
 public:
  explicit durable_world(const redis_server& server)
      : connection_world{server}, backend{connection, "durable", replicated()} {
    run(store.open("a", nobody));
    run(store.add(contract::world::record("a"), on_conflict::refuse));
  }
  ~durable_world() { run(store.close()); }

  claim_answer claim(std::string_view run_id) {
    const auto job = run(store.load("a"));
    const auto request = contract::world::claim_of(*job, run_id);
    return run(store.claim(request));
  }
  take_answer take(std::string_view run_id, instant now) {
    take_request request;
    request.id = "a";
    request.now = now;
    request.member = "a";
    request.run_id = run_id;
    return run(store.take(request));
  }

 private:
  static redis::job_backend_options replicated() {
    redis::job_backend_options how;
    how.durable = redis::replicas(1, std::chrono::milliseconds{200});
    return how;
  }
  deaf_listener nobody;

 public:
  redis::job_backend backend;
  plain_store store{backend, 1};
};

}  // namespace

TEST_SUITE("redis durability") {
  TEST_CASE("a run starts when a replica knows of it, and waits while none does") {
    const redis_server master;
    durable_world w{master};
    const auto alone = w.claim("r1");
    CHECK(alone.what == claim_answer::kind::claimed);
    CHECK(alone.runs.at(0).what == run_answer::kind::queued);
    const auto again_at = contract::at(61);
    CHECK(alone.next_waiting == again_at);
    const auto job = w.run(w.store.load("a"))->record;
    CHECK(job.active == 0);
    CHECK(job.cursor == contract::at(120));
    const auto refused = w.take("r2", again_at);
    CHECK(refused.what == take_answer::kind::none_due);
    CHECK(refused.next_waiting == contract::at(62));

    redis_server replica;
    replica.replicate(master);
    auto taken = w.take("r3", contract::at(62));
    for (int tries = 1; tries < 50 && taken.what != take_answer::kind::won; ++tries)
      taken = w.take("again " + std::to_string(tries), contract::at(62 + tries));  // It may hear late.
    CHECK(taken.what == take_answer::kind::won);
    CHECK(taken.occurrence == contract::at(60));
    CHECK(taken.attempt == 1);
    CHECK(taken.fence > 0);
    ledger_query query;
    query.job = "a";
    const auto entries = w.run(w.store.history(query)).entries;
    REQUIRE(entries.size() >= 2);
    for (const auto& each : entries) {
      CHECK(each.result.message == "not replicated");
      CHECK_FALSE(each.final);
    }
  }
}

}  // namespace carillon::testing
