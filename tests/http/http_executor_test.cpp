#include <carillon/http/http_executor.hpp>

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <carillon/job/job_builder.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <exception>
#include <fstream>
#include <string>

#include "support/certificates.hpp"
#include "support/http_receiver.hpp"
#include "support/loop_world.hpp"
#include "support/made_run.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/text.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {
// One run after the other.
class executor_world : public loop_world, public made_run {
 public:
  explicit executor_world(http_executor_options how = {}) : made_run{"ping", 3}, executor{how} {}
  ~executor_world() {
    begin(executor.close());
    finish();
  }

  // Answers the failure's name; empty: it succeeded.
  std::string send(const http_call& call) {
    arguments = http_arguments(call);
    context.note.clear();
    begin(executor.execute(handle, nullptr));
    finish();
    return result.failure;
  }
  void begin(boost::asio::awaitable<void> what) {
    over = false;
    const boost::asio::any_io_executor where{strand};
    boost::asio::co_spawn(
        where, std::move(what),
        boost::asio::bind_cancellation_slot(stop.slot(), [this](const std::exception_ptr& thrown) {
          result = outcome_of(thrown);
          over = true;
        }));
  }
  void finish() {
    REQUIRE(until([&] { return over; }));
  }

  http_executor executor;
  outcome result;
  bool over = false;
  boost::asio::cancellation_signal stop;
};

http_call call_to(const std::string& url, std::string method = "POST") {
  http_call call;
  call.url = url;
  call.method = std::move(method);
  return call;
}

}  // namespace

TEST_SUITE("http executor") {
  TEST_CASE("a request says which run it is, and what the job adds") {
    http_receiver receiver;
    executor_world world;
    auto call = call_to("http://me:pass@127.0.0.1:" + std::to_string(receiver.port()) + "/ping?v=1");
    call.headers = {{"X-Extra", "yes"}};
    call.body = {{"customer", 42}};
    CHECK(world.send(call) == "");
    CHECK(world.context.note == "200 OK");
    REQUIRE(receiver.count() == 1);
    const auto got = receiver.received().front();
    CHECK(got.method == "POST");
    CHECK(got.target == "/ping?v=1");
    CHECK(got.authorization == "Basic bWU6cGFzcw==");
    CHECK(got.extra == "yes");
    CHECK(got.headers.at("Content-Type") == "application/json");
    CHECK(got.key == "ping@2026-03-27T08:30:00+00:00");
    CHECK(
        boost::json::parse(got.body) ==
        boost::json::parse(R"({"job": "ping", "run": "r-1", "scheduled_for": "2026-03-27T09:30:00.000+01:00",
            "attempt": 3, "fence": 42, "instance": "cellar", "customer": 42})"));
  }

  TEST_CASE("a request of a run that follows another says which, and how that ended") {
    http_receiver receiver;
    executor_world world;
    world.context.follows =
        std::make_shared<const followed_run>(followed_run{"import", "a1-6", outcome_kind::failed});
    CHECK(world.send(call_to(receiver.url())) == "");
    CHECK(world.send(call_to(receiver.url(), "GET")) == "");
    const auto all = receiver.received();
    REQUIRE(all.size() == 2);
    const auto said = boost::json::parse(all[0].body).as_object();
    CHECK(said.at("after_job") == "import");
    CHECK(said.at("after_run") == "a1-6");
    CHECK(said.at("after_outcome") == "failed");
    CHECK(all[1].headers.at("Carillon-After-Job") == "import");
    CHECK(all[1].headers.at("Carillon-After-Run") == "a1-6");
    CHECK(all[1].headers.at("Carillon-After-Outcome") == "failed");
  }

  TEST_CASE("a request without that JSON says it in headers") {
    http_receiver receiver;
    executor_world world;
    CHECK(world.send(call_to(receiver.url(), "GET")) == "");
    auto text = call_to(receiver.url());
    text.body = "hello";
    CHECK(world.send(text) == "");
    text.body = R"({"text": "hello"})";
    CHECK(world.send(text) == "");
    text.headers["Content-Type"] = "text/x-mine";
    CHECK(world.send(text) == "");
    CHECK(world.send(call_to(receiver.url(), "DELETE")) == "");
    const auto all = receiver.received();
    REQUIRE(all.size() == 5);
    for (const auto& one : all) {
      CAPTURE(one.number);
      CHECK(one.headers.at("Carillon-Job") == "ping");
      CHECK(one.headers.at("Carillon-Run") == "r-1");
      CHECK(one.headers.at("Carillon-Scheduled-For") == "2026-03-27T09:30:00.000+01:00");
      CHECK(one.headers.at("Carillon-Attempt") == "3");
      CHECK(one.headers.at("Carillon-Fence") == "42");
      CHECK(one.headers.at("Carillon-Instance") == "cellar");
    }
    CHECK(all[0].method == "GET");
    CHECK(all[0].body == "");
    CHECK(all[1].body == "hello");
    CHECK(all[1].headers.at("Content-Type") == "text/plain; charset=utf-8");
    CHECK(all[2].body == R"({"text": "hello"})");
    CHECK(all[2].headers.at("Content-Type") == "application/json");
    CHECK(all[3].headers.at("Content-Type") == "text/x-mine");
    CHECK(all[4].body == "");
    CHECK(receiver.connections() == 1);
  }

  TEST_CASE("the answer decides: what is expected, and what else was said") {
    unsigned status = 200;
    std::string body = "queued\nas 7\n\n";
    http_receiver receiver{[&](const posted&) {
      auto said = reaction::with(status, body);
      if (status == 503) said.headers = {{"Retry-After", "7"}};
      if (status == 302) said.headers = {{"Location", "http://elsewhere/"}};
      return said;
    }};
    executor_world world;
    auto call = call_to(receiver.url("/x"));
    CHECK(world.send(call) == "");
    CHECK(world.context.note == "200 OK\nqueued as 7");
    call.expect = {{204, 204}, {404, 404}};
    CHECK(world.send(call) == "http:200");
    CHECK(world.result.message == "200 OK, expected 204, 404\nqueued as 7");
    status = 404;
    CHECK(world.send(call) == "");
    status = 503;
    CHECK(world.send(call) == "http:503");
    CHECK(world.result.message == "503 Service Unavailable\nqueued as 7");
    CHECK(world.result.retry_after == 7s);
    CHECK_FALSE(world.result.permanent);
    status = 302;
    CHECK(world.send(call) == "http:302");
    CHECK(
        world.result.message.starts_with("302 Found: it points to http://elsewhere/: redirections are not"));
  }

  TEST_CASE("of where a redirection points to neither user nor password nor query are said") {
    std::string location;
    http_receiver receiver{[&](const posted&) {
      auto said = reaction::with(302, "moved to " + location);
      said.headers = {{"Location", location}};
      return said;
    }};
    executor_world world;
    const auto told = [&](std::string where) {
      location = std::move(where);
      CHECK(world.send(call_to(receiver.url("/x"))) == "http:302");
      return world.result.message;
    };
    const std::string rest = ": redirections are not followed, name the last URL";
    CHECK(told("http://user:pw@other.example/x?token=SECRET#part") ==
          "302 Found: it points to http://other.example/x" + rest);
    CHECK(told("/login?token=SECRET") == "302 Found: it points to /login" + rest);
    CHECK(told("next?token=SECRET") == "302 Found: it points to next" + rest);
    CHECK(told("//user:pw@other.example/x?token=SECRET") ==
          "302 Found: it points to //other.example/x" + rest);
    for (const auto* odd : {"http://user:p/w@other.example/", "ftp://user:pw@other.example/", "user:pw@x"})
      CHECK(told(odd) == "302 Found: it points elsewhere" + rest);
  }

  TEST_CASE("of an answer's body history keeps the beginning, as text") {
    std::string body = std::string(9, 'x') + "ä and more";
    http_receiver receiver{[&](const posted&) { return reaction::with(200, body); }};
    http_executor_options how;
    how.answer_kept = 10;  // In the middle of the ä.
    executor_world world{how};
    CHECK(world.send(call_to(receiver.url())) == "");
    CHECK(world.context.note == "200 OK\nxxxxxxxxx…");
    body = "a\xff";
    CHECK(world.send(call_to(receiver.url())) == "");
    CHECK(world.context.note == "200 OK\na\\xff");
    body = std::string("\x89PNG\0", 5);
    CHECK(world.send(call_to(receiver.url())) == "");
    CHECK(world.context.note == "200 OK\n(no text: no content type)");
  }

  TEST_CASE("without an answer the failure's name says why, and its message where, without secrets") {
    executor_world world;
    const auto nobody = std::to_string(free_port());
    CHECK(world.send(call_to("http://me:pass@127.0.0.1:" + nobody + "/x?token=abc")) == "connect");
    CHECK(world.result.message == "http://127.0.0.1:" + nobody + "/x: cannot connect: Connection refused");
    http_receiver silent{[](const posted&) { return reaction::hang(); }};
    auto slow = call_to(silent.url("/x"));
    slow.answer_timeout = 50ms;
    CHECK(world.send(slow) == "timeout");
    CHECK(holds(world.result.message, "it may have the request"));
    http_receiver rude{[](const posted&) { return reaction::hang_up(); }};
    CHECK(world.send(call_to(rude.url())) == "ended");
    CHECK(rude.count() == 1);
    CHECK(world.send(call_to("https://127.0.0.1:" + std::to_string(rude.port()))) == "tls");
    auto tls = call_to("https://127.0.0.1/");
    tls.tls.certificate_authority = "/nowhere.pem";
    CHECK(world.send(tls) == "start");
    CHECK(holds(world.result.message, "certificate_authority /nowhere.pem: "));
  }

  TEST_CASE("a header may come from a file, which is read at each run") {
    temporary_folder folder;
    const auto file = (folder.path() / "token").string();
    http_receiver receiver;
    executor_world world;
    auto call = call_to(receiver.url());
    call.header_files = {{"Authorization", file}};
    CHECK(world.send(call) == "start");
    CHECK(holds(world.result.message, "header Authorization: " + file));
    for (const std::string token : {"one", "two"}) {
      std::ofstream{file} << "Bearer " << token << "\n";
      CHECK(world.send(call) == "");
      CHECK(receiver.received().back().authorization == "Bearer " + token);
    }
    std::ofstream{file} << "a\nb\n";
    CHECK(world.send(call) == "start");
    CHECK(receiver.count() == 2);
  }

  TEST_CASE("a run that is cancelled ends its connection") {
    for (const auto kind : {boost::asio::cancellation_type::all, boost::asio::cancellation_type::total}) {
      executor_world world;
      http_receiver silent{[](const posted&) { return reaction::hang(); }};
      world.arguments = http_arguments(call_to(silent.url()));
      auto body = [&]() -> boost::asio::awaitable<void> {
        co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
        co_await world.executor.execute(world.handle, nullptr);
      };
      world.begin(body());
      REQUIRE(world.until([&] { return silent.count() == 1; }));
      world.stop.emit(kind);
      world.finish();
      CHECK(world.result.failure != "");
    }
  }

  TEST_CASE("a host's connections are shared, but not by jobs that trust another authority") {
    temporary_folder folder;
    make_certificates(folder.path() / "tls");
    const auto at = [&](const char* name) { return (folder.path() / "tls" / name).string(); };
    http_receiver receiver{[](const posted&) { return reaction{}; },
                           http_receiver::tls_choice{folder.path() / "tls", false}};
    executor_world world;
    auto call = call_to(receiver.url());
    call.tls.certificate_authority = at("authority.pem");
    CHECK(world.send(call) == "");
    call.url = receiver.url("/another");
    CHECK(world.send(call) == "");
    CHECK(receiver.connections() == 1);
    call.tls.certificate_authority = at("other-authority.pem");
    CHECK(world.send(call) == "tls");
    CHECK(holds(world.result.message, "does not verify"));
    CHECK(receiver.count() == 2);
  }

  TEST_CASE("connections that nobody uses are closed, and then made anew") {
    http_receiver receiver;
    http_executor_options how;
    how.keep = 1ms;
    executor_world world{how};
    CHECK(world.send(call_to(receiver.url())) == "");
    world.until([] { return false; }, 30ms);
    CHECK(world.send(call_to(receiver.url())) == "");
    CHECK(receiver.connections() == 2);
  }

  TEST_CASE("an executor may be kept for longer than its scheduler, and serve the next") {
    http_receiver receiver;
    scheduler_options how;
    how.logger = std::make_shared<spdlog::logger>("test");
    const auto kept = std::make_shared<http_executor>();
    for (int i = 0; i < 2; ++i) {
      background_scheduler scheduler{how};
      scheduler->executor("http", kept);
      scheduler
          ->put(carillon::job("ping").every(1h).executor("http").args(call_to(receiver.url())),
                on_conflict::refuse, boost::asio::use_future)
          .get();
      const auto end = scheduler->run_now("ping", and_wait(), boost::asio::use_future).get();
      CHECK(end->result.kind == outcome_kind::succeeded);
    }
    CHECK(receiver.connections() == 2);
  }

  TEST_CASE("an executor may stay when its loop goes without a word, in the middle of a request") {
    http_receiver receiver{
        [](const posted& what) { return what.number == 1 ? reaction{} : reaction::hang(); }};
    http_executor kept;
    made_run one{"ping", 3};
    one.arguments = http_arguments(call_to(receiver.url()));
    {
      loop_world world;
      int ended = 0;
      const boost::asio::any_io_executor where{world.strand};
      const auto begin = [&] {
        boost::asio::co_spawn(where, kept.execute(one.handle, nullptr), [&](std::exception_ptr) { ++ended; });
      };
      begin();
      REQUIRE(world.until([&] { return ended == 1; }));
      begin();
      REQUIRE(world.until([&] { return receiver.count() == 2; }));
      CHECK(ended == 1);
    }
    CHECK(receiver.connections() == 1);
  }

  TEST_CASE("what is no call is refused") {
    const http_executor executor;
    job_definition job{"a", trigger{"every 1h"}, {}, {}, default_options(), {}, {}};
    CHECK(executor.fault_of(job) == "an http job takes one argument, an object with url");
    job.arguments = std::string{R"([{"url": "x"}])"};
    CHECK(holds(executor.fault_of(job).value(), "http: url: a URL begins with http:// or https://"));
    job.arguments = http_arguments(call_to("http://x"));
    CHECK(executor.fault_of(job) == std::nullopt);
    CHECK_FALSE(executor.needs_body());
    CHECK(executor.limits().running == 100);
  }
}
