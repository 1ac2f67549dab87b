#include "store/membership.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace carillon {

namespace {

using std::chrono::nanoseconds;

/// The lease as this instance reckons it: shorter than the store does, whose clock may run faster.
nanoseconds local_part(milliseconds lease) { return nanoseconds{lease} * 9 / 10; }

/// How long what was published is taken to be kept, in leases.
constexpr int publish_again = 10;

}  // namespace

membership::membership(std::unique_ptr<member_backend> backend, loop_executor where,
                       std::shared_ptr<clock> time, membership_options options,
                       std::weak_ptr<membership_listener> tell, std::function<void()> probe)
    : backend_{std::move(backend)},
      where_{std::move(where)},
      time_{std::move(time)},
      options_{std::move(options)},
      listener_{std::move(tell)},
      probe_{std::move(probe)},
      loop_answered_{time_->elapsed().count()},
      random_{options_.seed},
      sleeps_{time_, where_},
      news_{where_},
      tasks_{where_, [](const std::exception_ptr& failure) { std::rethrow_exception(failure); }} {
  me_.instance = options_.instance;
  me_.host = options_.host;
  me_.process = options_.process;
  me_.version = options_.version;
  me_.started = time_->now();
}

loop_awaitable<void> membership::start(store_identity store, std::shared_ptr<const served_work> work) {
  store_ = store;
  me_.work = std::move(work);
  me_.work_digest = me_.work->digest();
  running_ = true;
  loop_answered();
  steps_ = time_->watch_steps(where_, [self = weak_from_this()](clock_step) {
    if (const auto alive = self.lock()) alive->sleeps_.reset_all();
  });
  tasks_.spawn(run());
  co_return;
}

loop_awaitable<void> membership::run() {
  const auto self = shared_from_this();
  while (!stopping_) {
    const auto next = co_await beat();
    co_await rest(next);
  }
  running_ = false;
  news_.notify();
}

loop_awaitable<void> membership::rest(nanoseconds until) {
  while (!stopping_ && !hurry_ && time_->elapsed() < until) co_await sleeps_.until(until);
}

/// Sends a heartbeat, or joins. Answers when to do so again.
loop_awaitable<nanoseconds> membership::beat() {
  hurry_ = false;
  if (halted_) co_return time_->elapsed() + third();
  const auto silent = time_->elapsed() - nanoseconds{loop_answered_.load()};
  me_.takes_jobs = silent < nanoseconds{options_.lease} / 2;
  blocked_ = !me_.takes_jobs;  // Before it is asked: its answer is not to be missed.
  probe_();
  if (lease_ && !lease_->good()) give_up(true);
  if (silent > nanoseconds{options_.lease} * options_.stall_limit) co_return time_->elapsed() + third();
  const auto generation = generation_;
  co_await leave_old();
  co_await publish();
  if (stopping_ || generation != generation_) co_return time_->elapsed();

  // One that was sent to join and not answered may have joined: it is asked again under the same id.
  if (me_.id.empty()) me_.id = new_id();
  const auto sent = time_->elapsed();
  const auto sent_at = time_->now();
  const auto number = ++questions_;
  auto call =
      lease_ ? backend_->heartbeat(me_, options_.lease, store_) : backend_->join(me_, options_.lease, store_);
  auto got = co_await attempted(std::move(call));
  if (generation != generation_) co_return time_->elapsed();
  if (got.failed_with(errc::other_store)) {
    got.answer.emplace();
    got.answer->what = members_answer::kind::other_store;
  }
  if (!got.answer) {
    tell_failure(got.code, got.why);
    if (lease_ && !lease_->good()) give_up(true);
    co_return time_->elapsed() + soon();
  }
  if (got.answer->what == members_answer::kind::other_store) {
    meet_other_store();
    co_return time_->elapsed() + third();
  }
  const bool is_live = renewed(got.answer->what, sent);
  if (!is_live) co_return time_->elapsed();
  const auto round_trip = time_->now() - sent_at;
  me_.clock_offset = got.answer->store_time - (sent_at + round_trip / 2);
  tell_offset(*me_.clock_offset, round_trip / 2);
  co_await fetch_missing(got.answer->members);
  if (generation == generation_ && lease_) tell_view(std::move(got.answer->members), number);
  co_return std::max(sent + third(), time_->elapsed());
}

/// What a heartbeat's answer does to the lease. Whether there is one.
bool membership::renewed(members_answer::kind what, nanoseconds sent) {
  const auto until = sent + local_part(options_.lease);
  const bool is_member = what == members_answer::kind::member;
  const bool is_live = is_member && (lease_ ? lease_->renew(until) : time_->elapsed() < until);
  if (!is_live) give_up(is_member);
  if (is_live && !lease_) lease_ = std::make_shared<lease>(me_.id, time_, until);
  return is_live;
}

void membership::meet_other_store() {
  give_up(false);
  halted_ = true;
  ++generation_;
  if (const auto tell = listener_.lock()) tell->on_other_store(store_);
}

void membership::tell_offset(milliseconds offset, milliseconds error) {
  if (const auto tell = listener_.lock()) tell->on_offset_measured(offset, error);
}

void membership::tell_failure(boost::system::error_code code, const std::string& why) {
  if (const auto tell = listener_.lock()) tell->on_beat_failed(code, why);
}

void membership::tell_view(std::vector<member_info>&& members, std::uint64_t number) {
  fill_in(members);
  if (const auto tell = listener_.lock()) tell->on_view({lease_, std::move(members), number});
}

/// This instance is not that member any more.
void membership::give_up(bool still_there) {
  if (still_there && !me_.id.empty()) left_.push_back(me_.id);
  me_.id.clear();
  const auto over = std::exchange(lease_, nullptr);
  if (!over) return;
  over->end();
  if (const auto tell = listener_.lock()) tell->on_lease_over(over);
}

/// Others need not wait for a lease to run out that nobody will renew.
loop_awaitable<void> membership::leave_old() {
  while (!left_.empty()) {
    const auto id = left_.back();
    auto call = done(backend_->leave(id));
    const auto got = co_await attempted(std::move(call));
    stays_why_ = got.why;
    if (!got.answer) co_return;
    std::erase(left_, id);
  }
}

loop_awaitable<void> membership::publish() {
  const auto work = me_.work;
  const bool is_there =
      published_ == work && time_->elapsed() - published_at_ < nanoseconds{options_.lease} * publish_again;
  if (is_there) co_return;
  auto call = done(backend_->publish_work(*work));
  const auto got = co_await attempted(std::move(call));
  if (!got.answer) co_return;
  published_ = work;
  published_at_ = time_->elapsed();
}

loop_awaitable<void> membership::fetch_missing(std::vector<member_info>& members) {
  fill_in(members);
  std::map<std::uint64_t, std::shared_ptr<const served_work>> used;
  for (auto& member : members) {
    auto& work = used[member.work_digest];
    if (!work) work = member.work;
    if (work) continue;
    auto call = backend_->fetch_work(member.work_digest);
    auto got = co_await attempted(std::move(call));
    if (got.answer) work = std::move(*got.answer);
  }
  std::erase_if(used, [](const auto& each) { return each.second == nullptr; });
  works_ = std::move(used);
}

/// What the digests stand for, as far as it is known.
void membership::fill_in(std::vector<member_info>& members) const {
  for (auto& member : members) {
    if (me_.work && member.work_digest == me_.work_digest) {
      member.work = me_.work;
    } else if (const auto known = works_.find(member.work_digest); known != works_.end()) {
      member.work = known->second;
    }
  }
}

loop_awaitable<std::string> membership::stop() {
  const auto self = shared_from_this();
  stopping_ = true;
  sleeps_.wake_all();
  while (running_) co_await news_.wait();
  co_await tasks_.join();
  steps_.reset();
  if (lease_) lease_->end();
  lease_.reset();
  if (!me_.id.empty() && !halted_) left_.push_back(std::exchange(me_.id, {}));
  co_await leave_old();
  co_return left_.empty() ? std::string{} : stays_why_;
}

void membership::abandon() {
  boost::asio::co_spawn(where_, end_alone(shared_from_this()), boost::asio::detached);
}

/// Outlives its tasks: the last of them tells the group, which is in this, that it has ended.
loop_awaitable<void> membership::end_alone(std::shared_ptr<membership> self) {
  self->stopping_ = true;
  self->steps_.reset();
  self->sleeps_.wake_all();
  co_await self->tasks_.join();
}

loop_awaitable<void> membership::halt() {
  ++generation_;
  halted_ = true;
  give_up(false);
  co_return;
}

loop_awaitable<void> membership::expect(store_identity store) {
  ++generation_;
  store_ = store;
  left_.clear();
  published_ = nullptr;
  halted_ = false;
  wake();
  co_return;
}

loop_awaitable<std::vector<member_info>> membership::members() {
  const auto self = shared_from_this();
  auto answer = co_await backend_->members();
  co_await fetch_missing(answer.members);
  fill_in(answer.members);
  co_return std::move(answer.members);
}

void membership::refresh() {
  boost::asio::post(where_, [self = shared_from_this()] { self->wake(); });
}

void membership::serve(std::shared_ptr<const served_work> work) {
  boost::asio::post(where_, [self = shared_from_this(), work = std::move(work)]() mutable {
    self->me_.work = std::move(work);
    self->me_.work_digest = self->me_.work->digest();
    self->wake();
  });
}

void membership::loop_answered() noexcept {
  loop_answered_ = time_->elapsed().count();
  if (blocked_.exchange(false)) refresh();
}

void membership::wake() {
  hurry_ = true;
  sleeps_.wake_all();
}

std::string membership::new_id() {
  return fmt::format("{}/{:08x}", options_.instance, static_cast<std::uint32_t>(random_()));
}

/// How long to wait before asking again who did not answer: not all instances in step.
nanoseconds membership::soon() {
  const auto step = nanoseconds{options_.lease} / 20;
  return step / 2 +
         nanoseconds{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(step.count()))};
}

}  // namespace carillon
