#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "redis/redis_lock_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// Processes whose jobs share a group of two places, a Redis, and what they write down there. See
/// group_worker/main.cpp.
struct group_processes_world : redis_lock_world {
  temporary_folder logs;

  child start_worker(const std::string& name, int places) {
    return child::start({CARILLON_GROUP_WORKER, server.url(), name, std::to_string(places)},
                        logs.path() / name);
  }
  long long number(const std::vector<std::string>& words) const {
    const auto text = server.cli(words);
    return text.empty() ? 0 : std::stoll(text);
  }
  long long runs_of(const std::string& name) const { return number({"HGET", "by", name}); }
  /// The greatest number that was ever inside at once.
  long long most() const {
    long long most = 0;
    std::istringstream counts{server.cli({"HKEYS", "seen"})};
    for (long long count = 0; counts >> count;) most = std::max(most, count);
    return most;
  }
  std::vector<std::string> inside(const std::string& name) const {
    std::vector<std::string> runs;
    std::istringstream lines{server.cli({"HGETALL", "inside"})};
    for (std::string run, who; std::getline(lines, run) && std::getline(lines, who);) {
      if (who == name) runs.push_back(run);
    }
    return runs;
  }
  bool until_holds(const std::string& name, std::size_t runs) {
    return until([&] { return inside(name).size() >= runs; }, 60s);
  }
};

}  // namespace

TEST_SUITE("groups of several processes") {
  TEST_CASE("the limit holds over processes, and the places of one that is killed come back") {
    group_processes_world world;
    auto a = world.start_worker("a", 2);
    auto b = world.start_worker("b", 2);
    REQUIRE(world.until([&] { return world.runs_of("a") >= 10 && world.runs_of("b") >= 10; }, 60s));
    CHECK(world.most() == 2);

    // Stopped with places in its hands, so that they are there when it is killed.
    bool holds = false;
    for (int tries = 0; tries < 200 && !holds; ++tries) {
      if (!world.until_holds("a", 1)) break;
      a.signal(SIGSTOP);
      holds = !world.inside("a").empty();
      if (!holds) a.signal(SIGCONT);
    }
    REQUIRE(holds);
    a.kill();
    const auto held = world.inside("a");
    for (const auto& run : held) world.server.cli({"HDEL", "inside", run});
    const auto before = world.runs_of("b");
    // Both places at once are seen only if those of the dead are free again.
    world.server.cli({"DEL", "seen"});
    CHECK(world.until([&] { return world.runs_of("b") >= before + 20 && world.most() == 2; }, 60s));
    CHECK(world.most() == 2);

    auto c = world.start_worker("c", 2);
    CHECK(world.until([&] { return world.runs_of("c") >= 5; }, 60s));
    CHECK(world.most() == 2);
    b.terminate();
    const auto after = world.runs_of("c");
    CHECK(world.until([&] { return world.runs_of("c") >= after + 10; }, 60s));
    CHECK(world.most() == 2);
    c.terminate();
    CHECK(world.server.cli({"HLEN", "inside"}).starts_with("0"));
  }

  TEST_CASE("a process that says another limit counts with the smaller, and its log says so") {
    group_processes_world world;
    auto a = world.start_worker("a", 1);
    REQUIRE(world.until([&] { return world.runs_of("a") >= 5; }, 60s));
    auto b = world.start_worker("b", 3);
    REQUIRE(world.until([&] { return world.runs_of("b") >= 5; }, 60s));
    CHECK(world.most() == 1);
    a.terminate();
    b.terminate();
    std::ifstream log{world.logs.path() / "b"};
    std::stringstream said;
    said << log.rdbuf();
    CHECK(said.str().find("group 'db' has 3 places here, but 1 by another instance") != std::string::npos);
  }
}

}  // namespace carillon::testing
