#include <poll.h>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <carillon/executor/asio_executor.hpp>
#include <carillon/scheduler/embedded_scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "scheduler/engine.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_between_looks = 10'000;

}  // namespace

struct embedded_scheduler::parts {
  using store_maker = std::function<std::shared_ptr<job_store>(boost::asio::io_context&)>;

  parts(const store_maker& make_store, scheduler_options options)
      : scheduler{io, make_store(io), std::move(options)} {
    scheduler.executor("", std::make_shared<asio_executor>(loop.get_executor()));
    boost::asio::co_spawn(io, scheduler.run(),
                          [this](std::exception_ptr thrown) { failure = std::move(thrown); });
    thread = std::thread{[this] { serve(); }};
  }

  void serve();
  bool all_answered();
  bool settle();
  void relay(event_mask kinds);

  foreign_loop loop;
  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  carillon::scheduler scheduler;
  event_bus told;          ///< What the listeners on the program's loop hear.
  event_mask relayed = 0;  ///< Which kinds come over.
  std::vector<subscription> relays;
  std::exception_ptr failure;  ///< Written by the thread, read after it was joined.

  std::mutex mutex;  ///< Guards the next four.
  std::condition_variable has_settled;
  std::uint64_t asked = 0, settled = 0;
  bool ended = false;
  std::thread::id server;  ///< The thread, as long as it has not ended.
  std::thread thread;
  bool stopped = false;  ///< The thread only answers that it was.
};

/// The thread: whenever everything on it that can run has run, who asked before is told.
void embedded_scheduler::parts::serve() {
  {
    const std::lock_guard lock{mutex};
    server = std::this_thread::get_id();
  }
  while (io.run_one() > 0) {
    while (!all_answered()) {
    }
  }
  {
    const std::lock_guard lock{mutex};
    ended = true;
    has_settled.notify_all();
  }
  boost::asio::post(loop.get_executor(), [] {});  // Who waits in stop() looks.
}

/// Runs what can run. False: somebody has asked meanwhile, whose wake-up may have run as well.
bool embedded_scheduler::parts::all_answered() {
  std::uint64_t answers = 0;
  {
    const std::lock_guard lock{mutex};
    answers = asked;
  }
  for (std::size_t i = 0; i < most_between_looks && io.poll_one() > 0; ++i) {
  }
  const std::lock_guard lock{mutex};
  if (std::exchange(settled, answers) != answers) has_settled.notify_all();
  return asked == answers;
}

/// Lets the thread do all that can be done now, and waits until it has; it never waits itself for anything
/// but what is to be waited for. False: it has ended, or it is who asks.
bool embedded_scheduler::parts::settle() {
  std::unique_lock lock{mutex};
  if (ended || server == std::this_thread::get_id()) return false;
  const auto mine = ++asked;
  lock.unlock();
  boost::asio::post(io, [] {});
  lock.lock();
  has_settled.wait(lock, [&] { return settled >= mine || ended; });
  return !ended;
}

/// Has each kind come over once, however many listen.
void embedded_scheduler::parts::relay(event_mask kinds) {
  const auto news = kinds & ~relayed;
  if (news == 0) return;
  relayed |= news;
  relays.push_back(scheduler.on(news, [this](const event& happened) {
    if (!told.wanted(mask(happened.kind))) return;
    boost::asio::post(loop.get_executor(), [this, happened] { told.tell(happened); });
  }));
}

embedded_scheduler::embedded_scheduler(scheduler_options options)
    : embedded_scheduler{std::make_shared<memory_store>(options.ledger_size), std::move(options)} {}

embedded_scheduler::embedded_scheduler(std::shared_ptr<job_store> store, scheduler_options options)
    : embedded_scheduler{[&](boost::asio::io_context&) { return std::move(store); }, std::move(options)} {}

embedded_scheduler::embedded_scheduler(
    const std::function<std::shared_ptr<job_store>(boost::asio::io_context&)>& store,
    scheduler_options options)
    : parts_{std::make_unique<parts>(store, std::move(options))} {}

embedded_scheduler::~embedded_scheduler() {
  while (!parts_->stopped) {  // Each failure of a handler interrupts it.
    try {
      stop();
    } catch (...) {  // NOLINT(bugprone-empty-catch): said in the header
    }
  }
  parts_->work.reset();
  parts_->thread.join();
}

scheduler& embedded_scheduler::operator*() noexcept { return parts_->scheduler; }

int embedded_scheduler::descriptor() const noexcept { return parts_->loop.descriptor(); }

foreign_loop::executor_type embedded_scheduler::get_executor() noexcept {
  return parts_->loop.get_executor();
}

std::size_t embedded_scheduler::run_pending() {
  parts_->settle();
  return parts_->loop.run_pending();
}

std::optional<milliseconds> embedded_scheduler::next_wakeup() {
  auto& all = *parts_;
  const bool runs = all.settle();
  if (all.loop.has_pending()) return milliseconds{0};
  if (!runs) return std::nullopt;
  const auto first = std::make_shared<std::optional<milliseconds>>();  // It may end before it answers.
  const auto engine = all.scheduler.engine_;
  boost::asio::post(engine->strand(), [engine, first] { *first = engine->next_wakeup(); });
  if (!all.settle()) return std::nullopt;
  return all.loop.has_pending() ? std::optional{milliseconds{0}} : *first;
}

subscription embedded_scheduler::on(event_filter which, std::function<void(const event&)> handler) {
  const auto kinds = which.kinds();
  auto place = parts_->told.on(std::move(which), std::move(handler));
  parts_->relay(kinds);
  return place;
}

subscription embedded_scheduler::on_next(event_filter which, std::function<void(const event&)> handler) {
  const auto kinds = which.kinds();
  auto place = parts_->told.on_next(std::move(which), std::move(handler));
  parts_->relay(kinds);
  return place;
}

void embedded_scheduler::stop(shutdown_options how) {
  auto& all = *parts_;
  if (all.stopped) return;
  all.scheduler.shutdown(how)(boost::asio::detached);
  all.work.reset();
  all.settle();  // What it cancels at once does not begin.
  const auto over = [&] {
    const std::lock_guard lock{all.mutex};
    return all.ended;
  };
  while (!over()) {
    pollfd pending{all.loop.descriptor(), POLLIN, 0};
    ::poll(&pending, 1, -1);
    all.loop.run_pending();
  }
  all.thread.join();
  all.stopped = true;
  all.io.restart();
  all.work.emplace(all.io.get_executor());
  all.thread = std::thread{[&all] { all.io.run(); }};
  while (all.loop.run_pending() > 0) {
  }
  if (const auto failure = std::exchange(all.failure, nullptr)) std::rethrow_exception(failure);
}

}  // namespace carillon
