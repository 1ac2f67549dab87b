#include <doctest/doctest.h>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "redis/script_world.hpp"
#include "support/deaf_listener.hpp"

namespace carillon::testing {

TEST_SUITE("redis scripts that read") {
  TEST_CASE("a look sees what runs and what is due, and whether anything has changed") {
    script_world w;
    w.add("due");
    auto later = contract::world::record("later");
    later.cursor = later.due = at(2'000);
    w.add(later);
    w.add("paused");
    job_change pause;
    pause.state = job_state::paused;
    w.run(w.backend.update("paused", w.seen("paused").revision, pause));
    const auto fence = w.win("due", "r1");
    extra_run extra;
    extra.id = "later";
    extra.occurrence = extra.at = at(900);
    w.run(w.backend.enqueue(extra));
    const auto seen = w.look();
    CHECK(seen.due == std::vector<std::string>{"due"});
    CHECK(seen.waiting == std::vector<std::string>{"later"});
    REQUIRE(seen.runs.size() == 1);
    CHECK(seen.runs[0].run_id == "r1");
    CHECK(seen.runs[0].job == "due");
    CHECK(seen.runs[0].member == "a/1");
    CHECK(seen.runs[0].fence == fence);
    CHECK(seen.runs[0].born == w.seen("due").born);
    CHECK(seen.runs[0].occurrence == at(60));
    CHECK(seen.runs[0].started == at(60));
    CHECK(seen.runs[0].stop == cancel_reason::none);
    CHECK(w.look().seq == seen.seq);
    w.add("another");
    CHECK(w.look().seq > seen.seq);
  }

  TEST_CASE("a record that cannot be read is passed over, and told of once") {
    script_world w;
    w.add("a");
    w.add("b");
    w.win("a", "r1");
    w.cli({"HSET", redis::store_keys{w.name_space}.of_partition(0, "runs"), "broken", "?"});
    for (int times = 0; times < 2; ++times) {
      const auto seen = w.look();
      REQUIRE(seen.runs.size() == 1);
      CHECK(seen.runs[0].run_id == "r1");
    }
    CHECK(w.logged("run 'broken' in namespace '" + w.name_space + "' cannot be read") == 1);
    w.cli({"HSET", redis::store_keys{w.name_space}.of_partition(0, "jobs"), "b", "?"});
    const auto page = w.run(w.backend.page(0, "", 10));
    REQUIRE(page.jobs.size() == 1);
    CHECK(page.jobs[0].id == "a");
    const std::vector<std::string> ids{"b", "a"};
    const auto jobs = w.run(w.backend.load(0, ids));
    CHECK_FALSE(jobs.at(0));
    CHECK(jobs.at(1));
    CHECK(w.logged("job 'b' in namespace") == 1);
    w.cli({"ZADD", redis::store_keys{w.name_space}.of_partition(0, "ids"), "0", "of-no-job"});
    const job_query query;
    const auto listed = w.run(w.backend.list(query));
    REQUIRE(listed.jobs.size() == 1);
    CHECK(listed.jobs[0].id() == "a");
  }

  TEST_CASE("an entry of the ledger that cannot be read is passed over, and told of once") {
    script_world w;
    w.add("a");
    w.finish("a", "r1", w.win("a", "r1"));
    const std::vector<std::vector<std::string>> entries{{"x", "y"},
                                                        {"j", "a"},
                                                        {"", ""},
                                                        {"j", "a", "s", "?"},
                                                        {"j", "a", "i", "r1", "r", "?", "o", "?", "f", "1"},
                                                        {"s", "\x97\x06\x01\x01\x01\xc2\xa1x", "x", "y"}};
    for (const auto& fields : entries) {
      std::vector<std::string> command{"XADD", w.key("ledger"), "*"};
      command.insert(command.end(), fields.begin(), fields.end());
      w.cli(command);
    }
    w.finish("a", "r2", w.win("a", "r2"));
    for (int times = 0; times < 2; ++times) {
      for (const auto* job : {"", "a"}) {
        const auto seen = w.ledger(job);
        REQUIRE(seen.size() == 2);
        CHECK(seen[0].run == "r2");
        CHECK(seen[1].run == "r1");
      }
    }
    CHECK(w.logged(" of " + w.key("ledger") + " cannot be read and is passed over: ") == entries.size());
    CHECK(w.logged("redis-cli XDEL '" + w.key("ledger") + "'") == entries.size());
  }

  TEST_CASE("notices say whose a job is, so that nobody else needs to look") {
    script_world w;
    auto job = contract::world::record("a");
    auto definition = *job.definition;
    definition.task = "mail";
    job_options options;
    options.executor = "pool";
    definition.options = std::make_shared<const job_options>(options);
    job.definition = std::make_shared<const job_definition>(definition);
    const auto revision = w.add(job).revision;
    w.run(w.backend.remove("a", std::nullopt, false));
    REQUIRE(w.until([&] { return w.heard.changes.size() == 2; }));
    CHECK(w.heard.changes[0].id == "a");
    CHECK(w.heard.changes[0].task == "mail");
    CHECK(w.heard.changes[0].executor == "pool");
    CHECK(w.heard.changes[0].revision == revision);
    CHECK(w.heard.changes[0].state == job_state::active);
    CHECK(w.heard.changes[1].state == job_state::removed);
  }

  TEST_CASE("entries of all partitions have numbers of their own, and are read as one ledger") {
    backend_world w;
    script_world::listener nobody;
    const auto store = w.run(w.backend.open(4, nobody));
    plain_store plain{w.backend, 4};
    deaf_listener deaf;
    w.run(plain.open("a", deaf));
    std::map<std::uint32_t, int> parts;
    for (int k = 0; k < 12; ++k) {
      const auto id = "job-" + std::to_string(k);
      ++parts[partition_of(id, store.partitions)];
      w.run(plain.add(contract::world::record(id), on_conflict::refuse));
      auto job = w.run(plain.load(id));
      auto request = contract::world::claim_of(*job, "");
      request.runs.clear();
      request.left_out.push_back({outcome_kind::missed, at(60), at(60), 1, {}, {}});
      w.run(plain.claim(request));
    }
    CHECK(parts.size() == 4);
    ledger_query query;
    query.limit = 5;
    std::vector<std::uint64_t> numbers;
    for (bool more = true; more;) {
      const auto page = w.run(plain.history(query));
      for (const auto& each : page.entries) numbers.push_back(each.number);
      query.before = page.next_before;
      more = page.next_before.has_value();
    }
    CHECK(numbers.size() == 12);
    CHECK(std::adjacent_find(numbers.begin(), numbers.end(), std::less_equal<>()) == numbers.end());
  }

  TEST_CASE("the ledger is kept to its length, and to its age") {
    redis::job_backend_options short_one;
    short_one.ledger_length = 100;
    script_world w{short_one};
    w.add("a");
    for (int k = 0; k < 3; ++k) {
      auto request = w.claim_of("a", "");
      request.runs.clear();
      for (int times = 0; times < 100; ++times)
        request.left_out.push_back({outcome_kind::missed, at(60), at(60), 1, {}, {}});
      w.claim({request});
    }
    CHECK(w.ledger("a").size() >= 100);
    CHECK(w.ledger("a").size() < 300);
    redis::job_backend_options fresh;
    fresh.ledger_age = std::chrono::seconds{1};
    script_world later{fresh, w.name_space};
    later.cli({"XADD", later.key("ledger"), "4102444800000000-0", "j", "a"});  // So that the others are old.
    later.until([] { return false; }, std::chrono::milliseconds{1'100});
    later.look();
    CHECK(std::stoi(later.cli({"XLEN", later.key("ledger")})) < 200);
  }

  TEST_CASE("the history of one job is found behind thousands of entries of others") {
    script_world w;
    w.add("rare");
    w.finish("rare", "r1", w.win("rare", "r1"));
    w.add("often");
    auto request = w.claim_of("often", "");
    request.runs.clear();
    for (int times = 0; times < 2'500; ++times)
      request.left_out.push_back({outcome_kind::missed, at(60), at(60), 1, {}, {}});
    w.claim({request});
    CHECK(w.ledger("rare").size() == 1);
    ledger_query query;
    query.job = "often";
    query.limit = 1'200;
    const auto page = w.run(w.backend.history(query));
    CHECK(page.entries.size() == 1'200);
    query.before = page.next_before;
    CHECK(w.run(w.backend.history(query)).entries.at(0).number == page.entries.back().number - 1);
  }

  TEST_CASE("a job that this version cannot read is there, parked, and says so") {
    script_world w;
    auto job = contract::world::record("a");
    auto definition = *job.definition;
    definition.task = "mail";
    job.definition = std::make_shared<const job_definition>(definition);
    w.add(job);
    w.cli({"HSET", w.key("definitions"), "a", R"({"schedule":"every blue moon","task":"mail"})"});
    const auto seen = w.seen("a");
    CHECK(seen.state == job_state::parked);
    CHECK(seen.note.find("cannot read") != std::string::npos);
    CHECK(seen.note.find("schedule") != std::string::npos);
    CHECK(seen.definition->task_name() == "mail");
    CHECK(seen.cursor == at(60));
  }

  TEST_CASE("a page tells whose the jobs of a partition are, in the order of their ids") {
    script_world w;
    for (const auto* id : {"c", "a", "b"}) w.add(id);
    extra_run extra;
    extra.id = "b";
    w.run(w.backend.enqueue(extra));
    const auto first = w.run(w.backend.page(0, "", 2));
    REQUIRE(first.jobs.size() == 2);
    CHECK(first.jobs[0].id == "a");
    CHECK(first.jobs[0].task == "a");
    CHECK(first.jobs[0].revision == w.seen("a").revision);
    CHECK_FALSE(first.jobs[0].waits);
    CHECK(first.jobs[1].waits);
    CHECK(first.next_after == "b");
    const auto rest = w.run(w.backend.page(0, "b", 2));
    CHECK(rest.jobs.at(0).id == "c");
    CHECK_FALSE(rest.next_after);
  }

  TEST_CASE("a job takes no more than 700 bytes") {
    script_world w;
    const auto used = [&] {
      const auto info = w.cli({"INFO", "memory"});
      return std::stoll(info.substr(info.find("used_memory:") + 12));
    };
    const auto before = used();
    constexpr int jobs = 20'000;
    for (int k = 0; k < jobs; k += 100) {
      std::vector<job_record> some;
      std::vector<add_step> steps;
      for (int each = k; each < k + 100; ++each)
        some.push_back(contract::world::record("invoice-of-customer-" + std::to_string(100'000 + each)));
      for (const auto& job : some) steps.push_back({&job, on_conflict::refuse});
      w.run(w.backend.add(0, steps));
    }
    const auto each = (used() - before) / jobs;
    MESSAGE(each, " bytes a job");
    CHECK(each <= 700);
  }
}

}  // namespace carillon::testing
