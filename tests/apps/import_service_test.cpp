#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <carillon/executor/command_executor.hpp>
#include <carillon/time/duration.hpp>

#include "apps/imported.hpp"
#include "apps/program.hpp"
#include "carillon/import/specifiers.hpp"
#include "carillon/import/unit_file.hpp"
#include "carillon/import/unit_source.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

imported service(const std::string& lines) {
  return timer("OnCalendar=daily\n", "[Service]\nExecStart=/bin/x\n" + lines);
}

command_line command_of_service(const std::string& lines) {
  return command_of(timer("OnCalendar=daily\n", "[Service]\n" + lines).job(0).arguments.str());
}

const std::string a_timer = "[Timer]\nOnCalendar=daily\n";
const std::string a_service = "[Service]\nExecStart=/bin/a\n";

}  // namespace

TEST_SUITE("import_service") {
  TEST_CASE("a run is bound by what bounds it in systemd, and by nothing else") {
    struct row {
      const char* lines;
      const char* timeout;  // "": none
      const char* left_out;
    };
    const row rows[] = {
        {"Type=oneshot\nTimeoutStartSec=1h\n", "1h", ""},
        {"Type=oneshot\nTimeoutSec=1h\n", "1h", ""},
        {"Type=oneshot\nTimeoutSec=1h\nTimeoutStartSec=infinity\n", "", ""},
        {"Type=oneshot\nRuntimeMaxSec=20\n", "", "RuntimeMaxSec"},
        {"TimeoutStartSec=10\nType=oneshot\nRuntimeMaxSec=20\nTimeoutStartSec=1h\n", "1h", "RuntimeMaxSec"},
        {"TimeoutStartSec=1h\n", "", "TimeoutStartSec"},
        {"Type=simple\nTimeoutStartSec=1h\nRuntimeMaxSec=2h\n", "2h", "TimeoutStartSec"},
        {"Type=exec\nRuntimeMaxSec=2h\nTimeoutStartSec=1h\n", "2h", "TimeoutStartSec"},
        {"Type=idle\nRuntimeMaxSec=infinity\n", "", ""},
        {"TimeoutStartSec=infinity\n", "", ""},
        {"TimeoutSec=1h\n", "", ""},
    };
    for (const auto& [lines, timeout, left_out] : rows) {
      CAPTURE(lines);
      const auto made = service(lines);
      CHECK_FALSE(made.result.failed);
      const auto& bound = made.job(0).options->timeout;
      CHECK((bound ? format_duration(*bound) : "") == timeout);
      for (const auto& note : made.result.notes) {
        const bool expected = *left_out != '\0' && note.line_text.starts_with(left_out);
        CHECK((note.fit == import_fit::left_out) == expected);
        if (expected) CHECK(note.words.find("it does not bound the run there") != std::string::npos);
      }
    }
    CHECK(service("TimeoutStartSec=1h\n").fit_of("ExecStart") == import_fit::exact);
    CHECK(service("Type=oneshot\nTimeoutStartSec=1h\n").fit_of("TimeoutStartSec") == import_fit::exact);
    const auto several = service("Type=oneshot\nExecStart=/bin/y\nTimeoutStartSec=1h\n");
    CHECK(several.fit_of("TimeoutStartSec") == import_fit::approximate);
  }

  TEST_CASE("how long SIGKILL waits is told where it is less than in systemd") {
    CHECK(command_of_service("ExecStart=/bin/x\nTimeoutSec=5\n").kill_after == 5s);
    CHECK(service("TimeoutStopSec=1d\n").fit_of("TimeoutStopSec") == import_fit::exact);
    for (const auto* value : {"infinity", "0", "2d"}) {
      CAPTURE(value);
      const auto made = service("TimeoutStopSec=" + std::string{value} + "\n");
      CHECK(command_of(made.job(0).arguments.str()).kill_after == 24h);
      CHECK(made.fit_of("TimeoutStopSec") == import_fit::approximate);
      CHECK(made.words_of("TimeoutStopSec") == "SIGKILL comes a day after SIGTERM: kill_after is no longer");
    }
  }

  TEST_CASE("escapes of commands are what systemd.syntax(7) says") {
    const std::pair<const char*, const char*> rows[] = {
        {R"(a\x20b)", "a b"},
        {R"(a\040b)", "a b"},
        {R"(\a\b\f\n\r\t\v\s)", "\a\b\f\n\r\t\v "},
        {R"(\\\"\')", "\\\"'"},
        {R"("\x41\102")", "AB"},
        {R"(\u00e9\U0001F514)", "\xC3\xA9\xF0\x9F\x94\x94"},
        {R"(\xc3\xa9)", "\xC3\xA9"},
    };
    for (const auto& [escaped, plain] : rows) {
      CAPTURE(escaped);
      const auto command = command_of_service("ExecStart=/bin/x " + std::string{escaped} + "\n");
      CHECK(command.argv == std::vector<std::string>{"/bin/x", plain});
    }
    const auto set = command_of_service("ExecStart=/bin/x\nEnvironment=A=b\\x20c\n");
    CHECK(set.env.at("A") == "b c");
  }

  TEST_CASE("what is no escape is left out with words, and so is the job") {
    const std::pair<const char*, const char*> rows[] = {
        {R"(a\qb)", R"('\q)"},
        {R"(\x4)", R"('\x4)"},
        {R"(\400)", R"('\400')"},
        {R"(\ud800)", R"('\ud800')"},
        {R"(\U00110000)", R"('\U0)"},
        {R"(\x00)", R"('\x00')"},
        {R"(\000)", R"('\000')"},
        {R"(\u0000)", R"('\u0000')"},
        {R"(\xe9)", R"('\xe9' is no UTF-8)"},
        {R"("a)", "its quotes do not close"},
    };
    for (const auto& [text, words] : rows) {
      CAPTURE(text);
      const auto made =
          timer("OnCalendar=daily\n", "[Service]\nExecStart=/bin/x " + std::string{text} + "\n");
      CHECK(made.result.failed);
      CHECK(made.result.jobs == 0);
      CHECK(made.fit_of("ExecStart") == import_fit::left_out);
      CHECK(made.words_of("ExecStart").starts_with(words));
    }
    CHECK(service("ExecStartPre=/bin/y \\q\n").result.failed);  // though the rest can be run
    CHECK_FALSE(service("Environment=A=\\q\n").result.failed);
  }

  TEST_CASE("a prefix changes what a program gets as in systemd") {
    CHECK(command_of_service("ExecStart=@/bin/x name y\n").argv == std::vector<std::string>{"/bin/x", "y"});
    CHECK(command_of_service("ExecStart=:/bin/x $Y\n").argv == std::vector<std::string>{"/bin/x", "$Y"});
  }

  TEST_CASE("specifiers are replaced behind the words' parting, and %I without its escapes") {
    CHECK(expand_specifiers("%i %I %p", R"(dump@srv-a\x2db.service)") == R"(srv-a\x2db srv/a-b dump)");
    CHECK(expand_specifiers("100%%", "a.service") == "100%");
    CHECK_FALSE(expand_specifiers("20%", "a.service"));
    const auto made =
        units({{R"(/u/dump@a\x20b.timer)", "[Unit]\nDescription=Of %i\n[Timer]\nOnCalendar=daily\n"},
               {"/u/dump@.service", "[Service]\nExecStart=/bin/dump %i\n"}},
              R"(/u/dump@a\x20b.timer)");
    CHECK(command_of(made.job(0).arguments.str()).argv == std::vector<std::string>{"/bin/dump", R"(a\x20b)"});
    CHECK(made.job(0).options->description == R"(Of a\x20b)");
    const auto unknown = units({{"/u/backup.timer", "[Unit]\nDescription=On %H\n[Timer]\nOnCalendar=daily\n"},
                                {"/u/backup.service", a_service}});
    CHECK(unknown.fit_of("Description") == import_fit::left_out);
    CHECK(unknown.job(0).options->description.empty());
  }

  TEST_CASE("a percent sign of what has no like here is not called a specifier") {
    const auto made = service("CPUQuota=20%\nMemoryMax=50%\n");
    for (const auto* line : {"CPUQuota", "MemoryMax"}) {
      CHECK(made.fit_of(line) == import_fit::left_out);
      CHECK(made.words_of(line) == "has no like here; systemd-run in the command can have it");
    }
  }

  TEST_CASE("the answer is no where something that systemd runs is left out") {
    for (const auto* line : {"ExecStop=/bin/y", "ExecStopPost=/bin/y", "ExecCondition=/bin/y",
                             "[Unit]\nOnFailure=y.service", "[Unit]\nOnSuccess=y.service"}) {
      CAPTURE(line);
      CHECK(service(std::string{line} + "\n").result.failed);
    }
    CHECK_FALSE(service("ExecReload=/bin/y\nExecStop=\nPrivateTmp=yes\n").result.failed);
  }

  TEST_CASE("drop-ins are read behind their unit in the order of their names, and are told") {
    const auto made =
        units({{"/u/backup.timer", "[Timer]\nOnCalendar=daily\nPersistent=yes\n"},
               {"/u/backup.timer.d/20.conf", "[Timer]\nOnCalendar=\nOnCalendar=Mon 02:00 UTC\n"},
               {"/u/backup.timer.d/10.conf", "[Timer]\nOnCalendar=hourly\nPersistent=no\n"},
               {"/u/backup.timer.d/30.txt", "[Timer]\nOnCalendar=\n"},
               {"/u/backup.service", "[Service]\nUser=anna\nExecStart=/bin/a\nEnvironment=A=1\n"},
               {"/u/backup.service.d/override.conf",
                "[Service]\nExecStart=\nExecStart=/bin/b\nUser=bob\nEnvironment=B=2\nnonsense\n"}});
    CHECK_FALSE(made.result.failed);
    CHECK(made.result.jobs == 1);
    CHECK(made.job(0).when == trigger{"cron 0 2 * * mon in UTC"});
    CHECK(made.job(0).options->misfire_grace.has_value());
    const auto command = command_of(made.job(0).arguments.str());
    CHECK(command.argv == std::vector<std::string>{"/bin/b"});
    CHECK(command.user == "bob");
    CHECK(command.env.at("A") == "1");
    CHECK(command.env.at("B") == "2");
    CHECK(made.words_of_file("/u/backup.timer.d/20.conf") == "read as a part of backup.timer");
    CHECK(made.words_of_file("/u/backup.service.d/override.conf") == "read as a part of backup.service");
    CHECK(made.words_of("OnCalendar=daily") == "no longer: /u/backup.timer.d/20.conf:2 takes its place");
    CHECK(made.words_of("OnCalendar=hourly") == "no longer: /u/backup.timer.d/20.conf:2 takes its place");
    CHECK(made.words_of("User=anna") == "no longer: /u/backup.service.d/override.conf:4 takes its place");
    CHECK(made.result.notes.back().job == "backup");
    const auto has_place = [&](const import_note& note) {
      return note.file == "/u/backup.service.d/override.conf" && note.line == 6;
    };
    CHECK(std::count_if(made.result.notes.begin(), made.result.notes.end(), has_place) == 1);
  }

  TEST_CASE("a drop-in that is nearer to the unit hides one of the same name") {
    const std::map<std::string, std::string> files{
        {"/u/a-b@c.service.d/50.conf", ""}, {"/u/a-b@.service.d/50.conf", ""},
        {"/u/a-b@.service.d/40.conf", ""},  {"/u/a-@.service.d/30.conf", ""},
        {"/u/service.d/30.conf", ""},       {"/u/service.d/60.conf", ""},
        {"/u/a-b.service.d/10.conf", ""},   {"/u/service.d/.20.conf", ""},
    };
    CHECK(drop_ins_of("a-b@c.service", {"/u"}, source_of(files)) ==
          std::vector<std::string>{"/u/a-@.service.d/30.conf", "/u/a-b@.service.d/40.conf",
                                   "/u/a-b@c.service.d/50.conf", "/u/service.d/60.conf"});
  }

  TEST_CASE("a unit of a package has what is written into /etc for it") {
    const auto made = units(
        {{"/usr/lib/systemd/system/tidy.timer", a_timer},
         {"/usr/lib/systemd/system/tidy.service", a_service},
         {"/etc/systemd/system/tidy.timer.d/override.conf", "[Timer]\nOnCalendar=\nOnCalendar=05:00 UTC\n"}},
        "/usr/lib/systemd/system/tidy.timer");
    CHECK(made.job(0).when == trigger{"cron 0 5 * * * in UTC"});
    CHECK(unit_folders("/srv") == std::vector<std::string>{"/srv"});
  }

  TEST_CASE("an empty time takes back those of each kind, and of two intervals the shorter counts") {
    const auto made = timer(
        "OnCalendar=daily\nOnBootSec=5min\nOnUnitActiveSec=\nOnUnitInactiveSec=2h\n"
        "OnUnitInactiveSec=1h\nOnUnitInactiveSec=3h\n");
    CHECK(made.result.jobs == 1);
    CHECK(made.job(0).when == trigger{"every 1h fixed_delay"});
  }

  TEST_CASE("the program reads drop-ins, and its exit status says that something is not run") {
    const testing::temporary_folder folder;
    folder.write("a.timer", a_timer);
    folder.write("a.service", a_service);
    for (const auto* name : {"a.timer.d", "a.service.d"})
      std::filesystem::create_directory(folder.path(name));
    folder.write("a.timer.d/override.conf", "[Timer]\nOnCalendar=\nOnCalendar=17:48 UTC\n");
    const auto made = ask({"import", "timer", folder.path("a.timer")});
    CHECK(made.code == 0);
    CHECK(made.out.find("cron 48 17 * * * in UTC") != std::string::npos);
    CHECK(made.err.find("override.conf: a: the same: read as a part of a.timer\n") != std::string::npos);
    folder.write("a.service.d/override.conf", "[Service]\nExecStopPost=/bin/b\n");
    CHECK(ask({"import", "timer", folder.path("a.timer")}).code == 1);
  }

  TEST_CASE("a user may be a number, as in systemd") {
    const testing::temporary_folder folder;
    folder.write("a.timer", a_timer);
    folder.write("a.service", a_service + "User=" + std::to_string(::getuid()) + "\n");
    const auto made = ask({"import", "timer", folder.path("a.timer")});
    const auto check = ask({"run", "--check", folder.write("jobs.toml", made.out)});
    CAPTURE(check.err);
    CHECK(check.code == 0);
    folder.write("a.service", a_service + "User=4294967294\n");
    const auto nobody = ask({"import", "timer", folder.path("a.timer")});
    const auto refused = ask({"run", "--check", folder.write("jobs.toml", nobody.out)});
    CHECK(refused.err.find("there is no user '4294967294' here") != std::string::npos);
  }
}

}  // namespace carillon::app
