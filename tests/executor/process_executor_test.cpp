#include <carillon/executor/process_executor.hpp>

#include <doctest/doctest.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <carillon/job/job_builder.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "executor/body_world.hpp"
#include "executor/child_process.hpp"

namespace carillon {
namespace {

using testing::body_world;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

/// The tasks of pool_program/main.cpp, which this program only needs to know by name.
const task_registry& tasks_of_the_program() {
  static const auto all = [] {
    auto tasks = std::make_unique<task_registry>();
    for (const auto* name : {"nothing", "segfault", "kill", "deaf", "print without end", "spin", "leak"})
      tasks->add(name, [] {});
    return tasks;
  }();
  return *all;
}

/// A pool of processes of another program, and runs in it.
class pool_world : public body_world {
 public:
  explicit pool_world(process_executor_options options = {}) : pool{tasks_of_the_program(), ours(options)} {
    pool.open(strand);
  }
  ~pool_world() { close(pool); }

  one_run& begin(const std::string& task, std::string arguments = {}) {
    return body_world::begin(pool, task, nullptr, std::move(arguments));
  }
  outcome run(const std::string& task, std::string arguments = {}) {
    return end_of(begin(task, std::move(arguments)));
  }
  /// The number of the process that carried out a run.
  int worker() {
    auto& one = begin("who");
    REQUIRE(end_of(one).kind == outcome_kind::succeeded);
    return std::stoi(one.context.note);
  }
  bool all_ready() {
    return until([&] { return pool.workers().size() == pool.limits().running; });
  }
  /// Begins a run, waits until it has logged `words`, and asks it to stop.
  outcome stopped(const std::string& task, const std::string& words) {
    auto& one = begin(task);
    REQUIRE(until([&] { return logged(words) > 0; }));
    cancel(one);
    return end_of(one);
  }

  process_executor pool;

 private:
  process_executor_options ours(process_executor_options options) {
    if (options.workers == 0) options.workers = 1;
    options.program = CARILLON_POOL_PROGRAM;
    options.logger = logger;
    return options;
  }
};

bool lives(int process) { return ::kill(process, 0) == 0; }

}  // namespace

TEST_SUITE("process_executor") {
  TEST_CASE("what a body returns comes back with its end") {
    pool_world world;
    auto& plain = world.begin("sum", "[40, 2]");
    REQUIRE(world.end_of(plain).kind == outcome_kind::succeeded);
    CHECK(plain.context.value == "42");
    auto& later = world.begin("sum later", "[1, 2]");
    REQUIRE(world.end_of(later).kind == outcome_kind::succeeded);
    CHECK(later.context.value == R"({"sum":3})");
    auto& nothing = world.begin("nothing");
    REQUIRE(world.end_of(nothing).kind == outcome_kind::succeeded);
    CHECK(nothing.context.value.empty());
    auto& too_much = world.begin("too much");
    REQUIRE(world.end_of(too_much).kind == outcome_kind::succeeded);
    CHECK(too_much.context.value.empty());
    CHECK(too_much.context.note.starts_with("what it returned is left out: 70002 bytes"));
  }

  TEST_CASE("what a job carries goes to the worker and back") {
    pool_world world;
    const auto carried = [&](const std::string& task, std::string data) {
      auto& one = world.begin(task);
      one.context.carries = true;
      one.context.carried = std::move(data);
      REQUIRE(world.end_of(one).kind == outcome_kind::succeeded);
      return one.context.carry;
    };
    CHECK(carried("carry", "") == "1");
    CHECK(carried("carry", "41") == "42");
    CHECK(carried("carry nothing", "41") == "");
    CHECK_FALSE(carried("nothing", "41").has_value());
    auto& without = world.begin("carry");
    CHECK(world.end_of(without).failure == "carries");
  }

  TEST_CASE("a body in a worker is told which run it is, and gets its arguments as JSON") {
    pool_world world;
    auto& one = world.begin("tell", R"(["some words", [1, 2], {"pi": 3.25}])");
    CHECK(world.end_of(one).kind == outcome_kind::succeeded);
    CHECK(one.context.note == "work tell r-1 3 18000000000000000000 Europe/Oslo some words 3 3.25");
    CHECK(world.worker() != ::getpid());
  }

  TEST_CASE("a body that was bound takes the arguments of its run") {
    pool_world world;
    auto& one = world.begin("add up", "[40, 2]");
    CHECK(world.end_of(one).kind == outcome_kind::succeeded);
    CHECK(one.context.note == "42");
  }

  TEST_CASE("workers are started ahead, and used again") {
    pool_world world{{.workers = 2}};
    REQUIRE(world.all_ready());
    const auto ready = world.pool.workers();
    for (int i = 0; i < 5; ++i) {
      const auto worker = world.worker();
      CHECK((worker == ready[0] || worker == ready[1]));
    }
    CHECK(world.pool.workers() == ready);
  }

  TEST_CASE("what a body throws comes back by name") {
    pool_world world;
    const auto permanent = world.run("fail", "[true]");
    CHECK(permanent.failure == "paper");
    CHECK(permanent.message == "no paper");
    CHECK(permanent.permanent);
    CHECK_FALSE(world.run("fail", "[false]").permanent);
    CHECK(world.run("throw").message == "no ink");
    CHECK(world.run("tell", "[1]").failure == "arguments");
    CHECK(world.run("no such task").failure == "task");
  }

  TEST_CASE("what a body logs and prints is logged with its run, in its time") {
    pool_world world;
    world.logger->set_level(spdlog::level::info);
    CHECK(world.run("log").kind == outcome_kind::succeeded);
    CHECK(world.logged("info: work[r-1], attempt 3: the usual way") == 1);
    CHECK(world.logged("warning: work[r-1], attempt 3: mind \xff this") == 1);
    CHECK(world.logged("too small") == 0);
    CHECK(world.run("print", R"(["one\ntwo\nthree"])").kind == outcome_kind::succeeded);
    CHECK(world.logged("info: work[r-2], attempt 3: two") == 1);
    CHECK(world.logged("info: work[r-2], attempt 3: three") == 1);
  }

  TEST_CASE("a worker that is ended by a signal fails its run by the signal's name, and nothing else") {
    pool_world world{{.workers = 2}};
    REQUIRE(world.all_ready());
    auto& other = world.begin("block");
    REQUIRE(world.until([&] { return world.logged("blocks") > 0; }));
    const auto fallen = world.run("segfault");
    CHECK(fallen.failure == "signal:SIGSEGV");
    CHECK(fallen.message == "ended by SIGSEGV\nabout to fall");
    CHECK(world.run("print", R"(["something else\n"])").kind == outcome_kind::succeeded);
    CHECK(world.run("kill").message == "ended by SIGKILL");
    CHECK(world.run("abort").failure == "signal:SIGABRT");
    CHECK(world.run("exit", "[3]").failure == "exit:3");
    CHECK(world.run("exit", "[0]").failure == "exit:0");
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
    CHECK_FALSE(other.over);
    world.cancel(other);
    CHECK(world.end_of(other).kind == outcome_kind::succeeded);
    CHECK(world.all_ready());
  }

  TEST_CASE("a worker that writes what is no message is replaced") {
    pool_world world;
    CHECK(world.run("talk nonsense").failure == "signal:SIGKILL");
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
  }

  TEST_CASE("a worker whose connection its body closes fails its run, says so, and is replaced") {
    pool_world world;
    for (const auto* task : {"close all and return", "close all at once", "close all for other files"}) {
      CAPTURE(task);
      const auto end = world.run(task);
      CHECK(end.kind == outcome_kind::failed);
      // The pool may have been quicker.
      if (end.failure != "signal:SIGKILL") CHECK(end.failure.starts_with("exit:"));
      CHECK((end.message.find("the body has closed the connection to the pool") != std::string::npos ||
             end.message.starts_with("its worker closed its connection; ended by SIGKILL")));
    }
    for (const auto* task : {"close all and go on", "hang up and go on"}) {
      CAPTURE(task);
      CHECK(world.run(task).message.starts_with("its worker closed its connection; ended by SIGKILL"));
    }
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
    CHECK(world.all_ready());
  }

  TEST_CASE("an idle worker that is killed is replaced, and nobody notices") {
    pool_world world;
    const auto first = world.worker();
    ::kill(first, SIGKILL);
    REQUIRE(world.until([&] { return world.all_ready() && world.pool.workers().front() != first; }));
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
    CHECK(world.logged("which had nothing to do, ended by SIGKILL") == 1);
  }

  TEST_CASE("a coroutine is told to stop as Asio cancellation, a plain body by its run") {
    pool_world world;
    CHECK(world.stopped("wait", "waits").kind == outcome_kind::failed);
    CHECK(world.stopped("block", "blocks").kind == outcome_kind::succeeded);
    CHECK(world.logged("told to stop: 1") == 2);
    const auto worker = world.worker();
    CHECK(world.worker() == worker);
  }

  TEST_CASE("a body that does not stop is ended by SIGTERM, and by SIGKILL if need be") {
    pool_world world{{.stop_after = 10ms, .kill_after = 10ms}};
    CHECK(world.stopped("deaf", "deaf").failure == "signal:SIGTERM");
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
  }

  TEST_CASE("SIGKILL follows SIGTERM") {
    pool_world world{{.stop_after = 10ms, .kill_after = 10ms}};
    CHECK(world.stopped("deaf to signals as well", "deaf").failure == "signal:SIGKILL");
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
  }

  TEST_CASE("a body that ends as the signal comes takes its worker with it, and not the next run") {
    pool_world world{{.stop_after = 10ms, .kill_after = 1h}};
    const auto worker = world.worker();
    CHECK(world.stopped("end at a signal", "deaf").kind == outcome_kind::succeeded);
    CHECK(world.worker() != worker);
  }

  TEST_CASE("a run that is asked to stop before there is a worker for it waits no longer") {
    pool_world world;
    auto& first = world.begin("block");
    REQUIRE(world.until([&] { return world.logged("blocks") > 0; }));
    auto& second = world.begin("nothing");
    world.cancel(second);
    CHECK(world.end_of(second).kind == outcome_kind::failed);
    world.cancel(first);
    CHECK(world.end_of(first).kind == outcome_kind::succeeded);
  }

  TEST_CASE(
      "a body that prints or logs without end fills neither the log nor the memory, and can be stopped") {
    pool_world world{{.log_bytes = 4096}};
    for (const auto* task : {"print without end", "log without end"}) {
      auto& one = world.begin(task);
      REQUIRE(
          world.until([&] { return world.logged("[" + one.context.id + "], attempt 3: it prints") == 1; }));
      world.cancel(one);
      CHECK(world.end_of(one).kind == outcome_kind::succeeded);
      CHECK(world.logged("[" + one.context.id + "], attempt 3: and on") < 100);
    }
    CHECK(world.run("print", R"(["and now something else"])").kind == outcome_kind::succeeded);
    CHECK(world.logged("and now something else") == 1);
  }

  TEST_CASE("a body that leaks until its worker's limit fails by that name, and the worker is replaced" *
            doctest::skip(sanitized)) {
    pool_world world{{.memory = 256u << 20}};
    const auto first = world.worker();
    const auto end = world.run("leak");
    CHECK(end.failure == "memory limit");
    CHECK(end.message == "more than 256 MiB of memory");
    CHECK(world.worker() != first);
  }

  TEST_CASE("a body that computes longer than it may is ended by SIGXCPU") {
    pool_world world{{.cpu_time = 50ms}};
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
    CHECK(world.run("spin").failure == "signal:SIGXCPU");
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
  }

  TEST_CASE("a worker is replaced after so many runs, by one that was started before it went") {
    pool_world world{{.runs_per_worker = 2}};
    std::vector<int> numbers;
    for (int i = 0; i < 6; ++i) numbers.push_back(world.worker());
    CHECK(numbers[0] == numbers[1]);
    CHECK(numbers[2] == numbers[3]);
    CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == 3);
    CHECK(world.until([&] { return !lives(numbers[0]); }));
  }

  TEST_CASE("when no worker can be started runs fail instead of waiting for ever, and it is said once") {
    ::setenv("CARILLON_TEST_BROKEN", "1", 1);
    pool_world world{{.workers = 4}};
    const auto end = world.run("nothing");
    CHECK(end.failure == "worker");
    CHECK(end.message.find("exit code 9\nbroken from the start") != std::string::npos);
    CHECK(world.logged("error: worker processes end before they have done anything") == 1);
    CHECK(world.logged(": broken from the start") <= 3 * 4);  // three times, with pauses
    ::unsetenv("CARILLON_TEST_BROKEN");
    CHECK(world.all_ready());
    CHECK(world.run("nothing").kind == outcome_kind::succeeded);
    CHECK(world.until([&] { return world.logged("worker processes work again") == 1; }));
  }

  TEST_CASE("a program that does not exist is told by the runs that need it") {
    process_executor_options options;
    body_world world;
    options.program = "/no/such/program";
    options.workers = 1;
    options.logger = world.logger;
    process_executor pool{tasks_of_the_program(), options};
    CHECK(world.end_of(world.begin(pool, "nothing", nullptr)).message.find("cannot start /no/such/program") !=
          std::string::npos);
    world.close(pool);
  }

  TEST_CASE("closing ends all workers, those that do not want to, too") {
    std::vector<int> numbers;
    {
      pool_world world{{.workers = 3}};
      REQUIRE(world.all_ready());
      numbers = world.pool.workers();
    }
    for (const auto number : numbers) CHECK_FALSE(lives(number));
  }

  TEST_CASE(
      "a job whose task the workers do not know is told when it is declared, and options out of range") {
    const process_executor pool{tasks_of_the_program(), {.workers = 1}};
    job_definition job{
        .id = "a", .when = trigger{"every 5m"}, .task = {}, .arguments = {}, .first_time = {}, .origin = {}};
    CHECK(pool.fault_of(job)->starts_with("worker processes know no task 'a'"));
    job.task = "nothing";
    CHECK_FALSE(pool.fault_of(job));
    CHECK(pool.needs_body());
    CHECK_THROWS_WITH(process_executor(tasks_of_the_program(), {.workers = 1'001}),
                      "process_executor_options.workers: 1001: at most 1000");
    CHECK_THROWS_WITH(process_executor(tasks_of_the_program(), {.memory = 4096}),
                      "process_executor_options.memory: 4096: at least 16 MiB (16777216)");
  }

  TEST_CASE("a pool may be kept for longer than its scheduler and the loop of that") {
    process_executor_options options{.workers = 2};
    options.program = CARILLON_POOL_PROGRAM;
    options.logger = std::make_shared<spdlog::logger>("test");
    scheduler_options how;
    how.logger = options.logger;
    const auto pool = std::make_shared<process_executor>(tasks_of_the_program(), options);
    {
      background_scheduler scheduler{how};
      scheduler->executor("pool", pool);
      scheduler->tasks(tasks_of_the_program());
      scheduler
          ->put(carillon::job("nothing").every(1h).executor("pool"), on_conflict::refuse,
                boost::asio::use_future)
          .get();
      const auto end = scheduler->run_now("nothing", and_wait(), boost::asio::use_future).get();
      CHECK(end->result.kind == outcome_kind::succeeded);
    }
    CHECK(pool->workers().empty());
    // A second scheduler is told, and its runs do not wait for ever.
    background_scheduler second{how};
    second->executor("pool", pool);
    second->tasks(tasks_of_the_program());
    second
        ->put(carillon::job("nothing").every(1h).executor("pool"), on_conflict::refuse,
              boost::asio::use_future)
        .get();
    const auto end = second->run_now("nothing", and_wait(), boost::asio::use_future).get();
    CHECK(end->result.message == "the worker processes have ended with their scheduler");
  }

  TEST_CASE("the workers of a loop that goes without a word end, and the pool may stay") {
    std::vector<int> numbers;
    std::optional<process_executor> pool;
    {
      body_world world;
      process_executor_options options{.workers = 2};
      options.program = CARILLON_POOL_PROGRAM;
      options.logger = world.logger;
      pool.emplace(tasks_of_the_program(), options);
      pool->open(world.strand);
      REQUIRE(world.until([&] { return pool->workers().size() == 2; }));
      numbers = pool->workers();
      world.begin(*pool, "block", nullptr);
      REQUIRE(world.until([&] { return world.logged("blocks") > 0; }));
    }
    CHECK(pool->workers().empty());
    const auto all_gone = [&] { return std::ranges::none_of(numbers, lives); };
    testing::loop_world patience;
    CHECK(patience.until(all_gone));
  }

  TEST_CASE("whatever workers do, a scheduler reports each of their runs right, and all else goes on") {
    testing::loop_world world;
    scheduler_options how;
    how.logger = world.logger;
    how.drain = 0ms;
    scheduler scheduler{world.io, how};
    process_executor_options options{
        .workers = 3,
        .memory = sanitized ? std::nullopt : std::optional<std::uint64_t>{96u << 20},
        .cpu_time = 500ms,
        .stop_after = 10ms,
        .kill_after = 10ms,
        .log_bytes = 4096};
    options.program = CARILLON_POOL_PROGRAM;
    options.logger = world.logger;
    const auto pool = std::make_shared<process_executor>(tasks_of_the_program(), options);
    scheduler.tasks(tasks_of_the_program());
    scheduler.executor("pool", pool);
    std::map<std::string, std::string> wanted{
        {"nothing", ""},     {"segfault", "signal:SIGSEGV"},   {"kill", "signal:SIGKILL"},
        {"deaf", "timeout"}, {"print without end", "timeout"}, {"spin", "signal:SIGXCPU"}};
    if (!sanitized) wanted.emplace("leak", "memory limit");
    for (const auto& [task, failure] : wanted) {
      auto job = carillon::job(task).when("every 10ms fixed_delay").executor("pool");
      if (failure == "timeout") job.timeout(50ms);
      scheduler.add(std::move(job));
    }
    int ticks = 0;
    scheduler.add("tick", trigger{"every 5ms"}, [&] { ++ticks; });
    std::map<std::string, int> ends;
    std::set<std::string> wrong;
    const auto listening =
        scheduler.on(event::run_succeeded | event::run_failed | event::run_timed_out | event::run_cancelled,
                     [&](const event& what) {
                       if (what.job == "tick" || what.result.reason == cancel_reason::shutdown) return;
                       ++ends[what.job];
                       if (what.result.failure != wanted[what.job])
                         wrong.insert(what.job + ": " + what.result.failure + ": " + what.result.message);
                     });
    bool over = false;
    boost::asio::co_spawn(world.io, scheduler.run(), [&](std::exception_ptr) { over = true; });
    CHECK(world.until(
        [&] {
          return ends.size() == wanted.size() &&
                 std::ranges::all_of(ends, [](const auto& each) { return each.second >= 3; });
        },
        60s));
    CHECK(fmt::format("{}", fmt::join(wrong, "; ")) == "");
    CHECK(ticks > 0);
    scheduler.pause_all([](std::exception_ptr) {});  // Or they go as quickly as they come.
    CHECK(world.until([&] { return pool->workers().size() == 3; }));
    scheduler.shutdown(shutdown_options(), [](std::exception_ptr) {});
    CHECK(world.until([&] { return over; }));
    CHECK(pool->workers().empty());
  }

  TEST_CASE("in a scheduler the workers are the program itself") {
    std::FILE* const output = ::popen(CARILLON_POOL_PROGRAM " schedule", "r");
    REQUIRE(output != nullptr);
    std::string all;
    for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) all += static_cast<char>(c);
    CHECK(::pclose(output) == 0);
    CHECK(all.find("10 runs") != std::string::npos);
  }

  TEST_CASE("when the scheduler's process is killed its workers end, in the middle of a run, too") {
    testing::loop_world world;
    command_line command;
    command.argv = {CARILLON_POOL_PROGRAM, "schedule-for-ever"};
    std::string output;
    const auto scheduler =
        child_process::start(world.strand, command, {}, [&](std::string_view bytes) { output += bytes; });
    bool over = false;
    scheduler->async_wait([&](child_end) { over = true; });
    const auto numbers = [&] {
      std::set<int> all;
      for (std::size_t from = 0, to; (to = output.find('\n', from)) != std::string::npos; from = to + 1) {
        const auto line = output.substr(from, to - from);
        if (line.find_first_not_of("0123456789") == std::string::npos) all.insert(std::stoi(line));
      }
      return all;
    };
    REQUIRE(world.until([&] { return numbers().size() == 2; }));
    const auto workers = numbers();
    ::kill(scheduler->number(), SIGKILL);
    REQUIRE(world.until([&] { return over; }));
    for (const auto worker : workers) CHECK(world.until([&] { return !lives(worker); }));
  }
}

}  // namespace carillon
