#include <carillon/http/client.hpp>

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <stdexcept>
#include <string>

#include "support/http_receiver.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"
#include "support/text.hpp"

using namespace carillon;
using namespace carillon::http;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct client_world : loop_world {
  client to(const http_receiver& receiver, client_options how = {}) {
    return {strand, parse_url(receiver.url()).value(), std::move(how)};
  }
  exchange ask(client& one, const request& what = {}) { return run(one.ask(what)); }
};

request with_method(std::string method) {
  request made;
  made.method = std::move(method);
  return made;
}

}  // namespace

TEST_SUITE("HTTP client") {
  TEST_CASE("a request is answered, and the connection serves the next one") {
    http_receiver receiver{[](const posted&) { return reaction::with(201, "hello"); }};
    client_world world;
    auto one = world.to(receiver);
    request what;
    what.target = "/a?b";
    what.headers = {{"X-Extra", "yes"}, {"User-Agent", "me"}};
    what.body = "text";
    const auto first = world.ask(one, what);
    REQUIRE(first.answered);
    CHECK(first.answered->status == 201);
    CHECK(first.answered->body == "hello");
    CHECK_FALSE(first.answered->cut);
    CHECK(world.ask(one, with_method("GET")).answered);
    const auto all = receiver.received();
    REQUIRE(all.size() == 2);
    CHECK(all[0].target == "/a?b");
    CHECK(all[0].body == "text");
    CHECK(all[0].extra == "yes");
    CHECK(all[0].headers.at("User-Agent") == "me");
    CHECK(all[1].method == "GET");
    CHECK(receiver.connections() == 1);
  }

  TEST_CASE("of an answer the beginning is kept, and a long one costs the connection only") {
    http_receiver receiver{[](const posted& what) {
      return reaction::with(200, std::string(what.target == "/long" ? 10'000'000 : 5'000, 'x'));
    }};
    client_world world;
    auto one = world.to(receiver);
    request what;
    what.body_kept = 100;
    for (int i = 0; i < 2; ++i) {
      const auto result = world.ask(one, what);
      REQUIRE(result.answered);
      CHECK(result.answered->body == std::string(100, 'x'));
      CHECK(result.answered->cut);
    }
    CHECK(receiver.connections() == 1);
    what.target = "/long";
    const auto large = world.ask(one, what);
    REQUIRE(large.answered);
    CHECK(large.answered->body.size() == 100);
    CHECK(world.ask(one, what).answered);
    CHECK(receiver.connections() == 2);
  }

  TEST_CASE("the answer to HEAD has no body, whatever length it tells") {
    http_receiver receiver{[](const posted&) { return reaction::with(200, "hello"); }};
    client_world world;
    auto one = world.to(receiver);
    const auto result = world.ask(one, with_method("HEAD"));
    REQUIRE(result.answered);
    CHECK(result.answered->body == "");
    CHECK(world.ask(one).answered);
    CHECK(receiver.connections() == 1);
  }

  TEST_CASE("what the server may have is sent again only if it does no harm twice") {
    http_receiver receiver{
        [](const posted& what) { return what.number % 2 == 0 ? reaction::hang_up() : reaction(); }};
    client_world world;
    auto one = world.to(receiver);
    CHECK(world.ask(one).answered);
    const auto lost = world.ask(one, with_method("POST"));
    CHECK_FALSE(lost.answered);
    CHECK(lost.what == trouble::ended);
    CHECK(lost.unsure);
    CHECK(receiver.count() == 2);

    CHECK(world.ask(one).answered);  // The third.
    auto again = with_method("PUT");
    again.repeatable = true;
    again.body = "first";
    again.body_again = [] { return std::string{"second"}; };
    CHECK(world.ask(one, again).answered);
    const auto all = receiver.received();
    REQUIRE(all.size() == 5);
    CHECK(all[3].body == "first");
    CHECK(all[4].body == "second");
  }

  TEST_CASE("why there is no answer is said by kind") {
    client_world world;
    client nobody{world.strand, parse_url("http://127.0.0.1:" + std::to_string(free_port())).value()};
    const auto refused = world.ask(nobody);
    CHECK(refused.what == trouble::connect);
    CHECK(refused.unsent);
    CHECK_FALSE(refused.unsure);

    http_receiver silent{[](const posted&) { return reaction::hang(); }};
    auto slow = world.to(silent);
    request soon;
    soon.answer_timeout = 50ms;
    const auto late = world.ask(slow, soon);
    CHECK(late.what == trouble::timeout);
    CHECK(late.unsure);
    CHECK_FALSE(late.unsent);

    client plain{world.strand, parse_url("https://127.0.0.1:" + std::to_string(silent.port())).value()};
    CHECK(world.ask(plain).what == trouble::tls);
  }

  TEST_CASE("so many connections at once, and no more") {
    http_receiver receiver{[](const posted&) {
      reaction slowly;
      slowly.after = 5ms;
      return slowly;
    }};
    client_world world;
    client_options how;
    how.connections = 3;
    auto one = world.to(receiver, how);
    const request what;
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
      boost::asio::co_spawn(world.strand, one.ask(what),
                            [&](const std::exception_ptr& why, const exchange& said) {
                              REQUIRE_FALSE(why);
                              answered += said.answered ? 1 : 0;
                            });
    }
    REQUIRE(world.until([&] { return answered == 20; }));
    CHECK(receiver.most_at_once() <= 3);
    CHECK(receiver.connections() == 3);
    CHECK(one.under_way() == 0);
    how.connections = 0;
    CHECK_THROWS_AS(world.to(receiver, how), std::invalid_argument);
  }

  TEST_CASE("a cancelled request ends its connection, and gives its place back") {
    http_receiver receiver{
        [](const posted& what) { return what.number == 1 ? reaction::hang() : reaction(); }};
    client_world world;
    client_options how;
    how.connections = 1;
    auto one = world.to(receiver, how);
    const request what;
    boost::asio::cancellation_signal stop;
    bool over = false;
    boost::asio::co_spawn(
        world.strand, one.ask(what),
        boost::asio::bind_cancellation_slot(
            stop.slot(), [&](const std::exception_ptr& why, const exchange&) { over = !!why; }));
    REQUIRE(world.until([&] { return receiver.count() == 1; }));
    stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return over; }));
    CHECK(world.ask(one).answered);
    CHECK(receiver.connections() == 2);
  }

  TEST_CASE("a request that is cancelled while it waits for a connection was not sent, and says so") {
    http_receiver receiver{[](const posted&) { return reaction::hang(); }};
    client_world world;
    client_options how;
    how.connections = 1;
    auto one = world.to(receiver, how);
    const request what;
    boost::asio::cancellation_signal stop_first, stop_second;
    exchange second;
    int over = 0;
    boost::asio::co_spawn(
        world.strand, one.ask(what),
        boost::asio::bind_cancellation_slot(stop_first.slot(),
                                            [&](const std::exception_ptr&, const exchange&) { ++over; }));
    REQUIRE(world.until([&] { return receiver.count() == 1; }));
    boost::asio::co_spawn(world.strand, one.ask(what),
                          boost::asio::bind_cancellation_slot(
                              stop_second.slot(), [&](const std::exception_ptr& why, const exchange& said) {
                                CHECK_FALSE(why);
                                second = said;
                                ++over;
                              }));
    REQUIRE(world.until([&] { return one.under_way() == 2; }));
    stop_second.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return over == 1; }));
    CHECK(second.what == trouble::stopped);
    CHECK(second.unsent);
    stop_first.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return over == 2; }));
    CHECK(receiver.count() == 1);
  }

  TEST_CASE("connections that nobody used for a while are closed when asked") {
    http_receiver receiver;
    client_world world;
    client_options how;
    how.keep = 0ms;
    auto one = world.to(receiver, how);
    CHECK(world.ask(one).answered);
    one.close_unused();
    CHECK(world.ask(one).answered);
    CHECK(receiver.connections() == 2);
    try {
      client{world.strand, parse_url("https://localhost").value(), {.tls = {.certificate = "/nowhere.pem"}}};
      FAIL("it was taken");
    } catch (const std::invalid_argument& fault) {
      CHECK(holds(fault.what(), "certificate /nowhere.pem: "));
    }
  }
}
