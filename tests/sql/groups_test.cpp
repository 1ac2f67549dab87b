#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "contract/group_walk.hpp"
#include "sql/sql_scheduler_pair.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// Members of a group, as the backend finds them.
class group_world : public sql_backend_world {
 public:
  explicit group_world(const test_database& database) : sql_backend_world{database} {
    store = run(backend.open(2, heard));
    look.connect();
  }
  ~group_world() { run(backend.close()); }

  void join(const std::string& member) {
    query_on("members", "INSERT INTO ", " (id, expires, content) VALUES ('" + member + "', 1, '{}')");
  }
  void drop(const std::string& member) {
    query_on("members", "DELETE FROM ", " WHERE id = '" + member + "'");
  }
  group_answer ask(const std::string& member, const group_request& said) {
    return run(backend.share_group(member, said));
  }
  void query_on(std::string_view table, std::string_view before, const std::string& after) {
    look.run(std::string{before} + look.speaks().table(table) + after);
  }
  std::size_t groups_there() {
    return look.ask(sql::query{"SELECT name FROM "}.add(look.speaks().table("groups")), "t").size();
  }

  struct hears_places final : backend_listener {
    std::vector<std::string> places;
    void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
    void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
    void on_gap() override {}
    void on_group_place(const std::string& member, const std::string& group) override {
      places.push_back(member + " " + group);
    }
    void on_reachable(bool, const std::string&) override {}
  } heard;
  store_identity store;

 private:
  sql::session look{tables->where, 20s};
};

group_request first_question(std::vector<std::uint64_t> ranks) {
  group_request said;
  said.group = "db";
  said.number = 1;
  said.waiting = ranks.size();
  said.ranks = std::move(ranks);
  return said;
}

/// Jobs of two schedulers that share a group, and who is inside.
class grouped_pair : public sql_scheduler_pair {
 public:
  explicit grouped_pair(const test_database& database) : sql_scheduler_pair{database, false} {}
  ~grouped_pair() {  // Bodies use what is gone when the base stops them.
    stop(*second);
    stop(*first);
  }

  void set_up(instance& who, const std::string& name, std::uint32_t places) {
    group_limits limits;
    limits.running = places;
    who.scheduler.group("db", limits);
    job_options options;
    options.group = "db";
    for (int k = 0; k < 16; ++k) {
      const auto body = [this, name](carillon::run&) { return stay(name); };
      who.scheduler.add("job-" + std::to_string(k), trigger{"every 1s"}, body, options);
    }
    start(who);
  }

  std::size_t inside = 0, most = 0;
  std::map<std::string, int> by;

 private:
  boost::asio::awaitable<void> stay(std::string name) {
    ++by[name];
    most = std::max(most, ++inside);
    const std::shared_ptr<int> at_end{nullptr, [this](int*) { --inside; }};
    const auto where = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer{where, 20ms};
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
};

}  // namespace

TEST_SUITE("sql groups") {
  TEST_CASE("a question does at random what group_shares does") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      group_walk{world}.run(150);
    }
  }

  TEST_CASE("a member that was given a place by another's question is told, by its own instance") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      auto others = std::make_shared<sql::store_tables>();
      others->where = world.tables->where;
      others->logger = world.logger;
      others->teller = 2;
      sql::job_backend other{others, world.pool, 20ms};
      group_world::hears_places heard;
      world.run(other.open(0, heard));
      world.join("a/1");
      world.join("b/1");
      CHECK(world.ask("a/1", first_question({10})).given == 1);
      CHECK(world.run(other.share_group("b/1", first_question({10}))).given == 0);
      auto said = first_question({});
      said.number = 2;
      said.given = said.returned = 1;
      world.ask("a/1", said);
      CHECK(world.until([&] { return !heard.places.empty(); }));
      CHECK(heard.places == std::vector<std::string>{"b/1 db"});
      CHECK(world.run(other.share_group("b/1", first_question({}))).given == 1);
      world.run(other.close());
    }
  }

  TEST_CASE("the places of a member that is gone are free, once a heartbeat has dropped it") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      world.join("a/1");  // Its lease has run out long ago.
      CHECK(world.ask("a/1", first_question({10})).given == 1);
      member_info me;
      me.id = "b/1";
      world.run(world.members.join(me, 60s, world.store));
      CHECK_FALSE(world.ask("a/1", first_question({})).member);
      CHECK(world.ask("b/1", first_question({20})).given == 1);
    }
  }

  TEST_CASE("groups do not touch each other, and one that nobody asks for is gone after a day") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      world.join("a/1");
      CHECK(world.ask("a/1", first_question({10})).given == 1);
      auto other = first_question({10});
      other.group = "api's";
      CHECK(world.ask("a/1", other).given == 1);
      CHECK(world.groups_there() == 2);
      world.query_on("groups", "UPDATE ", " SET used = 1 WHERE name = 'db'");
      world.run(world.backend.look(0, instant{}));
      CHECK(world.groups_there() == 1);
      CHECK(world.ask("a/1", first_question({10})).given == 1);
    }
  }

  TEST_CASE("what something else has written there counts as nothing, and is told once") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      world.join("a/1");
      world.join("b/1");
      for (const auto* content :
           {"rubbish", "[]", R"({"b/1":7})", R"({"b/1":{"given":"many"}})", R"({"c/1":{"given":5}})"}) {
        CAPTURE(content);
        auto said = first_question({10});
        said.group = content;
        world.query_on(
            "groups", "INSERT INTO ",
            std::string{" (name, used, content) VALUES ('"} + content + "', 1, '" + content + "')");
        CHECK(world.ask("a/1", said).given == 1);
      }
      CHECK(world.logged("cannot be read and is passed over") == 4);
    }
  }

  TEST_CASE("of another store it changes nothing") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      group_world world{database};
      world.join("a/1");
      world.query_on("parts", "UPDATE ", " SET store = 1");
      try {
        world.ask("a/1", first_question({10}));
        FAIL("it was answered");
      } catch (const boost::system::system_error& fault) {
        CHECK(fault.code() == errc::other_store);
      }
      CHECK(world.groups_there() == 0);
    }
  }

  TEST_CASE(
      "the limit holds for two schedulers together, and the places of one that leaves are the other's") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      grouped_pair world{database};
      world.set_up(*world.first, "first", 2);
      world.set_up(*world.second, "second", 2);
      CHECK(world.until([&] { return world.by["first"] >= 5 && world.by["second"] >= 5 && world.most == 2; },
                        60s));
      CHECK(world.most == 2);
      world.stop(*world.first);
      const auto before = world.by["second"];
      world.most = 0;
      CHECK(world.until([&] { return world.by["second"] >= before + 20 && world.most == 2; }, 60s));
      CHECK(world.most == 2);
    }
  }

  TEST_CASE("of two limits the smaller counts, and who has the other is told") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      grouped_pair world{database};
      world.set_up(*world.first, "first", 1);
      REQUIRE(world.until([&] { return world.by["first"] >= 3; }, 60s));
      world.set_up(*world.second, "second", 3);
      CHECK(world.until([&] { return world.by["second"] >= 5; }, 60s));
      CHECK(world.most == 1);
      CHECK(world.logged("group 'db' has 3 places here, but 1 by another instance") == 1);
    }
  }
}

}  // namespace carillon::testing
