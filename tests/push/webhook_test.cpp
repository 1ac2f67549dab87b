#include "push/webhook.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <string>
#include <vector>

#include "push/push_json.hpp"
#include "support/certificates.hpp"
#include "support/http_receiver.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/text.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

push push_for(const std::string& user) {
  push made;
  made.user = user;
  made.tag = "news";
  made.due = instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 8h};
  made.key = idempotency_key(made.user, made.tag, made.due);
  return made;
}

// A webhook to a receiver, and how to use it.
struct webhook_world : loop_world {
  webhook_options options(const std::string& url) const {
    webhook_options how;
    how.url = url;
    how.logger = logger;
    return how;
  }
  delivered deliver(webhook& to, const push& what) { return run(to.deliver(what)); }

  // How check() fails; empty: it does not.
  std::string fault_of(webhook& one) {
    try {
      run(one.check());
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return {};
  }

  // All at once.
  std::vector<delivered> deliver_all(webhook& to, std::size_t count) {
    std::vector<push> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(push_for(std::to_string(i)));
    std::vector<delivered> outcomes;
    for (const auto& each : all) {
      boost::asio::co_spawn(strand, to.deliver(each), [&](const std::exception_ptr& why, delivered outcome) {
        REQUIRE_FALSE(why);
        outcomes.push_back(std::move(outcome));
      });
    }
    REQUIRE(until([&] { return outcomes.size() == count; }));
    return outcomes;
  }
};

struct tls_world : webhook_world {
  tls_world() { make_certificates(folder.path() / "tls"); }
  std::string at(const char* name) const { return (folder.path() / "tls" / name).string(); }
  http_receiver::tls_choice tls(bool ask_for_client = false) const {
    return {folder.path() / "tls", ask_for_client};
  }
  static reaction fine(const posted&) { return {}; }

  temporary_folder folder;
};

}  // namespace

TEST_SUITE("webhook") {
  TEST_CASE("a push is posted as JSON, with its key in a header, over a connection that is kept") {
    http_receiver receiver;
    webhook_world world;
    auto how = world.options("http://me:pass@127.0.0.1:" + std::to_string(receiver.port()) + "/push?v=1");
    how.headers = {{"X-Extra", "yes"}};
    webhook hook{world.strand, how};
    for (const auto* user : {"1", "2", "3"})
      CHECK(world.deliver(hook, push_for(user)).what == delivered::kind::ok);
    const auto all = receiver.received();
    REQUIRE(all.size() == 3);
    CHECK(all[0].method == "POST");
    CHECK(all[0].target == "/push?v=1");
    CHECK(all[0].body == to_json(push_for("1"), zone{}));
    CHECK(all[0].key == "1|news|20261121T080000Z");
    CHECK(all[0].authorization == "Basic bWU6cGFzcw==");
    CHECK(all[0].extra == "yes");
    CHECK(receiver.connections() == 1);
    CHECK(hook.describe() == "webhook http://127.0.0.1:" + std::to_string(receiver.port()) + "/push");
    world.run(hook.close());
  }

  TEST_CASE("what the receiver says decides what becomes of a push") {
    http_receiver receiver{[](const posted& what) {
      if (holds(what.key, "slow")) {
        auto busy = reaction::with(429, "slow down");
        busy.headers = {{"Retry-After", "7"}};
        return busy;
      }
      return reaction::with(holds(what.key, "bad") ? 404 : 503, "why not");
    }};
    webhook_world world;
    webhook hook{world.strand, world.options(receiver.url())};
    const auto slow = world.deliver(hook, push_for("slow"));
    CHECK(slow.what == delivered::kind::again);
    CHECK(slow.retry_after == 7s);
    CHECK(world.deliver(hook, push_for("bad")).what == delivered::kind::never);
    const auto down = world.deliver(hook, push_for("1"));
    CHECK(down.what == delivered::kind::again);
    CHECK(down.why == "503 Service Unavailable: why not");
    CHECK_FALSE(down.unsure);  // It has said that it failed.
    CHECK(receiver.connections() == 1);
  }

  TEST_CASE("a receiver that does not answer is given up in time, and may have it") {
    http_receiver receiver{[](const posted&) { return reaction::hang(); }};
    webhook_world world;
    auto how = world.options(receiver.url());
    how.answer_timeout = 100ms;
    webhook hook{world.strand, how};
    const auto outcome = world.deliver(hook, push_for("1"));
    CHECK(outcome.what == delivered::kind::again);
    CHECK(outcome.why == "no answer in time (waiting for its answer)");
    CHECK(outcome.unsure);
    CHECK(world.deliver(hook, push_for("2")).what == delivered::kind::again);
    // Nobody knows what the first would still say.
    CHECK(world.until([&] { return receiver.connections() == 2; }));
  }

  TEST_CASE("a receiver that hangs up without an answer may have it") {
    http_receiver receiver{[](const posted&) { return reaction::hang_up(); }};
    webhook_world world;
    webhook hook{world.strand, world.options(receiver.url())};
    const auto outcome = world.deliver(hook, push_for("1"));
    CHECK(outcome.what == delivered::kind::again);
    CHECK(outcome.why == "it ended the connection without an answer");
    CHECK(outcome.unsure);
    CHECK(receiver.count() == 1);
  }

  TEST_CASE("a kept connection that the receiver has ended meanwhile is no failure") {
    http_receiver receiver{[](const posted&) {
      reaction once;
      once.close_after = true;
      return once;
    }};
    webhook_world world;
    webhook hook{world.strand, world.options(receiver.url())};
    for (int i = 0; i < 20; ++i)
      CHECK(world.deliver(hook, push_for(std::to_string(i))).what == delivered::kind::ok);
    CHECK(receiver.count() == 20);  // None was sent twice.
  }

  TEST_CASE(
      "one that ends just as the next request comes is sent it again at once, as what may be a repeat") {
    http_receiver receiver{
        [](const posted& what) { return what.number == 2 ? reaction::hang_up() : reaction{}; }};
    webhook_world world;
    webhook hook{world.strand, world.options(receiver.url())};
    CHECK(world.deliver(hook, push_for("1")).what == delivered::kind::ok);
    CHECK(world.deliver(hook, push_for("2")).what == delivered::kind::ok);
    const auto all = receiver.received();
    REQUIRE(all.size() == 3);
    CHECK(all[1].key == all[2].key);
    CHECK_FALSE(holds(all[1].body, "repeat"));
    CHECK(holds(all[2].body, R"("repeat":true)"));
  }

  TEST_CASE("nobody there, and no such name, are said as what they are") {
    webhook_world world;
    webhook nobody{world.strand, world.options("http://127.0.0.1:" + std::to_string(free_port()) + "/push")};
    const auto refused = world.deliver(nobody, push_for("1"));
    CHECK(refused.what == delivered::kind::away);
    CHECK(refused.why == "cannot connect: Connection refused");
    CHECK_FALSE(refused.unsure);
    CHECK(holds(world.fault_of(nobody), "/push: cannot connect: Connection refused"));

    webhook nameless{world.strand, world.options("http://no-such-host.invalid/push")};
    CHECK(holds(world.deliver(nameless, push_for("1")).why,
                "the address of no-such-host.invalid is not known: "));
  }

  TEST_CASE("a receiver that is down is told to the log once, not once a push") {
    webhook_world world;
    webhook hook{world.strand, world.options("http://127.0.0.1:" + std::to_string(free_port()) + "/push")};
    for (int i = 0; i < 50; ++i) world.deliver(hook, push_for(std::to_string(i)));
    CHECK(world.logged("webhook") == 1);
    CHECK(world.logged("warning: webhook http://127.0.0.1") == 1);
  }

  TEST_CASE("there are never more connections than allowed, and nobody is left out") {
    http_receiver receiver{[](const posted&) {
      reaction late;
      late.after = 5ms;
      return late;
    }};
    webhook_world world;
    auto how = world.options(receiver.url());
    how.connections = 4;
    webhook hook{world.strand, how};
    for (const auto& outcome : world.deliver_all(hook, 100)) CHECK(outcome.what == delivered::kind::ok);
    CHECK(receiver.count() == 100);
    CHECK(receiver.connections() <= 4);
    CHECK(receiver.most_at_once() <= 4);
    std::set<std::string> keys;
    for (const auto& each : receiver.received()) keys.insert(each.key);
    CHECK(keys.size() == 100);
  }

  TEST_CASE("a delivery that is cancelled gives its place to the next") {
    http_receiver receiver{
        [](const posted& what) { return what.number == 1 ? reaction::hang() : reaction{}; }};
    webhook_world world;
    auto how = world.options(receiver.url());
    how.connections = 1;
    webhook hook{world.strand, how};
    boost::asio::cancellation_signal stop;
    const auto hanging = push_for("1");
    bool ended = false;
    boost::asio::co_spawn(world.strand, hook.deliver(hanging),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [&](const std::exception_ptr& why, const delivered&) {
                                CHECK(why);
                                ended = true;
                              }));
    REQUIRE(world.until([&] { return receiver.count() == 1; }));
    stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return ended; }));
    CHECK(world.deliver(hook, push_for("2")).what == delivered::kind::ok);
  }

  TEST_CASE("an answer that is too long counts by its status") {
    http_receiver receiver{[](const posted&) { return reaction::with(200, std::string(1 << 20, 'x')); }};
    webhook_world world;
    webhook hook{world.strand, world.options(receiver.url())};
    CHECK(world.deliver(hook, push_for("1")).what == delivered::kind::ok);
    CHECK(world.deliver(hook, push_for("2")).what == delivered::kind::ok);
    CHECK(receiver.connections() == 2);
  }

  TEST_CASE("options that cannot be are refused with their name") {
    webhook_world world;
    const auto fault = [&](auto change) {
      auto how = world.options("http://127.0.0.1/");
      change(how);
      try {
        webhook{world.strand, how};
      } catch (const std::invalid_argument& wrong) {
        return std::string{wrong.what()};
      }
      return std::string{"none"};
    };
    CHECK(holds(fault([](auto& how) { how.url = "push"; }), "begins with http:// or https://"));
    CHECK(fault([](auto& how) { how.connections = 0; }) == "connections 0: at least 1");
    CHECK(fault([](auto& how) { how.headers["host"] = "x"; }) ==
          "headers: host is set by the service itself");
    CHECK(fault([](auto& how) { how.headers["X"] = "a\r\nb: c"; }) ==
          "headers: X has a line break or a control character");
    CHECK(fault([](auto& how) { how.headers["a b"] = ""; }) ==
          "headers: 'a b' is no name of a header: letters, digits and -");
    CHECK(fault([](auto& how) {
            how.url = "https://127.0.0.1/";
            how.tls.certificate_authority = "/nowhere.pem";
          }) == "certificate_authority /nowhere.pem: No such file or directory");
  }
}

TEST_SUITE("webhook over TLS") {
  TEST_CASE("a receiver whose certificate verifies is delivered to") {
    tls_world world;
    http_receiver receiver{tls_world::fine, world.tls()};
    auto how = world.options(receiver.url());
    how.tls.certificate_authority = world.at("authority.pem");
    webhook hook{world.strand, how};
    CHECK(world.fault_of(hook) == "");
    for (const auto* user : {"1", "2", "3"})
      CHECK(world.deliver(hook, push_for(user)).what == delivered::kind::ok);
    CHECK(receiver.connections() == 2);  // That of check(), and one for all.
  }

  TEST_CASE("a certificate of an unknown authority is refused, and it is said what to do") {
    tls_world world;
    http_receiver receiver{tls_world::fine, world.tls()};
    auto how = world.options(receiver.url());
    how.tls.certificate_authority = world.at("other-authority.pem");
    webhook hook{world.strand, how};
    const auto outcome = world.deliver(hook, push_for("1"));
    CHECK(outcome.what == delivered::kind::away);
    CHECK(holds(outcome.why, "issued by CN=authority, does not verify"));
    CHECK(holds(outcome.why, "name the PEM file of its authority in certificate_authority"));
    CHECK(holds(world.fault_of(hook), "does not verify"));
    CHECK(receiver.count() == 0);
  }

  TEST_CASE("a certificate for another name is refused") {
    tls_world world;
    http_receiver receiver{tls_world::fine, world.tls()};
    auto how = world.options(receiver.url());
    how.tls.certificate_authority = world.at("authority.pem");
    how.tls.server_name = "push.example";
    webhook hook{world.strand, how};
    CHECK(holds(world.deliver(hook, push_for("1")).why, "it is not for push.example"));
    CHECK(receiver.count() == 0);
    how.tls.server_name = "localhost";
    webhook right{world.strand, how};
    CHECK(world.deliver(right, push_for("1")).what == delivered::kind::ok);
  }

  TEST_CASE("a certificate that has expired is refused, and it is said who must renew it") {
    tls_world world;
    auto old = world.tls();
    old.server = "expired.pem";
    http_receiver receiver{tls_world::fine, old};
    auto how = world.options(receiver.url());
    how.tls.certificate_authority = world.at("authority.pem");
    webhook hook{world.strand, how};
    const auto outcome = world.deliver(hook, push_for("1"));
    CHECK(outcome.what == delivered::kind::away);
    CHECK(holds(outcome.why, "certificate has expired"));
    CHECK(holds(outcome.why, "the receiver must renew it, unless this machine's clock is wrong"));
    CHECK(receiver.count() == 0);
  }

  TEST_CASE("a receiver may ask who we are") {
    tls_world world;
    http_receiver receiver{tls_world::fine, world.tls(true)};
    auto how = world.options(receiver.url());
    how.tls.certificate_authority = world.at("authority.pem");
    webhook unknown{world.strand, how};
    CHECK(holds(world.deliver(unknown, push_for("1")).why, "name its PEM files in certificate and key"));
    std::string fault;  // It waits only a moment for what a receiver may say after the handshake.
    for (int times = 0; times < 50 && fault.empty(); ++times) fault = world.fault_of(unknown);
    CHECK(holds(fault, "name its PEM files in certificate and key"));
    how.tls.certificate = world.at("client.pem");
    how.tls.key = world.at("client.key");
    webhook known{world.strand, how};
    CHECK(world.deliver(known, push_for("1")).what == delivered::kind::ok);
    CHECK(world.fault_of(known) == "");
  }

  TEST_CASE("a port where nobody speaks TLS is said to be one") {
    http_receiver receiver;
    webhook_world world;
    webhook hook{world.strand,
                 world.options("https://127.0.0.1:" + std::to_string(receiver.port()) + "/push")};
    CHECK(holds(world.deliver(hook, push_for("1")).why, "TLS"));
  }
}
