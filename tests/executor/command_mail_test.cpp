#include <carillon/executor/command_executor.hpp>

#include <doctest/doctest.h>
#include <pwd.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "support/made_run.hpp"
#include "support/temporary_folder.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;

// One run of one command, by an executor whose sendmail is a script of the test's.
class mail_world : public testing::made_run {
 public:
  explicit mail_world(std::string_view script = "cat > \"$0.mail\"; echo \"$@\" > \"$0.args\"")
      : made_run{"backup", 1} {
    if (!script.empty()) {
      folder.write("sendmail", "#!/bin/sh\n" + std::string{script} + "\n");
      ::chmod(folder.path("sendmail").c_str(), 0755);
      ::chmod(folder.path().c_str(), 0777);
    }
    options.sendmail = folder.path("sendmail");
    options.logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
    options.log_output = false;
    options.mail_bytes = 100;
  }

  // Runs it, and waits for its mail. Answers the failure's name; empty: it succeeded.
  std::string run(const std::string& shell_line) {
    command.shell = shell_line;
    arguments = command_arguments(command);
    std::exception_ptr thrown;
    asio::io_context io;
    asio::co_spawn(io, [&] { return body(); }, [&](std::exception_ptr how) { thrown = how; });
    io.run();
    outcome = outcome_of(thrown);
    return outcome.failure;
  }

  asio::awaitable<void> body() {
    std::exception_ptr thrown;
    try {
      co_await executor->execute(handle, nullptr);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await executor->close();
    if (thrown) std::rethrow_exception(thrown);
  }

  std::string text_of(std::string_view name) const {
    std::ostringstream all;
    all << std::ifstream{folder.path(name)}.rdbuf();
    return std::move(all).str();
  }

  void start() {
    command.mail = command_mail{};
    command.mail->to = {"ops"};
    executor = std::make_unique<command_executor>(options);
  }

  testing::temporary_folder folder;
  std::ostringstream log;
  command_executor_options options;
  std::unique_ptr<command_executor> executor;
  command_line command;
  carillon::outcome outcome;
};

}  // namespace

TEST_SUITE("command_mail") {
  TEST_CASE("what a command prints is mailed, also when it fails") {
    mail_world world;
    world.start();
    CHECK(world.run("echo hello; exit 3") == "exit:3");
    const auto mail = world.text_of("sendmail.mail");
    CHECK(mail.find("To: ops\n") != std::string::npos);
    CHECK(mail.find("> echo hello; exit 3\n") != std::string::npos);
    CHECK(mail.ends_with("\n\nhello\n"));
    CHECK(world.text_of("sendmail.args") == "-i -t\n");
    CHECK(world.log.str().empty());
  }

  TEST_CASE("one that prints nothing mails nothing") {
    mail_world world;
    world.start();
    CHECK(world.run("exit 3") == "exit:3");
    CHECK(world.text_of("sendmail.mail").empty());
  }

  TEST_CASE("a mail holds the end of much output") {
    mail_world world;
    world.start();
    CHECK(world.run("seq 1 100000") == "");
    const auto mail = world.text_of("sendmail.mail");
    CHECK(mail.size() < 1000);
    CHECK(mail.ends_with("\n99999\n100000\n"));
    CHECK(mail.find("bytes are left out here]\n") != std::string::npos);
  }

  TEST_CASE("a sendmail that fails is told with what it says, and the run is as it was") {
    mail_world world{"echo no such mailbox; exit 67"};
    world.start();
    CHECK(world.run("echo hello") == "");
    CHECK(world.log.str().find("backup[r-1]: its output was not mailed: ") != std::string::npos);
    CHECK(world.log.str().find("ended with exit code 67: no such mailbox") != std::string::npos);
  }

  TEST_CASE("sendmail gets a small environment, with nothing of what this process has in its own") {
    ::setenv("CARILLON_TEST_SECRET", "hidden", 1);
    mail_world world{"cat > /dev/null; env > \"$0.env\""};
    world.start();
    CHECK(world.run("echo hello") == "");
    ::unsetenv("CARILLON_TEST_SECRET");
    const auto* me = ::getpwuid(::geteuid());
    REQUIRE(me != nullptr);
    world.command.user = me->pw_name;
    std::istringstream own{world.text_of("sendmail.env")};
    CHECK(world.run("echo hello") == "");
    std::istringstream of_user{world.text_of("sendmail.env")};
    for (auto* lines : {&own, &of_user}) {
      bool path = false;
      for (std::string line; std::getline(*lines, line);) {
        const auto name = line.substr(0, line.find('='));
        const std::string allowed = " PATH HOME LOGNAME USER SHELL LANG PWD OLDPWD SHLVL _ ";
        CHECK_MESSAGE(allowed.find(" " + name + " ") != std::string::npos, name);
        path = path || name == "PATH";
      }
      CHECK(path);
    }
    CHECK(world.text_of("sendmail.env").find("LOGNAME=" + std::string{me->pw_name}) != std::string::npos);
  }

  TEST_CASE("where there is no sendmail, that is told once") {
    mail_world world{""};
    world.start();
    CHECK(world.run("echo hello") == "");
    CHECK(world.run("echo hello") == "");
    const auto said = world.log.str();
    const auto first = said.find("nothing is mailed");
    CHECK(first != std::string::npos);
    CHECK(said.find("nothing is mailed", first + 1) == std::string::npos);
    CHECK(world.context.note == "hello");
  }

  TEST_CASE("a command runs as the user it names, if that is who runs this") {
    mail_world world;
    world.start();
    const auto* me = ::getpwuid(::geteuid());
    REQUIRE(me != nullptr);
    world.command.user = me->pw_name;
    world.command.inherit_env = false;
    CHECK(world.run("echo $LOGNAME $HOME $USER") == "");
    CHECK(world.context.note == std::string{me->pw_name} + " " + me->pw_dir + " " + me->pw_name);
    world.command.env["HOME"] = "/srv";
    CHECK(world.run("echo $HOME") == "");
    CHECK(world.context.note == "/srv");
  }

  TEST_CASE("a user that is not there is told") {
    mail_world world;
    world.start();
    world.command.user = "no-such-user-here";
    CHECK(world.run("true") == "start");
    CHECK(world.outcome.message == "cannot run as no-such-user-here: there is no such user here");
  }

  TEST_CASE("another user takes root") {
    mail_world world;
    world.start();
    if (::geteuid() != 0) {
      world.command.user = "root";
      CHECK(world.run("true") == "start");
      CHECK(world.outcome.permanent);
      CHECK(world.outcome.message.starts_with("cannot run as root: only root may"));
      MESSAGE("not root: running as another user was not tried");
      return;
    }
    const auto* other = ::getpwnam("nobody");
    REQUIRE(other != nullptr);
    const auto id = std::to_string(other->pw_uid), group = std::to_string(other->pw_gid);
    world.command.user = "nobody";
    CHECK(world.run("id -u; id -g; id -G; echo $LOGNAME > /dev/stdout; cat") == "");
    CHECK(world.context.note == id + "\n" + group + "\n" + group + "\nnobody");
    CHECK(world.text_of("sendmail.mail").find("Subject: Cron <nobody@") != std::string::npos);
    world.command.user = id;
    CHECK(world.run("id -u; id -g; id -G; echo $LOGNAME > /dev/stdout; cat") == "");
    CHECK(world.context.note == id + "\n" + group + "\n" + group + "\nnobody");
    world.command.user = "4294967294";
    CHECK(world.run("true") == "start");
    CHECK(world.outcome.message == "cannot run as 4294967294: there is no such user here");
    world.command.user = "nobody";
    CHECK(world.run("cat /proc/self/status | grep -c 'CapEff:.*[1-9a-f]'") == "exit:1");
  }
}

}  // namespace carillon
