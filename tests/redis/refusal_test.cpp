#include "redis/refusal.hpp"

#include <doctest/doctest.h>

using namespace carillon::redis;

TEST_SUITE("redis refusal") {
  TEST_CASE("what a server refuses comes with what to do, and without the script's number") {
    CHECK(with_advice("OOM command not allowed when used memory > 'maxmemory'. script: b02a251b, on "
                      "@user_script:19.") ==
          "OOM command not allowed when used memory > 'maxmemory'; raise maxmemory, or remove keys");
    CHECK(with_advice("ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command "
                      "not allowed when used memory > 'maxmemory'.") ==
          "OOM command not allowed when used memory > 'maxmemory'; raise maxmemory, or remove keys");
    for (const auto* words :
         {"NOPERM this user has no permissions to run the 'time' command",
          "ERR The user executing the script can't publish to the channel mentioned in the "
          "command script: 4aaf, on @user_script:38."}) {
      CAPTURE(words);
      CHECK(with_advice(words).find("; allow the user what is missing: ACL SETUSER") != std::string::npos);
      CHECK(with_advice(words).find("script: ") == std::string::npos);
    }
    CHECK(with_advice("WRONGTYPE Operation against a key") == "WRONGTYPE Operation against a key");
  }

  TEST_CASE("the kind of an error is its first word, also of one within a script's") {
    CHECK(refusal_code("WRONGTYPE Operation") == "WRONGTYPE");
    CHECK(refusal_code("ERR Error running script (call to f_1): @user_script:1: -READONLY You can't") ==
          "READONLY");
  }
}
