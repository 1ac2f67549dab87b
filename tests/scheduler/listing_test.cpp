#include <sstream>
#include <stdexcept>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("the table of jobs") {
  TEST_CASE("has a line for each job, with its next fire, its state, its runs and how the last one ended") {
    scheduler_world world;
    world.scheduler.add("report", trigger{"every 1h"}, [] {});
    world.scheduler.add("fails", trigger{"every 20m"}, [] { throw std::runtime_error("no luck"); });
    world.scheduler.add("resting", trigger{"every 1h"}, [] {});
    world.start();
    CHECK(world.wait_for(world.scheduler.table_of_jobs()).starts_with("JOB "));
    world.wait_for(world.scheduler.pause("resting", "why"));
    world.pass(61min);
    std::ostringstream out;
    world.wait_for(world.scheduler.print_jobs(out));
    CHECK(out.str() ==
          "JOB      SCHEDULE   NEXT                       STATE   RUNNING  SUCCEEDED  FAILED  LAST RUN\n"
          "fails    every 20m  2024-01-01T01:20:00+00:00  active        0          0       3  failed "
          "2024-01-01T01:00:00+00:00\n"
          "report   every 1h   2024-01-01T02:00:00+00:00  active        0          1       0  succeeded "
          "2024-01-01T01:00:00+00:00\n"
          "resting  every 1h   -                          paused        0          0       0  -\n");
    job_query nothing;
    nothing.id_prefix = "x";
    CHECK(world.wait_for(world.scheduler.table_of_jobs(nothing)) == "no jobs\n");
  }
}
