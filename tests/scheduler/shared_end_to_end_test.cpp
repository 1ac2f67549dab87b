#include <carillon/store/shared_store.hpp>
#include <list>
#include <map>

#include "support/scheduler_world.hpp"
#include "support/simulated_network.hpp"
#include "support/simulated_store.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// Schedulers that share a simulated place, each over a link of its own, with jobs every 10 s.
class fleet : public simulation {
 public:
  struct instance {
    instance(fleet& world, const std::string& name)
        : link{world.network, ++world.seeds, {}},
          scheduler{world.io, world.store_of(*this), world.options_of(name)} {}
    simulated_link link;
    carillon::scheduler scheduler;
    bool running = false;
    std::size_t cancelled = 0;
  };

  ~fleet() override {
    for (auto& each : instances_) {
      each.link.mend();
      if (each.running) stop(each);
    }
    settle();
  }

  instance& add(const std::string& name, int jobs, bool lasting = false) {
    auto& made = instances_.emplace_back(*this, name);
    for (int i = 0; i < jobs; ++i) {
      const auto id = "job-" + std::to_string(i);
      if (lasting) {
        made.scheduler.add(id, trigger{"every 10s"},
                           [this, name, &made](carillon::run& run) { return last(name, made, run); });
      } else {
        made.scheduler.add(id, trigger{"every 10s"}, [this, name](carillon::run& run) { fired(name, run); });
      }
    }
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
  std::size_t jobs_of(instance& who) {
    auto future = who.scheduler.health()(boost::asio::use_future);
    settle();
    return future.get().jobs;
  }
  bool has(const std::string& job) {
    const auto page = shared.jobs().list({});
    return std::ranges::any_of(page.jobs, [&](const job_record& each) { return each.id() == job; });
  }
  /// How often an occurrence has fired more than once, and how many have fired.
  std::size_t twice() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fires_, [](const auto& each) { return each.second > 1; }));
  }
  std::size_t all() const { return fires_.size(); }

  simulated_network network{clock(), io};
  simulated_store shared{clock()};
  std::uint64_t seeds = 0;
  std::map<std::string, std::size_t> by;  ///< Fires, by instance.

 private:
  void fired(const std::string& name, carillon::run& run) {
    ++fires_[{run.job_id(), run.scheduled_for()}];
    ++by[name];
  }
  boost::asio::awaitable<void> last(std::string name, instance& who, carillon::run& run) {
    fired(name, run);
    try {
      co_await sleep(60s);
    } catch (...) {
      if (run.cancel_reason() == cancel_reason::lost_lease) ++who.cancelled;
      throw;
    }
  }
  std::shared_ptr<job_store> store_of(instance& who) {
    shared_store_options options;
    options.partitions = 8;
    options.seed = ++seeds;
    options.logger = logger_;
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

  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("fleet", std::make_shared<log_keeper>());
  std::map<std::pair<std::string, instant>, int> fires_;
  std::list<instance> instances_;
};

}  // namespace

TEST_SUITE("schedulers that share a store") {
  TEST_CASE("they split the jobs, and each fires once") {
    fleet world;
    auto& a = world.add("a", 40);
    auto& b = world.add("b", 40);
    world.pass(10s);
    CHECK(world.jobs_of(a) + world.jobs_of(b) == 40);
    CHECK(world.jobs_of(a) >= 5);
    CHECK(world.jobs_of(b) >= 5);
    const auto before = world.all();
    world.pass(60s);
    CHECK(world.all() - before == 40 * 6);
    CHECK(world.twice() == 0);
  }

  TEST_CASE("one that leaves in order is followed at once, and nothing is missed") {
    fleet world;
    auto& a = world.add("a", 20);
    auto& b = world.add("b", 20);
    world.pass(25s);
    world.stop(a);
    CHECK(world.jobs_of(b) == 20);
    world.pass(60s);
    CHECK(world.twice() == 0);
    CHECK(world.all() == 20 * 8);
  }

  TEST_CASE("one that is cut off lets go of what it runs, and another takes over") {
    fleet world;
    auto& a = world.add("a", 20, true);
    auto& b = world.add("b", 20, true);
    world.pass(15s);
    const auto held = world.by["a"];
    CHECK(held > 0);
    a.link.cut();
    world.pass(20s);
    CHECK(a.cancelled == held);
    CHECK(world.jobs_of(b) == 20);
    a.link.mend();
    world.pass(15s);
    CHECK(world.jobs_of(a) + world.jobs_of(b) == 20);
    CHECK(world.jobs_of(a) > 0);
  }

  TEST_CASE("what leaves a file while its instance is killed and started again goes when the lease ends") {
    fleet world;
    auto& killed = world.add("daemon", 0);
    std::vector<job_definition> jobs;
    for (const char* id : {"stays", "goes"}) {
      job_definition job{id, trigger{"every 1h"}, {}, {}, default_options(), {}, {}};
      job.task = std::string_view{"work"};
      jobs.push_back(std::move(job));
    }
    for (auto* each : {&killed, &world.add("another", 0)}) each->scheduler.task("work", [] {});
    killed.scheduler.declare("jobs.toml", jobs)([](std::exception_ptr, declare_result) {});
    world.pass(2s);
    killed.link.cut();
    jobs.pop_back();
    auto& again = world.add("daemon", 0);
    again.scheduler.task("work", [] {});
    auto did = again.scheduler.declare("jobs.toml", jobs, undeclared::remove_all)(boost::asio::use_future);
    world.pass(2s);
    CHECK(world.has("goes"));
    world.pass(10s);
    CHECK_FALSE(world.has("goes"));
    CHECK(world.has("stays"));
    CHECK(did.get() == declare_result{0, 0, 1, 1});
  }

  TEST_CASE("a store that is emptied gets again what they declare") {
    fleet world;
    auto& a = world.add("a", 20);
    auto& b = world.add("b", 20);
    world.pass(15s);
    world.shared.replace();
    world.pass(30s);
    CHECK(world.jobs_of(a) + world.jobs_of(b) == 20);
    const auto before = world.all();
    world.pass(20s);
    CHECK(world.all() - before == 40);
    CHECK(world.twice() == 0);
  }
}
