#include <doctest/doctest.h>
#include <carillon/job/job.hpp>
#include <carillon/job/job_builder.hpp>

#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using carillon::fault_of_id;
using carillon::job;
using carillon::job_definition;

TEST_SUITE("job") {
  TEST_CASE("an id is 1 to 255 bytes of UTF-8 without control characters") {
    for (const std::string id : {"a", "nightly report",
                                 "b\xc3\xa4"
                                 "ckup",
                                 "\xe5\xa4\x87\xe4\xbb\xbd", "a/b:c"})
      CHECK(fault_of_id(id) == std::nullopt);
    CHECK(fault_of_id(std::string(255, 'x')) == std::nullopt);
    CHECK(fault_of_id(std::string(256, 'x')) == "a job's id has at most 255 bytes, this one has 256");
    CHECK(fault_of_id("") == "a job's id must not be empty");
    for (const auto& id : {std::string{"a\tb"}, std::string{"a\n"}, std::string{"\x7f"},
                           std::string{"a\0b", 3}, std::string{"a\x1b[31m"}}) {
      CHECK(fault_of_id(id) == "a job's id has no control characters (tabs and line breaks among them)");
    }
    for (const std::string id : {"\xc3", "\xc3(", "\x80", "\xff", "\xc0\xaf", "\xe5\xa4"})
      CHECK(fault_of_id(id) == "a job's id is UTF-8");
  }

  TEST_CASE("an id that hides a character in a longer form, or half of a pair, is no UTF-8") {
    for (const std::string id : {"\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80"})
      CHECK(fault_of_id(id) == "a job's id is UTF-8");
    CHECK(fault_of_id("\xf0\x9f\x94\x94") == std::nullopt);
  }

  TEST_CASE("a definition's hash sees all that matters, and not where it came from") {
    const auto base = job("a").every(1h).args(1).build();
    std::vector<job_definition> others{job("b").every(1h).args(1),
                                       job("a").every(2h).args(1),
                                       job("a").every(1h).args(2),
                                       job("a").every(1h),
                                       job("a").every(1h).args(1).task("t"),
                                       job("a").every(1h).args(1).tag("x"),
                                       job("a").every(1h).args(1).first_time(carillon::instant{5ms})};
    std::set<std::uint64_t> hashes{base.hash()};
    for (const auto& other : others) {
      CHECK_FALSE(base.same_but_origin(other));
      CHECK(hashes.insert(other.hash()).second);
    }
    auto moved = base;
    moved.origin = "jobs.toml";
    moved.task = "a";
    CHECK(base.same_but_origin(moved));
    CHECK(base.hash() == moved.hash());
    CHECK_FALSE(base == moved);
  }

  TEST_CASE("a definition whose arguments are no JSON still has a hash") {
    auto odd = job("a").every(1h).build();
    odd.arguments = "[1,";
    CHECK(odd.hash() != job("a").every(1h).build().hash());
  }

  TEST_CASE("every state has a name of its own") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(carillon::job_state::removed); ++i)
      names.insert(name(static_cast<carillon::job_state>(i)));
    CHECK(names == std::set<std::string_view>{"active", "paused", "parked", "ended", "removed"});
  }
}

TEST_SUITE("shared_text") {
  TEST_CASE("a text takes one pointer, and none when it is empty") {
    CHECK(sizeof(carillon::shared_text) == sizeof(void*));
    const carillon::shared_text empty, also_empty{""}, words{"words"};
    CHECK(empty.empty());
    CHECK(also_empty.empty());
    CHECK(&empty.str() == &also_empty.str());
    const auto copy = words;
    CHECK(&copy.str() == &words.str());
    CHECK(copy == "words");
    CHECK(copy == words);
    CHECK_FALSE(copy == carillon::shared_text{"other words"});
  }
}
