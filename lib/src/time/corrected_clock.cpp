#include <algorithm>
#include <boost/asio/post.hpp>
#include <carillon/time/corrected_clock.hpp>
#include <utility>

namespace carillon {

namespace {

constexpr milliseconds step_worth_telling{1'000};
constexpr milliseconds noise{3};  // Of measuring another machine's clock, and of rounding to milliseconds.

}  // namespace

struct corrected_clock::watcher {
  boost::asio::any_io_executor where;
  std::function<void(clock_step)> on_step;
  std::atomic<bool> gone = false;
};

class corrected_clock::registration final : public clock::watch {
 public:
  registration(corrected_clock& owner, std::shared_ptr<watcher> who, std::unique_ptr<clock::watch> inner)
      : owner_{owner}, who_{std::move(who)}, inner_{std::move(inner)} {}
  ~registration() override {
    who_->gone = true;
    const std::lock_guard lock{owner_.mutex_};
    owner_.watchers_.remove(who_);
  }

 private:
  corrected_clock& owner_;
  std::shared_ptr<watcher> who_;
  std::unique_ptr<clock::watch> inner_;
};

corrected_clock::corrected_clock(std::shared_ptr<clock> inner) : inner_{std::move(inner)} {}

corrected_clock::~corrected_clock() = default;

void corrected_clock::correct(milliseconds offset) {
  const auto before = now();
  const auto right = inner_->now() + offset;
  const auto by = right - before;
  if (corrected_ && std::chrono::abs(by) < noise) return;
  at_zero_ = (std::chrono::nanoseconds{right.time_since_epoch()} - inner_->elapsed()).count();
  corrected_ = true;
  if (std::chrono::abs(by) > step_worth_telling) tell(by);
}

instant corrected_clock::now() const noexcept {
  if (!corrected_) return inner_->now();
  const auto since_epoch = std::chrono::nanoseconds{at_zero_} + inner_->elapsed();
  return instant{std::chrono::floor<milliseconds>(since_epoch)};
}

/// When the inner clock shows what this one will at `wake_at`.
instant corrected_clock::by_inner(instant wake_at) const {
  if (!corrected_) return wake_at;
  const auto time = now();
  const auto there = inner_->now();
  if (wake_at <= time) return there;
  return there + std::min<milliseconds>(wake_at - time, instant::max() - there);
}

std::chrono::steady_clock::time_point corrected_clock::arm(sleeper& who, instant wake_at) {
  return inner_->arm(who, by_inner(wake_at));
}

std::chrono::steady_clock::time_point corrected_clock::arm_in_order(sleeper& who, instant wake_at,
                                                                    std::chrono::microseconds later) {
  return inner_->arm_in_order(who, by_inner(wake_at), later);
}

std::unique_ptr<clock::watch> corrected_clock::watch_steps(boost::asio::any_io_executor where,
                                                           std::function<void(clock_step)> on_step) {
  auto who = std::make_shared<watcher>();
  who->where = where;
  who->on_step = std::move(on_step);
  {
    const std::lock_guard lock{mutex_};
    watchers_.push_back(who);
  }
  auto inner = inner_->watch_steps(std::move(where), [this, who](clock_step step) {
    if (who->gone) return;
    if (corrected_) step.by = milliseconds{0};
    who->on_step(step);
  });
  return std::make_unique<registration>(*this, std::move(who), std::move(inner));
}

void corrected_clock::tell(milliseconds by) {
  const std::lock_guard lock{mutex_};
  for (const auto& who : watchers_) {
    boost::asio::post(who->where, [who, by] {
      const clock_step step{by, false};
      if (!who->gone) who->on_step(step);
    });
  }
}

}  // namespace carillon
