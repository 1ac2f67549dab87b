#include <doctest/doctest.h>

#include <string>

#include "store/bounded_ledger.hpp"

namespace {

using namespace carillon;

instant second(std::int64_t seconds) { return instant{milliseconds{seconds * 1'000}}; }

/// A ledger of `capacity` into which `count` entries were written: the n-th for "odd" or "even", at second n.
bounded_ledger written(std::size_t capacity, int count) {
  bounded_ledger ledger{capacity};
  for (int n = 1; n <= count; ++n) {
    auto& entry = ledger.write();
    entry.job = n % 2 == 0 ? "even" : "odd";
    entry.first = entry.last = second(n);
  }
  return ledger;
}

std::string numbers(const ledger_page& page) {
  std::string all;
  for (const auto& entry : page.entries) all += std::to_string(entry.number) + " ";
  return all + (page.next_before ? "before " + std::to_string(*page.next_before) : "end");
}

}  // namespace

TEST_SUITE_BEGIN("bounded_ledger");

TEST_CASE("an empty ledger has one empty page") { CHECK(numbers(written(10, 0).read({})) == "end"); }

TEST_CASE("entries are numbered from 1 and read newest first") {
  CHECK(numbers(written(10, 3).read({})) == "3 2 1 end");
}

TEST_CASE("a full ledger forgets the oldest entries and goes on counting") {
  CHECK(numbers(written(3, 3).read({})) == "3 2 1 end");
  CHECK(numbers(written(3, 4).read({})) == "4 3 2 end");
  CHECK(numbers(written(1, 1'000).read({})) == "1000 end");
}

TEST_CASE("a ledger of many blocks keeps exactly as many entries as it should") {
  for (const std::size_t capacity : {255u, 256u, 257u, 1'000u}) {
    CAPTURE(capacity);
    const auto ledger = written(capacity, 2'500);
    ledger_query query;
    query.limit = 10'000;
    const auto page = ledger.read(query);
    REQUIRE(page.entries.size() == capacity);
    CHECK(page.entries.front().number == 2'500);
    CHECK(page.entries.back().number == 2'501 - capacity);
    for (const auto& entry : page.entries)
      CHECK(entry.first == second(static_cast<std::int64_t>(entry.number)));
  }
}

TEST_CASE("pages follow one another without a gap, and stop at what has been forgotten") {
  const auto ledger = written(5, 12);
  ledger_query query;
  query.limit = 2;
  CHECK(numbers(ledger.read(query)) == "12 11 before 11");
  query.before = 11;
  CHECK(numbers(ledger.read(query)) == "10 9 before 9");
  query.before = 9;
  CHECK(numbers(ledger.read(query)) == "8 end");
  query.before = 3;
  CHECK(numbers(ledger.read(query)) == "end");
  query.before = 1'000;
  CHECK(numbers(ledger.read(query)) == "12 11 before 11");
}

TEST_CASE("pages of one job say that there are more only when there are") {
  const auto ledger = written(10, 5);
  ledger_query query;
  query.job = "odd";
  query.limit = 2;
  CHECK(numbers(ledger.read(query)) == "5 3 before 3");
  query.before = 3;
  CHECK(numbers(ledger.read(query)) == "1 end");
  query = {};
  query.job = "even";
  query.limit = 2;
  CHECK(numbers(ledger.read(query)) == "4 2 end");
}

TEST_CASE("a stretch is found by any of its times") {
  bounded_ledger ledger{10};
  auto& entry = ledger.write();
  entry.first = second(10);
  entry.last = second(20);
  const auto found = [&](std::int64_t from, std::int64_t to) {
    ledger_query query;
    query.from = second(from);
    query.to = second(to);
    return ledger.read(query).entries.size() == 1;
  };
  CHECK(found(15, 16));
  CHECK(found(0, 10));
  CHECK(found(20, 30));
  CHECK(found(0, 30));
  CHECK_FALSE(found(0, 9));
  CHECK_FALSE(found(21, 30));
}

TEST_CASE("an entry that takes the place of a forgotten one has nothing of it") {
  bounded_ledger ledger{1};
  auto& old = ledger.write();
  old.job = "a job with a name too long to be kept within its string";
  old.result = {outcome_kind::timed_out, cancel_reason::timeout, true, "exit:1", "took too long"};
  old.first = old.last = second(1);
  old.count = 7;
  old.into = old.due = old.started = old.finished = second(2);
  old.extra = true;
  old.final = false;
  old.run = "r1";
  old.instance = "a";
  old.attempt = 3;
  old.fence = 4;
  const auto& entry = ledger.write();
  CHECK(entry.number == 2);
  CHECK(entry.job.empty());
  CHECK(entry.job.capacity() > 40);  // What was allocated is used again.
  CHECK(entry.result == outcome{});
  CHECK(entry.first == instant{});
  CHECK(entry.last == instant{});
  CHECK(entry.count == 1);
  CHECK_FALSE(entry.into);
  CHECK_FALSE(entry.extra);
  CHECK(entry.final);
  CHECK(entry.run.empty());
  CHECK(entry.instance.empty());
  CHECK(entry.attempt == 0);
  CHECK(entry.fence == 0);
  CHECK_FALSE(entry.due);
  CHECK_FALSE(entry.started);
  CHECK_FALSE(entry.finished);
}

TEST_SUITE_END();
