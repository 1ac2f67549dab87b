#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace carillon {

struct background_scheduler::parts {
  parts(std::shared_ptr<job_store> store, scheduler_options options)
      : scheduler{io, std::move(store), std::move(options)} {
    boost::asio::co_spawn(io, scheduler.run(),
                          [this](std::exception_ptr thrown) { failure = std::move(thrown); });
    begin();
  }

  void begin() {
    work.emplace(io.get_executor());
    thread = std::thread{[this] { io.run(); }};
  }
  /// Waits for all that is under way.
  void end() {
    work.reset();
    thread.join();
  }

  boost::asio::io_context io{1};
  carillon::scheduler scheduler;
  std::exception_ptr failure;  // Written by the thread, read after it was joined.
  std::mutex mutex;            // Guards the rest.
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  std::thread thread;
  bool stopped = false;
};

background_scheduler::background_scheduler(scheduler_options options)
    : background_scheduler{std::make_shared<memory_store>(options.ledger_size), std::move(options)} {}

background_scheduler::background_scheduler(std::shared_ptr<job_store> store, scheduler_options options)
    : parts_{std::make_unique<parts>(std::move(store), std::move(options))} {}

background_scheduler::~background_scheduler() {
  try {
    stop();
  } catch (...) {  // NOLINT(bugprone-empty-catch): said in the header
  }
  parts_->end();
}

scheduler& background_scheduler::operator*() noexcept { return parts_->scheduler; }

void background_scheduler::stop(shutdown_options how) {
  auto& all = *parts_;
  const std::lock_guard lock{all.mutex};
  if (all.stopped) return;
  all.scheduler.shutdown(how)(boost::asio::detached);
  all.end();
  all.stopped = true;
  all.io.restart();
  all.begin();  // What is asked from now on is answered as well: that it was stopped.
  if (const auto failure = std::exchange(all.failure, nullptr)) std::rethrow_exception(failure);
}

}  // namespace carillon
