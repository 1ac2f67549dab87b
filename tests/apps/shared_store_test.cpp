#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "apps/store_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;
using testing::redis_options;
using testing::redis_server;
using testing::temporary_folder;

TEST_SUITE("shared store") {
  TEST_CASE("jobs are added, looked at, changed and removed from the command line") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--store", world.url(), "--", "/usr/local/bin/backup", "--full"});
    const auto added = ask(add);
    CAPTURE(added.err);
    REQUIRE(added.code == 0);
    CHECK(holds(added.out, "backup: added (revision "));
    CHECK(ask(add).code == 0);  // The same again: nothing to do.
    CHECK(holds(world.on_store({"jobs", "list"}).out, "every day at 02:30 in UTC"));
    CHECK(holds(world.on_store({"jobs", "show", "backup"}).out, "/usr/local/bin/backup --full"));
    CHECK(world.on_store({"jobs", "modify", "backup", "--max-instances", "3"}).code == 0);
    CHECK(world.on_store({"jobs", "pause", "backup", "--note", "month end"}).out == "backup: paused\n");
    CHECK(world.on_store({"jobs", "show", "backup", "--json"}).object().at("note") == "month end");
    CHECK(world.on_store({"jobs", "resume", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "skip", "backup", "-n", "2"}).code == 0);
    CHECK(world.on_store({"jobs", "skip", "backup", "--at", "2026-12-31"}).code == 1);
    CHECK(world.on_store({"jobs", "skip", "backup", "-n", "1", "--at", "02:30"}).code == 2);
    CHECK(world.on_store({"jobs", "run", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "cancel", "backup", "--waiting", "--json"}).object().at("done") == true);
    CHECK(world.on_store({"jobs", "cancel", "backup", "--run", "none"}).out ==
          "backup: no run none of it is active\n");
    CHECK(world.on_store({"jobs", "cancel", "backup", "--run", "none"}).code == 1);
    CHECK(world.on_store({"jobs", "trigger-at", "backup", "2h ago"}).code == 0);
    const auto backfill =
        world.on_store({"jobs", "backfill", "backup", "--from", "73h ago", "--json"}).object();
    CHECK((backfill.at("runs") == 3 || backfill.at("runs") == 4));
    const arguments past{"jobs",       "backfill", "backup",     "--from",
                         "2026-01-01", "--to",     "2026-01-05", "--json"};
    CHECK(world.on_store(past).object().at("runs") == 4);
    CHECK(world.on_store(past).object().at("runs") == 0);
    const auto document = world.on_store({"jobs", "export"});
    CHECK(world.on_store({"jobs", "import", world.folder.write("jobs.json", document.out)}).out ==
          "backup: unchanged\n1 job: 0 added, 0 changed, 1 unchanged, 0 refused\n");
    const auto job = world.on_store({"jobs", "show", "backup", "--json"}).object();
    CHECK(job.at("skip_next") == 2);
    CHECK(job.at("next_waiting").is_string());
    CHECK(job.at("definition").at("options").at("max_instances") == 3);
    CHECK(world.on_store({"jobs", "remove", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "list"}).out == "no jobs\n");
    CHECK(world.on_store({"jobs", "show", "backup"}).code == 1);
  }

  TEST_CASE("what a job carries is set, and shown") {
    const store_world world;
    REQUIRE(world
                .on_store({"jobs", "add", "--id", "reader", "--schedule", "every 1h", "--task", "read",
                           "--carries"})
                .code == 0);
    CHECK(world.on_store({"jobs", "carry", "reader", R"({"page": 7})"}).out ==
          "reader: carries this from its next run on\n");
    CHECK(holds(world.on_store({"jobs", "show", "reader"}).out, R"(  carries      {"page":7})"));
    const auto shown = world.on_store({"jobs", "show", "reader", "--json"}).object();
    CHECK(shown.at("carried").at("page") == 7);
    CHECK(world.on_store({"jobs", "carry", "reader", "null"}).out == "reader: carries nothing any more\n");
    CHECK_FALSE(world.on_store({"jobs", "show", "reader", "--json"}).object().contains("carried"));
    CHECK(world.on_store({"jobs", "carry", "reader", "{"}).code == 2);
    CHECK(world.on_store({"jobs", "carry", "writer", "1"}).code == 1);
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    const auto refused = world.on_store({"jobs", "carry", "backup", "1"});
    CHECK(refused.code == 1);
    CHECK(holds(refused.err, "carries no data from run to run"));
  }

  TEST_CASE("of two who change one job at the same revision, one gets a conflict and changes nothing") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    const auto job = world.on_store({"jobs", "show", "backup", "--json"}).object();
    const auto revision = std::to_string(job.at("revision").to_number<std::uint64_t>());
    const auto change = [&](const char* places) {
      return arguments{"jobs", "modify",  "backup",   "--if-revision", revision, "--max-instances",
                       places, "--store", world.url()};
    };
    program one{change("2")}, two{change("3")};
    const int first = one.ends(), second = two.ends();
    CAPTURE(one.said());
    CAPTURE(two.said());
    CHECK(first + second == 1);
    CHECK(holds(first == 1 ? one.err() : two.err(), "conflict: job 'backup' is at revision"));
    const auto now_there = world.on_store({"jobs", "show", "backup", "--json"}).object();
    CHECK(now_there.at("definition").at("options").at("max_instances") == (first == 0 ? 2 : 3));
  }

  TEST_CASE("who only looks at a namespace without a store is told so, and makes none") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true", "--store", world.url("invoices")});
    REQUIRE(ask(add).code == 0);
    const auto before = world.server.cli({"DBSIZE"});
    for (const auto& words : std::vector<arguments>{{"jobs", "list"},
                                                    {"jobs", "show", "backup"},
                                                    {"jobs", "modify", "backup", "--timeout", "2h"},
                                                    {"jobs", "run", "backup"},
                                                    {"jobs", "remove", "backup"},
                                                    {"history"},
                                                    {"members"},
                                                    {"watch"},
                                                    {"explain", "backup", "--at", "now"}}) {
      CAPTURE(words.back());
      const auto none = world.on_store(words);
      CHECK(none.code == 1);
      CHECK(none.out.empty());
      CHECK(holds(none.err, "carillon: there is no store in namespace 'billing' at " + world.server.url() +
                                "; there is one in 'invoices'\n"));
      CHECK(holds(none.err, "carillon run FILE"));
    }
    const auto examined = world.on_store({"doctor"});
    CHECK(examined.code == 1);
    CHECK(holds(examined.out, "there is no store in namespace 'billing'"));
    CHECK(world.server.cli({"DBSIZE"}) == before);
  }

  TEST_CASE("a server that is not there is told at once, and is a failure") {
    const auto nobody = "redis://127.0.0.1:" + std::to_string(testing::free_port());
    const temporary_folder folder;
    const auto file =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 1h\"\nshell = \"true\"\n");
    for (auto words :
         std::vector<arguments>{{"jobs", "list"}, {"doctor"}, {"watch"}, {"history"}, {"run", file}}) {
      words.insert(words.end(), {"--store", nobody});
      const auto failed = ask(words);
      CAPTURE(words.front());
      CHECK(failed.code == 1);
      CHECK(holds(failed.err, "the store does not answer: redis://127.0.0.1:"));
      CHECK(holds(failed.err, "do both speak TLS (rediss://) or neither?"));
    }
  }

  TEST_CASE("what is wrong with certificates is told with what to do about it") {
    redis_options by_tls;
    by_tls.tls = true;
    const redis_server server{by_tls};
    const auto url = "rediss://127.0.0.1:" + std::to_string(server.tls_port());
    const auto unknown = ask({"members", "--store", url});
    CHECK(unknown.code == 1);
    CHECK(holds(unknown.err, "certificate verify failed"));
    CHECK(holds(unknown.err,
                "\nThe server's certificate must be signed by certificate_authority=FILE of the URL"));
    CHECK_FALSE(holds(unknown.err, "not sent"));
    server.cli({"CONFIG", "SET", "tls-auth-clients", "yes"});
    const auto authority = (server.certificates() / "authority.pem").string();
    const auto nobody = ask({"members", "--store", url + "?certificate_authority=" + authority});
    CHECK(nobody.code == 1);
    CHECK(
        holds(nobody.err, "\nThe server wants to see a certificate: certificate=FILE&key=FILE in the URL."));
  }

  TEST_CASE("a server that is not fit says why and what to do, and nothing is written") {
    struct unfit {
      const char* what;
      redis_options how;
      const char* says;
    };
    redis_options full, locked;
    full.config = {"maxmemory 1"};
    locked.config = {"requirepass secret"};
    locked.password = "secret";
    for (const auto& one :
         {unfit{"out of memory", full, "memory"}, unfit{"a password is wanted", locked, "password"}}) {
      CAPTURE(one.what);
      const store_world world{one.how};
      const temporary_folder folder;
      const auto refused = ask({"run", world.jobs_file()});
      CAPTURE(refused.err);
      CHECK(refused.code == 1);
      CHECK(holds(refused.err, one.says));
      CHECK(world.keys().empty());
      CHECK(world.on_store({"jobs", "list"}).code == 1);
      CHECK(world.keys().empty());
    }
  }

  TEST_CASE(
      "a wrong password, a replica, another format and another number of partitions are refused in words") {
    redis_options locked;
    locked.config = {"requirepass secret"};
    locked.password = "secret";
    const redis_server with_password{locked};
    const auto wrong =
        ask({"jobs", "list", "--store", "redis://:guess@127.0.0.1:" + std::to_string(with_password.port())});
    CHECK(wrong.code == 1);
    CHECK(holds(wrong.err,
                "\nLook at user and password in the URL"));  // What to do stands on a line of its own.
    CHECK_FALSE(holds(wrong.err, "guess"));

    const redis_server master;
    redis_server replica;
    replica.replicate(master);
    const auto read_only = ask({"jobs", "list", "--store", replica.url()});
    CHECK(read_only.code == 1);
    CHECK(holds(read_only.err, "replica of 127.0.0.1:" + std::to_string(master.port())));

    const store_world world;
    world.server.cli({"HSET", "carillon:{billing}:meta", "format", "99", "partitions", "8", "id", "17"});
    const auto other_format = world.on_store({"jobs", "list"});
    CHECK(other_format.code == 1);
    CHECK(holds(other_format.err, "format 99"));
    world.server.cli({"HSET", "carillon:{billing}:meta", "format", "2"});
    const auto file = world.folder.write(
        "jobs.toml",
        "[scheduler]\npartitions = 16\n[[job]]\nid = \"a\"\nschedule = \"every 1h\"\nshell = \"x\"\n");
    const auto other_count = world.on_store({"run", file});
    CHECK(other_count.code == 1);
    CHECK(holds(other_count.err, "8 partitions"));
    CHECK(world.keys() == "carillon:{billing}:meta");
  }

  TEST_CASE("the store may be named by the environment, and a wrong URL is wrong usage") {
    const store_world world;
    ::setenv("CARILLON_STORE", world.url().c_str(), 1);
    CHECK(ask({"jobs", "list"}).code == 1);
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    CHECK(ask(add).code == 0);
    CHECK(holds(ask({"jobs", "list"}).out, "1 job\n"));
    ::unsetenv("CARILLON_STORE");
    for (const auto& words : std::vector<arguments>{{"jobs", "list"},
                                                    {"jobs", "list", "--store", "http://x"},
                                                    {"jobs", "list", "--store", "memory:"},
                                                    {"jobs", "list", "--store", "redis://h?namespace=a/b"},
                                                    {"jobs"},
                                                    {"jobs", "lst"},
                                                    {"jobs", "show"},
                                                    {"jobs", "add", "--store", world.url()},
                                                    {"jobs", "modify", "a", "--store", world.url()},
                                                    {"history", "--store", world.url(), "--outcome", "fine"},
                                                    {"history", "--store", world.url(), "--from", "soon"}}) {
      CAPTURE(words.back());
      const auto wrong = ask(words);
      CHECK(wrong.code == 2);
      CHECK(wrong.out.empty());
      CHECK_FALSE(wrong.err.empty());
    }
  }
}

}  // namespace carillon::app
