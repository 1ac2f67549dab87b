#include "redis/connection.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include "redis/connection_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::lua_script;
using redis::words;

namespace {

// SHA-1 of the sources, by sha1sum.
constexpr lua_script echo{"echo", "c79afbb498c46073029fd99ff190e8dfaeb9d36b",
                          "return {KEYS[1], ARGV[1], 7, false, {1, 'two', {}}}"};
constexpr lua_script add{"add", "8cd00688c05c46bde4a2e60658ef20a2e5c0b248",
                         "return redis.call('INCRBY', KEYS[1], ARGV[1])"};
constexpr lua_script broken{"broken", "307b291697c86bbe09d6b006219b51a15eb2bfe8",
                            "return redis.call('LPUSH', KEYS[1], 1)"};
constexpr lua_script no_lua{"no_lua", "2da12efab34a4a84157ea140d5e2b5a81f92aebf", "this is no Lua"};

loop_awaitable<void> add_many(redis::connection& where, int times, std::int64_t& most, int& running) {
  for (int i = 0; i < times; ++i) {
    const auto answer = co_await where.run(add, words("sum"), words(1));
    most = std::max(most, answer.integer());
  }
  --running;
}

loop_awaitable<std::int64_t> add_to(redis::connection& where, std::string key, int what) {
  const auto answer = co_await where.run(add, words(key), words(what));
  co_return answer.integer();
}

}  // namespace

TEST_SUITE("redis connection") {
  TEST_CASE("a command is answered, and the answer read as what it is") {
    const redis_server server;
    connection_world world{server};
    CHECK(world.ask(words("SET", "name", "carillon")).text() == "OK");
    CHECK(world.ask(words("GET", "name")).text() == "carillon");
    CHECK(world.ask(words("GET", "nothing")).is_null());
    CHECK(world.ask(words("INCRBY", "count", 41)).integer() == 41);
    CHECK(world.ask(words("GET", "count")).integer() == 41);
    CHECK(world.ask(words("PING")).text() == "PONG");

    world.ask(words("HSET", "hash", "a", "1", "b", "2"));
    const auto pairs = world.ask(words("HGETALL", "hash"));
    CHECK(pairs.to_string() == R"(["a", "1", "b", "2"])");
    CHECK(pairs.size() == 4);
    CHECK(pairs[3].text() == "2");
  }

  TEST_CASE("a script answers with lists within lists, and texts of any bytes") {
    const redis_server server;
    connection_world world{server};
    const std::string bytes{"\0\r\n$5\r\n\xff", 9};
    const auto answer = world.run(world.connection.run(echo, words("key"), words(bytes)));
    REQUIRE(answer.size() == 5);
    CHECK(answer[0].text() == "key");
    CHECK(answer[1].text() == bytes);
    CHECK(answer[2].integer() == 7);
    CHECK(answer[3].is_null());
    CHECK(answer[4].to_string() == R"([1, "two", []])");
    std::string kinds;
    for (const auto& each : answer) kinds += each.is_list() ? 'l' : each.is_null() ? '-' : '.';
    CHECK(kinds == "...-l");
    auto within = answer[4].begin();  // Of a reply that is gone at once.
    CHECK((*within).integer() == 1);
    CHECK((*++within).text() == "two");
  }

  TEST_CASE("an answer read as what it is not tells what it is") {
    const redis_server server;
    connection_world world{server};
    const auto answer = world.ask(words("PING"));
    CHECK_THROWS_WITH_AS(answer.integer(),
                         doctest::Contains(R"(expected an integer, and the answer was "PONG")"),
                         boost::system::system_error);
    CHECK_THROWS_WITH_AS(answer[0], doctest::Contains("expected a longer list"), boost::system::system_error);
  }

  TEST_CASE("a script that the server does not know is loaded, also after SCRIPT FLUSH and a restart") {
    redis_server server;
    connection_world world{server};
    CHECK(world.run(add_to(world.connection, "k", 1)) == 1);
    CHECK(server.cli({"SCRIPT", "EXISTS", std::string(add.sha1)}) == "1");
    server.cli({"SCRIPT", "FLUSH"});
    CHECK(world.run(add_to(world.connection, "k", 1)) == 2);
    server.stop();
    REQUIRE(world.until([&] { return !world.connection.is_up(); }));
    server.start();
    CHECK(world.run(add_to(world.connection, "k", 1)) == 1);
  }

  TEST_CASE("a script is sent once, however many ask for it at once") {
    redis_server server;
    connection_world world{server};
    std::int64_t most = 0;
    int running = 200;
    for (int i = 0; i < 200; ++i) {
      boost::asio::co_spawn(world.strand, add_many(world.connection, 3, most, running),
                            boost::asio::detached);
    }
    REQUIRE(world.until([&] { return running == 0; }));
    CHECK(most == 600);
    CHECK(server.cli({"INFO", "commandstats"}).find("cmdstat_eval:calls=1,") != std::string::npos);
  }

  TEST_CASE("what the server refuses is told in its own words") {
    const redis_server server;
    connection_world world{server};
    world.ask(words("SET", "text", "x"));
    CHECK(
        world.outcome(words("LPUSH", "text", "1")).starts_with("refused: WRONGTYPE Operation against a key"));
    CHECK(world.outcome_of(world.connection.run(broken, words("text"), words()))
              .starts_with("refused: WRONGTYPE"));
    CHECK(world.outcome_of(world.connection.run(no_lua, words("text"), words()))
              .starts_with("refused: ERR Error compiling script"));
    CHECK(world.outcome(words("NOSUCH")).starts_with("refused: ERR unknown command"));
  }

  TEST_CASE("a call made while the server is away is answered when it comes back in time") {
    redis_server server{{.append_only = true}};
    connection_world world{server};
    CHECK(world.ask(words("INCR", "k")).integer() == 1);
    server.stop();
    REQUIRE(world.until([&] { return !world.connection.is_up(); }));
    CHECK(world.connection.why_down() != "");
    server.start();
    CHECK(world.ask(words("INCR", "k")).integer() == 2);
    CHECK(world.connection.is_up());
  }

  TEST_CASE("a call made while the server is away says so at its deadline, and was not sent") {
    redis_server server;
    connection_world world{server};
    world.ask(words("PING"));
    server.kill();
    REQUIRE(world.until([&] { return !world.connection.is_up(); }));
    const auto began = std::chrono::steady_clock::now();
    CHECK(world
              .outcome_of(world.connection.command(words("INCR", "k"), 150ms))  // Not the usual 20 s.
              .starts_with("unreachable: not sent: redis://127.0.0.1:"));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took >= 150ms);
    CHECK(took < 15s);
    server.start();
    world.run(world.connection.wait_until_up(10s));
    CHECK(world.ask(words("EXISTS", "k")).integer() == 0);
  }

  TEST_CASE("a call under way when the server dies fails at once") {
    redis_server server;
    connection_world world{server};
    world.ask(words("PING"));
    server.pause();
    std::string outcome;
    auto waits = [&]() -> loop_awaitable<void> {
      try {
        co_await world.connection.command(words("INCR", "k"), 60s);
      } catch (const std::exception& failure) {
        outcome = failure.what();
      }
    };
    boost::asio::co_spawn(world.strand, waits(), boost::asio::detached);
    world.sent();
    server.kill();
    REQUIRE(world.until([&] { return !outcome.empty(); }));
    CHECK(outcome.starts_with("the connection was lost before the answer came"));
  }

  TEST_CASE(
      "a server that says nothing is found out: by each call at its deadline, by the connection by ping") {
    redis_server server;
    auto how = connection_world::options_for(server);
    how.health_check_interval = 500ms;
    connection_world world{how};
    world.ask(words("PING"));
    server.pause();
    const auto began = std::chrono::steady_clock::now();
    CHECK(world.outcome_of(world.connection.command(words("GET", "k"), 100ms))
              .starts_with("unreachable: no answer from redis://"));
    CHECK(std::chrono::steady_clock::now() - began < 15s);
    CHECK(world.until([&] { return !world.connection.is_up(); }));
    server.resume();
    CHECK(world.ask(words("PING")).text() == "PONG");
  }

  TEST_CASE("an outage is told once, and its end once, not once for each call or try") {
    redis_server server;
    connection_world world{server};
    int ups = 0, downs = 0;
    const auto up = world.connection.on_up([&] { ++ups; });
    const auto down = world.connection.on_down([&] { ++downs; });
    world.ask(words("PING"));
    server.kill();
    REQUIRE(world.until([&] { return downs == 1; }));
    for (int i = 0; i < 5; ++i) world.outcome_of(world.connection.command(words("PING"), 200ms));
    server.start();
    world.run(world.connection.wait_until_up(10s));
    CHECK(ups == 2);
    CHECK(downs == 1);
    CHECK(world.log->said().size() == 2);
    CHECK(world.logged("warning: redis: redis://127.0.0.1:" + std::to_string(server.port()) +
                       " is out of reach: ") == 1);
    CHECK(world.logged("is reachable again") == 1);
  }

  TEST_CASE("a cancelled call ends at once; those beside it are answered") {
    const redis_server server;
    connection_world world{server};
    world.ask(words("PING"));
    server.pause();
    const words first("INCR", "k"), second("INCR", "other");
    boost::asio::cancellation_signal signal;
    std::exception_ptr failure;
    boost::asio::co_spawn(
        world.strand, world.connection.command(first, 60s),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr why, const redis::reply&) { failure = why; }));
    std::optional<std::int64_t> beside;
    boost::asio::co_spawn(
        world.strand, world.connection.command(second, 60s),
        [&](std::exception_ptr why, const redis::reply& answer) { beside = why ? -1 : answer.integer(); });
    world.sent();
    signal.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return failure != nullptr; }));
    CHECK_THROWS_WITH(std::rethrow_exception(failure), doctest::Contains("cancel"));
    server.resume();
    REQUIRE(world.until([&] { return beside.has_value(); }));
    CHECK(*beside == 1);
  }

  TEST_CASE("calls that wait end when the connection is stopped") {
    redis_server server;
    std::string outcome;
    const words ping("PING");
    {
      connection_world world{server};
      world.ask(words("PING"));
      server.pause();
      boost::asio::co_spawn(world.strand, world.connection.command(ping, 60s),
                            [&](std::exception_ptr why, const redis::reply&) {
                              try {
                                std::rethrow_exception(why);
                              } catch (const std::exception& failure) {
                                outcome = failure.what();
                              }
                            });
      world.sent();
      world.run(world.connection.stop());
      CHECK(
          world.outcome(words("PING")).starts_with("unreachable: not sent: the connection has been stopped"));
    }
    CHECK(outcome.starts_with("the connection has been stopped"));
  }

  TEST_CASE("a wrong password is told in the server's words") {
    const redis_server server{{.config = {"requirepass secret"}, .password = "secret"}};
    auto how = connection_world::options_for(server);
    SUBCASE("wrong") { how.where.password = "guess"; }
    SUBCASE("none") {}
    connection_world world{how};
    const auto outcome = world.outcome_of(world.connection.command(words("PING")));
    CHECK(outcome.find(how.where.password.empty() ? "NOAUTH" : "WRONGPASS") != std::string::npos);
    CHECK(outcome.find("guess") == std::string::npos);
  }

  TEST_CASE("password and database are used") {
    const redis_server server{{.config = {"requirepass secret"}, .password = "secret"}};
    auto how = connection_world::options_for(server);
    how.where.password = "secret";
    how.where.database = 3;
    connection_world world{how};
    CHECK(world.ask(words("CLIENT", "INFO")).text().find(" db=3 ") != std::string_view::npos);
  }

  TEST_CASE("a socket of this machine does as well") {
    const redis_server server;
    auto how = connection_world::options_for(server);
    how.where.what = redis::endpoint::kind::socket;
    how.where.socket_path = server.socket().string();
    connection_world world{how};
    CHECK(world.ask(words("PING")).text() == "PONG");
  }
}

}  // namespace carillon::testing
