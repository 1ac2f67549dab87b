#include "store/started_runs.hpp"

#include <doctest/doctest.h>

using namespace carillon;

TEST_SUITE("started_runs") {
  TEST_CASE("a run is started once by its fence, and found by its id while it is held") {
    started_runs runs;
    CHECK(runs.start({"job", "r1", 3, 17}));
    CHECK_FALSE(runs.start({"job", "r1", 3, 17}));
    CHECK(runs.start({"job", "r1", 3, 18}));  // a late take, under the id of an earlier one
    CHECK(runs.start({"job", "r2", 4, 17}));  // another partition has fences of its own
    REQUIRE(runs.find("r2"));
    CHECK(runs.find("r2")->job == "job");
    CHECK_FALSE(runs.find("r3"));
    CHECK(runs.held().size() == 3);
  }

  TEST_CASE("the fence of a run that has ended is known until a look has ended that began afterwards") {
    started_runs runs;
    runs.start({"job", "r1", 0, 17});
    const auto before = runs.begin_look();
    runs.end(0, 17);
    CHECK(runs.held().empty());
    CHECK(runs.is_known(0, 17));
    runs.end_look(0, before);
    CHECK(runs.is_known(0, 17));
    const auto elsewhere = runs.begin_look();
    runs.end_look(1, elsewhere);
    CHECK(runs.is_known(0, 17));
    const auto after = runs.begin_look();
    runs.end_look(0, after);
    CHECK_FALSE(runs.is_known(0, 17));
  }

  TEST_CASE("what is being asked for is known to be, until it is answered") {
    started_runs runs;
    runs.asking("r1");
    CHECK(runs.is_asked("r1"));
    CHECK_FALSE(runs.is_asked("r2"));
    runs.answered("r1");
    CHECK_FALSE(runs.is_asked("r1"));
  }
}

TEST_SUITE("started_occurrences") {
  TEST_CASE("an occurrence is remembered with the revision at which it was started") {
    started_occurrences memory{10};
    const instant noon{milliseconds{1'000}};
    memory.remember("job", 5, noon, 7);
    CHECK(memory.contains("job", 5, noon, 7));
    CHECK(memory.contains("job", 5, noon, 6));
    CHECK_FALSE(memory.contains("job", 5, noon, 8));  // the job was changed, and is meant to run again
    CHECK_FALSE(memory.contains("job", 6, noon, 7));
    CHECK_FALSE(memory.contains("job", 5, noon + tick, 7));
    CHECK_FALSE(memory.contains("other", 5, noon, 7));
  }

  TEST_CASE("no more than so many are remembered, the oldest go first") {
    started_occurrences memory{2}, nothing{0};
    for (int i = 1; i <= 3; ++i) {
      memory.remember("job", 1, instant{milliseconds{i}}, 1);
      nothing.remember("job", 1, instant{milliseconds{i}}, 1);
    }
    CHECK_FALSE(memory.contains("job", 1, instant{milliseconds{1}}, 1));
    CHECK(memory.contains("job", 1, instant{milliseconds{2}}, 1));
    CHECK(memory.contains("job", 1, instant{milliseconds{3}}, 1));
    CHECK_FALSE(nothing.contains("job", 1, instant{milliseconds{3}}, 1));
  }
}
