#pragma once
#include <carillon/lock/lockable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "redis/link_state.hpp"
#include "redis/lock_clerk.hpp"

namespace carillon::redis {

/// Which lock is meant. `kind` keeps a mutex and a semaphore of one name apart.
struct lock_name {
  std::string_view kind;
  const std::string& name;
  std::size_t places = 1;
};

/// Errors: throws `std::invalid_argument`.
void check_lock_name(const lock_name& which);

/// Errors: throws `std::invalid_argument` for a lease that is too short.
void start_shared_lock(link_state& through, const lock_name& which, lock_options how,
                       std::optional<milliseconds> limit, detail::completion_handler<detail::hold_ptr> done);

/// Completes with an exception.
template <typename T>
void fail_to_start(link_state& through, detail::completion_handler<T> done, std::exception_ptr why) {
  detail::completer<T> complete{std::move(done), through.io().get_executor()};
  complete(std::move(why), T{});
}

/// What keeps a lease from being taken; null if nothing does.
std::exception_ptr fault_of_lease(milliseconds lease);
std::exception_ptr link_is_gone();

/// Puts a question to the desk. When the one who asked is cancelled, the question is withdrawn. `answer` is
/// called on the desk's strand with the completer and the answer.
template <typename T, typename Answer>
void ask_desk(const std::shared_ptr<lock_desk>& desk, desk_question question,
              detail::completion_handler<T> done, Answer answer) {
  const auto complete = std::make_shared<detail::completer<T>>(std::move(done), desk->otherwise());
  const auto asked = std::make_shared<std::weak_ptr<void>>();  // touched on the clerk's strand
  complete->on_cancel([desk, asked] {
    desk->submit([asked](lock_clerk& clerk) {
      if (const auto question = asked->lock()) clerk.withdraw(question);
    });
  });
  question.answer = [complete, answer](desk_answer what) { answer(*complete, std::move(what)); };
  const bool open = desk->submit(
      [asked, question = std::move(question)](lock_clerk& clerk) { *asked = clerk.ask(question); });
  if (!open) (*complete)(link_is_gone(), T{});
}

}  // namespace carillon::redis
