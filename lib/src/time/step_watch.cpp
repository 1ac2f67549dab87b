#include "time/step_watch.hpp"

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include "time/step_detector.hpp"
#if defined(__linux__)
#include <sys/timerfd.h>
#include <unistd.h>
#endif

namespace carillon {

namespace {

constexpr std::chrono::minutes between_looks{1};

#if defined(__linux__)
/// A timer on the wall clock that never rings; the kernel cancels it when the clock is set or the machine
/// resumes.
int open_cancelled_timer() noexcept { return ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC); }

void arm_cancelled_timer(int descriptor) noexcept {
  itimerspec never{};
  never.it_value.tv_sec = 1ll << 40;
  ::timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}
#endif

/// Lives until its handlers have run; all of them on one strand of `where`.
class step_watcher : public std::enable_shared_from_this<step_watcher> {
 public:
  step_watcher(boost::asio::any_io_executor where, std::function<void(clock_step)> on_step)
      : strand_{boost::asio::make_strand(where)},
        where_{std::move(where)},
        on_step_{std::move(on_step)},
        detector_{clock_reading::now()},
        minute_{strand_}
#if defined(__linux__)
        ,
        set_{strand_}
#endif
  {
  }

  void start() {
    wait_a_minute();
#if defined(__linux__)
    const int descriptor = open_cancelled_timer();
    if (descriptor < 0) return;  // The minute's look remains.
    set_.assign(descriptor);
    wait_for_set();
#endif
  }

  void stop() {
    stopped_ = true;
    boost::asio::dispatch(strand_, [self = shared_from_this()] {
      self->minute_.cancel();
#if defined(__linux__)
      boost::system::error_code ignored;
      self->set_.close(ignored);
#endif
    });
  }

 private:
  void wait_a_minute() {
    minute_.expires_after(between_looks);
    minute_.async_wait([self = shared_from_this()](boost::system::error_code) {
      if (self->stopped_) return;
      self->look();
      self->wait_a_minute();
    });
  }

#if defined(__linux__)
  void wait_for_set() {
    arm_cancelled_timer(set_.native_handle());
    set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](boost::system::error_code error) {
                      if (self->stopped_ || error) return;
                      std::uint64_t rings = 0;
                      [[maybe_unused]] const auto size = ::read(self->set_.native_handle(), &rings,
                                                                sizeof rings);  // ECANCELED: that is the news
                      self->look();
                      self->wait_for_set();
                    });
  }
#endif

  void look() {
    const auto step = detector_.look(clock_reading::now());
    if (!step) return;
    boost::asio::dispatch(where_, [self = shared_from_this(), step = *step] {
      if (!self->stopped_) self->on_step_(step);
    });
  }

  boost::asio::strand<boost::asio::any_io_executor> strand_;
  boost::asio::any_io_executor where_;
  std::function<void(clock_step)> on_step_;
  step_detector detector_;
  boost::asio::steady_timer minute_;
#if defined(__linux__)
  boost::asio::posix::stream_descriptor set_;
#endif
  std::atomic<bool> stopped_ = false;
};

class step_watch final : public clock::watch {
 public:
  explicit step_watch(std::shared_ptr<step_watcher> watcher) : watcher_{std::move(watcher)} {}
  ~step_watch() override { watcher_->stop(); }

 private:
  std::shared_ptr<step_watcher> watcher_;
};

}  // namespace

std::unique_ptr<clock::watch> start_step_watch(boost::asio::any_io_executor where,
                                               std::function<void(clock_step)> on_step) {
  auto watcher = std::make_shared<step_watcher>(std::move(where), std::move(on_step));
  watcher->start();
  return std::make_unique<step_watch>(std::move(watcher));
}

}  // namespace carillon
