#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include <string>

#include <carillon/executor/command_executor.hpp>

#include "apps/imported.hpp"
#include "apps/program.hpp"
#include "carillon/import/import_crontab.hpp"
#include "carillon/import/on_calendar.hpp"
#include "carillon/import/unit_file.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

std::string calendar(std::string_view text) {
  const auto read = translate_calendar(text);
  return read ? read->text : "error: " + read.error().message;
}

imported crontab_text(std::string_view text, crontab_format format = crontab_format::user) {
  crontab_surroundings machine;
  machine.user = "anna";
  machine.home = "/home/anna";
  machine.is_root = true;
  machine.account = [](const std::string& name) { return crontab_account{"/home/" + name, "/home/" + name}; };
  return imported{import_crontab(text, "tab", format, machine)};
}

}  // namespace

TEST_SUITE("import") {
  TEST_CASE("a calendar expression of systemd becomes a schedule that fires at the same times") {
    const std::pair<const char*, const char*> rows[] = {
        {"hourly", "cron 0 * * * * gap skip overlap first"},
        {"daily UTC", "cron 0 0 * * * in UTC"},
        {"Wed, 17:48", "cron 48 17 * * wed gap skip overlap first"},
        {"weekly", "cron 0 0 * * mon gap skip overlap first"},
        {"quarterly", "cron 0 0 1 1,4,7,10 * gap skip overlap first"},
        {"Mon..Fri 09:30", "cron 30 9 * * mon-fri gap skip overlap first"},
        {"Wed-Sat,Mon 8:0", "cron 0 8 * * mon,wed-sat gap skip overlap first"},
        {"*:0/15", "cron */15 * * * * gap skip overlap first"},
        {"8..17/2:30,45:10", "cron 10 30,45 8-17/2 * * * gap skip overlap first"},
        {"*-*-* *:*:*", "cron * * * * * * gap skip overlap first"},
        {"2026-12-25 08:00:00 Europe/Oslo",
         "cron{year=2026; month=12; day=25; hour=8; minute=0; second=0} in Europe/Oslo gap skip overlap "
         "first"},
        {"Fri *-*-13", "cron{day=13; day_of_week=fri; hour=0; minute=0; second=0} gap skip overlap first"},
        {"*-*~01", "quartz 0 0 0 L * ? gap skip overlap first"},
        {"*-02~1..5/2", "quartz 0 0 0 L,L-2,L-4 2 ? gap skip overlap first"},
        {"*-*~07/3 12:00", "quartz 0 0 12 L,L-3,L-6 * ? gap skip overlap first"},
        {"Mon *-05~07/1", "cron{month=5; day=last mon; hour=0; minute=0; second=0} gap skip overlap first"},
        {"@1767225600", "at 2026-01-01T00:00:00Z"},
    };
    for (const auto& [theirs, ours] : rows) {
      CAPTURE(theirs);
      CHECK(calendar(theirs) == trigger{std::string_view{ours}}.text());
    }
    CHECK(calendar("Mon..Tue *-*~03").find(") and (") != std::string::npos);
    REQUIRE(translate_calendar("*:*:00.5").has_value());
    CHECK(translate_calendar("*:*:00.5")->differences.size() == 1);
  }

  TEST_CASE("what is no calendar expression is told with its place") {
    const std::pair<const char*, const char*> rows[] = {
        {"25:00", "error: hour 25: 0 to 23"},
        {"*-13-01", "error: month 13: 1 to 12"},
        {"Fri..Mon", "error: 'Fri..Mon' runs backwards"},
        {"10:00 Europe/Olso", "error: "},
        {"*:*/5", "error: '*' stands alone"},
        {"10", "error: '10' has no place here"},
        {"", "error: the expression is empty"},
        {"@x", "error: '@' wants seconds since 1970"},
        {"Wed,,Fri 10:00", "error: '': no such weekday"},
        {"Foo 10:00", "error: 'Foo' has no place here"},
    };
    for (const auto& [text, fault] : rows) {
      CAPTURE(text);
      CHECK(calendar(text).starts_with(fault));
    }
    CHECK(translate_calendar("*-13-01").error().position == 2);
  }

  TEST_CASE("time spans are read as systemd does it") {
    CHECK(read_time_span("15min") == 15min);
    CHECK(read_time_span("1d 2h") == 26h);
    CHECK(read_time_span("90") == 90s);
    CHECK(read_time_span("1.5h") == 90min);
    CHECK(read_time_span("1h30min") == 90min);
    CHECK(read_time_span("infinity") == infinite_span);
    CHECK_FALSE(read_time_span("soon"));
    CHECK_FALSE(read_time_span("-5"));
    CHECK_FALSE(read_time_span(""));
  }

  TEST_CASE("unit files have sections, continued lines, comments, and empty values that take back") {
    const auto unit = read_unit_file(
        "# note\n[Timer]\nOnCalendar = daily\nOnCalendar=\nOnCalendar=a \\\n; note\n  "
        "b\nnonsense\n[Install]\nX=1");
    REQUIRE(unit.all("Timer", "OnCalendar").size() == 1);
    CHECK(unit.last("Timer", "OnCalendar")->value == "a  b");
    CHECK(unit.last("Timer", "OnCalendar")->line == 5);
    REQUIRE(unit.unreadable.size() == 1);
    CHECK(unit.unreadable.front().line == 8);
    CHECK(unit.last("Install", "X")->value == "1");
    CHECK(unit.last("Timer", "X") == nullptr);
  }

  TEST_CASE("commands are split as systemd splits them") {
    const auto commands = read_exec_line("-/bin/a \"b c\" 'd\"e' f\\tx ';' \\; --g=\"h i\" ; +/bin/g");
    REQUIRE(commands.has_value());
    REQUIRE(commands->size() == 2);
    CHECK((*commands)[0].may_fail);
    CHECK((*commands)[0].words ==
          std::vector<std::string>{"/bin/a", "b c", "d\"e", "f\tx", ";", ";", "--g=h i"});
    CHECK((*commands)[1].prefixes == "+");
    CHECK_FALSE(read_exec_line("/bin/a \"b").has_value());
  }

  TEST_CASE("a timer becomes a job with what its service runs") {
    const auto made =
        units({{"/u/backup.timer",
                "[Unit]\nDescription=Nightly\n[Timer]\nOnCalendar=*-*-* 02:30 "
                "Europe/Oslo\nRandomizedDelaySec=10min\n"
                "Persistent=true\nAccuracySec=1s\n[Install]\nWantedBy=timers.target\n"},
               {"/u/backup.service",
                "[Unit]\nDescription=Backs up\nAfter=network.target\n[Service]\nType=oneshot\nUser=anna\n"
                "WorkingDirectory=/srv\nEnvironment=A=b \"C=d e\"\nExecStart=/bin/backup --to \"/mnt/x y\"\n"
                "TimeoutStartSec=1h\nTimeoutStopSec=5s\nPrivateTmp=yes\n"}});
    CHECK_FALSE(made.result.failed);
    const auto& job = made.job(0);
    CHECK(job.id == "backup");
    CHECK(job.when == trigger{"cron 30 2 * * * in Europe/Oslo jitter 10m gap skip overlap first"});
    CHECK(job.options->description == "Backs up");
    CHECK_FALSE(job.options->misfire_grace);
    CHECK(job.options->timeout == 1h);
    const auto arguments = job.arguments.str();
    for (const auto* part :
         {R"("argv":["/bin/backup","--to","/mnt/x y"])", R"("user":"anna")", R"("cwd":"/srv")",
          R"("A":"b","C":"d e")", R"("kill_after":"5s")", R"("inherit_env":false)"})
      CHECK_MESSAGE(arguments.find(part) != std::string::npos, arguments);
    CHECK(made.fit_of("OnCalendar") == import_fit::exact);
    CHECK(made.fit_of("AccuracySec") == import_fit::exact);
    CHECK(made.fit_of("Persistent") == import_fit::approximate);
    CHECK(made.fit_of("RandomizedDelaySec") == import_fit::approximate);
    CHECK(made.fit_of("After=") == import_fit::left_out);
    CHECK(made.fit_of("PrivateTmp") == import_fit::left_out);
  }

  TEST_CASE("several lines are one schedule; what begins with the machine is a job of its own") {
    const auto made =
        timer("OnCalendar=Mon 08:00 UTC\nOnCalendar=12:00 UTC\nOnBootSec=15min\nOnUnitActiveSec=1d\n");
    CHECK(made.job(0).when == trigger{"(cron 0 8 * * mon in UTC) or (cron 0 12 * * * in UTC) or (every 1d)"});
    CHECK(made.job(1).id == "backup-boot");
    CHECK(made.file.jobs[1].at_start);
    CHECK(made.file.jobs[1].start_delay == 15min);
    CHECK(made.fit_of("OnUnitActiveSec") == import_fit::approximate);
  }

  TEST_CASE("an interval from the end of the last run is a fixed delay") {
    CHECK(timer("OnUnitInactiveSec=10min\n").job(0).when == trigger{"every 10m fixed_delay"});
    CHECK(timer("OnActiveSec=30\n").file.jobs.at(0).at_start);
  }

  TEST_CASE("commands with variables, and several of them, are run by a shell") {
    const auto shell_of = [](const std::string& service) {
      return timer("OnCalendar=daily\n", "[Service]\n" + service)
                 .file.jobs.at(0)
                 .definition.options->description +
             timer("OnCalendar=daily\n", "[Service]\n" + service).job(0).arguments.str();
    };
    CHECK(shell_of("Environment=X=1\nExecStart=/bin/a ${X} $Y '$$z'\n")
              .find(R"("shell":"exec \"/bin/a\" \"${X}\" $Y \"\\$z\"")") != std::string::npos);
    CHECK(shell_of("ExecStartPre=-/bin/a\nExecStart=/bin/b\n")
              .find(R"("shell":"{ /bin/a || true; } && /bin/b")") != std::string::npos);
  }

  TEST_CASE("specifiers that are known are replaced, also those of an instance") {
    const auto made = units({{"/u/dump@main.timer", "[Timer]\nOnCalendar=daily\n"},
                             {"/u/dump@.service", "[Service]\nExecStart=/bin/dump %i 100%% %n\n"}},
                            "/u/dump@main.timer");
    CHECK(made.job(0).arguments.str().find(R"(["/bin/dump","main","100%","dump@main.service"])") !=
          std::string::npos);
    CHECK(units({{"/u/dump@.timer", "[Timer]\nOnCalendar=daily\n"}}, "/u/dump@.timer").result.failed);
  }

  TEST_CASE("what cannot be had is left out with the reason") {
    const auto made = timer("OnCalendar=daily\nWakeSystem=true\nOnClockChange=yes\n",
                            "[Service]\nExecStart=/bin/x\nEnvironmentFile=/etc/x\nExecStop=/bin/y\n");
    for (const auto* line : {"WakeSystem", "OnClockChange", "EnvironmentFile", "ExecStop"})
      CHECK(made.fit_of(line) == import_fit::left_out);
    const auto other_units =
        units({{"/u/backup.timer", "[Unit]\nOnFailure=a.service\n[Timer]\nOnCalendar=daily\n"},
               {"/u/backup.service",
                "[Unit]\nOnSuccess=b.service\nOnFailure=c.service\n[Service]\nExecStart=/bin/x\n"}});
    for (const auto* line : {"OnFailure=a", "OnSuccess=b", "OnFailure=c"})
      CHECK(other_units.fit_of(line) == import_fit::left_out);
    CHECK(other_units.words_of("OnFailure=c").find(R"(after = { job = "…", on = "failure" })") !=
          std::string::npos);
    CHECK(timer("OnCalendar=nonsense\n").result.failed);
    CHECK(timer("OnCalendar=daily\n", "[Service]\nType=oneshot\n").result.failed);
    CHECK(timer("Persistent=true\n").result.failed);
    CHECK(units({{"/u/backup.timer", "[Timer]\nOnCalendar=daily\n"}}).result.failed);
    CHECK(units({}).result.failed);
  }

  TEST_CASE("a crontab becomes a file that says what run --crontab would do") {
    const auto made = crontab_text(
        "SHELL=/bin/bash\nMAILTO=ops\n0 9 * * mon-fri a \"b\\\\c\"%x%y\n~ 3 * * * d\n@reboot e\n-5 * * * * "
        "f\n");
    CHECK_FALSE(made.result.failed);
    CHECK(made.result.jobs == 4);
    const auto& first = made.job(0);
    CHECK(first.when == trigger{"cron 0 9 * * mon-fri"});
    CHECK(first.options->max_instances == 10'000);
    CHECK(first.options->misfire_grace == 3h);
    const auto read =
        read_crontab("SHELL=/bin/bash\nMAILTO=ops\n0 9 * * mon-fri a \"b\\\\c\"%x%y\n", "tab", [] {
          crontab_surroundings machine;
          machine.user = "anna";
          machine.home = "/home/anna";
          return machine;
        }());
    CHECK(command_of(first.arguments.str()) == read.entries.at(0).command);
    CHECK(first.id == read.entries.at(0).id);
    CHECK(made.file.jobs[2].at_start);
    CHECK(made.file.jobs[3].quiet);
    CHECK(made.fit_of("0 9") == import_fit::exact);
    CHECK(made.fit_of("~ 3") == import_fit::approximate);
    CHECK(made.fit_of("@reboot") == import_fit::approximate);
    CHECK(made.fit_of("SHELL") == import_fit::exact);
  }

  TEST_CASE("a crontab of the system keeps its users, and a line that cannot be read is left out") {
    const auto made =
        crontab_text("* * * * * root a\n* * * * * bob b\n75 * * * * bob c\n", crontab_format::system);
    CHECK(made.result.failed);
    CHECK(made.file.jobs.size() == 2);
    CHECK(command_of(made.job(1).arguments.str()).user == "bob");
    CHECK(command_of(made.job(1).arguments.str()).cwd == "/home/bob");
    CHECK(made.fit_of("75 *") == import_fit::left_out);
  }

  TEST_CASE("the program makes a file that it runs, and a report") {
    const testing::temporary_folder folder;
    program made{{"import", "crontab", "-"}, "0 9 * * mon-fri backup\n@daily tidy\n"};
    CHECK(made.ends() == 0);
    CHECK(made.err().find("standard input:1: backup-") != std::string::npos);
    CHECK(made.err().find("2 jobs; of the lines 2 mean the same, 0 nearly, 0 are left out\n") !=
          std::string::npos);
    program check{{"run", "--check", folder.write("jobs.toml", made.out())}};
    CHECK(check.ends() == 0);
    CHECK(check.out().find("cron 0 9 * * mon-fri") != std::string::npos);

    folder.write("a.timer", "[Timer]\nOnCalendar=daily\n");
    folder.write("a.service", "[Service]\nExecStart=/bin/true\n");
    program as_json{{"--json", "import", "timer", folder.path("a.timer")}};
    CHECK(as_json.ends() == 0);
    const auto answer = boost::json::parse(as_json.out()).as_object();
    CHECK(answer.at("jobs") == 1);
    CHECK(answer.at("report").as_array().size() == 3);
    CHECK(answer.at("toml").as_string().find("id = \"a\"") != std::string::npos);
    program missing{{"import", "timer", folder.path("b.timer")}};
    CHECK(missing.ends() == 1);
  }
}

}  // namespace carillon::app
