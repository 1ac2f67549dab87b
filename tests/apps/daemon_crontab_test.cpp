#include <doctest/doctest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "apps/program.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using testing::temporary_folder;

// A folder of crontabs that is looked at all the time, a sendmail that writes into a file, and a state.
class crontab_world {
 public:
  crontab_world() {
    std::filesystem::create_directory(folder.path("cron.d"));
    folder.write("sendmail", "#!/bin/sh\ncat >> \"$0.out\"\n");
    ::chmod(folder.path("sendmail").c_str(), 0755);
    config = folder.write(
        "jobs.toml", "[scheduler]\nstate = \"" + folder.path("state") +
                         "\"\n[executors.command]\nsendmail = \"" + folder.path("sendmail") +
                         "\"\n[crontab]\nrescan = \"20ms\"\nfolders = [\"" + folder.path("cron.d") + "\"]\n");
    const auto* account = ::getpwuid(::geteuid());
    REQUIRE(account != nullptr);
    me = account->pw_name;
  }

  std::string text_of(std::string_view name) const {
    std::ostringstream all;
    all << std::ifstream{folder.path(name)}.rdbuf();
    return std::move(all).str();
  }

  temporary_folder folder;
  std::string config, me;
};

}  // namespace

TEST_SUITE("daemon_crontab") {
  TEST_CASE(
      "crontabs that come, change and go in a folder are followed, and one with a fault keeps its jobs") {
    const crontab_world world;
    world.folder.write("cron.d/one", "0 3 1 1 * " + world.me + " one\n");
    program daemon{{"run", world.config}};
    CHECK(daemon.says("1 job\n"));
    world.folder.write("cron.d/two", "0 3 1 1 * " + world.me + " two\n");
    CHECK(daemon.says("1 added, 0 changed, 0 removed, 1 as before"));
    world.folder.write("cron.d/one", "0 4 1 1 * " + world.me + " one\n");
    CHECK(daemon.says("0 added, 1 changed, 0 removed, 1 as before"));
    world.folder.write("cron.d/one", "0 44 1 1 * " + world.me + " one\n");
    CHECK(daemon.says("cron.d/one:1:3: hour 44: 0 to 23"));
    CHECK(daemon.says("its jobs stay as they were"));
    CHECK(daemon.says("0 added, 0 changed, 0 removed, 2 as before"));
    std::filesystem::remove(world.folder.path("cron.d/two"));
    CHECK(daemon.says("0 added, 0 changed, 1 removed, 1 as before"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    const auto said = daemon.said();
    const auto fault = said.find("hour 44");
    CHECK(said.find("hour 44", fault + 1) == std::string::npos);
  }

  TEST_CASE("@reboot runs once while the machine runs, and what it prints is mailed") {
    const crontab_world world;
    world.folder.write("cron.d/one", "MAILTO=ops\n@reboot " + world.me + " echo up $LOGNAME\n");
    {
      program daemon{{"run", world.config}};
      CHECK(daemon.says("]: up " + world.me + "\n"));
      CHECK(daemon.says("succeeded in "));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
    }
    const auto mail = world.text_of("sendmail.out");
    CHECK(mail.find("To: ops\nSubject: Cron <" + world.me + "@") != std::string::npos);
    CHECK(mail.ends_with("\n\nup " + world.me + "\n"));
    {
      program daemon{{"run", world.config}};
      CHECK(daemon.says("has run since this machine started"));
      CHECK(daemon.says("carillon"));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
      CHECK(daemon.said().find("]: up") == std::string::npos);
    }
    // Another boot.
    auto state = world.text_of("state/reboot.json");
    state.replace(state.find("\"boot\":\"") + 8, 4, "xxxx");
    world.folder.write("state/reboot.json", state);
    program daemon{{"run", world.config}};
    CHECK(daemon.says("]: up " + world.me + "\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a job with a '-' before its minute is told of only when it fails") {
    const crontab_world world;
    std::ofstream{world.config, std::ios::app}
        << "[[job]]\nid = \"quiet\"\nschedule = \"every 1h immediately\"\nshell = \"echo words\"\nlog_output "
           "= false\n"
           "[[job]]\nid = \"failing\"\nschedule = \"every 1h immediately\"\nshell = \"echo words; exit 3\"\n"
           "log_output = false\n";
    program daemon{{"run", world.config}};
    CHECK(daemon.says("failing["));
    CHECK(daemon.says("exit code 3"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(daemon.said().find("quiet[") == std::string::npos);
    CHECK(daemon.said().find("]: words") == std::string::npos);
  }

  TEST_CASE("commands of a system crontab run as the user of their line") {
    if (::geteuid() != 0 || ::getpwnam("nobody") == nullptr) {
      MESSAGE("not root: running as another user was not tried");
      return;
    }
    const crontab_world world;
    world.folder.write("cron.d/one", "MAILTO=\"\"\n@reboot nobody id -un; pwd; echo $HOME\n");
    program daemon{{"run", world.config}};
    CHECK(daemon.says("]: nobody\n"));
    CHECK(daemon.says("]: /\n"));
    CHECK(daemon.says(std::string{"]: "} + ::getpwnam("nobody")->pw_dir + "\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(world.text_of("sendmail.out").empty());
  }
}

}  // namespace carillon::app
