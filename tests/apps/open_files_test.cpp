#include "carillon/shared/open_files.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace carillon::app {

TEST_SUITE("open files") {
  TEST_CASE("the limit is raised to what is needed, and where it may not be, it is said what to do") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit low = before;
    low.rlim_cur = 200;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    CHECK(make_room_for_files(150) == std::nullopt);
    CHECK(make_room_for_files(300) == std::nullopt);
    rlimit now{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
    CHECK(now.rlim_cur == 300);
    if (before.rlim_max != RLIM_INFINITY) {
      const auto fault = make_room_for_files(before.rlim_max + 1);
      REQUIRE(fault);
      CHECK(fault->find("files may be open at once") != std::string::npos);
      CHECK(fault->find("ulimit -n") != std::string::npos);
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  }
}

}  // namespace carillon::app
