#include "redis/step_answers.hpp"

#include <doctest/doctest.h>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace carillon::testing {

namespace {

using redis::reply;
using redis::reply_nodes;

/// A list, as if a script had answered it.
reply answered(const std::vector<std::variant<std::int64_t, std::string, std::nullptr_t>>& values) {
  auto all = std::make_shared<reply_nodes>();
  auto& nodes = all->nodes;
  nodes.resize(1 + values.size());
  nodes[0].what = reply_nodes::kind::list;
  nodes[0].length = static_cast<std::uint32_t>(values.size());
  nodes[0].end = static_cast<std::uint32_t>(nodes.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    auto& node = nodes[k + 1];
    node.end = static_cast<std::uint32_t>(k + 2);
    if (const auto* number = std::get_if<std::int64_t>(&values[k])) {
      node.what = reply_nodes::kind::integer;
      node.number = *number;
    } else if (const auto* text = std::get_if<std::string>(&values[k])) {
      node.what = reply_nodes::kind::text;
      node.text = static_cast<std::uint32_t>(all->text.size());
      node.length = static_cast<std::uint32_t>(text->size());
      all->text += *text;
    }
  }
  return {std::move(all), 0};
}

/// Why it is refused; empty: it is not.
template <typename Read>
std::string refusal_of(Read read) {
  try {
    read();
  } catch (const boost::system::system_error& why) {
    CHECK(why.code() == errc::store_refused);
    return why.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("answers of scripts") {
  TEST_CASE("a take that was won says all of its run, or is refused") {
    const auto won =
        redis::read_take(answered({0, nullptr, 60'000, 61'000, 2, 17, 0, 1, 5, std::string{"[1]"}}));
    CHECK(won.what == take_answer::kind::won);
    CHECK(won.occurrence == instant{milliseconds{60'000}});
    CHECK(won.attempt == 2);
    CHECK(won.fence == 17);
    CHECK(won.extra);
    CHECK(won.revision == 5);
    CHECK(won.carried == "[1]");
    CHECK(won.follows == nullptr);
    const auto shorter = answered({0, nullptr, 60'000, 61'000, 2, 17, 0, 1, 5});
    CHECK(refusal_of([&] {
            redis::read_take(shorter);
          }).find("a list of 10, and the answer was [0, null, 6") != std::string::npos);
    const auto without_time = answered({0, nullptr, nullptr, 61'000, 2, 17, 0, 1, 5, std::string{}});
    CHECK(refusal_of([&] { redis::read_take(without_time); }).find("expected an integer") !=
          std::string::npos);
    CHECK(redis::read_take(answered({1, 70'000})).next_waiting == instant{milliseconds{70'000}});
    CHECK(redis::read_take(answered({4})).what == take_answer::kind::gone);
  }

  TEST_CASE("a claim answers for each run that it has planned, and for no other") {
    const auto claimed = answered({0, nullptr, 0, 17, std::string{}});
    const auto answer = redis::read_claim(claimed, 1);
    REQUIRE(answer.runs.size() == 1);
    CHECK(answer.runs[0].fence == 17);
    for (const std::size_t planned : {0u, 2u}) {
      CHECK(refusal_of([&] { redis::read_claim(claimed, planned); }).find("and the answer was [0, null") !=
            std::string::npos);
    }
    CHECK_FALSE(refusal_of([&] { redis::read_claim(answered({0}), 0); }).empty());
    CHECK(redis::read_claim(answered({1}), 3).what == claim_answer::kind::moved);
  }

  TEST_CASE("what is too short, too long, or of no kind that there is, is refused") {
    CHECK_FALSE(refusal_of([] { redis::read_finish(answered({0, nullptr, 0, 0})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_finish(answered({2, nullptr, 0, 0, 0})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_put(answered({0})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_put(answered({4, 17})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_change(answered({})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_change(answered({-1})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::read_take(answered({17})); }).empty());
    CHECK_FALSE(refusal_of([] { redis::expect_size(reply{}, 0); }).empty());
    CHECK(refusal_of([] { redis::expect_size(answered({1, 2}), 2); }).empty());
    CHECK(redis::read_finish(answered({0, 5, 1, 0, 0})).paused_now);
    CHECK(redis::read_put(answered({3, 17})).what == put_answer::kind::conflict);
  }
}

}  // namespace carillon::testing
