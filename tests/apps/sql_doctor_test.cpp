#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/sqlite_world.hpp"
#include "carillon/database/table_findings.hpp"
#include "support/sql_server.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

namespace {

std::string group_file_for(const std::string& url) {
  return "[scheduler]\nstore = \"" + url +
         "\"\n[groups.db]\nrunning = 2\n[[job]]\nid = \"tick\"\nschedule = \"every 1s\"\n"
         "group = \"db\"\ncommand = [\"/bin/true\"]\n";
}

}  // namespace

TEST_SUITE("doctor of an sql store") {
  TEST_CASE("where there is no file the doctor says that there is no store, and makes none") {
    const sqlite_world world;
    const auto none = world.on_store({"doctor"});
    CHECK(none.code == 1);
    CHECK(none.err.empty());
    CHECK(
        holds(none.out, "warning   there is no store yet: there is no file " + world.folder.path("jobs.db")));
    CHECK(holds(none.out, "carillon run FILE --store URL makes one"));
    CHECK(std::filesystem::is_empty(world.folder.path("")));
    const auto object = world.on_store({"doctor", "--json"}).object();
    CHECK(object.at("store").at("exists") == false);
    CHECK(object.at("well") == false);
  }

  TEST_CASE("a file that an instance works on is well, and one that it was killed on is told so") {
    const sqlite_world world;
    const auto file = world.folder.write("jobs.toml", group_file_for(world.url));
    program daemon{{"run", file, "--instance", "cellar"}};
    REQUIRE(daemon.says("succeeded"));
    const auto well = world.on_store({"doctor"});
    CAPTURE(well.out);
    CHECK(well.code == 0);
    CHECK(holds(well.out, "server    SQLite 3."));
    CHECK(holds(well.out, "its clock is this machine's"));
    CHECK(holds(well.out, "settings  journal_mode wal"));
    CHECK(holds(well.out, "store     namespace carillon, 1 partition: 1 job"));
    CHECK(holds(well.out, "members   1 live instance: cellar"));
    CHECK(holds(well.out, "group     db: "));
    CHECK(holds(well.out, "well      nothing is wrong"));
    const auto object = world.on_store({"doctor", "--json"}).object();
    CHECK(object.at("well") == true);
    CHECK(object.at("server").at("clock_offset_ms").is_null());
    daemon.signal(SIGKILL);
    CHECK(daemon.ends() == -SIGKILL);
    const auto alone = world.on_store({"doctor"});
    CHECK(alone.code == 1);
    CHECK(holds(alone.out, "no instance is live, and there is 1 job"));
    CHECK(holds(alone.out, "has ended without a word, and is still in the table"));
  }

  TEST_CASE("the doctor tells of a job in a file that no live instance can run") {
    const sqlite_world world;
    program daemon{{"run", world.folder.write("jobs.toml", group_file_for(world.url))}};
    REQUIRE(daemon.says("succeeded"));
    const arguments add{"jobs", "add", "--id", "bill", "--schedule", "every 1h", "--task", "charge"};
    REQUIRE(world.on_store(add).code == 0);
    const auto found = world.on_store({"doctor"});
    CAPTURE(found.out);
    CHECK(found.code == 1);
    CHECK(holds(found.out, "fault     no live instance runs task 'charge', so nobody runs job 'bill'"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a file that is no database, or is damaged, is told as far as it can be looked at") {
    const sqlite_world world;
    world.folder.write("jobs.db",
                       "Dear all, this is no database, however long it is, and it will never be one.\n");
    const auto letter = world.on_store({"doctor"});
    CHECK(letter.code == 1);
    CHECK(holds(letter.err + letter.out, "file is not a database"));
    std::filesystem::remove(world.folder.path("jobs.db"));
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    CHECK(world.on_store({"jobs", "list"}).code == 0);  // Who leaves last puts all into the file.
    {
      std::fstream damages{world.folder.path("jobs.db"), std::ios::binary | std::ios::in | std::ios::out};
      damages.seekp(4096);
      damages << std::string(122'880, '?');
    }
    const auto damaged = world.on_store({"doctor"});
    CAPTURE(damaged.out);
    CHECK(damaged.code == 1);
    CHECK(holds(damaged.out, "fault     the file is damaged: "));
    CHECK(holds(damaged.out, "is damaged, "));
  }

  TEST_CASE("a server is looked at as a file is") {
    for (const auto kind : {testing::sql_server::kind::postgresql, testing::sql_server::kind::mariadb}) {
      const testing::sql_server server{kind, true};
      const testing::temporary_folder folder;
      const auto none = ask({"doctor", "--store", server.url()});
      CAPTURE(none.out);
      CAPTURE(none.err);
      CHECK(none.code == 1);
      CHECK(holds(none.out, "there is no store in namespace 'carillon'"));
      program daemon{{"run", folder.write("jobs.toml", group_file_for(server.url()))}};
      REQUIRE(daemon.says("succeeded"));
      const auto well = ask({"doctor", "--store", server.url()});
      CAPTURE(well.out);
      CHECK(well.code == 0);
      CHECK(holds(well.out, kind == testing::sql_server::kind::mariadb ? "server    MariaDB "
                                                                       : "server    PostgreSQL "));
      CHECK(holds(well.out, " this machine's"));
      CHECK(holds(well.out, "store     namespace carillon, 8 partitions: 1 job"));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
      const auto other = ask({"doctor", "--store", server.url() + "?namespace=other"});
      CHECK(holds(other.out, "there is no store in namespace 'other'"));
      CHECK(holds(other.out, "There is one in 'carillon'"));
    }
    const auto away = ask({"doctor", "--store", "postgresql://user:secret@127.0.0.1:1/jobs"});
    CHECK(away.code == 1);
    CHECK(holds(away.err, "the store does not answer: postgresql://127.0.0.1:1/jobs"));
    CHECK_FALSE(holds(away.err, "secret"));
  }

  TEST_CASE("every kind of fault of a table has words, what is at stake, and what to do") {
    for (int kind = 0; kind <= static_cast<int>(sql::table_fault_kind::unreadable_end); ++kind) {
      const auto what = static_cast<sql::table_fault_kind>(kind);
      CAPTURE(sql::name(what));
      sql::store_look seen;
      seen.faults = {{what, "carillon_jobs", "o'clock", "why"}};
      const auto found = findings_in_tables(seen);
      REQUIRE(found.size() == 1);
      CHECK(holds(found[0].what, "o'clock"));
      CHECK(holds(found[0].what, "(why)"));
      CHECK(found[0].how > weight::note);
      CHECK_FALSE(found[0].breaks.empty());
      CHECK_FALSE(found[0].remedy.empty());
      CHECK_FALSE(found[0].repairable);
      const bool tells_to_remove = holds(found[0].remedy, "carillon jobs remove o'clock");
      CHECK(tells_to_remove == (what == sql::table_fault_kind::unreadable_job));
      const bool has_statement = holds(found[0].remedy, "DELETE FROM");
      CHECK((!has_statement || holds(found[0].remedy, "DELETE FROM carillon_jobs WHERE id = 'o''clock'")));
    }
  }
}

}  // namespace carillon::app
