#include "push/push_service.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

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

    static service_options options_of(service_world& world, const std::string& name) {
      service_options how;
      how.what = push_options_for_tests();
      how.what.slices = 4;
      how.instance = name;
      how.store.lease = 2s;
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
    service_world::instance one{world, "one"}, two{world, "two"};
    for (auto* each : {&one, &two}) {
      each->service.at_fixed_times({"08:00", "12:30"},
                                   [&done](carillon::run& of) -> boost::asio::awaitable<void> {
                                     CHECK(of.job_id() == "push/fixed/12:30");
                                     ++done;
                                     co_return;
                                   });
      world.start(*each);
    }
    one.service.scheduler().run_now("push/fixed/12:30")([](std::exception_ptr why, bool is_there) {
      CHECK(why == nullptr);
      CHECK(is_there);
    });
    CHECK(world.until([&] { return done > 0; }));
    auto job = two.service.scheduler().get("push/fixed/12:30")(boost::asio::use_future);
    CHECK(world.until([&] { return job.wait_for(0s) == std::future_status::ready; }));
    CHECK(job.get().value().definition->when.text() == "every day at 12:30");
    world.end(one);
    world.end(two);
    CHECK(done == 1);
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

  TEST_CASE("a Redis that is not there ends it with words") {
    service_world world;
    service_world::instance one{world, "one"};
    world.server.stop();
    world.start(one);
    CHECK(world.until([&] { return one.over; }));
    CHECK(one.failure != nullptr);
  }
}
