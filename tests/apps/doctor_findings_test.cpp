#include <doctest/doctest.h>

#include <string>

#include "carillon/doctor_findings.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr instant looked_at{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

// A store with one job and one live instance, in which nothing is wrong.
store_examination well() {
  store_examination seen;
  seen.name_space = "billing";
  seen.store.exists = seen.store.known_format = true;
  seen.store.format = 2;
  seen.store.partitions = 1;
  seen.contents.jobs = 1;
  member_info member;
  member.id = "a/1";
  member.instance = "a";
  member.version = "1.0";
  seen.members.members = {member};
  seen.members.store_time = looked_at;
  return seen;
}

bool says(const std::vector<finding>& found, std::string_view words) {
  for (const auto& one : found)
    if (one.what.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_SUITE("doctor findings") {
  TEST_CASE("of a store that is well there is nothing to say") { CHECK(findings_of(well()).empty()); }

  TEST_CASE("a due job that nobody claims is a fault, and many are told as a number") {
    auto seen = well();
    for (int k = 0; k < 12; ++k)
      seen.contents.overdue.push_back({"job-" + std::to_string(k), looked_at - 5min, false});
    const auto found = findings_of(seen);
    CHECK(found.size() == 11);
    CHECK(says(found, "a fire of job 'job-0' has been due since 2026-11-20 23:55:00 UTC, 5 min ago"));
    CHECK(says(found, "and 2 more"));
    CHECK(has_weight(found));
  }

  TEST_CASE("a run of a member that is not live is told, one of a live member is not") {
    auto seen = well();
    seen.contents.active = {{"r-1", "backup", "a/1", looked_at}};
    CHECK(findings_of(seen).empty());
    seen.contents.active.push_back({"r-2", "report", "b/1", looked_at});
    CHECK(
        says(findings_of(seen), "1 run still belongs to 'b/1', which is not live any more: of job 'report'"));
  }

  TEST_CASE("jobs without an instance weigh, an empty store without one does not") {
    auto seen = well();
    seen.members.members.clear();
    CHECK(says(findings_of(seen), "no instance is live, and there is 1 job"));
    CHECK(has_weight(findings_of(seen)));
    seen.contents.jobs = 0;
    CHECK(findings_of(seen).empty());
  }

  TEST_CASE("a blocked instance is told, and several versions are only a note") {
    auto seen = well();
    seen.members.members[0].takes_jobs = false;
    CHECK(says(findings_of(seen), "instance 'a' is blocked"));
    seen = well();
    seen.members.members.push_back(seen.members.members[0]);
    seen.members.members[1].version = "1.1";
    CHECK(says(findings_of(seen), "of several versions: 1.0, 1.1"));
    CHECK(says(findings_of(seen), "2 live instances are called 'a'"));
    CHECK_FALSE(has_weight(findings_of(seen)));
  }

  TEST_CASE("a namespace without a store names the others, and an unknown format stops the look") {
    auto seen = well();
    seen.store.exists = false;
    seen.store.other_namespaces = {"biling", "push"};
    REQUIRE(findings_of(seen).size() == 1);
    CHECK(findings_of(seen)[0].remedy.find("'biling', 'push'") != std::string::npos);
    seen = well();
    seen.store.known_format = false;
    seen.store.format = 9;
    CHECK(says(findings_of(seen), "has format 9"));
    CHECK(findings_of(seen).size() == 1);
  }

  TEST_CASE("a job that no live instance can run is a fault, and says what is missing") {
    auto seen = well();
    seen.shares.unserved = 3;
    seen.shares.unserved_jobs = {
        {"bill-1", "charge", ""}, {"bill-2", "charge", ""}, {"backup", "backup", "command"}};
    const auto found = findings_of(seen);
    REQUIRE(found.size() == 2);
    CHECK(says(found, "no live instance runs task 'charge', so nobody runs job 'bill-1' and 1 more"));
    CHECK(says(found, "no live instance runs commands, so nobody runs job 'backup'"));
    CHECK(has_weight(found));
    seen.shares.unserved = 203;
    CHECK(says(findings_of(seen), "and nobody runs 200 more jobs"));
    seen.members.members.clear();
    CHECK_MESSAGE(findings_of(seen).size() == 1, "that there is no instance at all is said once");
  }

  TEST_CASE("an instance whose clock is off is told") {
    auto seen = well();
    seen.members.members[0].clock_offset = 400ms;
    CHECK(findings_of(seen).empty());
    seen.members.members[0].clock_offset = -1h;
    CHECK(says(findings_of(seen), "the clock of instance 'a' is 1 h ahead of the store's"));
  }

  TEST_CASE("the gravest come first, and those of one weight stay in their order") {
    std::vector<finding> found{{weight::note, "k", {}, {}, {}},
                               {weight::warning, "t", {}, {}, {}},
                               {weight::fault, "w", {}, {}, {}},
                               {weight::fault, "x", {}, {}, {}}};
    sort_by_weight(found);
    std::string order;
    for (const auto& one : found) order += one.what;
    CHECK(order == "wxtk");
  }

  TEST_CASE("instances that disagree about a group are told of, those that are gone are not asked") {
    auto seen = well();
    group_facts group;
    group.name = "db";
    group.parts = {{"a/1", 3, 1, 0}, {"gone/1", 1, 1, 0}};
    seen.groups = {group};
    CHECK(findings_of(seen).empty());
    member_info other;
    other.id = "b/1";
    other.instance = "b";
    other.version = "1.0";
    seen.members.members.push_back(other);
    seen.groups[0].parts.push_back({"b/1", 2, 0, 4});
    CHECK(says(findings_of(seen),
               "group 'db' has 3 places by instance 'a', but 2 by 'b': the smaller number counts"));
  }

  TEST_CASE("a job that runs after one that is not there is named, with what to do") {
    auto seen = well();
    seen.missing.push_back({"import", "report"});
    const auto found = findings_of(seen);
    CHECK(says(found, "job 'report' runs after 'import', and there is no such job"));
    CHECK(has_weight(found));
  }
}

}  // namespace carillon::app
