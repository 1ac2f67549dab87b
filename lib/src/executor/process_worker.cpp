// The other side of a process_executor: what happens in a worker.

#include <carillon/executor/process_worker.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/run_context.hpp>
#include <carillon/text/plain_text.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "executor/carried_body.hpp"
#include "executor/pool_messages.hpp"
#include "job/json_text.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;

constexpr std::size_t reserve_bytes = 1 << 20;

// The socket to the pool. Thread safety: safe.
class pool_socket {
 public:
  explicit pool_socket(int number) : number_(number) { ::fstat(number, &made_as_); }
  pool_socket(const pool_socket&) = delete;
  pool_socket& operator=(const pool_socket&) = delete;
  ~pool_socket() { ::close(number_); }

  // Whether a body has closed it: its number may be another file's by now.
  bool was_closed() const {
    struct stat now{};
    return ::fstat(number_, &now) != 0 || now.st_dev != made_as_.st_dev || now.st_ino != made_as_.st_ino;
  }

  // What nobody reads any more is dropped.
  void send(const pool_message& message) {
    const auto bytes = encode(message);
    const std::lock_guard lock{mutex_};
    if (was_closed()) return;
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto some = ::send(number_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (some < 0 && errno != EINTR) return;
      if (some > 0) sent += static_cast<std::size_t>(some);
    }
  }

  // Waits for the next message; none: the pool is gone, or was cut off. Who waits in the system would hold
  // the socket open although it was closed: so while a body may do that it is looked after now and then.
  std::optional<pool_message> receive(const std::atomic<bool>& active) {
    while (true) {
      if (auto message = reader_.next()) return message;
      if (was_closed()) return std::nullopt;
      pollfd ready{number_, POLLIN, 0};
      if (::poll(&ready, 1, active ? between_looks : -1) <= 0) continue;
      const auto some = ::recv(number_, buffer_.data(), buffer_.size(), 0);
      if (some > 0) reader_.add({buffer_.data(), static_cast<std::size_t>(some)});
      if (some == 0 || (some < 0 && errno != EINTR)) return std::nullopt;
    }
  }

 private:
  static constexpr int between_looks = 1'000;  // milliseconds

  int number_;
  struct stat made_as_{};
  std::mutex mutex_;  // of those who send
  message_reader reader_;
  std::array<char, 16'384> buffer_{};
};

// Sends what a body logs to the pool, which knows where it goes.
class pool_sink final : public spdlog::sinks::sink {
 public:
  explicit pool_sink(pool_socket& pool) : pool_(pool) {}
  void log(const spdlog::details::log_msg& line) override {
    const auto* fields = current_log_fields();
    const auto words = fields ? fields->words : std::string_view{line.payload.data(), line.payload.size()};
    const bool fits = words.size() <= longest_text;  // What it is made of is the log's affair.
    auto kept = fits ? std::string{words} : text::in_utf8(words, longest_text);
    pool_.send(logged_line{static_cast<int>(line.level), std::move(kept)});
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  pool_socket& pool_;
};

// Ends the process by SIGXCPU when it has used too much processor time. (RLIMIT_CPU knows whole seconds only,
// and those of the whole process.)
class cpu_limit {
 public:
  void allow(milliseconds time) {
    if (time == milliseconds{0}) return;
    if (!made_) {
      sigevent what{};
      what.sigev_notify = SIGEV_SIGNAL;
      what.sigev_signo = SIGXCPU;
      made_ = ::timer_create(CLOCK_PROCESS_CPUTIME_ID, &what, &timer_) == 0;
    }
    set(time);
  }
  void lift() { set(milliseconds{0}); }

 private:
  void set(milliseconds time) {
    itimerspec when{};
    when.it_value.tv_sec = time.count() / 1000;
    when.it_value.tv_nsec = time.count() % 1000 * 1'000'000;
    if (made_) ::timer_settime(timer_, 0, &when, nullptr);
  }

  timer_t timer_{};
  bool made_ = false;
};

// Bodies run on the thread that calls run(), messages are read by another: so a body that blocks can be told
// to stop.
class worker_process {
 public:
  worker_process(int socket, const task_registry& tasks) : pool_(socket), tasks_(tasks) {}

  int run() {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's, as bodies expect
    std::thread reader{[this] { read(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    loop_.run();
    reader.join();
    return EXIT_SUCCESS;
  }

 private:
  void read() {
    try {
      while (auto message = pool_.receive(active_)) take(*message);
    } catch (const std::exception& why) {  // no memory, most likely
      fmt::print(stderr, "carillon worker: {}\n", why.what());
      std::_Exit(not_a_worker);
    }
    pool_is_gone();
  }

  void take(pool_message& message) {
    if (const auto* setup = std::get_if<worker_setup>(&message)) {
      prepare(*setup);
    } else if (auto* order = std::get_if<run_order>(&message)) {
      context_.reason = cancel_reason::none;  // before a stop_order that may follow
      active_ = true;
      asio::post(loop_, [this, run = std::make_shared<run_order>(std::move(*order))] { begin(*run); });
    } else if (const auto* stop = std::get_if<stop_order>(&message)) {
      cancel(stop->why);
    }
  }

  void prepare(const worker_setup& setup) {
    setup_ = setup;
    reserve_ = std::make_unique<char[]>(reserve_bytes);
    if (setup.memory > 0) {
      const rlimit most{setup.memory, setup.memory};
      ::setrlimit(RLIMIT_AS, &most);
    }
    pool_.send(worker_ready{});
  }

  void cancel(cancel_reason why) {
    auto expected = cancel_reason::none;
    if (!context_.reason.compare_exchange_strong(expected, why)) return;
    asio::post(loop_, [this] { stop_.emit(asio::cancellation_type::all); });
  }

  void pool_is_gone() {
    if (active_) {
      cancel(cancel_reason::lost_lease);
      std::unique_lock lock{ended_mutex_};
      if (!ended_.wait_for(lock, setup_.stop_after, [this] { return !active_; })) std::_Exit(not_a_worker);
    }
    asio::post(loop_, [this] { loop_.stop(); });
  }

  void begin(const run_order& order) {
    order_ = order;
    context_.job = &order_.job;
    context_.task = &order_.task;
    context_.instance = &order_.instance;
    context_.arguments = &order_.arguments;
    context_.id = order_.id;
    context_.scheduled_for = order_.scheduled_for;
    context_.due = order_.due;
    context_.attempt = order_.attempt;
    context_.fence = order_.fence;
    context_.deadline = order_.deadline;
    context_.follows = order_.follows;
    const auto where = zone::find(order_.zone);
    context_.where = where ? *where : zone();
    context_.forget_body();
    context_.carries = order_.carried.has_value();
    context_.carried = order_.carried.value_or(std::string());
    context_.logger = &logger_;
    logger_.set_level(static_cast<spdlog::level::level_enum>(order_.log_level));
    const auto* body = tasks_.find(order_.task);
    if (body == nullptr) return unknown_task();
    cpu_.allow(setup_.cpu_time);
    asio::co_spawn(loop_, carry(handle_, *body),
                   asio::bind_cancellation_slot(
                       stop_.slot(), [this](const std::exception_ptr& thrown) { finish(thrown); }));
  }

  void unknown_task() {
    finish(std::make_exception_ptr(
        failure("task",
                fmt::format("a worker does not know the task '{}': register it before run_worker is called",
                            order_.task),
                true)));
  }

  void finish(const std::exception_ptr& thrown) {
    cpu_.lift();
    if (is_out_of_memory(thrown)) reserve_.reset();  // so that this can be said
    run_end end;
    end.result = outcome_of(thrown);
    if (is_out_of_memory(thrown) && setup_.memory > 0) {
      end.result.failure = "memory limit";
      end.result.message = fmt::format("more than {} MiB of memory", setup_.memory >> 20);
      end.spent = true;
    }
    end.note = std::move(context_.note);
    if (!context_.value.empty()) end.value = json_in(context_.value);
    if (context_.carry) end.carry = json_in(*context_.carry).value_or(nullptr);
    std::fflush(stdout);
    std::cout.flush();
    {
      const std::lock_guard lock{ended_mutex_};
      active_ = false;
    }
    ended_.notify_all();
    if (pool_.was_closed()) cut_off();
    pool_.send(end);  // the last: the next order may come at once
  }

  [[noreturn]] static void cut_off() {
    fmt::print(stderr, "carillon worker: the body has closed the connection to the pool\n");
    std::_Exit(not_a_worker);
  }

  static bool is_out_of_memory(const std::exception_ptr& thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
      return true;
    } catch (...) {  // NOLINT(bugprone-empty-catch): some other exception
    }
    return false;
  }

  pool_socket pool_;
  const task_registry& tasks_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  spdlog::logger logger_{"carillon", std::make_shared<pool_sink>(pool_)};
  worker_setup setup_;
  std::unique_ptr<char[]> reserve_;
  cpu_limit cpu_;
  run_order order_;
  run_context context_;
  carillon::run handle_{context_};
  asio::cancellation_signal stop_;
  std::mutex ended_mutex_;
  std::condition_variable ended_;
  std::atomic<bool> active_ = false;
};

// The number of the socket that the pool has left open; -1: this is none.
int socket_of(const char* variable) {
  int number = -1;
  const auto* const end = variable + std::strlen(variable);
  const auto [stopped, fault] = std::from_chars(variable, end, number);
  int kind = 0;
  socklen_t size = sizeof kind;
  const bool is_socket = fault == std::errc{} && stopped == end &&
                         ::getsockopt(number, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_STREAM;
  return is_socket ? number : -1;
}

}  // namespace

std::optional<int> run_worker(const task_registry& tasks) {
  const char* const variable = ::getenv(worker_variable);
  if (variable == nullptr) return std::nullopt;
  const auto socket = socket_of(variable);
  if (socket < 0) {
    fmt::print(stderr, "{} is '{}', which is no open socket: it is set by a pool of worker processes only\n",
               worker_variable, variable);
    return not_a_worker;
  }
  ::unsetenv(worker_variable);  // of this process, not of those that it starts
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  ::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  worker_process worker{socket, tasks};
  return worker.run();
}

}  // namespace carillon
