#include "executor/pool_messages.hpp"

#include <doctest/doctest.h>
#include <boost/json/array.hpp>
#include <carillon/job/run.hpp>
#include <stdexcept>

namespace carillon {
namespace {

template <typename T>
T there_and_back(const T& message) {
  message_reader reader;
  reader.add(encode(message));
  auto read = reader.next();
  REQUIRE(read.has_value());
  CHECK_FALSE(reader.next().has_value());
  return std::get<T>(*read);
}

std::string with_length(const std::string& text) {
  return std::string(3, '\0') + static_cast<char>(text.size()) + text;
}

}  // namespace

TEST_SUITE("messages of a pool") {
  TEST_CASE("what a run returns and carries may be as deep as it may be anywhere") {
    run_end end;
    end.value.emplace();
    for (std::size_t i = 0; i < deepest_value; ++i) end.value = boost::json::array{*end.value};
    end.carry = end.value;
    const auto read = there_and_back(end);
    CHECK(read.value == end.value);
    CHECK(read.carry == end.carry);
  }

  TEST_CASE("a run is ordered with all that a body may ask, exactly") {
    run_order order;
    order.job = "job \"x\"\n";
    order.task = "task";
    order.id = "a1-7";
    order.instance = "cellar";
    order.zone = "Europe/Oslo";
    order.arguments = R"([18446744073709551615, 0.1])";
    order.scheduled_for = instant{milliseconds{-1}};
    order.due = instant{milliseconds{4'102'444'800'000}};
    order.attempt = 4'000'000'000u;
    order.fence = 18'446'744'073'709'551'615u;
    order.deadline = instant{milliseconds{5}};
    order.follows = std::make_shared<const followed_run>(followed_run{"import", "a1-6", outcome_kind::lost});
    order.log_level = 2;
    const auto read = there_and_back(order);
    REQUIRE(read.follows);
    CHECK(*read.follows == *order.follows);
    CHECK(read.job == order.job);
    CHECK(read.task == order.task);
    CHECK(read.id == order.id);
    CHECK(read.instance == order.instance);
    CHECK(read.zone == order.zone);
    CHECK(read.arguments == order.arguments);
    CHECK(read.scheduled_for == order.scheduled_for);
    CHECK(read.due == order.due);
    CHECK(read.attempt == order.attempt);
    CHECK(read.fence == order.fence);
    CHECK(read.deadline == order.deadline);
    CHECK(read.log_level == 2);
    CHECK_FALSE(read.carried.has_value());
    order.carried = "[1]";
    CHECK(there_and_back(order).carried == "[1]");
    order.deadline.reset();
    CHECK_FALSE(there_and_back(order).deadline.has_value());
  }

  TEST_CASE("an end carries a failure, or a note and a value") {
    run_end good;
    good.note = "done \xff";
    good.value = boost::json::value{{"pages", 42}};
    const auto read_good = there_and_back(good);
    CHECK(read_good.result == outcome());
    CHECK(read_good.note == good.note);
    CHECK(read_good.value == good.value);
    CHECK_FALSE(read_good.spent);
    CHECK_FALSE(read_good.carry.has_value());
    good.carry = nullptr;
    CHECK(there_and_back(good).carry == boost::json::value());
    run_end bad;
    bad.result.kind = outcome_kind::failed;
    bad.result.failure = "paper";
    bad.result.message = "no paper";
    bad.result.permanent = true;
    bad.spent = true;
    const auto read_bad = there_and_back(bad);
    CHECK(read_bad.result == bad.result);
    CHECK_FALSE(read_bad.value.has_value());
    CHECK(read_bad.spent);
  }

  TEST_CASE("the other words") {
    const auto setup = there_and_back(worker_setup{1u << 30, milliseconds{7}, milliseconds{9}});
    CHECK(setup.memory == 1u << 30);
    CHECK(setup.cpu_time == milliseconds{7});
    CHECK(setup.stop_after == milliseconds{9});
    CHECK(there_and_back(stop_order{cancel_reason::lost_lease}).why == cancel_reason::lost_lease);
    CHECK(there_and_back(logged_line{3, "words"}).words == "words");
    there_and_back(worker_ready());
  }

  TEST_CASE("messages come in pieces, and several at once") {
    const auto bytes = encode(logged_line{1, "one"}) + encode(logged_line{2, "two"});
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      message_reader reader;
      int levels = 0;
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.add(std::string_view{bytes}.substr(at, piece));
        while (const auto message = reader.next())
          levels = levels * 10 + std::get<logged_line>(*message).level;
      }
      CHECK(levels == 12);
    }
  }

  TEST_CASE("what is no message is refused") {
    for (const auto& bytes :
         {std::string{"\xff\xff\xff\xff"}, std::string{"!!!!"}, with_length("x"), with_length("{}"),
          with_length("[]"), with_length(R"({"run": 3})"), with_length(R"({"run": {}})"),
          with_length(R"({"end": {"spent": false, "succeeded": false}})"), with_length(R"({"what": {}})"),
          with_length(R"({"stop": {"why": 3000}})")}) {
      CAPTURE(bytes);
      message_reader reader;
      reader.add(bytes);
      CHECK_THROWS_AS(reader.next(), std::exception);
    }
  }
}

}  // namespace carillon
