#include "fault_plan.hpp"

#include <doctest/doctest.h>
#include <map>

using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

plan_options some_of_each() {
  plan_options how;
  how.duration = 10min;
  how.instances = 4;
  for (std::size_t kind = 0; kind < fault_kinds; ++kind) how.kinds.push_back(static_cast<fault_kind>(kind));
  return how;
}

}  // namespace

TEST_SUITE("fault plan") {
  TEST_CASE("one seed is one plan, on every machine") {
    auto how = some_of_each();
    CHECK(words(plan_faults(how)) == words(plan_faults(how)));
    const auto before = words(plan_faults(how));
    how.seed = 2;
    CHECK(words(plan_faults(how)) != before);

    how = plan_options{};
    how.duration = 4s;
    how.kinds = {fault_kind::kill, fault_kind::freeze, fault_kind::redis_kill};
    CHECK(words(plan_faults(how)) ==
          "    1.000 s  redis kill, 1084 ms\n"
          "    2.002 s  kill instance 2, 1756 ms\n");
  }

  TEST_CASE(
      "every kind that is asked for comes, each over in time, and none befalls one that has one already") {
    const auto how = some_of_each();
    const auto plan = plan_faults(how);
    std::map<fault_kind, int> kinds;
    std::map<std::uint32_t, std::chrono::milliseconds> free_from;
    for (const auto& each : plan) {
      CAPTURE(words({each}));
      ++kinds[each.kind];
      CHECK(each.at + each.lasts <= how.duration);
      const auto whom = is_of_instance(each.kind) ? each.instance : how.instances;
      CHECK(each.at >= free_from[whom]);
      free_from[whom] = each.at + each.lasts;
    }
    CHECK(kinds.size() == fault_kinds);
    CHECK(plan.size() > 200);
  }
}
