#include "store/started_runs.hpp"

#include <doctest/doctest.h>

using namespace carillon;

TEST_SUITE("started_runs") {
  TEST_CASE("a run is started once by its fence, and found by its id while it is held") {
    started_runs runs;
    CHECK(runs.start({"job", "r1", 3, 17}));
    CHECK_FALSE(runs.start({"job", "r1", 3, 17}));
    CHECK(runs.start({"job", "r3", 3, 18}));
    CHECK(runs.start({"job", "r2", 4, 17}));  // another partition has fences of its own
    REQUIRE(runs.find("r2"));
    CHECK(runs.find("r2")->job == "job");
    CHECK_FALSE(runs.find("r4"));
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

TEST_SUITE("started_attempts") {
  TEST_CASE("an attempt is started once by each revision of its job, and by none that is older") {
    started_attempts memory{10};
    const attempted_occurrence first{"job", 5, instant{milliseconds{1'000}}, 1, false, 7};
    CHECK(memory.start(first));
    CHECK_FALSE(memory.start(first));
    auto other = first;
    other.revision = 6;
    CHECK_FALSE(memory.start(other));
    other.revision = 8;  // the job was changed, and is meant to run again
    CHECK(memory.start(other));
    CHECK_FALSE(memory.start(first));

    const auto is_another = [&](auto change) {
      auto what = first;
      change(what);
      return memory.start(what) && !memory.start(what);
    };
    CHECK(is_another([](attempted_occurrence& what) { what.born = 6; }));
    CHECK(is_another([](attempted_occurrence& what) { what.occurrence += tick; }));
    CHECK(is_another([](attempted_occurrence& what) { what.attempt = 2; }));
    CHECK(is_another([](attempted_occurrence& what) { what.extra = true; }));
    CHECK(is_another([](attempted_occurrence& what) { what.job = "other"; }));
  }

  TEST_CASE("no more than so many are remembered, the oldest go first") {
    const auto numbered = [](int number) {
      return attempted_occurrence{"job", 1, instant{milliseconds{number}}, 1, false, 1};
    };
    started_attempts memory{2}, nothing{0};
    for (int i = 1; i <= 3; ++i) {
      CHECK(memory.start(numbered(i)));
      CHECK(nothing.start(numbered(i)));
    }
    CHECK_FALSE(memory.start(numbered(2)));
    CHECK_FALSE(memory.start(numbered(3)));
    CHECK(memory.start(numbered(1)));
    CHECK(nothing.start(numbered(3)));
  }
}
