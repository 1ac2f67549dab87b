#include <fmt/format.h>

#include <algorithm>
#include <carillon/redis/mutex.hpp>
#include <carillon/redis/once.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "redis/redis_lock_world.hpp"

namespace carillon::testing {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

// Eight processes, a Redis, and what they write down there. See lock_worker/main.cpp.
struct processes_world : redis_lock_world {
  temporary_folder logs;
  std::vector<child> workers;
  int started_workers = 0;

  child start_worker(const std::string& mode, int argument) {
    const auto name = fmt::format("w{}", ++started_workers);
    // Eight at once may leave some of them without an answer for long.
    const auto url = server.url() + "?command_timeout=60s&health_check_interval=60s";
    return child::start({CARILLON_LOCK_WORKER, mode, url, name, std::to_string(argument)},
                        logs.path() / name);
  }
  void start_workers(const std::string& mode, int argument, int count = 8) {
    for (int n = 0; n < count; ++n) workers.push_back(start_worker(mode, argument));
  }
  /// Lets them begin when all are there.
  bool begin() {
    const auto here = [this] {
      const auto clients = server.cli({"CLIENT", "LIST"});
      std::size_t count = 0;
      for (std::size_t at = 0; (at = clients.find("-resource ", at)) != std::string::npos; ++at) ++count;
      return count == workers.size();
    };
    const bool all_here = until(here);
    set("go");
    return all_here;
  }
  /// Until a counter of theirs is as high as that.
  bool until_at_least(long long count, const std::vector<std::string>& words) {
    return until([&] { return number(words) >= count; }, 180s);
  }
  bool join(std::chrono::milliseconds patience = 200s) {
    const bool ended = until(
        [&] { return std::ranges::none_of(workers, [](child& each) { return each.running(); }); }, patience);
    workers.clear();
    return ended && said().empty();
  }
  /// What went wrong in them.
  std::string said() const {
    std::ostringstream all;
    for (int n = 1; n <= started_workers; ++n) {
      std::ifstream log{logs.path() / fmt::format("w{}", n)};
      if (log.peek() != std::ifstream::traits_type::eof()) all << 'w' << n << ": " << log.rdbuf();
    }
    return all.str();
  }
  long long number(const std::vector<std::string>& words) const {
    const auto text = server.cli(words);
    return text.empty() ? 0 : std::stoll(text);
  }
  void set(const std::string& key) const { server.cli({"SET", key, "1"}); }
  bool exists(const std::string& key) const { return number({"EXISTS", key}) == 1; }
};

// How many times the work of each key was done: how many keys, and how often more than once.
struct work_done {
  int keys = 0;
  int twice = 0;
  long long most = 0;
};
work_done count_work(const processes_world& world, const std::string& kind) {
  work_done all;
  std::istringstream counts{world.server.cli({"HVALS", "work:" + kind})};
  for (long long count = 0; counts >> count;) {
    ++all.keys;
    all.twice += count > 1 ? 1 : 0;
    all.most = std::max(all.most, count);
  }
  return all;
}

struct turn {
  long long number = 0;
  long long acquired = 0;
  long long released = 0;
  std::string who;
};
std::vector<turn> all_turns(const processes_world& world) {
  std::vector<turn> all;
  std::istringstream lines{world.server.cli({"LRANGE", "turns", "0", "-1"})};
  for (turn one; lines >> one.number >> one.acquired >> one.released >> one.who;) all.push_back(one);
  std::ranges::sort(all, {}, &turn::number);
  return all;
}

// Microseconds from each release to the next holder's having the lock, in order of size.
std::vector<long long> hand_overs(const std::vector<turn>& turns) {
  std::vector<long long> waits;
  for (std::size_t n = 1; n < turns.size(); ++n) {
    if (turns[n].number == turns[n - 1].number + 1)
      waits.push_back(turns[n].acquired - turns[n - 1].released);
  }
  std::ranges::sort(waits);
  return waits;
}

}  // namespace

TEST_SUITE("locks of several processes") {
  TEST_CASE("once: eight processes, and as many runs as there are keys") {
    constexpr int keys = CARILLON_ONCE_KEYS;
    processes_world world;
    world.start_workers("once", keys);
    REQUIRE(world.begin());
    const auto began = steady::now();
    REQUIRE_MESSAGE(world.join(), world.said());
    const std::chrono::duration<double> took = steady::now() - began;
    const auto once_done = count_work(world, "once");
    CHECK(world.number({"HGET", "ran", "once"}) == keys);
    CHECK(once_done.keys == keys);
    CHECK(once_done.twice == 0);

    world.start_workers("naive", keys);
    REQUIRE_MESSAGE(world.join(), world.said());
    const auto naive = count_work(world, "naive");
    MESSAGE(
        fmt::format("once: {} keys by 8 processes in {:.1f} s, {} of them twice; "
                    "EXISTS, work, SETEX: {} of {} twice or more, up to {} times, {} runs",
                    keys, took.count(), once_done.twice, naive.twice, naive.keys, naive.most,
                    world.number({"HGET", "ran", "naive"})));
    CHECK(naive.keys == keys);
  }

  TEST_CASE("once: when the process at it is killed, the key is free after its lease") {
    constexpr auto lease = 2'000ms;
    processes_world world;
    auto victim = world.start_worker("stuck", static_cast<int>(lease.count()));
    world.set("go");
    REQUIRE(world.until([&] { return world.exists("inside"); }));
    world.go_on_for(2 * lease);  // It is renewed for as long as the process lives.
    victim.kill();
    const auto killed = steady::now();
    const auto left = world.number({"PTTL", "carillon:{test:once:victim}"});
    once_answer answer;
    const auto take_over = [&]() -> asio::awaitable<void> {
      const once_options patient{.lease = lease, .wait = 60s};
      const auto nothing = [] {};
      answer = co_await redis::once(world.link, "victim", 600s, nothing, patient);
    };
    world.go(take_over());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - killed);
    MESSAGE(fmt::format("once: free {} ms after its worker was killed, with a lease of {} ms", took.count(),
                        lease.count()));
    CHECK(answer == once_outcome::ran);
    CHECK(left > 0);
    CHECK(took.count() >= left);
  }

  TEST_CASE("mutex: eight processes take turns, and none starves") {
    processes_world world;
    world.start_workers("mutex", 60'000);
    REQUIRE(world.begin());
    REQUIRE(world.until_at_least(1600, {"HGET", "counter", "turns"}));
    world.set("stop");
    REQUIRE_MESSAGE(world.join(), world.said());
    const auto turns = all_turns(world);
    std::map<std::string, int> shares;
    for (const auto& each : turns) ++shares[each.who];
    const auto [least, most] =
        std::ranges::minmax_element(shares, {}, [](const auto& each) { return each.second; });
    const auto waits = hand_overs(turns);
    REQUIRE(waits.size() > 100);
    MESSAGE(fmt::format(
        "mutex: {} turns of 8 processes, from {} to {} each; from release to the next "
        "holder p50 {} us, p99 {} us",
        turns.size(), least->second, most->second, waits[waits.size() / 2], waits[waits.size() * 99 / 100]));
    CHECK(shares.size() == 8);
    CHECK(least->second >= most->second / 4);
    CHECK(world.server.cli({"HGET", "counter", "value"}) == std::to_string(turns.size()));
    CHECK(world.server.cli({"HGET", "counter", "refused"}).empty());
  }

  TEST_CASE("mutex: holders and waiters are killed, and no write is lost") {
    constexpr int lease_ms = 300;
    processes_world world;
    std::mt19937 random{20261121};
    world.start_workers("mutex", lease_ms);
    REQUIRE(world.begin());
    constexpr int killed = 12;
    const std::vector<std::string> turns{"HGET", "counter", "turns"};
    for (int n = 0; n < killed; ++n) {
      REQUIRE(world.until_at_least(world.number(turns) + 10, turns));
      auto& victim = world.workers[random() % world.workers.size()];
      victim.kill();
      victim = world.start_worker("mutex", lease_ms);
    }
    REQUIRE(world.until_at_least(world.number(turns) + 10, turns));
    world.set("stop");
    REQUIRE_MESSAGE(world.join(), world.said());
    const auto value = world.number({"HGET", "counter", "value"});
    const auto accepted = world.number({"HGET", "counter", "accepted"});
    const auto begun = world.number({"HGET", "counter", "turns"});
    const auto refused = world.number({"HGET", "counter", "refused"});
    MESSAGE(fmt::format("mutex: {} processes killed, {} turns begun, {} writes, {} refused, counter {}",
                        killed, begun, accepted, refused, value));
    CHECK(value == accepted);
    CHECK(begun >= accepted);
    CHECK(begun <= accepted + refused + killed);
    CHECK(accepted > 100);
  }

  TEST_CASE(
      "mutex: a holder that was stopped for longer than its lease is told so, and its write is refused") {
    constexpr int lease_ms = 400;
    processes_world world;
    auto late = world.start_worker("late", lease_ms);
    world.set("go");
    REQUIRE(world.until([&] { return world.exists("inside"); }));
    late.signal(SIGSTOP);
    world.set("stop");
    redis::mutex door{world.link, "counter"};
    const auto overtake = [&]() -> asio::awaitable<void> {
      const auto held = co_await door.lock();
      world.server.cli({"HSET", "counter", "fence", std::to_string(held.fence()), "value", "1"});
    };
    world.go(overtake());
    world.set("write");
    late.signal(SIGCONT);
    REQUIRE(world.until([&] { return world.exists("late"); }));
    CHECK(world.server.cli({"GET", "late"}) == "good false, written false");
    CHECK(world.server.cli({"HGET", "counter", "value"}) == "1");
    REQUIRE(world.until([&] { return !late.running(); }));
  }

  TEST_CASE("semaphore: eight processes, never more than three inside") {
    processes_world world;
    world.start_workers("semaphore", 3);
    REQUIRE(world.begin());
    REQUIRE(world.until_at_least(200, {"HGET", "seen", "2"}));
    world.set("stop");
    REQUIRE_MESSAGE(world.join(), world.said());
    std::map<long long, long long> seen;
    std::istringstream counts{world.server.cli({"HGETALL", "seen"})};
    long long visits = 0;
    for (long long inside = 0, times = 0; counts >> inside >> times; visits += times) seen[inside] = times;
    MESSAGE(
        fmt::format("semaphore: {} visits of 8 processes; inside together: one {} times, two {}, three {}",
                    visits, seen[1], seen[2], seen[3]));
    CHECK(std::ranges::none_of(seen, [](const auto& each) { return each.first > 3; }));
    CHECK(visits >= 200);
  }
}

}  // namespace carillon::testing
