#pragma once
#include <utility>

#include "store/shared_core.hpp"

namespace carillon {

/// Sends what may be sent twice until it is answered, or patience is at its end: with silence, or with a
/// store that is another again and again. `unsure`: it was sent before it was answered, and may have taken
/// effect then.
template <typename Call>
auto shared_core::repeated(const Call& call, bool& unsure)
    -> loop_awaitable<typename decltype(call())::value_type> {
  const auto first = time_->elapsed();
  std::optional<std::chrono::nanoseconds> first_other;
  unsure = false;
  for (std::uint32_t times = 1;; ++times) {
    co_await until_usable();
    const auto generation = generation_;
    auto sent = call();
    auto got = co_await attempted(std::move(sent));
    if (got.answer) co_return std::move(*got.answer);
    if (got.failed_with(errc::other_store)) {
      unsure = false;
      if (!first_other) first_other = time_->elapsed();
      if (time_->elapsed() - *first_other >= patience()) std::rethrow_exception(got.failure);
      co_await meet_other_store(generation);
      continue;
    }
    first_other.reset();
    const bool lost = got.failed_with(errc::store_unreachable);
    if (!lost || time_->elapsed() - first >= patience()) std::rethrow_exception(got.failure);
    unsure = true;
    co_await before_again(times);
  }
}

/// The same, where it makes no difference whether it took effect before.
template <typename Call>
auto shared_core::repeated(const Call& call) -> loop_awaitable<typename decltype(call())::value_type> {
  bool unsure = false;
  auto answer = co_await repeated(call, unsure);
  co_return answer;
}

}  // namespace carillon
