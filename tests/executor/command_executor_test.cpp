#include <carillon/executor/command_executor.hpp>

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/made_run.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;

// Calls back with each line that is logged.
class listening_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit listening_sink(std::function<void(std::string)> on_line) : on_line_(std::move(on_line)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    on_line_(std::string{message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string)> on_line_;
};

// One run of one command.
class command_world : public testing::made_run {
 public:
  command_world() : made_run{"backup", 3} { context.logger = &logger; }

  // Answers the failure's name; empty: it succeeded.
  std::string run(const std::string& shell_line) {
    command_line command;
    command.shell = shell_line;
    command.kill_after = milliseconds{50};
    arguments = command_arguments(command);
    std::exception_ptr thrown;
    asio::co_spawn(
        io, [&] { return body(); },
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr how) { thrown = how; }));
    io.run();
    result = outcome_of(thrown);
    return result.failure;
  }

  asio::awaitable<void> body() {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await executor.execute(handle, nullptr);
  }

  void cancel() {
    context.reason = cancel_reason::timeout;
    stop.emit(asio::cancellation_type::total);
  }

  std::vector<std::string> lines;
  std::function<void()> at_line = [] {};
  spdlog::logger logger{"test", std::make_shared<listening_sink>([this](std::string line) {
                          lines.push_back(std::move(line));
                          at_line();
                        })};
  command_executor executor;
  asio::io_context io;
  asio::cancellation_signal stop;
  outcome result;
};

}  // namespace

TEST_SUITE("command_executor") {
  TEST_CASE("a command finds out from its environment which run it is") {
    command_world world;
    CHECK(world.run("env | grep ^CARILLON_ | sort") == "");
    CHECK(world.context.note ==
          "CARILLON_ATTEMPT=3\n"
          "CARILLON_FENCE=42\n"
          "CARILLON_INSTANCE=cellar\n"
          "CARILLON_JOB=backup\n"
          "CARILLON_RUN=r-1\n"
          "CARILLON_SCHEDULED_FOR=2026-03-27T09:30:00.000+01:00");
  }

  TEST_CASE("what it prints is logged line by line, and kept as a note") {
    command_world world;
    CHECK(world.run("echo one; echo two >&2") == "");
    REQUIRE(world.lines.size() == 2);
    CHECK(world.lines[0].ends_with(": one"));
    CHECK(world.lines[1].ends_with(": two"));
    CHECK(world.context.note == "one\ntwo");
  }

  TEST_CASE("an exit code is a failure by its number, with the end of the output") {
    command_world world;
    CHECK(world.run("echo disk full; exit 75") == "exit:75");
    CHECK(world.result.message == "exit code 75\ndisk full");
    CHECK_FALSE(world.result.permanent);
  }

  TEST_CASE("a signal is a failure by its name") {
    command_world world;
    CHECK(world.run("kill -KILL $$") == "signal:SIGKILL");
    CHECK(world.result.message == "ended by SIGKILL");
  }

  TEST_CASE("a command that cannot be started fails, and says why") {
    command_world world;
    command_line command;
    command.argv = {"/no/such/program"};
    world.arguments = command_arguments(command);
    std::exception_ptr thrown;
    asio::co_spawn(world.io, [&] { return world.body(); }, [&](std::exception_ptr how) { thrown = how; });
    world.io.run();
    CHECK(outcome_of(thrown).failure == "start");
    CHECK(outcome_of(thrown).message == "cannot start /no/such/program: No such file or directory");
  }

  TEST_CASE("a run that is cancelled ends its command, however deaf that is") {
    command_world world;
    world.at_line = [&] { world.cancel(); };
    CHECK(world.run("trap '' TERM; echo ready; while :; do sleep 0.01; done") != "");
  }

  TEST_CASE("arguments that are no command are told when the job is declared") {
    const command_executor executor;
    job_definition job{
        .id = "a", .when = trigger{"every 5m"}, .task = {}, .arguments = {}, .first_time = {}, .origin = {}};
    CHECK(executor.fault_of(job) == "a command takes one argument, an object with argv or shell");
    job.arguments = R"([{"argv": ["ls"], "evn": {}}])";
    CHECK(executor.fault_of(job)->starts_with("command: evn: no such member"));
    job.arguments = R"([{"argv": ["ls"]}])";
    CHECK_FALSE(executor.fault_of(job));
    CHECK_FALSE(executor.needs_body());
  }
}

}  // namespace carillon
