#include <carillon/store/memory_store.hpp>
#include <carillon/store/shared_store.hpp>
#include <list>
#include <map>
#include <random>
#include <set>

#include "support/scheduler_world.hpp"
#include "support/simulated_network.hpp"
#include "support/simulated_store.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;
using boost::asio::awaitable;

namespace {

/// Schedulers that share a simulated place, with jobs in one group.
class grouped_fleet : public simulation {
 public:
  struct instance {
    instance(grouped_fleet& world, const std::string& name_, bool keeps_groups)
        : name{name_},
          link{world.network, ++world.seeds, world.faults},
          scheduler{world.io, world.store_of(*this, keeps_groups), world.options_of(name_)} {
      all = scheduler.on(all_events, [this](const event& what) { events.push_back(what); });
    }
    std::size_t count(event_kind kind) const {
      return static_cast<std::size_t>(std::ranges::count(events, kind, &event::kind));
    }
    std::string name;
    simulated_link link;
    carillon::scheduler scheduler;
    std::vector<event> events;
    subscription all;
    bool running = false;
    bool dead = false;
  };

  ~grouped_fleet() override {
    for (auto& each : instances_) {
      each.link.mend();
      if (each.running) stop(each);
    }
    settle();
  }
  instance& add(const std::string& name, group_limits limits, int jobs = 12, milliseconds takes = 4s) {
    auto& made = instances_.emplace_back(*this, name, true);
    made.scheduler.group("db", limits);
    add_to(made.scheduler, made, jobs, takes);
    return begin(made);
  }
  void add_to(carillon::scheduler& where, instance& who, int jobs, milliseconds takes) {
    job_options options;
    options.group = "db";
    options.on_lost = lost_action::rerun;
    for (int i = 0; i < jobs; ++i) {
      options.priority = i % 3;
      where.add(
          "job-" + std::to_string(i), trigger{"every 1m"},
          [this, &who, takes](carillon::run& run) { return body(who, run, takes); }, options);
    }
  }
  instance& begin(instance& made) {
    made.running = true;
    boost::asio::co_spawn(io, made.scheduler.run(), [&made](std::exception_ptr) { made.running = false; });
    pass(1s);
    return made;
  }
  void stop(instance& who) {
    shutdown_options at_once;
    at_once.drain = milliseconds{0};
    who.scheduler.shutdown(at_once)([](std::exception_ptr) {});
    pass(1s);
  }
  /// From now on nothing of it reaches the store, and what it does has never been done.
  void kill(instance& who) {
    who.dead = true;
    who.link.cut();
    std::erase_if(running, [&](const auto& each) { return each.first == who.name; });
  }

  simulated_network network{clock(), io};
  simulated_store shared{clock()};
  link_faults faults;
  std::uint64_t seeds = 0;
  std::set<std::pair<std::string, std::string>> running;  ///< Instance and run.
  std::size_t most = 0;
  std::vector<std::string> began;
  std::map<std::string, int> by;

  std::shared_ptr<job_store> store_of(instance& who, bool keeps_groups) {
    shared_store_options options;
    options.partitions = 8;
    options.seed = ++seeds;
    options.logger = logger_;
    options.groups = keeps_groups;
    return shared.store_through(who.link, boost::asio::make_strand(io), clock(), options);
  }
  scheduler_options options_of(const std::string& name) {
    scheduler_options options;
    options.clock = clock();
    options.instance = name;
    options.time_zone = zone{};
    options.logger = logger_;
    return options;
  }

 private:
  awaitable<void> body(instance& who, carillon::run& run, milliseconds takes) {
    if (who.dead) {
      co_await sleep(takes);
      co_return;
    }
    const auto id = std::pair{who.name, run.id()};
    running.insert(id);
    most = std::max(most, running.size());
    began.push_back(run.job_id());
    ++by[who.name];
    const std::shared_ptr<int> at_end{nullptr, [this, id](int*) { running.erase(id); }};
    co_await sleep(takes);
  }

  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("fleet", std::make_shared<log_keeper>());
  std::list<instance> instances_;
};

}  // namespace

TEST_SUITE("groups over several instances") {
  TEST_CASE("the limit holds for all of them together") {
    grouped_fleet world;
    for (const auto* name : {"a", "b", "c"}) world.add(name, {.running = 2});
    world.pass(60s);
    CHECK(world.most == 2);
    world.pass(30s);
    CHECK(world.began.size() == 12);
    CHECK(world.most == 2);
    CHECK(world.by.size() > 1);
    CHECK(world.running.empty());
  }

  TEST_CASE("it holds in one process for the jobs of all its stores, a shared one and that in memory") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 2}, 4);
    auto& here = a.scheduler.store("here", memory_store{});
    world.add_to(here, a, 4, 4s);
    world.pass(70s);
    CHECK(world.most == 2);
    world.pass(20s);
    CHECK(world.began.size() == 8);
    CHECK(world.most == 2);
    CHECK(a.count(event_kind::run_succeeded) == 8);
    a.scheduler.group("db", {.running = 5});
    world.pass(60s);
    CHECK(world.began.size() == 16);
    CHECK(world.most == 5);
  }

  TEST_CASE("places go by priority over all instances, whoever has come first") {
    grouped_fleet world;
    for (const auto* name : {"a", "b", "c"}) world.add(name, {.running = 1});
    world.pass(120s);
    REQUIRE(world.began.size() >= 12);
    std::string priorities;  // But for the first, which came when nobody else was there.
    for (std::size_t i = 1; i < 12; ++i) {
      const auto number = std::stoi(world.began[i].substr(4));
      priorities += static_cast<char>('0' + number % 3);
    }
    auto sorted = priorities;
    std::ranges::sort(sorted, std::greater<>());
    CHECK(priorities == sorted);
  }

  TEST_CASE("the places of an instance that dies are free when its lease has run out, and not before") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 3}, 8, 40s);
    world.pass(60s);
    REQUIRE(world.running.size() == 3);
    auto& b = world.add("b", {.running = 3}, 8, 40s);
    world.kill(a);
    world.pass(8s);
    CHECK(world.running.empty());
    world.pass(12s);
    CHECK(world.running.size() == 3);
    CHECK(world.by["b"] == 3);
    CHECK(b.count(event_kind::run_started) == 3);
  }

  TEST_CASE("one that leaves in order gives its places back at once") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 2}, 8, 30s);
    world.pass(60s);
    REQUIRE(world.by["a"] == 2);
    world.add("b", {.running = 2}, 8, 30s);
    world.stop(a);
    world.pass(3s);
    CHECK(world.by["b"] == 2);
    CHECK(world.running.size() == 2);
  }

  TEST_CASE("while it drains, what ends gives its place to others") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 2}, 12, 4s);
    world.add("b", {.running = 2}, 12, 4s);
    world.pass(60s);
    shutdown_options patiently;
    patiently.drain = milliseconds{300'000};
    a.scheduler.shutdown(patiently)([](std::exception_ptr) {});
    world.pass(30s);
    CHECK(world.began.size() == 12);
    CHECK(world.most == 2);
    CHECK(!a.running);
  }

  TEST_CASE("what waits when the lease is lost is cancelled, and runs elsewhere as the job says") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 1}, 4, 20s);
    world.pass(60s);
    CHECK(world.running.size() == 1);
    a.link.cut();
    world.pass(12s);
    CHECK(world.running.empty());
    a.link.mend();
    world.pass(100s);
    CHECK(a.count(event_kind::run_cancelled) == 4);
    CHECK(world.most == 1);
    CHECK(a.count(event_kind::run_succeeded) >= 4);
  }

  TEST_CASE("of limits that differ the smallest counts, and who has another is told; until they agree") {
    grouped_fleet world;
    auto& a = world.add("a", {.running = 3});
    auto& b = world.add("b", {.running = 1});
    world.pass(70s);
    CHECK(world.most <= 3);  // What has begun before anybody knew, goes on.
    world.most = 0;
    world.pass(60s);
    CHECK(world.most == 1);
    CHECK(a.count(event_kind::group_limits_differ) == 1);
    CHECK(b.count(event_kind::group_limits_differ) == 0);
    const auto told = std::ranges::find(a.events, event_kind::group_limits_differ, &event::kind);
    CHECK(told->name == "db");
    CHECK(
        told->message ==
        "group 'db' has 3 places here, but 1 by another instance: until all agree the smaller number counts");
    b.scheduler.group("db", {.running = 3});
    world.most = 0;
    world.pass(70s);
    CHECK(world.most == 3);
    CHECK(a.count(event_kind::group_limits_differ) == 1);
  }

  TEST_CASE("a store that keeps no groups says so") {
    grouped_fleet world;
    grouped_fleet::instance without{world, "a", false};
    CHECK_THROWS_WITH_AS(without.scheduler.group("db", {}),
                         "group 'db': its store keeps no groups for several instances",
                         std::invalid_argument);
    job_options options;
    options.group = "db";
    CHECK_THROWS_WITH_AS(
        without.scheduler.add(
            "job", trigger{"every 1m"}, [] {}, options),
        "job 'job': it is in group 'db', and its store keeps no groups for several instances",
        std::invalid_argument);
  }

  TEST_CASE(
      "with links that lose and delay, and instances that die, the limit holds and nothing stays behind") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(seed);
      grouped_fleet world;
      world.seeds = seed * 1'000;
      world.faults.least = 1ms;
      world.faults.most = 20ms;
      world.faults.slow_percent = 5;
      world.faults.slowest = 1'500ms;
      world.faults.lost_requests = 5;
      world.faults.lost_answers = 5;
      world.faults.lost_notices = 30;
      std::mt19937_64 random{seed};
      std::vector<grouped_fleet::instance*> alive;
      int made = 0;
      const auto start = [&] {
        alive.push_back(&world.add("i" + std::to_string(++made), {.running = 3}, 20, 3s));
      };
      for (int i = 0; i < 3; ++i) start();
      for (int step = 0; step < 12; ++step) {
        world.pass(milliseconds{static_cast<std::int64_t>(random() % 40'000)});
        const auto who = random() % alive.size();
        if (random() % 2 == 0) {
          world.kill(*alive[who]);
        } else {
          world.stop(*alive[who]);
        }
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(who));
        start();
      }
      CHECK(world.most == 3);
      for (auto* each : alive) each->link.faults() = {};
      world.pass(70s);
      world.began.clear();
      world.pass(120s);
      CHECK(world.began.size() >= 38);
      CHECK(world.most == 3);
    }
  }
}
