#include <doctest/doctest.h>
#include <algorithm>
#include <carillon/redis/job_store.hpp>
#include <optional>
#include <utility>

#include "contract/job_store.hpp"
#include "contract/job_store_walk.hpp"
#include "redis/backend_world.hpp"
#include "redis/msgpack.hpp"

namespace carillon::testing {

namespace {

constexpr const char* marker = "nothing more is to be told";

struct noting_ids final : store_listener {
  std::vector<std::string> ids;
  void on_job_changed(const std::string& id, std::uint64_t) override { ids.push_back(id); }
};

/// Instances "a" and "b" of one namespace; "b" can run nothing, so that every job is "a"'s.
class two_stores : public loop_world {
 public:
  explicit two_stores(std::string name = new_name_space())
      : name_space{std::move(name)}, link_{std::in_place, io, options()} {
    a.emplace(*link_, four_partitions());
    b.emplace(*link_, four_partitions());
    served_work work;
    work.tasks = {"a", "b", "c", marker};
    a->serve(work);
    run(a->open("a", heard));
    run(b->open("b", nobody));
  }
  ~two_stores() {
    run(b->close());
    run(a->close());
    link_.reset();
    io.restart();
    io.poll();
  }

  static redis::job_store_options four_partitions() {
    redis::job_store_options how;
    how.partitions = 4;
    how.lease = std::chrono::seconds{30};
    return how;
  }
  redis::link_options options() const {
    redis::link_options how;
    how.url = shared_server().url();
    how.name_space = name_space;
    how.logger = logger;
    how.command_timeout = how.health_check_interval = std::chrono::seconds{10};
    return how;
  }

  std::string name_space;
  noting_ids heard, nobody;

 private:
  std::optional<redis::link> link_;

 public:
  std::optional<redis::job_store> a, b;
};

class redis_store_under_test final : public contract::store_under_test {
 public:
  job_store& store() override { return *world_.a; }
  job_store& other() override { return *world_.b; }
  void run(loop_awaitable<void> work) override { world_.run(std::move(work)); }
  std::vector<std::string> told(bool closed) override {
    // What is published after all else is heard after it. Nobody hears anything of a store that is closed.
    redis::packer last;
    last.list(8).add(0).add(0).add(marker).add("").add("").add(0).add(0).add(0);
    const redis::store_keys keys{world_.name_space};
    shared_server().cli({"PUBLISH", keys.changes(0), last.text()});
    auto& ids = world_.heard.ids;
    world_.until([&] { return std::ranges::find(ids, marker) != ids.end(); },
                 std::chrono::milliseconds{closed ? 500 : 30'000});
    std::erase(ids, marker);
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return std::exchange(ids, {});
  }

 private:
  two_stores world_;
};

}  // namespace

TEST_SUITE("redis job_store") {
  TEST_CASE("keeps the contract of job_store") {
    contract::keeps_the_contract_of_job_store([] { return std::make_unique<redis_store_under_test>(); });
    contract::keeps_the_contract_of_results([] { return std::make_unique<redis_store_under_test>(); });
  }

  TEST_CASE("a step whose record cannot be read fails with words that say which") {
    two_stores world;
    world.run(world.a->add(contract::world::record("a"), on_conflict::refuse));
    const redis::store_keys keys{world.name_space};
    const auto key = keys.of_partition(partition_of("a", 4), "jobs");
    shared_server().cli({"HSET", key, "a", "?"});
    std::string why;
    try {
      world.run(world.a->add(contract::world::record("a"), on_conflict::keep));
    } catch (const boost::system::system_error& refused) {
      CHECK(refused.code() == errc::store_refused);
      why = refused.what();
    }
    CHECK(why.starts_with("the record of job 'a' in " + key + " cannot be read, and nothing was done"));
  }

  TEST_CASE("whatever is done to it, its ledger accounts for every nominal time once") {
    for (std::uint64_t seed = 100; seed < 110; ++seed) {
      CAPTURE(seed);
      two_stores world;
      job_store_walk walk{world, *world.a, seed};
      walk.run(300);
    }
  }

  TEST_CASE("instances see each other, and what each is") {
    two_stores world;
    const auto members = world.run(world.a->members());
    REQUIRE(members.size() == 2);
    for (const auto& each : members) {
      CHECK(each.id.starts_with(each.instance + "/"));
      CHECK(each.takes_jobs);
    }
  }

  TEST_CASE("a store can be opened again after it was closed, and moved before") {
    two_stores world;
    auto moved = std::move(*world.b);
    CHECK_FALSE(moved.owns(contract::world::record("a")));
    world.run(moved.close());
    CHECK_FALSE(moved.health().healthy);
    world.run(moved.open("c", world.nobody));
    CHECK(world.run(moved.members()).size() == 2);
    world.run(moved.close());
    CHECK(world.run(world.a->members()).size() == 1);
    *world.b = std::move(moved);
  }

  TEST_CASE("options out of range are named") {
    boost::asio::io_context io;
    redis::link link{io, {}};
    redis::job_store_options how;
    how.lease = std::chrono::milliseconds{99};
    CHECK_THROWS_AS(redis::job_store(link, how), std::invalid_argument);
    how = {};
    how.partitions = 4'097;
    CHECK_THROWS_WITH(redis::job_store(link, how), "partitions: 4097; at most 4096");
    how = {};
    how.ledger_length = 0;
    CHECK_THROWS_AS(redis::job_store(link, how), std::invalid_argument);
  }

  TEST_CASE("another number of partitions than the one that is there is refused, with words") {
    two_stores world;
    redis::link link{world.io, world.options()};
    redis::job_store_options how;
    how.partitions = 8;
    redis::job_store other{link, how};
    try {
      world.run(other.open("c", world.nobody));
      FAIL("it was opened");
    } catch (const boost::system::system_error& why) {
      CHECK(why.code() == errc::store_refused);
      CHECK(std::string{why.what()}.find("4 partitions, and 8 are asked for") != std::string::npos);
    }
  }
}

}  // namespace carillon::testing
