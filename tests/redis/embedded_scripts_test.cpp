#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "redis/connection_world.hpp"
#include "redis/scripts.hpp"
#include "redis/test_scripts.hpp"

namespace carillon::testing {

using redis::words;

TEST_SUITE("embedded scripts") {
  TEST_CASE("a script is embedded byte for byte, with what it includes") {
    const redis_server server;
    connection_world world{server};
    const auto& script = scripts::hard_to_quote;
    CHECK(script.name == "hard_to_quote");
    const auto answer = world.run(world.connection.run(script, words(), words(21)));
    CHECK(answer[0].text() == ")lua\" \\n \"quoted\"; a;b [x] ${y} @z@ \t");
    CHECK(answer[1].integer() == 42);
  }

  TEST_CASE("numbers stand in the place of their names, but not in quotes, and lines stay where they were") {
    const redis_server server;
    connection_world world{server};
    const auto& script = scripts::numbers;
    const auto answer = world.run(world.connection.run(script, words(), words()));
    CHECK(answer.to_string() == "[1, 2, 12, \"TWO\", 3]");
    const std::string source{script.source};
    CHECK(source.find("local list = {1,2,12, ['TWO'] = 'TWO'}") != std::string::npos);
    CHECK(std::ranges::count(source, '\n') == 6);
  }

  TEST_CASE("the SHA-1 is the one by which Redis knows the script") {
    const redis_server server;
    for (const auto* script : scripts::all_scripts) {
      CAPTURE(script->name);
      CHECK(server.cli({"SCRIPT", "LOAD", std::string(script->source)}) == script->sha1);
    }
    for (const auto* script : redis::scripts::all_scripts) {
      CAPTURE(script->name);
      CHECK(server.cli({"SCRIPT", "LOAD", std::string(script->source)}) == script->sha1);
    }
  }
}

}  // namespace carillon::testing
