#include <algorithm>
#include <boost/asio/post.hpp>
#include <carillon/time/manual_clock.hpp>
#include <cassert>

namespace carillon {

struct manual_clock::watcher {
  boost::asio::any_io_executor where;
  std::function<void(clock_step)> on_step;
  bool gone = false;
};

class manual_clock::registration final : public clock::watch {
 public:
  registration(manual_clock& owner, std::shared_ptr<watcher> who) : owner_{owner}, who_{std::move(who)} {}
  ~registration() override {
    who_->gone = true;
    owner_.watchers_.remove(who_);
  }

 private:
  manual_clock& owner_;
  std::shared_ptr<watcher> who_;
};

manual_clock::~manual_clock() { assert(sleepers_.empty() && "a clock outlives those who sleep on it"); }

void manual_clock::advance_to(instant time) {
  if (time > now()) {
    elapsed_ += (time - now()).count();
    now_ = time.time_since_epoch().count();
  }
  wake_due();
}

void manual_clock::set(instant time) {
  const auto by = time - now();
  now_ = time.time_since_epoch().count();
  wake_due();
  tell({by, false});
}

void manual_clock::suspend(milliseconds duration) {
  elapsed_ += duration.count();
  now_ += duration.count();
  tell({milliseconds{0}, true});
}

std::optional<instant> manual_clock::next_alarm() const {
  if (sleepers_.empty()) return std::nullopt;
  return sleepers_.begin()->first.at;
}

std::chrono::steady_clock::time_point manual_clock::arm(sleeper& who, instant wake_at) {
  return arm_in_order(who, wake_at, std::chrono::microseconds{0});
}

std::chrono::steady_clock::time_point manual_clock::arm_in_order(sleeper& who, instant wake_at,
                                                                 std::chrono::microseconds later) {
  disarm(who);
  if (wake_at <= now()) return std::chrono::steady_clock::time_point::min() + later;
  const place at{wake_at, later, ++armed_};
  sleepers_.emplace(at, &who);
  places_.emplace(&who, at);
  return std::chrono::steady_clock::time_point::max();
}

void manual_clock::disarm(sleeper& who) noexcept {
  const auto armed = places_.find(&who);
  if (armed == places_.end()) return;
  sleepers_.erase(armed->second);
  places_.erase(armed);
}

std::unique_ptr<clock::watch> manual_clock::watch_steps(boost::asio::any_io_executor where,
                                                        std::function<void(clock_step)> on_step) {
  auto who = std::make_shared<watcher>(watcher{std::move(where), std::move(on_step)});
  watchers_.push_back(who);
  return std::make_unique<registration>(*this, std::move(who));
}

void manual_clock::wake_due() {
  while (!sleepers_.empty() && sleepers_.begin()->first.at <= now()) {
    auto* const who = sleepers_.begin()->second;
    disarm(*who);
    who->wake();
  }
}

void manual_clock::tell(clock_step step) {
  for (const auto& who : watchers_) {
    boost::asio::post(who->where, [who, step] {
      if (!who->gone) who->on_step(step);
    });
  }
}

}  // namespace carillon
