#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "carillon/shared/data_findings.hpp"

namespace carillon::app {

using redis::data_fault;
using redis::data_fault_kind;

TEST_SUITE("data findings") {
  TEST_CASE("every kind of fault has words, a promise, and what to do") {
    for (int kind = 0; kind <= static_cast<int>(data_fault_kind::foreign_partition); ++kind) {
      const auto what = static_cast<data_fault_kind>(kind);
      CAPTURE(redis::name(what));
      const std::vector<data_fault> faults{{what, 0, "it", ""}};
      const auto found = findings_in_data(faults, "billing");
      REQUIRE(found.size() == 1);
      CHECK(found[0].what.find("it") != std::string::npos);
      CHECK_FALSE(found[0].remedy.empty());
      CHECK(found[0].repairable.has_value() == redis::can_repair(what));
      CHECK((found[0].remedy == "carillon doctor --repair") == redis::can_repair(what));
      CHECK(found[0].breaks.empty() == (found[0].how == weight::note));
    }
  }

  TEST_CASE("an unreadable run is told with the key in which it lies") {
    const std::vector<data_fault> faults{{data_fault_kind::unreadable_run, 7, "r-1", ""}};
    const auto found = findings_in_data(faults, "billing");
    REQUIRE(found.size() == 1);
    CHECK(found[0].what.find("unreadable run record") != std::string::npos);
    CHECK(found[0].remedy.find("HDEL 'carillon:{billing:7}:runs' 'r-1'") != std::string::npos);
  }
}

}  // namespace carillon::app
