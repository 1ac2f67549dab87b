#include <doctest/doctest.h>

#include <fstream>

#include "sql/json_fields.hpp"
#include "sql/sql_world.hpp"
#include "support/deaf_listener.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

struct refused_opening {
  boost::system::error_code code;
  std::string words;
};

refused_opening opening(const std::string& url, std::uint32_t partitions = 0) {
  loop_world world;
  sql::job_store_options how;
  how.url = url;
  how.partitions = partitions;
  how.lease = how.timeout = 20s;
  how.logger = world.logger;
  sql::job_store store{how};
  deaf_listener nobody;
  try {
    world.run(store.open("a", nobody));
  } catch (const boost::system::system_error& refused) {
    return {refused.code(), refused.what()};
  }
  world.run(store.close());
  return {};
}

bool mentions(const std::string& words, std::string_view what) {
  return words.find(what) != std::string::npos;
}

}  // namespace

TEST_SUITE("sql session") {
  TEST_CASE("a text comes out of every database as it went in") {
    const std::string hard = "it's \"quoted\\, 100% :v0 ? $1 -- /* \xf0\x9f\x94\x94 \xc3\xbc\t";
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      const auto where = sql::parse_database_url(database.new_url(folder)).value();
      sql::session with{where, 20s};
      with.connect();
      const auto table = with.speaks().table("texts");
      for (const auto& text : with.speaks().schema()) with.run(text);
      const auto meta = with.speaks().table("meta");
      with.run(sql::query{"INSERT INTO "}
                   .add(meta)
                   .add(" (name, content) VALUES (")
                   .bind(hard)
                   .add(", ")
                   .bind(hard)
                   .add(")"));
      const auto found =
          with.ask(sql::query{"SELECT name, content FROM "}.add(meta).add(" WHERE name = ").bind(hard), "tt");
      REQUIRE(found.size() == 1);
      CHECK(found[0][0].text == hard);
      CHECK(found[0][1].text == hard);
    }
  }

  TEST_CASE("ids are compared and put in order by their bytes") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      const auto where = sql::parse_database_url(database.new_url(folder)).value();
      sql::session with{where, 20s};
      with.connect();
      for (const auto& text : with.speaks().schema()) with.run(text);
      const auto meta = with.speaks().table("meta");
      std::vector<std::string> names{"B", "a", "a ", "A", "\xc3\xa4", "b"};
      for (const auto& name : names)
        with.run(
            sql::query{"INSERT INTO "}.add(meta).add(" (name, content) VALUES (").bind(name).add(", '')"));
      std::vector<std::string> seen;
      for (auto& row : with.ask(sql::query{"SELECT name FROM "}.add(meta).add(" ORDER BY name"), "t"))
        seen.push_back(row[0].text);
      std::ranges::sort(names);
      CHECK(seen == names);
    }
  }

  TEST_CASE("a transaction that is not committed has not been") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      const auto where = sql::parse_database_url(database.new_url(folder)).value();
      sql::session with{where, 20s};
      with.connect();
      for (const auto& text : with.speaks().schema()) with.run(text);
      const auto meta = with.speaks().table("meta");
      {
        const sql::transaction all{with};
        with.run(sql::query{"INSERT INTO "}.add(meta).add(" (name, content) VALUES ('x', '')"));
      }
      CHECK(with.ask(sql::query{"SELECT name FROM "}.add(meta), "t").empty());
    }
  }

  TEST_CASE("what cannot be opened is refused, saying what is wrong") {
    const temporary_folder folder;
    const auto url = [&](std::string_view name) { return "sqlite:" + folder.path(name); };
    auto refused = opening(url("none/jobs.db"));
    CHECK(refused.code == errc::store_refused);
    CHECK(mentions(refused.words, "there is no folder " + folder.path("none") + "; make it"));
    std::filesystem::create_directory(folder.path("folder"));
    CHECK(mentions(opening(url("folder")).words, "that is a folder"));
    folder.write("letter", "Dear all, this is no database, however long it is, and it will never be one.\n");
    refused = opening(url("letter"));
    CHECK(refused.code == errc::store_refused);
    CHECK(mentions(refused.words, "file is not a database; name another file"));
  }

  TEST_CASE("names of files may contain what they like") {
    const temporary_folder folder;
    for (const auto* name : {"a%20b  c.db", "it's.db", "%22quoted%22.db", "x=y.db", "100%25.db"}) {
      CAPTURE(name);
      CHECK_FALSE(opening("sqlite:" + folder.path(name)).code);
    }
    CHECK(std::filesystem::exists(folder.path("a b  c.db")));
    CHECK(std::filesystem::exists(folder.path("x=y.db")));
  }

  TEST_CASE("a wrong password, an unknown database and a server that is not there are told apart") {
    const std::string wrong = "tell-nobody";
    for (auto* const server : {&shared_postgresql(), &shared_mariadb()}) {
      auto refused = opening(server->url(wrong));
      CAPTURE(refused.words);
      CHECK(refused.code == errc::store_refused);
      CHECK_FALSE(mentions(refused.words, wrong));
      CHECK((mentions(refused.words, "authentication failed") || mentions(refused.words, "Access denied")));
      const auto url = server->url();
      refused = opening(url.substr(0, url.rfind('/')) + "/nowhere");
      CHECK(refused.code == errc::store_refused);
      CHECK(mentions(refused.words, "nowhere"));
    }
    for (const std::string scheme : {"postgresql://", "mysql://"}) {
      const auto refused = opening(scheme + "a:b@127.0.0.1:" + std::to_string(free_port()) + "/x");
      CAPTURE(refused.words);
      CHECK(refused.code == errc::store_unreachable);
    }
  }

  TEST_CASE("tables of another format, and another number of partitions, are refused, and left as they are") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      const auto url = database.new_url(folder);
      CHECK_FALSE(opening(url, 4).code);
      CHECK_FALSE(opening(url).code);
      auto refused = opening(url, 5);
      CHECK(refused.code == errc::store_refused);
      CHECK(mentions(refused.words, "was created with 4 partitions, and 5 are asked for"));
      const auto where = sql::parse_database_url(url).value();
      sql::session with{where, 20s};
      with.connect();
      with.run("UPDATE " + with.speaks().table("meta") + " SET content = '1' WHERE name = 'format'");
      refused = opening(url);
      CHECK(refused.code == errc::store_refused);
      CHECK(mentions(refused.words, "are of format 1, and this version of Carillon reads format 2"));
    }
  }

  TEST_CASE("text that is no UTF-8 is made some, as every database wants it") {
    CHECK(sql::clean("plain \xc3\xbc") == "plain \xc3\xbc");
    CHECK(sql::clean("\xff\xc3") == "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(sql::clean(std::string_view{"a\0b", 3}) ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(sql::clean("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(sql::clean("\xf0\x9f\x94\x94") == "\xf0\x9f\x94\x94");
  }
}

}  // namespace carillon::testing
