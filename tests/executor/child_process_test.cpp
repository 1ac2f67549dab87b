#include "executor/child_process.hpp"

#include <carillon/job/outcome.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <string>

namespace carillon {
namespace {

namespace asio = boost::asio;

// One child, what it printed, and how it ended.
class child_world {
 public:
  void start(const command_line& command) {
    child = child_process::start(io.get_executor(), command, {{"CARILLON_JOB", "test"}},
                                 [this](std::string_view bytes) {
                                   printed += bytes;
                                   if (stop_at_output && !bytes.empty())
                                     cancel.emit(asio::cancellation_type::total);
                                 });
  }
  child_end run(const command_line& command) {
    start(command);
    child_end how;
    child->async_wait(asio::bind_cancellation_slot(cancel.slot(), [&](child_end end) { how = end; }));
    child.reset();
    io.run();
    return how;
  }
  child_end run_shell(std::string line) {
    command_line command;
    command.shell = std::move(line);
    return run(command);
  }

  asio::io_context io;
  asio::cancellation_signal cancel;
  std::shared_ptr<child_process> child;
  std::string printed;
  bool stop_at_output = false;
};

std::string start_failure(const command_line& command) {
  child_world world;
  try {
    world.start(command);
    return {};
  } catch (const failure& fault) {
    CHECK(fault.name() == "start");
    return fault.what();
  }
}

command_line words(std::vector<std::string> argv) {
  command_line command;
  command.argv = std::move(argv);
  return command;
}

// Whether this process has no child left, not even one that ended.
bool no_children() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

}  // namespace

TEST_SUITE("child_process") {
  TEST_CASE("words go to the program as they are, without a shell") {
    child_world world;
    const auto end = world.run(words({"printf", "%s|", "$HOME", "a b", "*"}));
    CHECK(WIFEXITED(end.status));
    CHECK(WEXITSTATUS(end.status) == 0);
    CHECK(world.printed == "$HOME|a b|*|");
  }

  TEST_CASE("a shell line is a shell's, and both outputs come in their order") {
    child_world world;
    const auto end = world.run_shell("echo one | tr a-z A-Z; echo two >&2; echo three; exit 75");
    CHECK(world.printed == "ONE\ntwo\nthree\n");
    CHECK(WEXITSTATUS(end.status) == 75);
  }

  TEST_CASE("the environment is inherited, set, unset, and completed") {
    ::setenv("TEST_OF_CARILLON_KEPT", "kept", 1);
    ::setenv("TEST_OF_CARILLON_GONE", "gone", 1);
    command_line command;
    command.shell = "echo $TEST_OF_CARILLON_KEPT,$TEST_OF_CARILLON_GONE,$SET,$CARILLON_JOB";
    command.env = {{"SET", "set"}, {"CARILLON_JOB", "forged"}};
    command.unset = {"TEST_OF_CARILLON_GONE"};
    child_world world;
    world.run(command);
    CHECK(world.printed == "kept,,set,test\n");

    command.inherit_env = false;
    child_world empty;
    empty.run(command);
    CHECK(empty.printed == ",,set,test\n");
  }

  TEST_CASE("a program is looked for in the PATH of the command's own environment") {
    CHECK(start_failure(words({"carillon-no-such-program"})) ==
          "cannot start carillon-no-such-program: no such program in PATH");
    auto command = words({"sh", "-c", "exit 3"});
    command.env = {{"PATH", "/nowhere"}};
    CHECK(start_failure(command) == "cannot start sh: no such program in PATH");
    CHECK(find_program("sh", "relative:/nowhere:/bin") == "/bin/sh");
    CHECK(find_program("./x", "/bin") == "./x");
  }

  TEST_CASE("what cannot be started says why") {
    CHECK(start_failure(words({"/no/such/program"})) ==
          "cannot start /no/such/program: No such file or directory");
    CHECK(start_failure(words({"/etc/passwd"})) == "cannot start /etc/passwd: Permission denied");
    auto command = words({"true"});
    command.cwd = "/no/such/directory";
    CHECK(start_failure(command) == "cannot start in /no/such/directory: No such file or directory");
    command.cwd = "/etc/passwd";
    CHECK(start_failure(command) == "cannot start in /etc/passwd: Not a directory");
    CHECK(no_children());
  }

  TEST_CASE("it runs in its directory and reads its input, which ends") {
    command_line command;
    command.shell = "pwd; cat; cat";
    command.cwd = "/usr";
    command.input = "Dear root,\n" + std::string(200'000, 'x');
    child_world world;
    world.run(command);
    CHECK(world.printed == "/usr\n" + command.input);
  }

  TEST_CASE("a child that does not read its input does no harm") {
    command_line command;
    command.shell = "exec <&-; echo done";
    command.input = std::string(1'000'000, 'x');
    child_world world;
    world.run(command);
    CHECK(world.printed == "done\n");
  }

  TEST_CASE("it leads a process group of its own, with no files open but the first three") {
    child_world world;
    world.run_shell(
        "test $(ps -o pgid= -p $$) = $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat | grep -qx $$ || echo no "
        "leader; ls /proc/$$/fd");
    CHECK(world.printed == "0\n1\n2\n");
  }

  TEST_CASE("signals that this process ignores or blocks have their usual meaning in it") {
    auto* const before = ::signal(SIGTERM, SIG_IGN);
    child_world world;
    const auto end = world.run_shell("kill -TERM $$; echo still here");
    ::signal(SIGTERM, before);
    CHECK(WIFSIGNALED(end.status));
    CHECK(WTERMSIG(end.status) == SIGTERM);
    CHECK(world.printed.empty());
  }

  TEST_CASE("to cancel is to send SIGTERM to the whole group") {
    child_world world;
    world.stop_at_output = true;
    const auto end = world.run_shell(
        "trap 'echo asked; exit 9' TERM; (trap 'echo child asked; exit' TERM; echo go; while :; do sleep "
        "0.01; done) & wait");
    CHECK(end.asked_to);
    CHECK_FALSE(end.killed);
    CHECK(WEXITSTATUS(end.status) == 9);
    CHECK(world.printed.find("child asked\n") != std::string::npos);
    CHECK(no_children());
  }

  TEST_CASE("a group that ignores SIGTERM is killed when its time is over") {
    command_line command;
    command.shell = "trap '' TERM; echo go; while :; do sleep 0.01; done";
    command.kill_after = milliseconds{50};
    child_world world;
    world.stop_at_output = true;
    const auto end = world.run(command);
    CHECK(end.killed);
    CHECK(WTERMSIG(end.status) == SIGKILL);
    CHECK(no_children());
  }

  TEST_CASE("of a group whose leader obeys, the others are killed too when their time is over") {
    command_line command;
    command.shell = "(trap '' TERM; echo go; while :; do sleep 0.01; done) & wait";
    command.kill_after = milliseconds{50};
    child_world world;
    world.stop_at_output = true;
    const auto end = world.run(command);
    CHECK(end.killed);
    CHECK(WTERMSIG(end.status) == SIGTERM);
  }

  TEST_CASE("what is left in the background, holding on to the output, does not keep it from ending") {
    child_world world;
    const auto end = world.run_shell("echo before; sleep 1000 & echo $!");
    CHECK(WEXITSTATUS(end.status) == 0);
    CHECK(world.printed.starts_with("before\n"));
    const auto background = std::stoi(world.printed.substr(7));
    CHECK(::kill(background, SIGKILL) == 0);  // it was left alone
    CHECK(no_children());
  }

  TEST_CASE("all of a large output is read") {
    child_world world;
    world.run_shell("head -c 3000000 /dev/zero");
    CHECK(world.printed.size() == 3'000'000);
  }

  TEST_CASE("a child that is destroyed while it runs is killed and reaped") {
    command_line command;
    command.shell = "sleep 1000";
    child_world world;
    world.start(command);
    world.child.reset();
    CHECK(no_children());
  }
}

}  // namespace carillon
