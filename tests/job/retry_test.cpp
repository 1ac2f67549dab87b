#include <doctest/doctest.h>
#include <carillon/job/retry.hpp>

#include <set>

using namespace std::chrono_literals;
using carillon::backoff;
using carillon::instant;
using carillon::milliseconds;
using carillon::outcome;
using carillon::outcome_kind;
using carillon::retry_policy;
using carillon::should_retry;

namespace {

retry_policy three_attempts() {
  retry_policy policy;
  policy.attempts = 3;
  return policy;
}

outcome failed(std::string name) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.failure = std::move(name);
  return result;
}

}  // namespace

TEST_SUITE("retry") {
  TEST_CASE("a failure is tried again until there are no attempts left") {
    const auto policy = three_attempts();
    CHECK(should_retry(policy, failed("exception"), 1));
    CHECK(should_retry(policy, failed("exception"), 2));
    CHECK_FALSE(should_retry(policy, failed("exception"), 3));
    CHECK_FALSE(should_retry(retry_policy{}, failed("exception"), 1));
  }

  TEST_CASE("only failures are tried again") {
    const auto policy = three_attempts();
    for (const auto kind : {outcome_kind::succeeded, outcome_kind::cancelled, outcome_kind::lost,
                            outcome_kind::missed, outcome_kind::skipped, outcome_kind::coalesced}) {
      CAPTURE(name(kind));
      outcome result;
      result.kind = kind;
      CHECK_FALSE(should_retry(policy, result, 1));
    }
    auto permanent = failed("exception");
    permanent.permanent = true;
    CHECK_FALSE(should_retry(policy, permanent, 1));
  }

  TEST_CASE("a policy names the failures it tries again, or those it does not") {
    auto policy = three_attempts();
    policy.only = {"exit:75", "timed_out"};
    CHECK(should_retry(policy, failed("exit:75"), 1));
    CHECK_FALSE(should_retry(policy, failed("exit:1"), 1));
    auto late = failed("whatever a body threw when it was cancelled");
    late.kind = outcome_kind::timed_out;
    CHECK(should_retry(policy, late, 1));
    policy.never = {"timed_out"};
    CHECK_FALSE(should_retry(policy, late, 1));
  }

  TEST_CASE("a name that ends in * stands for all that begin so") {
    auto policy = three_attempts();
    policy.only = {"http:5*", "timeout"};
    CHECK(should_retry(policy, failed("http:503"), 1));
    CHECK(should_retry(policy, failed("timeout"), 1));
    CHECK_FALSE(should_retry(policy, failed("http:404"), 1));
    policy.never = {"http:50*"};
    CHECK_FALSE(should_retry(policy, failed("http:503"), 1));
    CHECK(should_retry(policy, failed("http:599"), 1));
  }

  TEST_CASE("the wait doubles from its least to its most, and is spread by no more than a tenth") {
    retry_policy policy;
    policy.backoff_min = 1s;
    policy.backoff_max = 60s;
    struct row {
      std::uint32_t attempt;
      milliseconds least, most;
    };
    const row rows[] = {{1, 1000ms, 1100ms},    {2, 1800ms, 2200ms},   {3, 3600ms, 4400ms},
                        {6, 28800ms, 35200ms},  {7, 54000ms, 60000ms}, {40, 54000ms, 60000ms},
                        {~0u, 54000ms, 60000ms}};
    for (const auto& [attempt, least, most] : rows) {
      for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto wait = backoff(policy, seed, instant{12345ms}, attempt);
        CAPTURE(attempt);
        CAPTURE(seed);
        CHECK(wait >= least);
        CHECK(wait <= most);
      }
    }
  }

  TEST_CASE("jobs that failed together come back apart, each at the same time on every instance") {
    retry_policy policy;
    policy.backoff_min = 1s;
    std::set<milliseconds> waits;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto wait = backoff(policy, seed, instant{12345ms}, 1);
      CHECK(wait == backoff(policy, seed, instant{12345ms}, 1));
      waits.insert(wait);
    }
    CHECK(waits.size() > 40);
    // Held fast: instances of different versions must agree, too.
    CHECK(backoff(policy, 42, instant{1'700'000'000'000ms}, 2) == 1930ms);
  }

  TEST_CASE("a wait that is always the same is not spread, and the longest does not overflow") {
    retry_policy policy;
    policy.backoff_min = policy.backoff_max = 5s;
    CHECK(backoff(policy, 7, instant{1ms}, 3) == 5s);
    policy.backoff_max = milliseconds::max();
    CHECK(backoff(policy, 7, instant{1ms}, 1'000) > 0ms);
  }
}
