#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "store/shared_core.hpp"

namespace carillon {

/// What the membership was asked for, and what came of it.
template <typename T>
struct membership_errand {
  bool over = false;  ///< Of the strand; the rest is written before.
  std::exception_ptr failure;
  std::optional<T> answer;
};

/// Whoever asks waits on the strand: nothing of that coroutine is on the other executor, which may end at any
/// time, and then answers nothing more. So there is an end to waiting.
template <typename T>
loop_awaitable<T> shared_core::of_membership(loop_awaitable<T> work) {
  const auto errand = std::make_shared<membership_errand<T>>();
  auto ended = [weak = weak_from_this(), errand](std::exception_ptr failure, T answer) {
    const auto self = weak.lock();
    if (!self) return;
    errand->failure = std::move(failure);
    errand->answer.emplace(std::move(answer));
    boost::asio::post(self->strand_, [self, errand] {
      errand->over = true;
      self->awaiting_membership_.wake_all();
    });
  };
  boost::asio::co_spawn(*member_executor_, std::move(work), std::move(ended));
  const auto until = time_->elapsed() + patience();
  while (!errand->over && time_->elapsed() < until) co_await awaiting_membership_.until(until);
  if (!errand->over) {
    throw boost::system::system_error(errc::store_unreachable, "the connection for leases does not answer");
  }
  if (errand->failure) std::rethrow_exception(errand->failure);
  co_return std::move(*errand->answer);
}

}  // namespace carillon
