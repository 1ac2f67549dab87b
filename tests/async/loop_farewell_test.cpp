#include "async/loop_farewell.hpp"

#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace carillon;

TEST_SUITE("loop_farewell") {
  TEST_CASE("what was asked for is called when the loop goes, and what lives on the loop may go then") {
    auto io = std::make_unique<boost::asio::io_context>();
    boost::asio::any_io_executor where{boost::asio::make_strand(*io)};
    auto timer = std::make_shared<std::optional<boost::asio::steady_timer>>();
    timer->emplace(where, std::chrono::hours{1});
    (*timer)->async_wait([timer](boost::system::error_code) {});
    std::string said;
    const loop_farewell first{where, [&] { said += "first "; }};
    const loop_farewell second{where, [&] {
                                 said += "second";
                                 timer->reset();
                               }};
    auto forgotten = std::make_shared<loop_farewell>(where, [&] { said += "forgotten"; });
    CHECK(said.empty());
    forgotten.reset();
    CHECK(said.empty());
    where = nullptr;
    io.reset();
    CHECK(said == "first second");
  }

  TEST_CASE("what is taken back, or given up for another, is not called") {
    std::string said;
    loop_farewell moved, taken_back;
    {
      boost::asio::io_context io;
      const auto add = [&](const std::string& words) {
        return loop_farewell(io.get_executor(), [&said, words] { said += words; });
      };
      moved = add("a");
      moved = add("b");
      taken_back = add("c");
      taken_back.take_back();
      taken_back.take_back();
      CHECK(said.empty());
    }
    CHECK(said == "b");
  }
}
