#include <sys/eventfd.h>
#include <unistd.h>
#include <carillon/async/foreign_loop.hpp>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>

namespace carillon {

/// The descriptor is readable just when the list is not empty: both change under one lock.
struct foreign_loop::queue {
  queue() : bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (bell < 0) throw std::system_error(errno, std::generic_category(), "a descriptor for a foreign loop");
  }
  ~queue() { ::close(bell); }
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;

  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(bell, &one, sizeof one);  // It was 0: there is room.
  }
  void silence() const {
    std::uint64_t rung = 0;
    [[maybe_unused]] const auto read = ::read(bell, &rung, sizeof rung);
  }

  const int bell;
  mutable std::mutex mutex;
  std::deque<std::unique_ptr<call>> calls;
};

foreign_loop::foreign_loop() : queue_{std::make_unique<queue>()} {}

foreign_loop::~foreign_loop() {
  shutdown();
  // What a call holds may post once more as it goes.
  for (auto dropped = take(); dropped; dropped = take()) dropped.reset();
  destroy();
}

int foreign_loop::descriptor() const noexcept { return queue_->bell; }

void foreign_loop::add(std::unique_ptr<call> what) {
  const std::lock_guard lock{queue_->mutex};
  queue_->calls.push_back(std::move(what));
  if (queue_->calls.size() == 1) queue_->ring();
}

std::unique_ptr<foreign_loop::call> foreign_loop::take() {
  const std::lock_guard lock{queue_->mutex};
  if (queue_->calls.empty()) return nullptr;
  auto first = std::move(queue_->calls.front());
  queue_->calls.pop_front();
  if (queue_->calls.empty()) queue_->silence();
  return first;
}

std::size_t foreign_loop::run_pending() {
  std::size_t there = 0;
  {
    const std::lock_guard lock{queue_->mutex};
    there = queue_->calls.size();
  }
  std::size_t called = 0;
  while (called < there) {
    const auto next = take();
    if (!next) break;  // A call called us.
    ++called;
    (*next)();
  }
  return called;
}

bool foreign_loop::has_pending() const {
  const std::lock_guard lock{queue_->mutex};
  return !queue_->calls.empty();
}

}  // namespace carillon
