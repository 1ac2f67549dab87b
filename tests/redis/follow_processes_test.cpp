#include <fmt/format.h>

#include <algorithm>
#include <carillon/redis/job_store.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "redis/backend_world.hpp"
#include "support/deaf_listener.hpp"
#include "support/followed_jobs.hpp"
#include "support/loop_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// Processes on one namespace (follow_worker/main.cpp), and what their ledger says at the end.
struct following_processes : loop_world {
  child start() {
    const auto name = fmt::format("w{}", ++started);
    return child::start({CARILLON_FOLLOW_WORKER, shared_server().url(), name_space, name},
                        logs.path() / name);
  }
  /// One that could not join within a lease has ended.
  void look_after(child& worker) {
    if (!worker.running()) worker = start();
  }

  std::vector<ledger_entry> ledger() {
    redis::link_options options;
    options.url = shared_server().url();
    options.name_space = name_space;
    options.command_timeout = options.connect_timeout = 20s;
    options.logger = logger;
    redis::link link{io, options};
    redis::job_store_options reading;
    reading.lease = 20s;  // It joins nobody: this is how long it tries.
    reading.partitions = 8;
    redis::job_store store{link, reading};
    store.stay_out();
    deaf_listener nobody;
    run(store.open("reader", nobody));
    std::vector<ledger_entry> all;
    ledger_query query;
    query.limit = 1'000;
    for (bool more = true; more;) {
      auto page = run(store.history(query));
      all.insert(all.end(), page.entries.begin(), page.entries.end());
      more = page.next_before.has_value();
      query.before = page.next_before;
    }
    run(store.close());
    return all;
  }

  std::string name_space = new_name_space();
  temporary_folder logs;
  int started = 0;
};

}  // namespace

TEST_SUITE("jobs that run after others, in processes of their own") {
  TEST_CASE("each end is followed once, whichever process is killed in between") {
    following_processes world;
    std::vector<child> workers;
    for (int n = 0; n < 2; ++n) workers.push_back(world.start());
    const auto has_runs = [&] {
      for (auto& each : workers) world.look_after(each);
      return ends_of_first_jobs(world.ledger()).size() > 50;
    };
    REQUIRE(world.until(has_runs));
    for (int times = 0; times < 12; ++times) {
      auto& victim = workers[static_cast<std::size_t>(times) % workers.size()];
      victim.kill();
      std::this_thread::sleep_for(100ms + 37ms * (times % 5));
      victim = world.start();
      std::this_thread::sleep_for(700ms);
    }
    for (auto& each : workers) each.kill();
    const auto wanted = ends_of_first_jobs(world.ledger());
    auto last = world.start();
    const auto all_are_followed = [&] {
      world.look_after(last);
      const auto times = followed_by(world.ledger(), "second");
      return std::ranges::all_of(wanted, [&](const auto& run) { return times.contains(run); });
    };
    CHECK(world.until(all_are_followed, 60s));
    last.terminate();
    const auto ledger = world.ledger();
    for (const auto* job : {"second", "third"}) {
      CAPTURE(job);
      CHECK(followed_twice(ledger, job).empty());
    }
    MESSAGE(wanted.size(), " ends were followed, ", lost_first_jobs(ledger), " runs were lost");
  }
}

}  // namespace carillon::testing
