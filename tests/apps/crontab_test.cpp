#include "carillon/crontab.hpp"

#include <doctest/doctest.h>

#include "carillon/crontab_line.hpp"

namespace carillon::app {
namespace {

crontab_surroundings surroundings() {
  crontab_surroundings machine;
  machine.user = "anna";
  machine.home = "/home/anna";
  machine.is_user = [](std::string_view word, std::string_view) { return word == "www-data"; };
  machine.account = [](const std::string& name) -> std::optional<crontab_account> {
    if (name == "www-data") return crontab_account{"/var/www", "/var/www"};
    if (name == "anna") return crontab_account{"/home/anna", "/home/anna"};
    if (name == "nobody") return crontab_account{"/nonexistent", "/"};
    return std::nullopt;
  };
  return machine;
}

crontab read_system(std::string_view text, bool is_root = true) {
  auto machine = surroundings();
  machine.is_root = is_root;
  return read_crontab(text, "crontab", machine, crontab_format::system);
}

crontab read_own(std::string_view text) { return read_crontab(text, "crontab", surroundings()); }

// The only entry of a text that has nothing wrong in it.
crontab_entry entry_of(std::string_view text) {
  const auto all = read_own(text);
  for (const auto& problem : all.found) FAIL_CHECK(problem.to_string());
  REQUIRE(all.entries.size() == 1);
  return all.entries.front();
}

std::string schedule_in(std::string_view text) {
  const auto entry = entry_of(text);
  return entry.when ? entry.when->text() : "@reboot";
}

std::string problem_of(std::string_view text) {
  const auto all = read_own(text);
  REQUIRE(all.found.size() == 1);
  return all.found.front().to_string();
}

}  // namespace

TEST_SUITE("crontab") {
  TEST_CASE("ten lines as people write them are read without a word") {
    const auto all = read_own(
        "# Edit this file to introduce tasks to be run by cron.\n"
        "SHELL=/bin/bash\n"
        "PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n"
        "MAILTO=\"\"\n"
        "\n"
        "*/5 * * * * /usr/local/bin/poll --quiet >/dev/null 2>&1\n"
        "0 3 * * 1-5\t cd /srv/app && ./backup.sh \"$(date +\\%F)\"\n"
        "30 4 1,15 * 5 echo payday\n"
        "0 22 * * 1-5    mail -s \"It's 10pm\" joe%Joe,%%Where are your kids?%\n"
        "23 0-20/2 * * * echo \"run 23 minutes after midn, 2am, 4am ..., everyday\"\n"
        "5 4 * * sun     echo \"run at 5 after 4 every sunday\"\n"
        "@daily $HOME/bin/daily.job >> $HOME/tmp/out 2>&1\n"
        "@reboot sleep 30 && /usr/local/bin/warm-cache\n"
        "  15 14 1 * *     $HOME/bin/monthly\n"
        "0 0 1 JAN * /usr/bin/new-year # at last\n");
    CHECK(all.found.empty());
    REQUIRE(all.entries.size() == 10);
    CHECK(all.entries[0].command.shell == "/usr/local/bin/poll --quiet >/dev/null 2>&1");
    CHECK(all.entries[1].command.shell == "cd /srv/app && ./backup.sh \"$(date +%F)\"");
    CHECK(all.entries[3].command.shell == "mail -s \"It's 10pm\" joe");
    CHECK(all.entries[3].command.input == "Joe,\n\nWhere are your kids?\n");
    CHECK(all.entries[9].command.shell == "/usr/bin/new-year # at last");
    CHECK(all.entries[7].line == 13);
    CHECK(all.entries[7].at_reboot);
  }

  TEST_CASE("time fields and macros become schedule texts") {
    CHECK(schedule_in("*/5 * * * * x") == "cron */5 * * * *");
    CHECK(schedule_in("0 9 * * mon-fri x") == "cron 0 9 * * mon-fri");
    CHECK(schedule_in("@Daily x") == trigger{"cron @daily"}.text());
    CHECK(schedule_in("@reboot x") == "@reboot");
    CHECK(schedule_in("RANDOM_DELAY=5\n0 9 * * * x") == "cron 0 9 * * * jitter 5m");
  }

  TEST_CASE("a day field that begins with a star must match as well as the other one") {
    CHECK(schedule_in("0 9 */2 * mon x") ==
          trigger{"(cron 0 9 */2 * *) and (cron 0 9 * * mon) within 0s"}.text());
    CHECK(schedule_in("0 9 1-7 * */2 x") ==
          trigger{"(cron 0 9 1-7 * *) and (cron 0 9 * * */2) within 0s"}.text());
    CHECK(schedule_in("0 9 1,15 * mon x") == "cron 0 9 1,15 * mon");
    CHECK(schedule_in("0 9 */2 * * x") == "cron 0 9 */2 * *");
    CHECK(schedule_in("CRON_TZ=Asia/Tokyo\n0 9 */2 * mon x") ==
          trigger{"(cron 0 9 */2 * *) and (cron 0 9 * * mon) within 0s in Asia/Tokyo"}.text());
  }

  TEST_CASE("CRON_TZ holds for the lines below it") {
    const auto all =
        read_own("0 9 * * * a\nCRON_TZ=Europe/Oslo\n0 9 * * * b\nCRON_TZ = 'Asia/Tokyo'\n0 9 * * * c\n");
    REQUIRE(all.entries.size() == 3);
    CHECK(all.entries[0].when->text() == "cron 0 9 * * *");
    CHECK(all.entries[1].when->text() == "cron 0 9 * * * in Europe/Oslo");
    CHECK(all.entries[2].when->text() == "cron 0 9 * * * in Asia/Tokyo");
  }

  TEST_CASE("a command finds what cron gives it, and the settings above its line") {
    const auto first = entry_of("* * * * * x");
    CHECK_FALSE(first.command.inherit_env);
    CHECK(first.command.cwd == "/home/anna");
    CHECK(first.command.shell_program == "/bin/sh");
    CHECK(first.command.env.at("PATH") == "/usr/bin:/bin");
    CHECK(first.command.env.at("LOGNAME") == "anna");
    const auto second = entry_of("HOME=/srv\nSHELL=/bin/bash\nTZ=UTC\n* * * * * x\nTZ=CET");
    CHECK(second.command.cwd == "/srv");
    CHECK(second.command.shell_program == "/bin/bash");
    CHECK(second.command.env.at("TZ") == "UTC");
  }

  TEST_CASE("values of settings are unquoted as Vixie cron does it") {
    const auto value = [](std::string_view line) {
      const auto setting = read_setting(line);
      REQUIRE(setting);
      return std::string{setting->name.text} + "|" + std::string{setting->value.text};
    };
    CHECK(value("A=b") == "A|b");
    CHECK(value("  A = b c  ") == "A|b c");
    CHECK(value("A=\" b \"") == "A| b ");
    CHECK(value("'A' = 'it is'") == "A|it is");
    CHECK(value("A=\"b'") == "A|\"b'");
    CHECK(value("A=") == "A|");
    CHECK(value("A=x=y") == "A|x=y");
    CHECK_FALSE(read_setting("0 9 * * * A=b x"));
    CHECK_FALSE(read_setting("@daily A=b x"));
  }

  TEST_CASE("a percent sign ends the command, and a backslash takes that from it") {
    CHECK(split_percent("date +\\%H").line == "date +%H");
    CHECK(split_percent("a%b%c").line == "a");
    CHECK(split_percent("a%b%c").input == "b\nc\n");
    CHECK(split_percent("a%b\\%c\n").input == "b%c\n");
    CHECK(split_percent("a\\\\%b").line == "a\\\\");
    CHECK(split_percent("a%").input.empty());
  }

  TEST_CASE("a job keeps its id wherever its line stands") {
    const auto before = read_own("0 1 * * * /opt/backup.sh /srv\n0 2 * * * tidy\n");
    const auto after =
        read_own("# new\n0 5 * * * other\n0 2 * * * tidy\nA=b\n30 6 * * * /opt/backup.sh /srv\n");
    CHECK(before.entries[0].id == after.entries[2].id);
    CHECK(before.entries[1].id == after.entries[1].id);
    CHECK(before.entries[0].id.starts_with("backup.sh-"));
  }

  TEST_CASE("equal commands get ids of their own") {
    const auto all = read_own("0 1 * * * x\n0 2 * * * x\n0 3 * * * x y\n");
    CHECK(all.entries[1].id == all.entries[0].id + "-2");
    CHECK(all.entries[2].id != all.entries[0].id);
  }

  TEST_CASE("a job is named after its program") {
    CHECK(id_of_command("/usr/bin/find /tmp").starts_with("find-"));
    CHECK(id_of_command("FOO=bar nice -n 5 make").starts_with("make-"));
    CHECK(id_of_command("\"$HOME/x y\"").starts_with("x-"));
    CHECK(id_of_command("(").starts_with("job-"));
  }

  TEST_CASE("cron makes up only for runs at fixed times") {
    CHECK(entry_of("* 3 * * * x").wildcard);
    CHECK(entry_of("0 */2 * * * x").wildcard);
    CHECK(entry_of("@hourly x").wildcard);
    CHECK_FALSE(entry_of("0 3 * * * x").wildcard);
    CHECK_FALSE(entry_of("@daily x").wildcard);
  }

  TEST_CASE("a typo is told with its place and what would be right") {
    struct row {
      const char* text;
      const char* problem;
    };
    const row rows[] = {
        {"\n75 * * * * x", "crontab:2:1: minute 75: 0 to 59"},
        {"0 25 * * * x", "crontab:1:3: hour 25: 0 to 23"},
        {"0 0 32 * * x", "crontab:1:5: day 32: 1 to 31"},
        {"0 0 * 13 * x", "crontab:1:7: month 13: 1 to 12"},
        {"0 0 * * fry x", "crontab:1:9: "},
        {"  0   0 * * mon-fry x", "crontab:1:17: "},
        {"0 0 31 2 * x", "crontab:1:"},
        {"@dialy x", "crontab:1:1: unknown macro '@dialy': did you mean @daily?"},
        {"@daily", "crontab:1:7: no command after @daily"},
        {"0 9 * * *", "crontab:1:10: no command after the five time fields"},
        {"0 9 * * /usr/bin/x", "crontab:1:9: 4 time fields where five are needed: minute, hour"},
        {"0 9 * * echo hello", "crontab:1:9: "},
        {"0 0 9 * * * x", "crontab:1:11: a sixth time field: a crontab has five"},
        {"0~75 9 * * * x", "crontab:1:3: minute 75: 0 to 59"},
        {"-75 9 * * * x", "crontab:1:2: minute 75: 0 to 59"},
        {"MAILTO=a;b", "crontab:1:8: MAILTO: 'a;b' is no plain address"},
        {"MAILTO=-oQ/tmp", "crontab:1:8: MAILTO: '-oQ/tmp' is no plain address"},
        {"hello world", "crontab:1:1: 'hello' is neither a setting (NAME=value) nor a time field"},
        {"MAIL-TO=x", "crontab:1:1: 'MAIL-TO' is no name of a variable"},
        {"CRON_TZ=Europe/Olso", "crontab:1:9: CRON_TZ: "},
        {"RANDOM_DELAY=x", "crontab:1:14: RANDOM_DELAY 'x' is no number of minutes"},
        {"SHELL=bash", "crontab:1:7: SHELL 'bash' is no absolute path"},
        {"17 * * * * root cd / && run-parts /etc/cron.hourly",
         "crontab:1:12: 'root' before the command is a user's name"},
        {"17 * * * * www-data php -q x.php", "crontab:1:12: 'www-data' before the command is a user's name"},
        {"* * * * * %hello", "crontab:1:11: nothing is left of the command before the first %"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.text);
      const auto problem = problem_of(row.text);
      CHECK_MESSAGE(problem.starts_with(row.problem), problem);
      CHECK(read_own(row.text).entries.empty());
    }
  }

  TEST_CASE("one bad line does not keep the reader from the others") {
    const auto all = read_own("0 99 * * * a\n0 9 * * * b\n@dialy c\n0 10 * * * d\n");
    CHECK(all.entries.size() == 2);
    REQUIRE(all.found.size() == 2);
    CHECK(all.found[1].line == 3);
  }

  TEST_CASE("what cron would do and Carillon does not is said, and stops nothing") {
    for (const auto* text : {"LOGNAME=other", "A=b # why", "0 9 * * * x\r"}) {
      CAPTURE(text);
      const auto all = read_own(text);
      REQUIRE(all.found.size() == 1);
      CHECK(all.found[0].warning);
    }
    CHECK(read_own("MAILTO=\"\"").found.empty());
    CHECK(read_own("0 9 * * * x\r\n").entries.front().command.shell == "x");
  }

  TEST_CASE("~ is a value that the job's id decides") {
    CHECK(schedule_in("~ 3 * * * x") == "cron ~ 3 * * *");
    CHECK(schedule_in("0~29 3 * * * x") == "cron 0~29 3 * * *");
    CHECK_FALSE(entry_of("~ 3 * * * x").wildcard);
    CHECK(entry_of("~ * * * * x").wildcard);
    const auto both = schedule_in("~ 9 */2 * mon x");
    CHECK(both == trigger{"(cron ~ 9 */2 * *) and (cron ~ 9 * * mon) within 0s"}.text());
    binding bound;
    bound.seed = seed_of("x");
    CHECK(trigger{both}.next(bound, instant{})->has_value());
  }

  TEST_CASE("a '-' before the minute keeps a job out of the log") {
    const auto entry = entry_of("-*/5 * * * * x");
    CHECK(entry.quiet);
    CHECK_FALSE(entry.command.log_output);
    CHECK(entry.when->text() == "cron */5 * * * *");
    CHECK_FALSE(entry_of("*/5 * * * * x").quiet);
  }

  TEST_CASE("what is printed is mailed to the user, or to whom MAILTO names, or to nobody") {
    const auto own = entry_of("* * * * * x").command.mail;
    REQUIRE(own);
    CHECK(own->to == std::vector<std::string>{"anna"});
    CHECK(own->if_possible);
    const auto given =
        entry_of(
            "MAILTO=root, ops@example.com\nMAILFROM=cron@example.com\nCONTENT_TYPE=text/html\n* * * * * x")
            .command;
    REQUIRE(given.mail);
    CHECK(given.mail->to == std::vector<std::string>{"root", "ops@example.com"});
    CHECK_FALSE(given.mail->if_possible);
    CHECK(given.mail->from == "cron@example.com");
    CHECK(given.mail->content_type == "text/html");
    CHECK(given.env.at("MAILTO") == "root, ops@example.com");
    CHECK_FALSE(entry_of("MAILTO=\"\"\n* * * * * x").command.mail);
    CHECK_FALSE(entry_of("MAILTO=\n* * * * * x").command.mail);
  }

  TEST_CASE("in the system's format a user stands before the command") {
    const auto all = read_system(
        "17 * * * * www-data php -q x.php\n@daily nobody  tidy\n@reboot anna up\nHOME=/srv\n* * * * * anna "
        "x\n");
    for (const auto& problem : all.found) FAIL_CHECK(problem.to_string());
    REQUIRE(all.entries.size() == 4);
    const auto& first = all.entries[0].command;
    CHECK(first.user == "www-data");
    CHECK(first.shell == "php -q x.php");
    CHECK(first.env.at("HOME") == "/var/www");
    CHECK(first.env.at("LOGNAME") == "www-data");
    CHECK(first.cwd == "/var/www");
    CHECK(first.mail->to == std::vector<std::string>{"www-data"});
    CHECK(all.entries[1].command.cwd == "/");
    CHECK(all.entries[1].command.shell == "tidy");
    CHECK(all.entries[2].at_reboot);
    CHECK(all.entries[3].command.cwd == "/srv");
  }

  TEST_CASE("one command of two users is two jobs, whose ids depend on no order") {
    const auto one = read_system("* * * * * anna x\n* * * * * nobody x\n");
    const auto two = read_system("* * * * * nobody x\n* * * * * anna x\n");
    CHECK(one.entries[0].id == two.entries[1].id);
    CHECK(one.entries[1].id == two.entries[0].id);
    CHECK(one.entries[0].id != one.entries[1].id);
  }

  TEST_CASE("a user that cannot be is told with its place") {
    const auto problem = [](const crontab& read) {
      REQUIRE(read.found.size() == 1);
      CHECK(read.entries.empty());
      return read.found.front().to_string();
    };
    CHECK(problem(read_system("0 9 * * * backup --full"))
              .starts_with("crontab:1:11: there is no user 'backup'"));
    auto numbers = surroundings();
    numbers.is_root = true;
    numbers.account = [](const std::string&) { return crontab_account{"/", "/", "bin"}; };
    CHECK(problem(read_crontab("0 0 9 * * 1 anna x", "crontab", numbers, crontab_format::system))
              .starts_with("crontab:1:11: there is no user '1'"));
    CHECK(
        problem(read_system("0 9 * * * anna")).starts_with("crontab:1:11: no command after the user 'anna'"));
    CHECK(problem(read_system("0 9 * * * www-data x", false)) ==
          "crontab:1:11: only root may run commands as 'www-data': this is anna");
    CHECK(read_system("0 9 * * * anna x", false).found.empty());
    CHECK(problem(read_crontab("0 9 * * * www-data x", "crontab", surroundings()))
              .ends_with("--system-crontab reads it; the format of a user's crontab has no such column"));
  }

  TEST_CASE("the column counts characters, not bytes") {
    CHECK(problem_of("A=ü # x\n").starts_with("crontab:1:5: warning: a comment behind a setting"));
  }
}

}  // namespace carillon::app
