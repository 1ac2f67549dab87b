#include <fmt/format.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "redis/refusal.hpp"
#include "redis/wire.hpp"

namespace carillon::redis {

namespace asio = boost::asio;

namespace {

// Enough that a write is worth its cost; few enough that the server is busy with one batch while the next is
// being made.
constexpr std::size_t largest_batch = 64;

}  // namespace

// Begins the wait of a coroutine for its call.
struct connection::wire::waiting {
  wire* me;
  call* which;

  template <typename Handler>
  void operator()(Handler&& handler) {
    which->waiter = std::forward<Handler>(handler);
    // Of the waiter, which has put itself between the handler and its signal.
    which->slot = asio::get_associated_cancellation_slot(which->waiter);
    if (which->slot.is_connected()) {
      which->slot.assign([me = me, which = which](asio::cancellation_type) { me->give_up(*which); });
    }
    me->enqueue(*which);
  }
};

loop_awaitable<void> connection::wire::ask(call& which) {
  which.answer.reset();
  if (stopping_) {
    which.failure = "not sent: the connection has been stopped";
    co_return;
  }
  const waiting initiation{this, &which};
  co_await asio::async_initiate<const asio::deferred_t, void()>(initiation, asio::deferred);
}

void connection::wire::enqueue(call& which) {
  queue_.push_back(which);
  if (!which.by_deadline.is_linked()) {
    auto before = deadlines_.end();
    while (before != deadlines_.begin() && std::prev(before)->deadline > which.deadline) --before;
    deadlines_.insert(before, which);
  }
  // The timer may be set for a call that was to wait longer; then it rings now, and is set anew.
  if (deadline_armed_ && which.deadline < deadline_timer_.expiry()) deadline_timer_.cancel();
  arm_deadline();
  if (up) schedule_flush();
}

void connection::wire::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  asio::post(where, [me = shared_from_this()] {
    me->flush_scheduled_ = false;
    me->flush();
  });
}

void connection::wire::flush() {
  while (up && send_batch()) {
  }
}

bool connection::wire::send_batch() {
  auto next = std::make_shared<batch>(++batches_);
  while (!queue_.empty() && next->size() < largest_batch) {
    auto& each = queue_.front();
    queue_.pop_front();
    if (each.how == call::form::none) {
      each.answer.emplace();
      finish(each);
      continue;
    }
    next->add(each, scratch_);
  }
  if (next->size() == 0) return false;

  ++in_flight_;
  auto ended = [me = shared_from_this(), next](const boost::system::error_code&, std::size_t) {
    me->batch_ended(*next);
  };
  redis_->async_exec(next->request(), next->adapter(), asio::bind_executor(where, std::move(ended)));
  return true;
}

void connection::wire::batch_ended(batch& sent) {
  if (--in_flight_ == 0) stopped_.notify();
  for (std::size_t place = 0; place < sent.size(); ++place) {
    call* const which = sent.take(place);
    if (which == nullptr) continue;
    if (!which->answer) which->failure = "the connection was lost before the answer came";
    finish(*which);
  }
}

void connection::wire::finish(call& which) {
  which.in_queue.unlink();
  which.by_deadline.unlink();
  if (which.slot.is_connected()) which.slot.clear();
  auto waiter = std::move(which.waiter);
  std::move(waiter)();
}

// Within the signal that cancels, so the coroutine is resumed later: it may destroy that signal.
void connection::wire::give_up(call& which) {
  if (which.cancelled || !which.by_deadline.is_linked()) return;
  which.cancelled = true;
  which.in_queue.unlink();
  which.by_deadline.unlink();
  if (which.sent_with != nullptr) which.sent_with->forget(which);
  which.sent_with = nullptr;
  asio::post(where, [me = shared_from_this(), ended = &which] { me->finish(*ended); });
}

// A coroutine that waits for its call is kept by nothing but that call, which lies in it. This bell is set
// while there is any, so that they go with it when the event loop does.
struct connection::wire::deadline_bell {
  explicit deadline_bell(self owner) : me{std::move(owner)} {}
  deadline_bell(deadline_bell&&) = default;
  deadline_bell& operator=(deadline_bell&&) = delete;
  ~deadline_bell() {
    if (me) me->drop_calls();
  }
  void operator()(const boost::system::error_code&) {
    const auto rang = std::move(me);
    rang->deadline_armed_ = false;
    rang->expire();
    rang->arm_deadline();
    if (!rang->deadline_armed_) rang->stopped_.notify();
  }
  self me;
};

void connection::wire::arm_deadline() {
  if (deadline_armed_ || deadlines_.empty()) return;
  deadline_armed_ = true;
  deadline_timer_.expires_at(deadlines_.front().deadline);
  deadline_timer_.async_wait(asio::bind_executor(where, deadline_bell(shared_from_this())));
}

void connection::wire::expire() {
  const auto now = std::chrono::steady_clock::now();
  while (!deadlines_.empty() && deadlines_.front().deadline <= now) {
    auto& late = deadlines_.front();
    if (late.sent_with != nullptr) {
      late.sent_with->forget(late);
      late.sent_with = nullptr;
      late.failure = fmt::format("no answer from {} in time", how.where.to_string());
    } else {
      late.failure = fmt::format("not sent: {}: {}", how.where.to_string(), why_down);
      late.refused = !refusal_.empty();
    }
    finish(late);
  }
}

void connection::wire::fail_all(const std::string& why) {
  while (!deadlines_.empty()) {
    auto& each = deadlines_.front();
    each.failure = each.sent_with != nullptr ? why : "not sent: " + why;
    if (each.sent_with != nullptr) each.sent_with->forget(each);
    each.sent_with = nullptr;
    each.refused = !refusal_.empty();
    finish(each);
  }
}

void connection::wire::drop_calls() {
  std::vector<asio::any_completion_handler<void()>> gone;
  while (!deadlines_.empty()) {
    auto& each = deadlines_.front();
    each.in_queue.unlink();
    each.by_deadline.unlink();
    if (each.sent_with != nullptr) each.sent_with->forget(each);
    each.sent_with = nullptr;
    gone.push_back(std::move(each.waiter));
  }
}

bool connection::wire::lacks_script(call& which) {
  if (!which.answer || which.answer->what() != reply::kind::error) return false;
  if (refusal_code(which.answer->error()) != "NOSCRIPT" || which.how != call::form::by_sha) return false;
  // Another call may have taught it the script meanwhile, ahead of what is asked next.
  const auto taught = loaded_with_.find(which.script->sha1);
  if (taught != loaded_with_.end() && taught->second >= which.sent) return true;
  loaded_with_[which.script->sha1] = batches_ + 1;
  which.how = call::form::with_source;
  return true;
}

reply connection::wire::taken(call& which) {
  if (which.cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (!which.answer && which.refused) throw_refusal(which.failure, refusal_);
  if (!which.answer) throw_unreachable(which.failure);
  if (which.answer->what() != reply::kind::error) return std::move(*which.answer);
  const auto words = which.answer->error();
  if (refusal_code(words) == "READONLY") {
    outdated_ = true;
    up = false;  // Calls from now on are for the next server.
    lost_.notify();
  }
  throw_refusal(with_advice(words), words);
}

}  // namespace carillon::redis
