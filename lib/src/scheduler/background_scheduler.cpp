#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <exception>
#include <thread>
#include <utility>

namespace carillon {

struct background_scheduler::parts {
  parts(std::shared_ptr<job_store> store, scheduler_options options)
      : scheduler{io, std::move(store), std::move(options)} {
    boost::asio::co_spawn(io, scheduler.run(),
                          [this](std::exception_ptr thrown) { failure = std::move(thrown); });
    thread = std::thread{[this] { io.run(); }};
  }

  boost::asio::io_context io{1};
  carillon::scheduler scheduler;
  std::exception_ptr failure;  // Written by the thread, read after it was joined.
  std::thread thread;
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
}

scheduler& background_scheduler::operator*() noexcept { return parts_->scheduler; }

void background_scheduler::stop(shutdown_options how) {
  if (!parts_->thread.joinable()) return;
  parts_->scheduler.shutdown(how)(boost::asio::detached);
  parts_->thread.join();
  if (const auto failure = std::exchange(parts_->failure, nullptr)) std::rethrow_exception(failure);
}

}  // namespace carillon
