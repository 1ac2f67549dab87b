#include <carillon/executor/command_line.hpp>

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <stdexcept>

namespace carillon {
namespace {

namespace json = boost::json;

std::string fault_in(std::string_view text) {
  try {
    json::value_to<command_line>(json::parse(text));
    return {};
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
}

}  // namespace

TEST_SUITE("command_line") {
  TEST_CASE("what JSON carries comes back equal") {
    command_line command;
    command.shell = "a | b";
    command.shell_program = "/bin/bash";
    command.inherit_env = false;
    command.env = {{"A", "b"}};
    command.unset = {"C"};
    command.cwd = "/tmp";
    command.input = "text\n";
    command.kill_after = milliseconds{1500};
    const auto text = json::serialize(json::value_from(command));
    CHECK(json::value_to<command_line>(json::parse(text)) == command);
  }

  TEST_CASE("members with their defaults are left out of the JSON") {
    command_line command;
    command.argv = {"ls", "-l"};
    CHECK(json::serialize(json::value_from(command)) == R"({"argv":["ls","-l"]})");
  }

  TEST_CASE("JSON that does not fit is refused with the member's name") {
    CHECK(fault_in(R"(["ls"])") == "command: must be an object");
    CHECK(fault_in(R"({"argv": "ls"})") == "command: argv: must be a list of texts");
    CHECK(fault_in(R"({"argv": ["ls"], "env": {"A": 1}})") == "command: env: must be a text");
    CHECK(fault_in(R"({"argv": ["ls"], "inherit_env": 1})") == "command: inherit_env: must be true or false");
    CHECK(fault_in(R"({"argv": ["ls"], "kill_after": "1y"})").starts_with("command: kill_after: "));
    CHECK(fault_in(R"({"args": ["ls"]})").starts_with("command: args: no such member; there are argv"));
    CHECK(fault_in(R"({})") == "command: neither argv nor shell is given: nothing to run");
    CHECK(fault_in(R"({"argv": ["ls"], "shell": "ls"})") ==
          "command: argv and shell are both given: one of them");
    CHECK(fault_in(R"({"argv": ["ls"], "cwd": "tmp"})") == "command: cwd 'tmp' is no absolute path");
    CHECK(fault_in("{\"shell\": \"a\\u0000b\"}") == "command: the command holds a NUL character");
    CHECK(fault_in(R"({"shell": "a", "unset": ["A=b"]})") ==
          "command: 'A=b' is no name of an environment variable");
    CHECK(fault_in(R"({"shell": "a", "kill_after": "2d"})") == "command: kill_after 2d: 0s to 1d");
  }

  TEST_CASE("for people the words are quoted where a shell would need it") {
    command_line command;
    command.argv = {"echo", "it's", "a b", "", "plain-1.0"};
    CHECK(to_string(command) == R"(echo 'it'\''s' 'a b' '' plain-1.0)");
    command.argv.clear();
    command.shell = "a | b";
    CHECK(to_string(command) == "a | b");
  }
}

}  // namespace carillon
