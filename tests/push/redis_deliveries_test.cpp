#include "push/redis_deliveries.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <memory>
#include <string>

#include "push/line_delivery.hpp"
#include "push/push_json.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

push due_example() {
  push made;
  made.user = "42";
  made.tag = "a|b";
  made.due = instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 8h};
  made.attempt = 3;
  made.repeat = true;
  made.key = idempotency_key(made.user, made.tag, made.due);
  return made;
}

struct redis_world : loop_world {
  redis_server server;
  redis::link link{io, options()};

  redis::link_options options() const {
    redis::link_options how;
    how.url = server.url();
    how.logger = logger;
    return how;
  }
  template <typename Delivery>
  std::string fault_of(Delivery& way) {
    try {
      run(way.check());
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return {};
  }
};

}  // namespace

TEST_SUITE("stream delivery") {
  TEST_CASE("a push becomes an entry with a field for each of its parts") {
    redis_world world;
    stream_options how;
    how.key = "pushes";
    how.where = zone::find("Asia/Shanghai").value();
    stream_delivery way{world.link, world.strand, how};
    CHECK(world.fault_of(way) == "");
    CHECK(world.run(way.deliver(due_example())).what == delivered::kind::ok);
    const auto entry = world.server.cli({"XRANGE", "pushes", "-", "+"});
    CHECK(entry.substr(entry.find('\n') + 1) ==
          "user\n42\ntag\na|b\ndue\n2026-11-21T16:00:00+08:00\nattempt\n3\nkey\n42|a|b|"
          "20261121T080000Z\nrepeat\n1");
    world.run(way.close());
  }

  TEST_CASE("a stream is kept about as long as it may be") {
    redis_world world;
    stream_options how;
    how.key = "pushes";
    how.max_length = 100;
    stream_delivery way{world.link, world.strand, how};
    for (int i = 0; i < 500; ++i) world.run(way.deliver(due_example()));
    CHECK(std::stoi(world.server.cli({"XLEN", "pushes"})) < 300);
    world.run(way.close());
  }

  TEST_CASE("a key that is no stream is told by the check, and is no delivery") {
    redis_world world;
    world.server.cli({"SET", "pushes", "x"});
    stream_options how;
    how.key = "pushes";
    stream_delivery way{world.link, world.strand, how};
    CHECK(world.fault_of(way) == "stream 'pushes': the key holds a string: give a stream a key of its own");
    const auto outcome = world.run(way.deliver(due_example()));
    CHECK(outcome.what == delivered::kind::away);
    CHECK(outcome.why.find("WRONGTYPE") != std::string::npos);
    CHECK_FALSE(outcome.unsure);
    world.run(way.close());
  }

  TEST_CASE("a server that does not answer may have it") {
    redis_world world;
    stream_options how;
    how.key = "pushes";
    stream_delivery way{world.link, world.strand, how};
    CHECK(world.run(way.deliver(due_example())).what == delivered::kind::ok);
    world.server.pause();
    const auto outcome = world.run(way.deliver(due_example()));
    CHECK(outcome.what == delivered::kind::again);
    CHECK(outcome.unsure);
    world.server.resume();
    world.run(way.close());
  }
}

TEST_SUITE("channel delivery") {
  TEST_CASE("a push that nobody listens to is not delivered") {
    redis_world world;
    channel_options how;
    how.channel = "pushes";
    how.logger = world.logger;
    channel_delivery way{world.link, world.strand, how};
    CHECK(world.fault_of(way) ==
          "channel 'pushes': nobody listens to it: start who receives the pushes first");
    for (int i = 0; i < 10; ++i) CHECK(world.run(way.deliver(due_example())).what == delivered::kind::away);
    CHECK(world.logged("nobody listens") == 1);
    world.run(way.close());
  }

  TEST_CASE("who listens gets it as JSON") {
    redis_world world;
    channel_options how;
    how.channel = "pushes";
    how.logger = world.logger;
    channel_delivery way{world.link, world.strand, how};
    temporary_folder folder;
    auto listener =
        child::start({"redis-cli", "-p", std::to_string(world.server.port()), "SUBSCRIBE", "pushes"},
                     folder.path() / "heard");
    REQUIRE(world.until([&] { return world.fault_of(way).empty(); }));
    CHECK(world.run(way.deliver(due_example())).what == delivered::kind::ok);
    const auto heard = [&] {
      std::ifstream in{folder.path() / "heard"};
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      return text.find(to_json(due_example(), zone{})) != std::string::npos;
    };
    CHECK(world.until(heard));
    world.run(way.close());
  }
}

TEST_SUITE("line delivery") {
  TEST_CASE("a push becomes a line of JSON") {
    loop_world world;
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    line_delivery way{ends[1], "the pipe", zone{}};
    world.run(way.check());
    CHECK(world.run(way.deliver(due_example())).what == delivered::kind::ok);
    std::array<char, 1000> bytes{};
    const auto count = ::read(ends[0], bytes.data(), bytes.size());
    CHECK(std::string(bytes.data(), static_cast<std::size_t>(count)) ==
          to_json(due_example(), zone{}) + "\n");
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(world.run(way.deliver(due_example())).why == "the pipe: Bad file descriptor");
    CHECK_THROWS_WITH_AS(world.run(way.check()), "the pipe: Bad file descriptor", std::runtime_error);
  }
}
