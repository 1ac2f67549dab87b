// From open to close: the store, the lease, and what happens when either is lost.

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/asio/post.hpp>
#include <carillon/time/duration.hpp>

#include "store/of_membership.hpp"

namespace carillon {

namespace {

using std::chrono::nanoseconds;

constexpr milliseconds smallest_offset_told{5};
constexpr milliseconds first_rest{50};

std::uint64_t seed_from(std::uint64_t wanted) {
  if (wanted != 0) return wanted;
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

std::string name_of_this_machine() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return host;
}

}  // namespace

shared_core::shared_core(shared_store::backends below, loop_executor strand, std::shared_ptr<clock> time,
                         const shared_store_options& options, store_listener& listener, bool takes_part)
    : backend_{std::move(below.jobs)},
      members_{std::move(below.members)},
      strand_{std::move(strand)},
      time_{std::move(time)},
      options_{options},
      takes_part_{takes_part},
      logger_{options.logger ? options.logger : spdlog::default_logger()},
      listener_{listener},
      member_executor_{std::move(below.member_executor)},
      random_{seed_from(options.seed)},
      attempts_{options.remembered},
      sleeps_{time_, strand_},
      awaiting_membership_{time_, strand_},
      news_{strand_},
      ends_told_{strand_},
      views_{strand_},
      tasks_{strand_, [this](const std::exception_ptr& failure) {
               logger_->critical("shared store: {}", what_of(failure));
             }} {}

membership_options shared_core::member_options(std::string instance) {
  membership_options options;
  options.instance = std::move(instance);
  options.host = options_.host.empty() ? name_of_this_machine() : options_.host;
  options.process = static_cast<std::uint64_t>(::getpid());
  options.version = CARILLON_VERSION;
  options.lease = options_.lease;
  options.stall_limit = options_.stall_limit;
  options.seed = random_();
  return options;
}

loop_awaitable<void> shared_core::open(std::string instance, std::shared_ptr<const served_work> work) {
  const auto probe = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      boost::asio::post(self->strand_, [self] { self->loop_answers(); });
    }
  };
  work_ = std::move(work);
  membership_ = std::make_shared<membership>(members_(*member_executor_), *member_executor_, time_,
                                             member_options(std::move(instance)), weak_from_this(), probe);
  co_await open_store();
  listening_ = true;
  steps_ = time_->watch_steps(strand_, [weak = weak_from_this()](clock_step) {
    const auto self = weak.lock();
    if (!self) return;
    self->sleeps_.reset_all();
    self->awaiting_membership_.reset_all();
  });
  if (!takes_part_) co_return;
  co_await of_membership(done(membership_->start(store_, work_)));
  tasks_.spawn(watch_lease());
  co_await wait_for_lease();
  tasks_.spawn(look_again_and_again());
}

loop_awaitable<void> shared_core::open_store() {
  store_ = co_await backend_->open(options_.partitions, *this);
  partitions_.assign(store_.partitions, {});
}

loop_awaitable<void> shared_core::wait_for_lease() {
  const auto until = time_->elapsed() + nanoseconds{options_.lease};
  const auto is_refused = [&] { return beat_failure_ == errc::store_refused; };
  while (!lease_ && !is_refused() && time_->elapsed() < until) co_await sleeps_.until(until);
  if (lease_) co_return;
  std::string words = "this instance could not join the others";
  if (!beat_failure_why_.empty()) words += ": " + beat_failure_why_;
  throw boost::system::system_error(is_refused() ? errc::store_refused : errc::store_unreachable, words);
}

void shared_core::let_go() {
  closing_ = true;
  listening_ = false;
  views_.notify();
  steps_.reset();
  claims_.drop();  // Who waits for these would look for this when it ends.
  takes_.drop();
  finishes_.drop();
  adds_.drop();
  loads_.drop();
  if (membership_) membership_->abandon();
  membership_.reset();
  members_ = nullptr;
  member_executor_.reset();
}

/// What an instance could not end in the store that it leaves.
struct shared_core::left_behind {
  std::string member;
  nanoseconds until{0};  ///< The end of the lease, as the store reckons it at the latest.
  std::size_t runs = 0;
  std::string why;  ///< Empty: nothing is left.
};

loop_awaitable<void> shared_core::close() {
  const auto self = shared_from_this();
  listening_ = false;
  steps_.reset();
  left_behind rest;
  rest.member = lease_ ? lease_->member() : std::string{};
  rest.until = lease_ ? lease_->ends() + nanoseconds{options_.lease} / 10 : nanoseconds{0};
  co_await give_up_runs(rest);
  co_await wait_until_ends_are_told();
  closing_ = true;
  sleeps_.wake_all();
  views_.notify();
  news_.notify();
  co_await tasks_.join();
  auto leaving = of_membership(membership_->stop());
  const auto left = co_await attempted(std::move(leaving));
  if (rest.why.empty()) rest.why = left.answer.value_or(left.why);
  tell_left_behind(rest);
  lease_.reset();
  co_await backend_->close();
}

/// What this instance still holds ends as lost, as far as the store can be reached: others need not wait.
loop_awaitable<void> shared_core::give_up_runs(left_behind& rest) {
  std::map<std::uint32_t, std::vector<started_run>> held;
  for (auto& run : runs_.held()) held[run.partition].push_back(std::move(run));
  for (const auto& [partition, runs] : held) {
    rest.runs += runs.size();
    if (!rest.why.empty()) continue;
    std::vector<reap_step> steps;
    for (const auto& run : runs) steps.push_back({run.run_id, run.job, run.fence, "its instance left"});
    auto call = reap(partition, std::move(steps));
    const auto got = co_await attempted(std::move(call));
    if (got.answer)
      rest.runs -= runs.size();
    else
      rest.why = got.why;
  }
}

/// Nobody will tell of it later.
void shared_core::tell_left_behind(const left_behind& rest) {
  if (rest.why.empty() || rest.member.empty()) return;
  const auto left = std::chrono::ceil<milliseconds>(rest.until - time_->elapsed());
  const auto when = left > milliseconds{0} ? fmt::format("when the lease of {} ends, in {} at most",
                                                         rest.member, format_duration(left))
                                           : fmt::format("for the lease of {} has ended", rest.member);
  const auto what = rest.runs == 0 ? std::string{"other instances take over its jobs"}
                                   : fmt::format(
                                         "{} runs of this instance are active there, which other "
                                         "instances end as lost",
                                         rest.runs);
  logger_->error("shared store: left without its answer: {} {}: {}", what, when, rest.why);
}

/// What comes while the store is being opened is what the membership starts with.
void shared_core::serve(std::shared_ptr<const served_work> work) {
  work_ = std::move(work);
  if (membership_) membership_->serve(work_);
}

/// Others see what a heartbeat has brought; its answer is how this instance sees it.
loop_awaitable<void> shared_core::told_others() {
  const auto self = shared_from_this();
  const auto wanted = work_->digest();
  const auto seen = [&] {
    const auto me = std::ranges::find(owners_.members(), lease_->member(), &member_info::id);
    return me != owners_.members().end() && me->work_digest == wanted;
  };
  while (!closing_ && is_member() && !seen()) co_await views_.wait();
}

template <typename Work>
void shared_core::hop(Work work) {
  boost::asio::post(strand_, [self = shared_from_this(), work = std::move(work)]() mutable {
    if (!self->closing_) work(*self);
  });
}

void shared_core::on_view(member_view view) {
  hop([view = std::move(view)](shared_core& self) mutable { self.follow_view(std::move(view)); });
}

void shared_core::on_lease_over(std::shared_ptr<lease> which) {
  hop([which = std::move(which)](shared_core& self) { self.lose_lease(which); });
}

void shared_core::on_offset_measured(milliseconds offset, milliseconds error) {
  hop([offset, error](shared_core& self) { self.follow_offset(offset, error); });
}

void shared_core::on_beat_failed(boost::system::error_code code, const std::string& why) {
  hop([code, why](shared_core& self) { self.follow_beat_failure(code, why); });
}

void shared_core::on_other_store(store_identity expected) {
  hop([expected](shared_core& self) {
    self.beat_failure_why_ = "another store has taken the place of the one that was opened";
    if (self.store_ == expected && !self.replacing_) self.tasks_.spawn(self.replace_store());
  });
}

void shared_core::on_reachable(bool reachable, const std::string& why) {
  if (reachable_ == reachable) return;
  reachable_ = reachable;
  if (!reachable) ends_told_.notify();
  unreachable_why_ = reachable ? std::string{} : why;
  beats_missed_ = 0;
  heartbeats_lost_ = false;  // They are lost with all else, which is told.
  if (listening_) listener_.on_reachable(reachable, why);
  if (!reachable) return;
  sleeps_.wake_all();
  if (membership_) membership_->refresh();
  look_soon();
}

void shared_core::follow_view(member_view&& view) {
  if (!view.mine->good()) return;
  const bool joined = lease_ != view.mine;
  if (joined && lease_) lose_lease(lease_);
  ownership now{std::move(view.members), view.mine->member()};
  const bool news = joined || !owners_.same_as(now);
  bool somebody_left = false;
  for (const auto& member : owners_.members()) somebody_left = somebody_left || !now.is_live(member.id);
  lease_ = view.mine;
  owners_ = std::move(now);
  beat_failure_ = {};
  beat_failure_why_.clear();
  beats_missed_ = 0;
  if (std::exchange(heartbeats_lost_, false) && listening_) listener_.on_heartbeats(true, {}, options_.lease);
  if (joined) {
    if (std::exchange(lost_once_, false))
      logger_->info("joined the shared store again as {}", lease_->member());
    sleeps_.wake_all();
  }
  if (news) {
    for (auto& partition : partitions_) partition.overdue.clear();
    if (listening_ && !replacing_) listener_.on_ownership_changed();
  }
  views_.notify();
  if (somebody_left || joined) look_soon();
  if (!orphans_.empty()) tasks_.spawn(reap_orphans(view.number));
}

void shared_core::lose_lease(const std::shared_ptr<lease>& which) {
  if (!lease_ || lease_ != which) return;
  if (beats_missed_ > 0) tell_heartbeats_lost();  // That is why.
  lease_->end();
  lease_.reset();
  lost_once_ = true;
  owners_ = {};
  orphans_.clear();
  for (const auto& run : runs_.held()) {
    if (run.reruns && !run.completed) attempts_.give_up(run.attempt);
  }
  runs_.forget();
  for (auto& partition : partitions_) partition.overdue.clear();
  sleeps_.wake_all();
  views_.notify();
  if (listening_) listener_.on_lease_lost();
}

/// The end of the lease is noticed here, also when nobody answers.
loop_awaitable<void> shared_core::watch_lease() {
  while (!closing_) {
    if (!lease_) {
      co_await sleeps_.last(options_.lease);
    } else if (lease_->good()) {
      co_await sleeps_.until(lease_->ends());
    } else {
      lose_lease(lease_);
    }
  }
}

void shared_core::follow_offset(milliseconds offset, milliseconds error) {
  const auto news = std::chrono::abs(offset - offset_);
  if (news > std::max(smallest_offset_told, error)) {
    offset_ = offset;
    if (listening_) listener_.on_clock_offset(offset);
  }
}

/// That the store does not answer is told by the backend, unless it is only heartbeats that are not answered.
/// What it refuses is told once while the words are the same.
void shared_core::follow_beat_failure(boost::system::error_code code, const std::string& why) {
  const bool told = beat_failure_ == code && beat_failure_why_ == why;
  beat_failure_ = code;
  beat_failure_why_ = why;
  if (!lease_) sleeps_.wake_all();
  const bool opening = !lease_ && !lost_once_;  // Then it is thrown.
  if (code == errc::store_unreachable) {
    // The first may be the beginning of an outage of everything, which the backend will notice.
    if (reachable_ != false && !opening && ++beats_missed_ > 1) tell_heartbeats_lost();
    return;
  }
  if (told || opening) return;
  logger_->error("the store refuses to {} the lease of this instance: {}", lease_ ? "renew" : "grant", why);
}

void shared_core::tell_heartbeats_lost() {
  if (std::exchange(heartbeats_lost_, true) || !listening_) return;
  const auto left = lease_ ? lease_->ends() - time_->elapsed() : nanoseconds{0};
  listener_.on_heartbeats(false, beat_failure_why_, std::max(std::chrono::floor<milliseconds>(left), {}));
}

loop_awaitable<void> shared_core::meet_other_store(std::uint64_t generation) {
  if (generation == generation_ && !replacing_) tasks_.spawn(replace_store());
  co_await until_usable();
}

/// A store that is opened again only to be found another once more is left alone for longer each time.
loop_awaitable<void> shared_core::rest_before_replacing() {
  const bool again = generation_ > 1 && time_->elapsed() - replaced_at_ < nanoseconds{options_.lease};
  replaced_in_a_row_ = again ? replaced_in_a_row_ + 1 : 0;
  if (!again) co_return;
  const auto pause = std::min<nanoseconds>(third(), first_rest * (1 << std::min(replaced_in_a_row_, 10u)));
  const auto until = time_->elapsed() + pause;
  while (!closing_ && time_->elapsed() < until) co_await sleeps_.until(until);
}

/// Another store has taken the place of ours, or it was emptied: everything begins anew.
loop_awaitable<void> shared_core::replace_store() {
  replacing_ = true;
  if (lease_) lose_lease(lease_);
  auto halting = of_membership(done(membership_->halt()));
  co_await attempted(std::move(halting));
  co_await rest_before_replacing();
  bool is_open = false;
  for (std::uint32_t times = 1; !is_open && !closing_; ++times) {
    auto call = done(open_store());
    const auto got = co_await attempted(std::move(call));
    is_open = got.answer.has_value();
    if (is_open) break;
    if (times == 1) logger_->error("the shared store cannot be opened again yet: {}", got.why);
    const auto wait = std::min(nanoseconds{options_.lease}, third() * times);
    co_await sleeps_.last(wait);
  }
  if (!is_open) co_return;
  ++generation_;
  told_.clear();
  auto expecting = of_membership(done(membership_->expect(store_)));
  co_await attempted(std::move(expecting));
  if (takes_part_) {
    while (!lease_ && !closing_) co_await sleeps_.last(options_.lease);
  }
  replacing_ = false;
  replaced_at_ = time_->elapsed();
  sleeps_.wake_all();  // Those who wait to ask it.
  news_.notify();
  if (!listening_ || closing_) co_return;
  listener_.on_store_replaced();
  listener_.on_ownership_changed();
}

}  // namespace carillon
