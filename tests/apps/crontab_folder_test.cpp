#include "carillon/crontab_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "carillon/daemon_files.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using testing::temporary_folder;
using namespace std::chrono_literals;

constexpr instant began{1'000'000'000'000ms};

crontab_surroundings everybody() {
  crontab_surroundings machine;
  machine.is_root = true;
  machine.account = [](const std::string&) { return crontab_account{"/", "/"}; };
  return machine;
}

std::vector<std::string> commands_of(const daemon_plan& plan) {
  std::vector<std::string> commands;
  for (const auto& job : plan.jobs) commands.push_back(job.definition.options->description);
  return commands;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("crontab_folder") {
  TEST_CASE("crontabs have names of letters, digits, _ and -; others are told") {
    const temporary_folder folder;
    for (const auto* name : {"php", "e2scrub_all", "B-2", ".placeholder", "php.dpkg-dist", "php~"})
      folder.write(name, "");
    std::filesystem::create_directory(folder.path("subfolder"));
    const auto all = crontabs_in(folder.path().string());
    CHECK(all.files == texts{folder.path("B-2"), folder.path("e2scrub_all"), folder.path("php")});
    REQUIRE(all.found.size() == 2);
    CHECK(all.found[0].to_string() == folder.path("php.dpkg-dist") +
                                          ": warning: is passed over because of its name: letters, digits, _ "
                                          "and - only, as cron has it");
    CHECK_FALSE(has_errors(all.found));
  }

  TEST_CASE("a folder that is not there is a fault") {
    CHECK(has_errors(crontabs_in("/no/such/folder").found));
  }

  TEST_CASE("a file that others may write to is not trusted with users") {
    const temporary_folder folder;
    const auto file = folder.write("php", "* * * * * root x\n");
    std::vector<diagnostic> found;
    CHECK(read_trusted_file(file, found));
    CHECK(found.empty());
    for (const mode_t mode : {0664U, 0646U}) {
      ::chmod(file.c_str(), mode);
      found.clear();
      CHECK_FALSE(read_trusted_file(file, found));
      REQUIRE(found.size() == 1);
      CHECK(found[0].message.starts_with("can be written to by others than its owner"));
    }
    ::chmod(file.c_str(), 0644);
    if (::geteuid() != 0) {
      MESSAGE("not root: a file of another owner was not tried");
      return;
    }
    REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
    found.clear();
    CHECK_FALSE(read_trusted_file(file, found));
    CHECK(found.at(0).message.starts_with("belongs to user 65534"));
  }

  TEST_CASE("a stamp changes with what a file holds, and with the files there are") {
    const temporary_folder folder;
    const auto file = folder.write("a", "x");
    const auto stamp = [&] { return stamp_of({file}, {folder.path().string()}); };
    const auto first = stamp();
    CHECK(stamp() == first);
    folder.write("a", "y");
    const auto second = stamp();
    CHECK(second != first);
    folder.write("b", "");
    CHECK(stamp() != second);
    CHECK(stamp_of({"/no/such/file"}, {}) == stamp_of({"/no/such/file"}, {}));
  }

  TEST_CASE("the files of a folder are one set of jobs with the others, each under its own name") {
    const temporary_folder folder;
    const auto one = folder.write("one", "* * * * * anna a\n"),
               two = folder.write("two", "* * * * * anna b\n");
    file_list files;
    files.crontab_folders = {folder.path().string()};
    const auto plan = read_files(files, began, everybody());
    CHECK(plan.found.empty());
    CHECK(plan.aside.empty());
    CHECK(commands_of(plan) == texts{"a", "b"});
    CHECK(plan.jobs[0].definition.origin == one);
    CHECK(plan.origins == texts{one, two});
  }

  TEST_CASE("a file of a folder with a fault keeps the jobs it had, and stops nobody") {
    const temporary_folder folder;
    folder.write("one", "* * * * * anna a\n");
    folder.write("two", "75 * * * * anna b\n");
    file_list files;
    files.crontab_folders = {folder.path().string()};
    auto plan = read_files(files, began, everybody());
    CHECK(plan.found.empty());
    REQUIRE(plan.aside.size() == 2);
    CHECK(plan.aside[0].to_string() == folder.path("two") + ":1:1: minute 75: 0 to 59");
    CHECK(plan.aside[1].message == "none of its lines run until it is mended");
    CHECK(commands_of(plan) == texts{"a"});

    folder.write("one", "* * * * * anna c\n75 * * * * anna d\n");
    folder.write("two", "* * * * * anna b\n");
    plan = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK(plan.found.empty());
    CHECK(commands_of(plan) == texts{"a", "b"});
    CHECK(plan.aside.back().message.starts_with("has faults: its jobs stay as they were"));

    std::filesystem::remove(folder.path("two"));
    plan = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK(commands_of(plan) == texts{"a"});

    folder.write("one", "* * * * * anna c\n");
    plan = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK(commands_of(plan) == texts{"c"});
    CHECK(plan.aside.empty());
  }

  TEST_CASE("a folder that cannot be read any more keeps its jobs") {
    const temporary_folder folder;
    std::filesystem::create_directory(folder.path("cron.d"));
    folder.write("cron.d/one", "* * * * * anna a\n");
    file_list files;
    files.crontab_folders = {folder.path("cron.d")};
    auto plan = read_files(files, began, everybody());
    CHECK(commands_of(plan) == texts{"a"});
    std::filesystem::remove_all(folder.path("cron.d"));
    CHECK(has_errors(read_files(files, began, everybody()).found));
    plan = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK_FALSE(has_errors(plan.found));
    CHECK(commands_of(plan) == texts{"a"});
  }

  TEST_CASE("a crontab of its own that gets a fault while it is watched keeps its jobs; at SIGHUP it stops") {
    const temporary_folder folder;
    const auto file = folder.write("tab", "* * * * * a\n");
    file_list files;
    files.crontabs = {file};
    const auto plan = read_files(files, began, everybody());
    folder.write("tab", "75 * * * * b\n");
    const auto watched = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK_FALSE(has_errors(watched.found));
    CHECK(commands_of(watched) == texts{"a"});
    CHECK(has_errors(read_files(files, began, everybody(), {}, {plan.texts, false}).found));
  }

  TEST_CASE("while crontabs are watched configuration files stay as they were") {
    const temporary_folder folder;
    const auto toml =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"x\"\n");
    file_list files;
    files.configs = {toml};
    const auto plan = read_files(files, began, everybody());
    folder.write("jobs.toml", "nonsense");
    const auto again = read_files(files, began, everybody(), {}, {plan.texts, true});
    CHECK(again.found.empty());
    CHECK(again.jobs.size() == 1);
  }

  TEST_CASE("a change while the files are read is seen afterwards") {
    const temporary_folder folder;
    file_list files;
    files.crontabs = {folder.write("tab", "* * * * * a\n")};
    const auto plan = read_files(files, began, everybody());
    CHECK(stamp_of(plan.crontabs) == plan.stamp);
    folder.write("tab", "* * * * * b\n");
    CHECK(stamp_of(plan.crontabs) != plan.stamp);
  }

  TEST_CASE("a job of a file that cannot run as its user is told") {
    const temporary_folder folder;
    auto machine = everybody();
    machine.user = "anna";
    machine.is_root = false;
    file_list files;
    files.configs = {folder.write(
        "jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"x\"\nuser = \"bob\"\n")};
    const auto plan = read_files(files, began, machine);
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].message == "job 'a': only root may run commands as 'bob': this is anna");
    CHECK(has_errors(plan.found));
    files.store = "redis://127.0.0.1:6379";
    machine.account = [](const std::string&) { return std::nullopt; };
    CHECK(read_files(files, began, machine).found.at(0).message == "job 'a': there is no user 'bob' here");
  }

  TEST_CASE("a configuration file names crontabs, and jobs for the start of the machine") {
    const temporary_folder folder;
    const auto tab = folder.write("tab", "* * * * * a\n"),
               system = folder.write("system", "* * * * * anna b\n");
    std::filesystem::create_directory(folder.path("cron.d"));
    folder.write("cron.d/one", "* * * * * anna c\n");
    file_list files;
    files.configs = {folder.write(
        "jobs.toml",
        "[crontab]\nfiles = [\"" + tab + "\"]\nsystem = [\"" + system + "\"]\nfolders = [\"" +
            folder.path("cron.d") +
            "\"]\nrescan = \"5s\"\n[[job]]\nid = \"up\"\nschedule = \"@reboot\"\nshell = \"x\"\nuser = "
            "\"anna\"\nmail = { to = \"a, b\" }\nlog_output = false\n")};
    const auto plan = read_files(files, began, everybody());
    for (const auto& problem : plan.found) FAIL_CHECK(problem.to_string());
    CHECK(plan.settings.rescan == 5s);
    REQUIRE(plan.jobs.size() == 4);
    CHECK(plan.jobs[0].at_start);
    CHECK(plan.jobs[0].quiet);
    CHECK(plan.jobs[0].definition.when == trigger{"at 2001-09-09T01:46:40Z"});
    CHECK(plan.jobs[0].definition.arguments.str().find("\"to\":[\"a\",\"b\"]") != std::string::npos);
  }
}

}  // namespace carillon::app
