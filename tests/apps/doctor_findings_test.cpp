#include <doctest/doctest.h>

#include <string>

#include "carillon/shared/doctor_findings.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;
using redis::data_fault_kind;

constexpr instant now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

// A store with one job and one live instance, in which nothing is wrong.
store_examination well() {
  store_examination seen;
  seen.name_space = "billing";
  seen.store.exists = seen.store.known_format = true;
  seen.store.format = 2;
  seen.store.partitions = 1;
  redis::partition_facts partition;
  partition.jobs = 1;
  seen.partitions = {partition};
  member_info member;
  member.id = "a/1";
  member.instance = "a";
  member.version = "1.0";
  seen.members.members = {member};
  seen.members.store_time = now;
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

  TEST_CASE("every kind of fault has words, a promise, and what to do") {
    for (int kind = 0; kind <= static_cast<int>(data_fault_kind::foreign_partition); ++kind) {
      auto seen = well();
      const auto what = static_cast<data_fault_kind>(kind);
      CAPTURE(redis::name(what));
      seen.partitions[0].faults.push_back({what, 0, "it", ""});
      const auto found = findings_of(seen);
      REQUIRE(found.size() == 1);
      CHECK(found[0].what.find("it") != std::string::npos);
      CHECK_FALSE(found[0].remedy.empty());
      CHECK(found[0].repairable.has_value() == redis::can_repair(what));
      CHECK((found[0].remedy == "carillon doctor --repair") == redis::can_repair(what));
      CHECK(found[0].breaks.empty() == (found[0].how == weight::note));
    }
  }

  TEST_CASE("a due job that nobody claims is a fault, and many are told as a number") {
    auto seen = well();
    for (int k = 0; k < 12; ++k)
      seen.partitions[0].overdue.push_back({"job-" + std::to_string(k), now - 5min, false});
    const auto found = findings_of(seen);
    CHECK(found.size() == 11);
    CHECK(says(found, "a fire of job 'job-0' has been due since 2026-11-20 23:55:00 UTC, 5 min ago"));
    CHECK(says(found, "and 2 more"));
    CHECK(has_weight(found));
  }

  TEST_CASE("a run of a member that is not live is told, one of a live member is not") {
    auto seen = well();
    seen.partitions[0].active = {{"r-1", "backup", "a/1", now}};
    CHECK(findings_of(seen).empty());
    seen.partitions[0].active.push_back({"r-2", "report", "b/1", now});
    CHECK(
        says(findings_of(seen), "1 run still belongs to 'b/1', which is not live any more: of job 'report'"));
  }

  TEST_CASE("jobs without an instance weigh, an empty store without one does not") {
    auto seen = well();
    seen.members.members.clear();
    CHECK(says(findings_of(seen), "no instance is live, and there is 1 job"));
    CHECK(has_weight(findings_of(seen)));
    seen.partitions[0].jobs = 0;
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

  TEST_CASE("an unreadable run is told with the key in which it lies") {
    auto seen = well();
    seen.partitions[0].faults = {{data_fault_kind::unreadable_run, 7, "r-1", ""}};
    const auto found = findings_of(seen);
    REQUIRE(found.size() == 1);
    CHECK(says(found, "unreadable run record"));
    CHECK(found[0].remedy.find("HDEL 'carillon:{billing:7}:runs' 'r-1'") != std::string::npos);
  }

  TEST_CASE("an instance whose clock is off is told") {
    auto seen = well();
    seen.members.members[0].clock_offset = 400ms;
    CHECK(findings_of(seen).empty());
    seen.members.members[0].clock_offset = -1h;
    CHECK(says(findings_of(seen), "the clock of instance 'a' is 1 h ahead of the store's"));
  }

  TEST_CASE("the gravest come first") {
    auto seen = well();
    seen.partitions[0].faults = {{data_fault_kind::unknown_key, 0, "k", ""},
                                 {data_fault_kind::text_without_job, 0, "t", ""},
                                 {data_fault_kind::wrong_due, 0, "w", ""}};
    const auto found = findings_of(seen);
    REQUIRE(found.size() == 3);
    CHECK(found[0].how == weight::fault);
    CHECK(found[2].how == weight::note);
  }

  TEST_CASE("instances that disagree about a group are told of, those that are gone are not asked") {
    auto seen = well();
    redis::group_facts group;
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
