#include <doctest/doctest.h>
#include <carillon/sql/job_store.hpp>

#include "sql/database_address.hpp"

namespace carillon::testing {

TEST_SUITE("sql database_address") {
  TEST_CASE("a file of SQLite is named as it is") {
    CHECK(sql::parse_database_url("sqlite:jobs.db")->file == "jobs.db");
    CHECK(sql::parse_database_url("sqlite:/var/lib/jobs.db")->file == "/var/lib/jobs.db");
    CHECK(sql::parse_database_url("sqlite:///var/lib/jobs.db")->file == "/var/lib/jobs.db");
    CHECK(sql::parse_database_url("sqlite:a%20b%3F.db?namespace=x_1")->file == "a b?.db");
    CHECK(sql::parse_database_url("sqlite:a.db?namespace=x_1")->name_space == "x_1");
  }

  TEST_CASE("a server is named with all that it takes to reach it") {
    const auto read =
        sql::parse_database_url("postgresql://me:p%40ss%3A@db.example:6543/jobs?sslmode=require");
    REQUIRE(read.has_value());
    CHECK(read->kind == sql::database_kind::postgresql);
    CHECK(read->user == "me");
    CHECK(read->password == "p@ss:");
    CHECK(read->host == "db.example");
    CHECK(read->port == 6543);
    CHECK(read->database == "jobs");
    CHECK(read->options.at(0) == std::pair<std::string, std::string>{"sslmode", "require"});
    CHECK(read->shown() == "postgresql://db.example:6543/jobs");
    CHECK(sql::parse_database_url("mariadb://[::1]/jobs")->shown() == "mysql://[::1]/jobs");
    CHECK(sql::address_of("mysql://me:secret@h/jobs") == "mysql://h/jobs");
  }

  TEST_CASE("what is wrong with a URL is said, and where, and no password with it") {
    struct wrong_url {
      const char* url;
      std::size_t position;
      const char* message;
    };
    for (const auto& each :
         {wrong_url{"sql:x", 0, "not a way to an SQL database"}, wrong_url{"sqlite:", 7, "no file is named"},
          wrong_url{"sqlite:%4", 7, "path: a % that is not followed by two hexadecimal digits"},
          wrong_url{"sqlite://jobs.db", 7, "the path of a file follows sqlite: at once"},
          wrong_url{"sqlite::memory:", 7, "the name of a file is wanted"},
          wrong_url{"sqlite:x?mode=rw", 9, "option mode: is not known"},
          wrong_url{"sqlite:x?namespace", 9, "option namespace: has no value"},
          wrong_url{"sqlite:x?namespace=A", 19, "namespace: the names of tables begin with it"},
          wrong_url{"postgresql://host", 17, "no database is named"},
          wrong_url{"postgresql:///db", 13, "no host is named"},
          wrong_url{"mysql://u:secret@h:0/db", 19, "not a port"},
          wrong_url{"mysql://u:secret@h/db?x=1", 22, "option x: is not known"}}) {
      CAPTURE(each.url);
      const auto fault = sql::fault_of_url(each.url);
      REQUIRE(fault);
      CHECK(fault->position == each.position);
      CHECK(fault->message == each.message);
      CHECK(fault->to_string().find("secret") == std::string::npos);
    }
  }
}

}  // namespace carillon::testing
