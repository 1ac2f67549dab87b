// A program with a pool of worker processes, for executor/process_executor_test.cpp: its workers do what
// workers should never do. Started with "schedule" it is itself a scheduler, whose workers are this program.

#include <carillon/executor/process_executor.hpp>
#include <carillon/executor/process_worker.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/job/job_builder.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <carillon/scheduler/scheduler.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using carillon::run;

std::vector<std::unique_ptr<std::string>> leaked;
volatile std::sig_atomic_t signalled = 0;

void add_misdeeds(carillon::task_registry& tasks) {
  tasks.add("segfault", [] {
    std::puts("about to fall");
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers catch it
    ::raise(SIGSEGV);
  });
  tasks.add("kill", [] { ::raise(SIGKILL); });
  tasks.add("abort", [] {
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  tasks.add("exit", [](int code) {
    std::fflush(stdout);
    std::_Exit(code);
  });
  tasks.add("deaf", [](run& run) {
    run.log().info("deaf");
    while (true) std::this_thread::sleep_for(1h);
  });
  tasks.add("deaf to signals as well", [](run& run) {
    ::signal(SIGTERM, SIG_IGN);
    run.log().info("deaf");
    while (true) std::this_thread::sleep_for(1h);
  });
  tasks.add("end at a signal", [](run& run) {
    ::signal(SIGTERM, [](int) { signalled = 1; });
    run.log().info("deaf");
    while (signalled == 0) std::this_thread::sleep_for(1ms);
  });
  tasks.add("print without end", [](run& run) {
    while (run.cancel_reason() == carillon::cancel_reason::none) std::puts("and on, and on");
  });
  tasks.add("log without end", [](run& run) {
    while (run.cancel_reason() == carillon::cancel_reason::none) run.log().info("and on, and on");
  });
  tasks.add("leak", [] {
    while (true) {
      leaked.push_back(std::make_unique<std::string>(1 << 20, 'x'));
    }
  });
  tasks.add("spin", [] {
    volatile std::uint64_t turns = 0;
    while (true) turns = turns + 1;
  });
  tasks.add("talk nonsense", [] {
    for (int file = 3; file < 64; ++file) static_cast<void>(::write(file, "!!!!nonsense", 12));
    std::this_thread::sleep_for(1h);
  });
}

// By the system's own call: that others use these files is the point, of which a sanitizer would complain.
void close_all_files() {
  for (int file = 3; file < 100; ++file) ::syscall(SYS_close, file);
}

void add_cuts(carillon::task_registry& tasks) {
  tasks.add("close all and return", [] {
    std::this_thread::sleep_for(10ms);  // the worker waits for messages by then
    close_all_files();
  });
  tasks.add("close all at once", close_all_files);
  tasks.add("close all and go on", [] {
    close_all_files();
    std::this_thread::sleep_for(1h);
  });
  tasks.add("close all for other files", [] {
    close_all_files();
    for (int file = 3; file < 100; ++file) static_cast<void>(::open("/dev/null", O_RDWR));
  });
  tasks.add("hang up and go on", [] {
    for (int file = 3; file < 100; ++file) ::shutdown(file, SHUT_RDWR);
    std::this_thread::sleep_for(1h);
  });
}

struct point {
  int x = 0, y = 0;
};
point tag_invoke(boost::json::value_to_tag<point>, const boost::json::value& in) {
  return {boost::json::value_to<int>(in.at(0)), boost::json::value_to<int>(in.at(1))};
}

void add_good_deeds(carillon::task_registry& tasks) {
  tasks.add("nothing", [] {});
  tasks.add("who", [](run& run) { run.note(std::to_string(::getpid())); });
  tasks.add("tell", [](run& run, std::string words, point where, std::map<std::string, double> more) {
    run.note(fmt::format("{} {} {} {} {} {} {} {} {}", run.job_id(), run.task_name(), run.id(), run.attempt(),
                         run.fence(), run.where().name(), words, where.x + where.y, more.at("pi")));
  });
  tasks.add("add up", carillon::bind([](run& run, int a, int b) { run.note(std::to_string(a + b)); }, 1, 2));
  tasks.add("sum", [](int a, int b) { return a + b; });
  tasks.add("sum later", [](int a, int b) -> awaitable<std::map<std::string, int>> {
    co_await boost::asio::post(boost::asio::deferred);
    co_return std::map<std::string, int>{{"sum", a + b}};
  });
  tasks.add("too much", [] { return std::string(70'000, 'x'); });
  tasks.add("carry", [](run& run) { run.carry(run.carried<int>().value_or(0) + 1); });
  tasks.add("carry nothing", [](run& run) { run.carry(nullptr); });
  tasks.add("print", [](const std::string& words) { std::printf("%s", words.c_str()); });
  tasks.add("log", [](run& run) {
    run.log().debug("too small a thing");
    run.log().info("the {} way", "usual");
    run.log().warn("mind \xff this");
  });
  tasks.add("fail", [](bool permanent) { throw carillon::failure("paper", "no paper", permanent); });
  tasks.add("throw", []() -> awaitable<void> {
    throw std::runtime_error("no ink");
    co_return;
  });
  tasks.add("wait", [](run& run) -> awaitable<void> {
    run.log().info("waits");
    const auto here = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer rest{here, 1h};
    try {
      co_await rest.async_wait(boost::asio::deferred);
    } catch (...) {
      run.log().info("told to stop: {}", static_cast<int>(run.cancel_reason()));
      throw;
    }
  });
  tasks.add("block", [](run& run) {
    run.log().info("blocks");
    while (run.cancel_reason() == carillon::cancel_reason::none) std::this_thread::sleep_for(1ms);
    run.log().info("told to stop: {}", static_cast<int>(run.cancel_reason()));
  });
}

/// A scheduler with a pool of this program's processes; prints their numbers, and what became of ten runs.
int schedule(const carillon::task_registry& tasks, bool for_ever) {
  boost::asio::io_context io;
  carillon::scheduler scheduler{io};
  carillon::process_executor_options options;
  options.workers = 2;
  const auto pool = std::make_shared<carillon::process_executor>(tasks, options);
  scheduler.tasks(tasks);
  scheduler.executor("pool", pool);
  scheduler.add(carillon::job("work").every(5ms).task(for_ever ? "block" : "who").executor("pool"));
  int ends = 0;
  const auto listening = scheduler.on(carillon::all_events, [&](const carillon::event& what) {
    if (what.kind == carillon::event_kind::run_succeeded && ends < 10 && ++ends == 10) ::raise(SIGTERM);
    if (!for_ever) return;
    for (const auto number : pool->workers()) fmt::print("{}\n", number);
    std::fflush(stdout);
  });
  carillon::run_until_signalled(io, scheduler);
  fmt::print("{} runs\n", ends);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** words) {
  if (::getenv("CARILLON_TEST_BROKEN") != nullptr) {
    std::puts("broken from the start");
    std::fflush(stdout);
    return 9;
  }
  carillon::task_registry tasks;
  add_good_deeds(tasks);
  add_misdeeds(tasks);
  add_cuts(tasks);
  if (const auto worker = carillon::run_worker(tasks)) return *worker;
  const std::string_view what = count > 1 ? words[1] : "";
  if (what == "schedule") return schedule(tasks, false);
  if (what == "schedule-for-ever") return schedule(tasks, true);
  if (what == "carillon-worker") return EXIT_FAILURE;
  fmt::print(stderr, "schedule, or schedule-for-ever\n");
  return 2;
}
