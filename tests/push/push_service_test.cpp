#include "push/push_service.hpp"

#include <doctest/doctest.h>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <algorithm>

#include <boost/asio/use_future.hpp>
#include <carillon/time/system_clock.hpp>

#include "push/fake_delivery.hpp"
#include "push/reservations_world.hpp"
#include "push/subscription.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct service_world : push_server, loop_world {
  struct instance {
    instance(service_world& world, const std::string& name)
        : link{world.io, {.url = world.server.url(), .name_space = "test", .logger = world.logger}},
          way{std::make_shared<fake_delivery>(world.strand)},
          service{world.io, link, way, options_of(world, name)} {}

    instance(service_world& world, service_options how)
        : link{world.io, {.url = world.server.url(), .name_space = "test", .logger = world.logger}},
          way{std::make_shared<fake_delivery>(world.strand)},
          service{world.io, link, way, std::move(how)} {}

    static service_options options_of(service_world& world, const std::string& name) {
      service_options how;
      how.what = push_options_for_tests();
      how.what.slices = 4;
      how.instance = name;
      how.store.lease = 10s;
      how.logger = world.logger;
      how.drain = 200ms;
      return how;
    }

    redis::link link;
    std::shared_ptr<fake_delivery> way;
    push_service service;
    bool over = false;
    std::exception_ptr failure;
  };

  std::unique_ptr<instance> begin(const std::string& name) {
    auto made = std::make_unique<instance>(*this, name);
    start(*made);
    return made;
  }
  void start(instance& which) {
    boost::asio::co_spawn(io, which.service.run(), [&which](std::exception_ptr why) {
      which.failure = why;
      which.over = true;
    });
  }
  template <typename T>
  T wait(std::future<T> what) {
    REQUIRE(until([&] { return what.wait_for(0s) == std::future_status::ready; }));
    return what.get();
  }
  std::optional<job_record> job(instance& of, const std::string& id) {
    return wait(of.service.scheduler().get(id, boost::asio::use_future));
  }
  /// The ids of what is in the store.
  std::vector<std::string> jobs(instance& of) {
    job_query all;
    all.id_prefix = "push/";
    std::vector<std::string> ids;
    for (const auto& each : wait(of.service.scheduler().list(all, boost::asio::use_future)).jobs)
      ids.push_back(each.id());
    return ids;
  }
  void end(instance& which) {
    which.service.stop();
    CHECK(until([&] { return which.over; }));
    CHECK(which.failure == nullptr);
  }
  /// The score of the minute that begins next, or of one after it. The store's clock is the machine's.
  static int score_in(std::chrono::minutes later) {
    const auto minute = std::chrono::ceil<std::chrono::minutes>(system_clock::shared()->now()) + later;
    return score_of(minute - std::chrono::floor<std::chrono::days>(minute));
  }
  /// A time of day that does not come while a test runs.
  static std::string time_in(std::chrono::hours later) {
    const auto minute = std::chrono::floor<std::chrono::minutes>(system_clock::shared()->now()) + later;
    return fmt::format("{:%H:%M}", minute - std::chrono::floor<std::chrono::days>(minute));
  }
};

}  // namespace

TEST_SUITE("push service") {
  TEST_CASE("instances share the work, and each push is sent once") {
    service_world world;
    for (int minute = 0; minute < 4; ++minute)
      world.subscribe_many(100, world.score_in(std::chrono::minutes{minute}), "t" + std::to_string(minute));
    const auto one = world.begin("one"), two = world.begin("two");
    const auto arrived = [&] { return one->way->arrived.size() + two->way->arrived.size(); };
    CHECK(world.until([&] { return arrived() >= 400; }));
    world.end(*one);
    world.end(*two);
    auto all = one->way->arrived;
    for (const auto& [key, count] : two->way->arrived) all[key] += count;
    CHECK(all.size() == 400);
    for (const auto& [key, count] : all) CHECK(count == 1);
    CHECK(world.logged("push: stopped") == 2);
  }

  TEST_CASE("who is stopped while a receiver hangs gives back what hangs, and its figures say so") {
    service_world world;
    world.subscribe("1", "t", world.score_in(0min));
    const auto one = world.begin("one");
    one->way->holds = [](const push&) { return true; };
    CHECK(world.until([&] { return one->way->asked.size() == 1; }));
    world.end(*one);
    CHECK(world.mark("1|t").empty());
    auto counted = boost::asio::co_spawn(world.io, one->service.figures(), boost::asio::use_future);
    CHECK(world.until([&] { return counted.wait_for(0s) == std::future_status::ready; }));
    CHECK(counted.get().given_back == 1);
  }

  TEST_CASE("at fixed times work is done, once among all") {
    service_world world;
    int done = 0;
    const auto early = world.time_in(5h), late = world.time_in(7h);
    service_world::instance one{world, "one"}, two{world, "two"};
    for (auto* each : {&one, &two}) {
      each->service.at_fixed_times({early, late},
                                   [&done, late](carillon::run& of) -> boost::asio::awaitable<void> {
                                     CHECK(of.job_id().ends_with("/fixed/" + late));
                                     ++done;
                                     co_return;
                                   });
      world.start(*each);
    }
    const auto id = one.service.job_prefix() + "fixed/" + late;
    REQUIRE(world.until([&] { return world.job(two, id).has_value(); }));
    CHECK(world.wait(one.service.scheduler().run_now(id, boost::asio::use_future)));
    CHECK(world.until([&] { return done > 0; }));
    CHECK(world.job(two, id).value().definition->when.text() == "every day at " + late);
    world.end(one);
    world.end(two);
    CHECK(done == 1);
  }

  TEST_CASE("work at fixed times is tried again where that is wanted") {
    service_world world;
    service_world::instance one{world, "one"};
    std::vector<std::uint32_t> attempts;
    const auto work = [&](carillon::run& of) -> boost::asio::awaitable<void> {
      attempts.push_back(of.attempt());
      if (of.attempt() < 3) throw std::runtime_error("not now");
      co_return;
    };
    retry_policy again;
    again.attempts = 3;
    again.backoff_min = again.backoff_max = 1ms;
    const auto time = world.time_in(7h);
    one.service.at_fixed_times({time}, work, again);
    world.start(one);
    const auto id = one.service.job_prefix() + "fixed/" + time;
    REQUIRE(world.until([&] { return world.job(one, id).has_value(); }));
    world.wait(one.service.scheduler().run_now(id, boost::asio::use_future));
    CHECK(world.until([&] { return attempts.size() == 3; }));
    CHECK(attempts == std::vector<std::uint32_t>{1, 2, 3});
    world.end(one);
  }

  TEST_CASE("what is no time of day is refused, and options that would send twice are, too") {
    service_world world;
    service_world::instance one{world, "one"};
    command_line nothing;
    nothing.argv = {"true"};
    CHECK_THROWS_WITH_AS(one.service.at_fixed_times({"8"}, nothing),
                         "fixed_times: '8' is no time of day, as 08:00", std::invalid_argument);
    CHECK_THROWS_AS(one.service.at_fixed_times({"25:00"}, nothing), std::invalid_argument);
    auto how = service_world::instance::options_of(world, "two");
    how.what.sent_ttl = 1min;
    CHECK_THROWS_AS(push_service(world.io, one.link, one.way, how), std::invalid_argument);
  }

  TEST_CASE("a Redis that is not there is waited for, and said to be away once") {
    service_world world;
    world.subscribe("1", "t", world.score_in(0min));
    service_world::instance one{world, "one"};
    world.server.pause();
    world.start(one);
    CHECK(world.until([&] { return world.logged("is away: waits until it answers") == 1; }));
    world.server.resume();
    CHECK(world.until([&] { return one.way->arrived.size() == 1; }));
    CHECK(world.logged("is away: waits until it answers") == 1);
    world.end(one);
  }

  TEST_CASE("who waits for a Redis that is away can be stopped") {
    service_world world;
    service_world::instance one{world, "one"};
    world.server.stop();
    world.start(one);
    CHECK(world.until([&] { return world.logged("is away") == 1; }));
    world.end(one);
  }

  TEST_CASE("a Redis that may throw keys away is refused with words") {
    service_world world;
    world.server.cli({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    service_world::instance one{world, "one"};
    world.start(one);
    CHECK(world.until([&] { return one.over; }));
    CHECK(one.failure != nullptr);
  }

  TEST_CASE("two services in one namespace know nothing of each other") {
    service_world world;
    const auto score = std::to_string(world.score_in(0min));
    for (int user = 0; user < 50; ++user) {
      const auto member = fmt::format("user:{}|tag:t", user);
      world.server.cli({"ZADD", "demo:subscription", score, member});
      world.server.cli({"ZADD", "other:subscription", score, member});
      world.server.cli(
          {"HSET", "other:subscription:rich", fmt::format("{}|r", user), R"({"schedule":"every 1h"})"});
    }
    auto how = service_world::instance::options_of(world, "two");
    how.what.subscriptions = "other:subscription";
    how.what.sent = "other:sent";
    service_world::instance one{world, "one"}, two{world, how};
    CHECK(one.service.job_prefix() != two.service.job_prefix());
    // What is dead for the one is nothing of the other's.
    one.way->answers = [](const push&) { return delivered::never("gone"); };
    world.start(one);
    CHECK(world.until([&] { return world.letters() == 50; }));
    world.start(two);
    // Around a full hour the rich ones arrive as well.
    const auto is_plain = [](const auto& each) { return each.first.find("|t|") != std::string::npos; };
    CHECK(world.until([&] { return std::ranges::count_if(two.way->arrived, is_plain) == 50; }));
    world.end(one);
    world.end(two);
    CHECK(world.letters() == 50);
    for (int user = 0; user < 50; ++user) {
      CHECK(world.mark(fmt::format("{}|t", user)).empty());
      CHECK(world.server.cli({"EXISTS", fmt::format("other:sent:{}|t", user)}) == "1");
    }
  }

  TEST_CASE("who runs a service by other options stands by until the others have stopped") {
    service_world world;
    world.subscribe_many(20, world.score_in(0min));
    const auto one = world.begin("one");
    REQUIRE(world.until([&] { return one->way->arrived.size() == 20; }));
    auto how = service_world::instance::options_of(world, "two");
    how.what.time_zone = zone::find("Asia/Shanghai").value();
    how.what.slices = 2;
    service_world::instance two{world, how};
    world.start(two);
    CHECK(world.until([&] { return world.logged("stands by") == 1; }));
    CHECK(world.logged("1 instance runs the service of 'demo:subscription' and 'demo:exist_push' by other "
                       "options: timezone is UTC there and Asia/Shanghai here; slices is 4 there and 2 here. "
                       "Give all the same") == 1);
    CHECK(world.jobs(*one).size() == 5);
    world.end(*one);
    CHECK(world.until([&] { return world.logged("the others have stopped: begins") == 1; }));
    // And takes away what the others' number of slices has left.
    const auto rest = two.service.job_prefix() + "look/rest-of-2";
    CHECK(world.until([&] {
      const auto all = world.jobs(two);
      return all.size() == 3 && all.back() == rest;
    }));
    world.end(two);
    CHECK(world.logged("stands by") == 1);
  }

  TEST_CASE("who was not heard of while others began by other options ends, and says why") {
    service_world world;
    const auto one = world.begin("one");
    REQUIRE(world.until([&] { return one->way->describe().size() > 0 && world.jobs(*one).size() == 5; }));
    world.server.cli(
        {"DEL", world.keys.instances, world.keys.definition});  // As if it had been away for long.
    auto how = service_world::instance::options_of(world, "two");
    how.what.grace = 1h;
    how.what.sent_ttl = 2h;
    service_world::instance two{world, how};
    world.start(two);
    CHECK(world.until([&] { return one->over; }));
    try {
      if (one->failure) std::rethrow_exception(one->failure);
      FAIL("it ended as if all were well");
    } catch (const std::runtime_error& why) {
      CAPTURE(why.what());
      CHECK(std::string{why.what()}.find("grace is 1h there and 10m here") != std::string::npos);
    }
    world.end(two);
  }

  TEST_CASE("a longer grace looks at nothing that a shorter one has seen to, and marked for less long") {
    service_world world;
    const auto now = system_clock::shared()->now();
    const auto long_ago = std::chrono::floor<std::chrono::minutes>(now) - 30min;
    world.subscribe("1", "t", score_of(long_ago - std::chrono::floor<std::chrono::days>(long_ago)));
    const auto one = world.begin("one");
    REQUIRE(world.until([&] { return world.jobs(*one).size() == 5; }));
    world.end(*one);
    auto how = service_world::instance::options_of(world, "two");
    how.what.grace = 1h;
    how.what.sent_ttl = 2h;
    world.subscribe("2", "t", world.score_in(0min));
    service_world::instance two{world, how};
    world.start(two);
    CHECK(world.until([&] { return two.way->arrived.size() >= 1; }));
    world.end(two);
    CHECK(two.way->arrived.size() == 1);
    CHECK(two.way->asked.front().user == "2");
  }

  TEST_CASE("who comes back when others have run the service otherwise and are gone ends, with words") {
    service_world world;
    const auto one = world.begin("one");
    REQUIRE(world.until([&] { return world.jobs(*one).size() == 5; }));
    // As after a while in which it was frozen.
    world.server.cli({"DEL", world.keys.instances});
    world.server.cli({"HSET", world.keys.definition, "how", R"({"slices": "7"})"});
    CHECK(world.until([&] { return one->over; }));
    REQUIRE(one->failure != nullptr);
    try {
      std::rethrow_exception(one->failure);
    } catch (const std::runtime_error& why) {
      CAPTURE(why.what());
      CHECK(std::string{why.what()}.find("others have run the service") != std::string::npos);
      CHECK(std::string{why.what()}.find("slices") != std::string::npos);
    }
  }

  TEST_CASE("a key that holds what it must not is told once, with its name, not once a look") {
    service_world world;
    world.server.cli({"SET", "demo:subscription", "x"});
    const auto one = world.begin("one");
    const auto told = "subscriptions 'demo:subscription': the key holds a string and must be a sorted set";
    CHECK(world.until([&] { return world.logged(told) == 1; }));
    const auto counted = [&] {
      return world.wait(boost::asio::co_spawn(world.io, one->service.figures(), boost::asio::use_future));
    };
    CHECK(world.until([&] { return counted().looks >= 5; }));
    world.end(*one);
    CHECK(world.logged(told) == 1);
    CHECK(world.logged("WRONGTYPE") == 0);
  }

  TEST_CASE("a key of its own that holds what it must not ends it, and is named") {
    service_world world;
    world.server.cli({"SET", world.keys.instances, "x"});
    const auto one = world.begin("one");
    CHECK(world.until([&] { return one->over; }));
    CHECK(one->failure != nullptr);
    CHECK(world.logged("instances '" + world.keys.instances + "': the key holds a string") == 1);
  }

  TEST_CASE("what came due while nobody ran, longer ago than the grace, is counted and told") {
    service_world world;
    const auto now = system_clock::shared()->now();
    const auto due = std::chrono::floor<std::chrono::minutes>(now) - 30min;
    for (const auto* user : {"1", "2"})
      world.subscribe(user, "t", score_of(due - std::chrono::floor<std::chrono::days>(due)));
    const auto one = world.begin("one");
    REQUIRE(world.until([&] { return world.jobs(*one).size() == 5; }));
    world.end(*one);
    CHECK(world.logged("nobody ran this service") == 0);
    const auto long_ago = (now - 1h).time_since_epoch().count();
    world.server.cli({"HSET", world.keys.definition, "alive", std::to_string(long_ago)});
    const auto two = world.begin("two");
    CHECK(world.until([&] { return world.logged("nobody ran this service") == 1; }));
    CHECK(world.logged("2 pushes of demo:subscription came due longer ago than the grace (10m)") == 1);
    world.end(*two);
    CHECK(two->way->asked.empty());
  }

  TEST_CASE("fixed times that are given no more are done no more") {
    service_world world;
    command_line nothing;
    nothing.argv = {"true"};
    service_world::instance one{world, "one"}, two{world, "two"};
    one.service.at_fixed_times({"08:00", "12:30"}, nothing);
    two.service.at_fixed_times({"12:30"}, nothing);
    const auto gone = one.service.job_prefix() + "fixed/08:00",
               kept = one.service.job_prefix() + "fixed/12:30";
    world.start(one);
    REQUIRE(world.until([&] { return world.job(one, gone) && world.job(one, kept); }));
    world.end(one);
    world.start(two);
    CHECK(world.until([&] { return !world.job(two, gone); }));
    CHECK(world.job(two, kept));
    world.end(two);
  }
}
