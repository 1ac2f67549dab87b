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

  TEST_CASE("a body is known by its attempt, and goes on under the run that has come back") {
    started_runs runs;
    runs.start({"job", "r1", 0, 17, 5});
    runs.start({"job", "r2", 0, 18, 6});
    REQUIRE(runs.body_of(5));
    CHECK(runs.body_of(5)->run_id == "r1");
    CHECK_FALSE(runs.body_of(7));
    runs.start({"job", "again", 0, 19, 5, false, true});
    runs.adopt(*runs.body_of(5), *runs.find("again"));
    CHECK(runs.body_of(5)->goes_on_as == 19);
    CHECK(runs.find("again")->body == "r1");
    runs.start({"job", "once more", 0, 20, 5, false, true});
    runs.adopt(*runs.body_of(5), *runs.find("once more"));
    CHECK(runs.body_of(5)->goes_on_as == 20);
    CHECK_FALSE(runs.find("again"));
    CHECK(runs.is_known(0, 19));  // an old look may name it
    runs.body_of(5)->completed = true;
    CHECK_FALSE(runs.body_of(5));
  }
}

TEST_SUITE("started_attempts") {
  TEST_CASE("an attempt is started once by each revision of its job, and by none that is older") {
    started_attempts memory{10};
    CHECK(memory.start(17, 7));
    CHECK_FALSE(memory.start(17, 7));
    CHECK_FALSE(memory.start(17, 6));
    CHECK(memory.start(17, 8));  // the job was changed, and is meant to run again
    CHECK_FALSE(memory.start(17, 7));
    CHECK(memory.start(18, 7));
  }

  TEST_CASE("attempts differ by job, birth, time, number, and whether somebody asked for them") {
    const attempted_occurrence first{"job", 5, instant{milliseconds{1'000}}, 1, 0};
    CHECK(attempt_id(first) == attempt_id(first));
    const auto is_another = [&](auto change) {
      auto what = first;
      change(what);
      return attempt_id(what) != attempt_id(first);
    };
    CHECK(is_another([](attempted_occurrence& what) { what.born = 6; }));
    CHECK(is_another([](attempted_occurrence& what) { what.occurrence += tick; }));
    CHECK(is_another([](attempted_occurrence& what) { what.attempt = 2; }));
    CHECK(is_another([](attempted_occurrence& what) { what.asked = 7; }));
    CHECK(is_another([](attempted_occurrence& what) { what.job = "other"; }));
  }

  TEST_CASE("runs that were asked for of one time may be started in any order, and each of them once") {
    started_attempts memory{10};
    const attempted_occurrence first{"job", 5, instant{milliseconds{1'000}}, 1, 7};
    auto second = first;
    second.asked = 8;
    CHECK(memory.start(attempt_id(second), 8));
    CHECK(memory.start(attempt_id(first), 7));
    CHECK_FALSE(memory.start(attempt_id(first), 7));
  }

  TEST_CASE("one that was given up may be started again; of one that was to be tried again that is known") {
    started_attempts memory{10};
    memory.start(17, 7);
    memory.give_up(17);
    CHECK(memory.start(17, 7));
    CHECK_FALSE(memory.start(17, 7));
    CHECK_FALSE(memory.is_retried(17));
    memory.retry(17);
    CHECK(memory.is_retried(17));
    CHECK(memory.start(17, 8));
    CHECK_FALSE(memory.is_retried(17));  // that was another time
    memory.give_up(18);                  // never heard of
    memory.retry(18);
    CHECK(memory.start(18, 7));
    CHECK_FALSE(memory.is_retried(18));
  }

  TEST_CASE("no more than so many are remembered, the oldest go first") {
    started_attempts memory{2}, nothing{0};
    for (std::uint64_t i = 1; i <= 3; ++i) {
      CHECK(memory.start(i, 1));
      CHECK(nothing.start(i, 1));
    }
    CHECK_FALSE(memory.start(2, 1));
    CHECK_FALSE(memory.start(3, 1));
    CHECK(memory.start(1, 1));
    CHECK(nothing.start(3, 1));
  }
}
