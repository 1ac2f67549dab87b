#include <memory>
#include <optional>
#include <utility>

#include "store/shared_steps.hpp"
#include "support/shared_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A store with an event loop of its own, and another for its heartbeats, which goes when nobody keeps it.
class one_store : public shared_world {
 public:
  one_store() {
    store = std::make_shared<shared_store>(
        [this](const loop_executor&) {
          auto made = std::make_shared<boost::asio::io_context>(1);
          leases = made;
          const loop_executor apart{made->get_executor()};
          const auto members = [this](const loop_executor&) { return shared.members_through(link); };
          return shared_store::backends{made, shared.jobs_through(link), members, apart};
        },
        clock(), defaults());
    store->serve(serving({"work"}));
    ask(store->open("a", told));
    turn();
    REQUIRE(answered == 1);
  }
  ~one_store() override { end_loop(); }

  static void turn(boost::asio::io_context& which) {
    which.restart();
    which.poll();
  }
  void turn_leases() {
    if (const auto there = leases.lock()) turn(*there);
  }
  /// Lets everything run that can.
  void turn() {
    for (int i = 0; i < 10; ++i) {
      settle();
      turn(*loop);
      turn_leases();
    }
  }
  void pass_turning(milliseconds time) {
    for (const auto end = now() + time; now() < end; turn()) clock()->advance_to(now() + 100ms);
  }
  /// Asks for something.
  template <typename T>
  void ask(loop_awaitable<T> what) {
    boost::asio::co_spawn(loop_executor(loop->get_executor()), ignored(std::move(what)),
                          [this](std::exception_ptr) { ++answered; });
  }
  /// What is on its way on the network, which belongs to nobody, arrives, and waits to be resumed.
  void arrive() {
    settle();
    clock()->advance_to(now() + 2s);
    settle();
  }
  /// The event loop goes, and what waits in it.
  void end_loop() {
    arrive();
    loop.reset();
  }

  simulated_link link{network, 1, {}};
  std::unique_ptr<boost::asio::io_context> loop = std::make_unique<boost::asio::io_context>(1);
  noting_listener told;
  std::weak_ptr<boost::asio::io_context> leases;
  std::shared_ptr<shared_store> store;
  int answered = 0;

 private:
  template <typename T>
  static loop_awaitable<void> ignored(loop_awaitable<T> what) {
    co_await std::move(what);
  }
};

loop_awaitable<void> ask_who_is_there(std::shared_ptr<shared_store> store) { co_await store->members(); }
loop_awaitable<void> look_for_a_job(std::shared_ptr<shared_store> store) { co_await store->load("x"); }

loop_awaitable<void> claim_a_job(std::shared_ptr<shared_store> store, simulated_link& link) {
  const auto job = co_await store->load("x");
  link.cut();
  const asked_claim asked{*job, "run-1"};
  auto* const away = store.get();  // It is not kept by who waits for it.
  store.reset();
  co_await away->claim(asked.request);
}

}  // namespace

TEST_SUITE("the life of a shared store") {
  TEST_CASE("what its heartbeats need goes with it, though the event loop still holds what they told") {
    one_store world;
    world.time().advance_to(world.now() + 5s);
    world.turn_leases();  // A view is on its way.
    world.store.reset();
    CHECK(world.leases.expired());
  }

  TEST_CASE("it may go before its event loop, whatever is under way") {
    one_store world;
    put_job(world, "x");
    bool looks = false, claims = false;
    SUBCASE("a look at a job") { world.ask(world.store->load("x")); }
    SUBCASE("the members") { world.ask(world.store->members()); }
    SUBCASE("a list") { world.ask(world.store->list({})); }
    SUBCASE("its end") { world.ask(world.store->close()); }
    SUBCASE("a claim") {
      claims = true;
      world.ask(claim_a_job(world.store, world.link));
    }
    SUBCASE("nothing but its own") { looks = true; }
    if (!claims) world.link.cut();
    if (looks) world.time().advance_to(world.now() + 4s);
    world.turn();
    world.arrive();
    CHECK(world.answered == 1);
    world.store.reset();
    CHECK(world.answered == 1);
    CHECK(world.leases.expired());
  }

  TEST_CASE("its event loop may go first, and takes it along when what waits there holds it") {
    one_store world;
    const std::weak_ptr<shared_store> store = world.store;
    world.link.cut();
    SUBCASE("the members") { world.ask(ask_who_is_there(world.store)); }
    SUBCASE("a look at a job") { world.ask(look_for_a_job(world.store)); }
    world.turn();
    world.store.reset();
    CHECK_FALSE(store.expired());
    world.end_loop();
    CHECK(store.expired());
    CHECK(world.leases.expired());
    CHECK(world.answered == 1);
  }

  TEST_CASE("when the executor of its heartbeats has ended, it is left within a lease, with a word") {
    one_store world;
    world.ask(world.store->close());
    for (int i = 0; i < 200; ++i) {  // Nobody runs the other loop.
      world.turn(*world.loop);
      world.clock()->advance_to(world.now() + 100ms);
    }
    CHECK(world.answered == 2);
    CHECK(world.log->lines.size() == 1);
    CHECK(world.leases.expired());
  }
}
