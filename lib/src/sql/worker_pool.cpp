#include "sql/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>

namespace carillon::sql {

namespace {

/// Signals are for the program's own threads.
void leave_signals_to_others() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

worker_pool::worker_pool(const database_address& where, std::size_t threads,
                         std::chrono::milliseconds timeout, session_use what_for)
    : timeout_{timeout} {
  for (std::size_t k = 0; k < threads; ++k)
    workers_.push_back(std::make_unique<worker>(where, timeout, what_for));
  for (const auto& each : workers_) {
    each->thread = std::thread{[this, who = each.get()] {
      leave_signals_to_others();
      run(*who);
    }};
  }
}

worker_pool::~worker_pool() { stop(); }

void worker_pool::post(std::shared_ptr<work_item> what) {
  {
    const std::lock_guard mine{guard_};
    if (stopping_) return;
    waiting_.push_back(std::move(what));
  }
  news_.notify_one();
}

void worker_pool::give_up(const work_item& what) {
  const std::lock_guard mine{guard_};
  std::erase_if(waiting_, [&](const auto& each) { return each.get() == &what; });
  for (const auto& each : workers_) {
    if (each->doing == &what) each->with.interrupt();
  }
}

void worker_pool::stop() {
  std::deque<std::shared_ptr<work_item>> dropped;
  {
    const std::lock_guard mine{guard_};
    stopping_ = true;
    dropped.swap(waiting_);
    for (const auto& each : workers_) {
      if (each->doing) each->with.interrupt();
    }
  }
  news_.notify_all();
  for (const auto& each : workers_) {
    if (each->thread.joinable()) each->thread.join();
  }
}

void worker_pool::run(worker& who) {
  for (;;) {
    std::shared_ptr<work_item> next;
    {
      std::unique_lock mine{guard_};
      who.doing = nullptr;
      news_.wait(mine, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) break;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      who.doing = next.get();
    }
    next->carry_out(who.with);
  }
  who.with.disconnect();
}

void throw_as_store(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const database_error& error) {
    using kind = database_error::kind;
    switch (error.why()) {
      case kind::lost:
      case kind::busy: throw boost::system::system_error(errc::store_unreachable, error.what());
      case kind::no_table: throw boost::system::system_error(errc::other_store, error.what());
      case kind::refused: throw boost::system::system_error(errc::store_refused, error.what());
    }
    throw;
  }
}

}  // namespace carillon::sql
