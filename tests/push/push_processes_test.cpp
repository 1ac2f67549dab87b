#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <carillon/time/system_clock.hpp>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "push/reservations_world.hpp"
#include "push/subscription.hpp"
#include "support/http_receiver.hpp"
#include "support/temporary_folder.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A receiver that has its bad moments: of every 50 it answers the first attempt at one with 500, hangs at
/// that of another, and takes a while for all. Where it answers 200 it keeps what it was sent.
class moody_receiver {
 public:
  struct arrival {
    bool repeat = false;
    std::int64_t attempt = 0;
  };

  std::string url() const { return receiver_.url(); }
  std::map<std::string, std::vector<arrival>> arrived() const {
    const std::lock_guard guard{lock_};
    return arrived_;
  }
  std::size_t count() const {
    const std::lock_guard guard{lock_};
    return arrived_.size();
  }

 private:
  reaction react(const posted& what) {
    const std::lock_guard guard{lock_};
    const auto body = boost::json::parse(what.body).as_object();
    const auto& tried = tries_[what.key] += 1;
    const auto mood = std::hash<std::string>{}(what.key) % 50;
    if (tried == 1 && mood == 0) return reaction::with(500);
    if (tried == 1 && mood == 1) return reaction::hang();
    arrived_[what.key].push_back({body.contains("repeat") && body.at("repeat").as_bool(),
                                  body.at("attempt").to_number<std::int64_t>()});
    auto how = reaction::with(200);
    how.after = 20ms;
    return how;
  }

  mutable std::mutex lock_;
  std::map<std::string, int> tries_;
  std::map<std::string, std::vector<arrival>> arrived_;
  http_receiver receiver_{[this](const posted& what) { return react(what); }};
};

struct push_processes : push_server {
  moody_receiver receiver;
  temporary_folder logs;
  std::vector<child> workers;

  void start_worker() {
    const auto name = fmt::format("w{}", workers.size());
    workers.push_back(
        child::start({CARILLON_PUSH_WORKER, server.url(), receiver.url(), name}, logs.path() / name));
  }
  bool until_arrived(std::size_t count, std::chrono::seconds patience = 120s) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (receiver.count() < count && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(10ms);
    return receiver.count() >= count;
  }
  std::string said() const {
    std::ostringstream all;
    for (std::size_t i = 0; i < workers.size(); ++i)
      all << std::ifstream(logs.path() / fmt::format("w{}", i)).rdbuf() << '\n';
    return all.str();
  }
};

}  // namespace

TEST_SUITE("push processes") {
  TEST_CASE(
      "with two of four killed in the middle and a receiver that fails and hangs, every push arrives, and "
      "what arrives "
      "again is marked as a repeat and has the same key") {
    push_processes world;
    const auto minute = std::chrono::ceil<std::chrono::minutes>(system_clock::shared()->now());
    constexpr int each = 700;
    std::set<std::string> expected;
    for (int n = 0; n < 3; ++n) {
      const auto due = minute + std::chrono::minutes{n};
      const auto tag = fmt::format("t{}|x", n);
      world.subscribe_many(each, score_of(due - std::chrono::floor<std::chrono::days>(due)), tag);
      for (int user = 0; user < each; ++user)
        expected.insert(idempotency_key(fmt::format("u{}", user), tag, due));
    }
    for (int n = 0; n < 4; ++n) world.start_worker();
    REQUIRE_MESSAGE(world.until_arrived(300), world.said());
    world.workers[0].kill();
    REQUIRE(world.until_arrived(900));
    world.workers[1].kill();
    CHECK_MESSAGE(world.until_arrived(expected.size()), world.said());
    for (std::size_t n = 2; n < 4; ++n) {
      world.workers[n].terminate();
      CHECK(world.workers[n].status() == 0);
    }
    std::size_t again = 0;
    const auto arrived = world.receiver.arrived();
    CHECK(arrived.size() == expected.size());
    for (const auto& [key, all] : arrived) {
      CAPTURE(key);
      CHECK(expected.contains(key));
      again += all.size() - 1;
      for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i].repeat);
    }
    // Each of the two that were killed had at most so many under way, and as many delivered and not marked
    // yet.
    CHECK(again <= 2 * (32 + 32));
    for (const auto& key : expected) {
      if (!arrived.contains(key)) MESSAGE("left out: " << key);
    }
  }
}
