#include "redis/lock_clerk.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

#include "redis/lock_asker.hpp"

namespace carillon::redis {

namespace {

std::exception_ptr failure_of(boost::system::error_code code, const char* what) {
  return std::make_exception_ptr(boost::system::system_error(code, what));
}

}  // namespace

lock_clerk::lock_clerk(redis::connection& to, std::shared_ptr<lock_desk> desk)
    : connection_{to},
      where_{to.get_executor()},
      desk_{std::move(desk)},
      random_{std::random_device{}()},
      keeper_{where_, [this](const lease_ptr& what) { tasks_.spawn(renew(what)); }},
      tasks_{where_, [](const std::exception_ptr&) {}} {}

std::shared_ptr<void> lock_clerk::ask(desk_question question) {
  auto who = std::make_shared<asker>(where_, std::move(question));
  waiting_.emplace(who->question.terms.token, who.get());
  if (who->question.limit > milliseconds{0}) ring_at_limit(who);
  tasks_.spawn(keep_asking(who));
  return who;
}

void lock_clerk::withdraw(const std::shared_ptr<void>& asked) {
  auto& who = *static_cast<asker*>(asked.get());
  if (who.over) return;
  answer(who, {failure_of(boost::asio::error::operation_aborted, "the wait for a lock"), nullptr, false});
  who.wake();
}

void lock_clerk::answer(asker& who, desk_answer what) {
  who.over = true;
  who.limit_bell.cancel();
  // What it holds of the one who asked goes with it.
  std::exchange(who.question.answer, nullptr)(std::move(what));
}

void lock_clerk::ring_at_limit(const asker_ptr& who) {
  who->limit_bell.expires_after(*who->question.limit);
  who->limit_bell.async_wait([who](boost::system::error_code cancelled) {
    if (cancelled || who->over) return;
    desk_answer none;
    if (!who->answered) none.failure = failure_of(errc::store_unreachable, "the wait for a lock");
    answer(*who, std::move(none));
    who->wake();
  });
}

void lock_clerk::listen() {
  if (notices_) return;
  redis::connection::message_handlers handlers;
  handlers.on_message = [this](std::string_view, std::string_view token) {
    const auto found = waiting_.find(std::string(token));
    if (found != waiting_.end()) found->second->wake();
  };
  // Notices may have been missed.
  handlers.on_subscribed = [this] { wake_all(); };
  notices_ = connection_.subscribe({desk_->channel()}, std::move(handlers));
}

void lock_clerk::wake_all() {
  for (const auto& [token, who] : waiting_) who->wake();
}

milliseconds lock_clerk::at_random(milliseconds least, milliseconds most) {
  std::uniform_int_distribution<milliseconds::rep> between{least.count(), std::max(least, most).count()};
  return milliseconds{between(random_)};
}

void lock_clerk::give_back(const lease_ptr& what, told done) { tasks_.spawn(leave(what, std::move(done))); }

void lock_clerk::mark_done(const lease_ptr& what, milliseconds ttl, told done) {
  tasks_.spawn(write_done(what, ttl, std::move(done)));
}

loop_awaitable<void> lock_clerk::close() {
  closed_ = true;
  keeper_.end_all();
  for (const auto& [token, who] : waiting_) {
    if (!who->over) answer(*who, {failure_of(errc::stopped, "the link has gone"), nullptr, false});
    who->wake();
  }
  // What is said under way is still said, but nothing again.
  co_await tasks_.join();
  notices_.reset();
}

}  // namespace carillon::redis
