#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "contract/follow_rules.hpp"
#include "sql/sql_world.hpp"
#include "sql/trial.hpp"
#include "support/deaf_listener.hpp"
#include "support/followed_jobs.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using contract::follower;

/// "a", which nobody who lives follows up, and "b", which runs after it.
class followed_backend : public sql_backend_world {
 public:
  explicit followed_backend(const test_database& database) : sql_backend_world{database} {
    store = run(backend.open(4, nobody));
    look_.connect();
    CHECK(run(backend.add_follower({"a", on_end::failure}, "b")));
    CHECK(run(backend.add_follower({"a", on_end::success}, "b")));
    add(contract::world::record("a"));
    add(follower("b", "after a on either"));
  }
  ~followed_backend() { run(backend.close()); }

  void add(const job_record& job) {
    const add_step step{&job, on_conflict::refuse};
    CHECK(run(backend.add(partition_of(job.id()), std::span(&step, 1))).at(0).what ==
          put_answer::kind::added);
  }
  job_record job(const std::string& id) {
    auto found = run(backend.load(partition_of(id), std::span(&id, 1)));
    return found.at(0).value();
  }
  /// Runs "a", and the instance that ran it dies before it has told anybody.
  finish_answer run_a(const std::string& run_id) {
    const auto request = contract::world::claim_of({job("a"), nullptr}, run_id);
    const claim_step claims{&request, 0};
    const auto fence =
        run(backend.claim(partition_of("a"), "gone/1", std::span(&claims, 1))).at(0).runs.at(0).fence;
    result.kind = outcome_kind::succeeded;
    run_id_ = run_id;  // The report only refers to it.
    report = contract::world::report("a", run_id_, fence, result);
    return finish();
  }
  finish_answer finish() {
    const finish_step finishes{&report, 0};
    return run(backend.finish(partition_of("a"), std::span(&finishes, 1))).at(0);
  }
  std::vector<kept_end> ends() { return run(backend.ends(partition_of("a"))); }
  bool has_ends() { return run(backend.look(partition_of("a"), instant{})).ends; }
  follow_answer::kind tell(const kept_end& end, std::string_view id = "b") {
    const follow_step step{id, &end, contract::at(100)};
    return run(backend.follow(partition_of(id), std::span(&step, 1))).at(0).what;
  }
  std::uint32_t partition_of(std::string_view id) const {
    return carillon::partition_of(id, store.partitions);
  }
  void run_sql(std::string_view before, std::string_view table, std::string_view after) {
    look_.run(std::string{before} + look_.speaks().table(table) + std::string{after});
  }

  store_identity store;
  outcome result;
  run_report report;

 private:
  struct deaf final : backend_listener {
    void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
    void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
    void on_gap() override {}
    void on_reachable(bool, const std::string&) override {}
  } nobody;
  sql::session look_{tables->where, 20s};
  std::string run_id_;
};

}  // namespace

TEST_SUITE("jobs that run after others, in SQL") {
  TEST_CASE("an end is kept until those who follow it were told, and told twice it fires once") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      followed_backend world{database};
      CHECK_FALSE(world.has_ends());
      CHECK(world.run_a("a1").followed);
      CHECK(world.finish().followed);  // Sent again.
      CHECK(world.has_ends());
      const auto kept = world.ends();
      REQUIRE(kept.size() == 1);
      CHECK(kept[0].followers == std::vector<std::string>{"b"});
      CHECK(*kept[0].what == followed_run{"a", "a1", outcome_kind::succeeded});
      CHECK(kept[0].occurrence == contract::at(60));
      CHECK(world.tell(kept[0]) == follow_answer::kind::told);
      const auto first = world.job("b");
      CHECK(first.next_waiting == contract::at(100));
      CHECK(world.tell(kept[0]) == follow_answer::kind::told);
      CHECK(world.job("b").revision == first.revision);
      CHECK(world.tell(kept[0], "a") == follow_answer::kind::not_followed);
      CHECK(world.tell(kept[0], "nobody") == follow_answer::kind::not_followed);
      CHECK(world.run(world.backend.drop_ends(world.partition_of("a"), kept[0].number)));
      CHECK(world.ends().empty());
      CHECK_FALSE(world.has_ends());
      CHECK_FALSE(world.finish().followed);
    }
  }

  TEST_CASE("what is kept for nobody goes after an hour, and a follower that is gone before its job comes") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      followed_backend world{database};
      CHECK_FALSE(world.run(world.backend.drop_follower("a", "b")));
      world.run_sql("UPDATE ", "followers", " SET said = said - 3601000000");
      // Said again, it begins anew; and is kept for an hour again.
      CHECK(world.run(world.backend.add_follower({"a", on_end::failure}, "b")));
      CHECK_FALSE(world.run_a("a1").followed);
      world.run_sql("UPDATE ", "followers", " SET said = said - 3601000000");
      CHECK(world.run(world.backend.drop_follower("a", "b")));
      CHECK_FALSE(world.run(world.backend.drop_follower("a", "b")));
    }
  }

  TEST_CASE("a job follows no end that is older than it") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      followed_backend world{database};
      CHECK(world.run(world.backend.add_follower({"a", on_end::success}, "late")));
      CHECK(world.run_a("a1").followed);
      world.add(follower("late", "after a"));
      const auto kept = world.ends();
      REQUIRE(kept.size() == 1);
      CHECK(world.tell(kept[0], "late") == follow_answer::kind::told);
      CHECK_FALSE(world.job("late").next_waiting);
      world.run_a("a2");
      const auto both = world.ends();
      REQUIRE(both.size() == 2);
      CHECK(world.tell(both[1], "late") == follow_answer::kind::told);
      CHECK(world.job("late").next_waiting);
    }
  }

  TEST_CASE("an end that cannot be read is passed over, and told of") {
    followed_backend world{test_databases()[0]};
    world.run_a("a1");
    world.run_sql("UPDATE ", "untold", " SET content = '{\"outcome\": \"fine\"}'");
    world.run_a("a2");
    const auto kept = world.ends();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].what->run == "a2");
    CHECK(world.logged("cannot be read and is passed over: an outcome 'fine' is not known") == 1);
  }

  TEST_CASE("who comes after an instance that died tells what it has not told") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      followed_backend world{database};
      CHECK(world.run_a("a1").followed);
      sql::job_store_options how;
      how.url = world.url;
      how.lease = 3s;  // A third of it passes before it looks at what others have left.
      how.timeout = 20s;
      how.logger = world.logger;
      sql::job_store next{how};
      deaf_listener nobody;
      world.run(next.open("next", nobody));
      CHECK(world.until([&] { return world.job("b").next_waiting.has_value(); }));
      CHECK(world.until([&] { return world.ends().empty(); }));
      world.run(next.close());
    }
  }
}

TEST_SUITE("sql kills") {
  TEST_CASE("each end is followed once, whichever process is killed in between") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      const temporary_folder folder;
      const auto url = database.new_url(folder);
      int started = 0;
      const auto start = [&] {
        const auto name = fmt::format("w{}", ++started);
        return child::start({CARILLON_SQL_FOLLOW_WORKER, url, name}, folder.path() / name);
      };
      const auto ledger = [&] { return read_all_of(url, true).ledger; };
      const auto waits_for = [](const auto& is_so) {
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (!is_so() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(100ms);
        return is_so();
      };
      // One that could not join within a lease has ended.
      const auto look_after = [&](child& worker) {
        if (!worker.running()) worker = start();
      };
      std::vector<child> workers;
      for (int n = 0; n < 2; ++n) workers.push_back(start());
      REQUIRE(waits_for([&] {
        for (auto& each : workers) look_after(each);
        return ends_of_first_jobs(ledger()).size() > 20;
      }));
      for (std::size_t times = 0; times < 6; ++times) {
        auto& victim = workers[times % workers.size()];
        victim.kill();
        std::this_thread::sleep_for(50ms + 37ms * (times % 5));
        victim = start();
        std::this_thread::sleep_for(500ms);
      }
      for (auto& each : workers) each.kill();
      const auto wanted = ends_of_first_jobs(ledger());
      auto last = start();
      CHECK(waits_for([&] {
        look_after(last);
        const auto times = followed_by(ledger(), "second");
        return std::ranges::all_of(wanted, [&](const auto& run) { return times.contains(run); });
      }));
      last.terminate();
      const auto all = ledger();
      for (const auto* job : {"second", "third"}) {
        CAPTURE(job);
        CHECK(followed_twice(all, job).empty());
      }
      MESSAGE(wanted.size(), " ends were followed, ", lost_first_jobs(all), " runs were lost");
    }
  }
}

}  // namespace carillon::testing
