#include "store/membership.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>

#include "store/shared_steps.hpp"
#include "support/shared_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

bool says(const shared_world& world, std::string_view words) {
  return std::ranges::any_of(world.log->lines,
                             [&](const std::string& line) { return line.find(words) != line.npos; });
}

}  // namespace

TEST_SUITE("membership") {
  TEST_CASE("an instance is a member once its store is open, and stays one") {
    shared_world world;
    auto& a = world.add("a");
    const auto member = a.store.member();
    CHECK(instance_of(member) == "a");
    CHECK(world.shared.live() == std::vector{member});
    world.pass(10min);
    CHECK(a.store.member() == member);
    CHECK(a.told.leases_lost == 0);
    CHECK(a.store.health().healthy);
  }

  TEST_CASE("whoever joins or leaves in order is noticed within a moment") {
    shared_world world;
    auto& a = world.add("a");
    const auto before = a.told.ownership_changes;
    auto& b = world.add("b");
    CHECK(a.told.ownership_changes == before + 1);
    CHECK(world.on(a, a.store.members()).size() == 2);
    world.close(b);
    CHECK(a.told.ownership_changes == before + 2);
    const auto left = world.on(a, a.store.members());
    REQUIRE(left.size() == 1);
    CHECK(left[0].id == a.store.member());
    CHECK(left[0].work->tasks == std::vector<std::string>{"work"});
  }

  TEST_CASE("what is served from when the store is being opened on is what the others hear") {
    shared_world world;
    auto& a = world.add("a");
    const auto serve_more = [](shared_world::instance& made) {
      made.store.serve(shared_world::serving({"more", "work"}));
    };
    const auto& b = world.add_opening("b", {"work"}, {.least = 5ms, .most = 5ms}, 0ms, serve_more);
    const auto members = world.on(a, a.store.members());
    const auto of_b = std::ranges::find(members, b.store.member(), &member_info::id);
    REQUIRE(of_b != members.end());
    CHECK(of_b->work->tasks == std::vector<std::string>{"more", "work"});
  }

  TEST_CASE("who waits until others were told what it declares is not told too early") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b", {"work"}, {.least = 5ms, .most = 5ms});
    auto work = shared_world::serving({"work"});
    work.declared = {42};
    b.store.serve(work);
    world.on(b, b.store.told_others());
    const auto members = world.on(a, a.store.members());
    const auto of_b = std::ranges::find(members, b.store.member(), &member_info::id);
    REQUIRE(of_b != members.end());
    CHECK(of_b->work->declares(42));
  }

  TEST_CASE("who cannot tell others what it declares waits no longer than its lease") {
    shared_world world;
    auto& a = world.add("a");
    a.link.cut();
    auto work = shared_world::serving({"work"});
    work.declared = {42};
    a.store.serve(work);
    auto told = boost::asio::co_spawn(a.strand, a.store.told_others(), boost::asio::use_future);
    world.pass(1s);
    CHECK(told.wait_for(0s) == std::future_status::timeout);
    world.pass(9s);
    REQUIRE(told.wait_for(0s) == std::future_status::ready);
    CHECK_NOTHROW(told.get());
  }

  TEST_CASE("a lease that nobody renews is over a tenth before its end, and whoever lost it joins anew") {
    shared_world world;
    auto& a = world.add("a");
    const auto first = a.store.member();
    a.link.cut();
    world.pass(8'900ms);
    CHECK(a.told.leases_lost == 0);
    CHECK(a.store.member() == first);
    world.pass(100ms);
    CHECK(a.told.leases_lost == 1);
    CHECK(a.store.member().empty());
    CHECK_FALSE(a.store.health().healthy);
    CHECK(world.shared.live() == std::vector{first});  // as the store sees it
    const auto before = a.told.ownership_changes;
    a.link.mend();
    world.pass(2s);
    CHECK(a.told.ownership_changes > before);
    CHECK_FALSE(a.store.member().empty());
    CHECK(a.store.member() != first);
    CHECK(world.shared.live() == std::vector{a.store.member()});  // the first one has left
    CHECK(a.told.leases_lost == 1);
  }

  TEST_CASE("an outage is told once, and so is its end; to log them is the listener's") {
    shared_world world;
    auto& a = world.add("a");
    a.link.cut();
    world.pass(1min);
    CHECK(a.told.reached == std::vector{false});
    a.link.mend();
    world.pass(1min);
    CHECK(a.told.reached == std::vector{false, true});
    CHECK_FALSE(says(world, "answer"));
    CHECK_FALSE(says(world, "lease"));
  }

  TEST_CASE("heartbeats that alone are not answered are told of once, in time, and so is their end") {
    shared_world world;
    world.leases_apart = true;
    auto& a = world.add("a");
    a.leases.cut();
    SUBCASE("before the lease ends") {
      world.pass(7s);
      REQUIRE(a.told.heartbeats.size() == 1);
      CHECK(a.told.heartbeats[0].starts_with("lost, "));
      CHECK(a.told.heartbeats[0] != "lost, 0s");  // There was still time.
      CHECK(a.told.leases_lost == 0);
    }
    SUBCASE("as long as it takes") { world.pass(1min); }
    a.leases.mend();
    world.pass(10s);
    CHECK(a.told.heartbeats.size() == 2);
    CHECK(a.told.heartbeats.back() == "answered");
    CHECK(a.told.reached.empty());
    CHECK(a.store.health().healthy);
  }

  TEST_CASE("heartbeats that are lost with all else are not told of beside that") {
    shared_world world;
    world.leases_apart = true;
    auto& a = world.add("a");
    a.link.cut();
    a.leases.cut();
    world.pass(1min);
    a.link.mend();
    a.leases.mend();
    world.pass(1min);
    CHECK(a.told.heartbeats.empty());
    CHECK(a.told.reached == std::vector{false, true});
  }

  TEST_CASE("who leaves a store that does not answer says in one line what is left, and until when") {
    shared_world world;
    auto& a = world.add("a");
    world.pass(1s);
    SUBCASE("runs") {
      put_job(world, "x");
      win(world, a, "x", "run-1");
      a.link.cut();
      world.close(a);
      REQUIRE(world.log->lines.size() == 1);
      CHECK(says(world,
                 "left without its answer: 1 runs of this instance are active there, which other "
                 "instances end as lost for the lease of a/"));
    }
    SUBCASE("its place among the members") {
      const auto member = a.store.member();
      a.link.cut();
      world.close(a);
      REQUIRE(world.log->lines.size() == 1);
      CHECK(says(world, "left without its answer: other instances take over its jobs when the lease of " +
                            member + " ends, in "));
    }
    SUBCASE("nothing, for its lease is over") {
      a.link.cut();
      world.pass(1min);
      world.close(a);
      CHECK(world.log->lines.empty());
    }
  }

  TEST_CASE("the store's clock is measured, and a machine that is an hour wrong is told once") {
    shared_world world;
    auto& right = world.add("right");
    auto& ahead = world.add("ahead", {"work"}, {}, 1h);
    world.pass(1min);
    CHECK(right.told.offsets.empty());
    CHECK(ahead.told.offsets == std::vector<milliseconds>{-1h});
    CHECK(world.on(ahead, ahead.store.members()).size() == 2);
  }

  TEST_CASE("who is not let in is told why, and at once") {
    shared_world world;
    world.shared.create(world.partitions);
    world.shared.refuses_members = "NOPERM no permission for 'evalsha'";
    std::string why;
    try {
      world.add("a");
    } catch (const boost::system::system_error& refused) {
      CHECK(refused.code() == errc::store_refused);
      why = refused.what();
    }
    CHECK(why.starts_with("this instance could not join the others: NOPERM no permission for 'evalsha'"));
    CHECK(world.log->lines.empty());
  }

  TEST_CASE("a store that refuses to renew a lease is logged once, with its words") {
    shared_world world;
    auto& a = world.add("a");
    world.shared.refuses_members = "OOM command not allowed";
    world.pass(1min);
    CHECK(a.told.leases_lost == 1);
    CHECK(world.log->lines.size() == 1);
    CHECK(says(world, "the store refuses to renew the lease of this instance: OOM command not allowed"));
    world.shared.refuses_members.clear();
    world.pass(1min);
    CHECK(a.store.health().healthy);
  }

  TEST_CASE("what is asked while another store takes the place is answered by that one, within a moment") {
    shared_world world;
    auto& a = world.add("a");
    world.shared.replace();
    const auto before = world.now();
    CHECK_FALSE(world.on(a, a.store.load("x")));
    CHECK(world.now() - before < 1s);
    CHECK(a.told.replaced == 1);
  }

  TEST_CASE("another store in the same place ends the lease, and everything begins anew") {
    shared_world world;
    auto& a = world.add("a");
    const auto first = a.store.member();
    world.pass(1s);
    world.shared.replace();
    world.pass(5s);
    CHECK(a.told.leases_lost == 1);
    CHECK(a.told.replaced == 1);
    CHECK(a.store.member() != first);
    CHECK(a.store.health().healthy);
    world.pass(1min);
    CHECK(a.told.replaced == 1);
  }
}

namespace {

/// A membership of its own, whose event loop answers only while `answers`.
struct lone_membership final : membership_listener {
  lone_membership() {
    world.shared.create(4);
    membership_options options;
    options.instance = "lone";
    options.seed = 1;
    it = std::make_shared<membership>(world.shared.members_through(link), strand, world.clock(), options,
                                      self, [this] {
                                        if (answers) it->loop_answered();
                                      });
  }
  ~lone_membership() { world.run_on(strand, it->stop()); }
  void start() {
    world.run_on(strand, it->start(world.shared.identity(), std::make_shared<const served_work>()));
    world.settle();
  }
  void on_view(member_view view) override { views.push_back(std::move(view)); }
  void on_lease_over(std::shared_ptr<lease>) override { ++lost; }
  void on_offset_measured(milliseconds, milliseconds) override {}
  void on_beat_failed(boost::system::error_code, const std::string&) override { ++failures; }
  void on_other_store(store_identity) override {}

  std::shared_ptr<membership_listener> self{this, [](membership_listener*) {}};
  shared_world world;
  simulated_link link{world.network, 1, {}};
  loop_executor strand = boost::asio::make_strand(world.io);
  std::shared_ptr<membership> it;
  std::vector<member_view> views;
  bool answers = true;
  int lost = 0, failures = 0;
};

}  // namespace

TEST_SUITE("membership") {
  TEST_CASE("who does not hear from its event loop for half a lease says so, and renews all the same") {
    lone_membership lone;
    lone.start();
    lone.answers = false;
    lone.world.pass(20s);
    CHECK(lone.lost == 0);
    REQUIRE(lone.views.back().members.size() == 1);
    CHECK_FALSE(lone.views.back().members[0].takes_jobs);
    lone.answers = true;
    lone.it->loop_answered();
    lone.world.settle();
    CHECK(lone.views.back().members[0].takes_jobs);
  }

  TEST_CASE(
      "an event loop that is silent for longer than the stall limit costs the lease, until it answers") {
    lone_membership lone;
    lone.start();
    lone.answers = false;
    lone.world.pass(59s);
    CHECK(lone.lost == 0);
    lone.world.pass(30s);
    CHECK(lone.lost == 1);
    CHECK(lone.world.shared.live().empty());
    lone.it->loop_answered();
    lone.answers = true;
    lone.world.pass(5s);
    CHECK(lone.world.shared.live().size() == 1);
  }

  TEST_CASE("each view says by which question it was asked for, and under which lease") {
    lone_membership lone;
    lone.start();
    lone.world.pass(10s);
    REQUIRE(lone.views.size() >= 3);
    for (std::size_t i = 1; i < lone.views.size(); ++i) {
      CHECK(lone.views[i].number > lone.views[i - 1].number);
      CHECK(lone.views[i].mine == lone.views[0].mine);
    }
    CHECK(lone.views.back().number == lone.it->questions());
  }
}
