#include "body_log.hpp"

#include <doctest/doctest.h>
#include <fstream>

#include "support/redis_server.hpp"

using namespace carillon;
using namespace carillon::testing;

TEST_SUITE("body log") {
  TEST_CASE("what bodies write down is read as it was written") {
    const temporary_folder folder;
    const auto file = folder.path() / "bodies";
    const std::string job = "backup-7", instance = "i1.2";
    run_context context;
    context.job = &job;
    context.instance = &instance;
    context.id = "abc-1";
    context.scheduled_for = instant{milliseconds{1'795'277'315'453}};
    context.attempt = 3;
    context.fence = 1'795'277'315'453'001;
    const run run{context};
    {
      body_log log{file};
      log.began(run);
      log.ended(run, "cancelled");
    }
    const auto marks = read_body_log(file);
    REQUIRE(marks.size() == 2);
    CHECK(marks[0].what == body_mark::kind::began);
    CHECK(marks[1].what == body_mark::kind::ended);
    CHECK(marks[1].how == "cancelled");
    CHECK(marks[0].at <= marks[1].at);
    for (const auto& mark : marks) {
      CHECK(mark.job == job);
      CHECK(mark.run == context.id);
      CHECK(mark.instance == instance);
      CHECK(mark.occurrence == context.scheduled_for);
      CHECK(mark.attempt == 3);
      CHECK(mark.fence == context.fence);
    }
  }

  TEST_CASE("a line that is no mark is not passed over") {
    const temporary_folder folder;
    std::ofstream{folder.path() / "bodies"} << "B 1 job run i1 5 1\n";
    CHECK_THROWS_AS(read_body_log(folder.path() / "bodies"), std::runtime_error);
  }
}
