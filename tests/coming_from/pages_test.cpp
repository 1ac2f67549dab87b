// The pages of docs/coming_from: what stands there as ours is compiled or run. C++ stands, but for its
// blanks, in PAGE_test.cpp, which runs it; schedules, configuration and commands are taken from the page and
// run here.
#include <doctest/doctest.h>

#include <carillon/trigger/explanation.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "coming_from/page.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/trigger_world.hpp"

namespace carillon::coming_from {

namespace {

std::string folder_of_pages() { return std::string{CARILLON_TEST_DATA} + "/../docs/coming_from"; }

std::vector<std::string> all_pages() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of_pages()))
    if (entry.path().extension() == ".md") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

/// A machine on which the program is installed, with a store: where the lines of one page are run.
class machine {
 public:
  struct answer {
    int code;
    std::string said;
  };

  /// Runs lines of the shell in the folder of the page's files.
  answer run(const std::string& lines) {
    const auto script = folder_.write("lines", lines);
    const auto program = std::filesystem::path{CARILLON_PROGRAM}.parent_path().string();
    const auto command = "cd '" + folder_.path().string() + "' && PATH='" + program +
                         "':$PATH CARILLON_STORE='" + server_.url() + "?namespace=page' TZ=UTC sh " + script +
                         " 2>&1 </dev/null";
    auto* const out = ::popen(command.c_str(), "r");
    REQUIRE(out != nullptr);
    answer got{0, {}};
    std::array<char, 4096> some{};
    for (std::size_t n = 0; (n = std::fread(some.data(), 1, some.size(), out)) > 0;)
      got.said.append(some.data(), n);
    const int status = ::pclose(out);
    got.code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    return got;
  }
  std::string write(const std::string& name, const std::string& text) { return folder_.write(name, text); }

 private:
  testing::temporary_folder folder_;
  testing::redis_server server_;
};

/// "… " in what is expected stands for anything.
bool matches(std::string_view expected, std::string_view said) {
  constexpr std::string_view anything = "…";
  const auto place = expected.find(anything);
  if (place == std::string_view::npos) return expected == said;
  if (!said.starts_with(expected.substr(0, place))) return false;
  expected.remove_prefix(place + anything.size());
  for (auto from = place; from <= said.size(); ++from)
    if (matches(expected, said.substr(from))) return true;
  return false;
}

void check_schedule(const std::string& text) {
  CAPTURE(text);
  const auto parsed = parse_trigger(text);
  REQUIRE(parsed.has_value());
  CHECK(parse_trigger(parsed->text()).value() == *parsed);
  testing::added_job job{"2026-01-01T00:00Z"};
  date_calendars calendars;
  for (const auto& name : parsed->calendars()) calendars.define(name, {std::chrono::local_days{}});
  job.bound.calendars = &calendars;
  CHECK(parsed->first(job.bound, *job.bound.anchor).value().has_value());
  CHECK(explain(*parsed, job.bound, *job.bound.anchor).sentence.size() > 8);
}

void check_command(machine& where, const std::string& line) {
  CAPTURE(line);
  const auto got = where.run("set -e\n" + line + "\n");
  CAPTURE(got.said);
  CHECK(got.code == 0);
}

/// Lines that begin with "$ " are typed, what follows is said.
void check_console(machine& where, const std::string& text) {
  std::vector<std::pair<std::string, std::string>> exchanges;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    const auto line = text.substr(from, end - from);
    if (line.starts_with("$ ")) {
      exchanges.emplace_back(line.substr(2), "");
    } else {
      REQUIRE_FALSE(exchanges.empty());
      exchanges.back().second += line + "\n";
    }
  }
  for (const auto& [typed, expected] : exchanges) {
    CAPTURE(typed);
    CAPTURE(expected);
    const auto got = where.run(typed + "\n");
    CAPTURE(got.said);
    CHECK(matches(expected, got.said));
  }
}

/// A key of a job, or of a section ("scheduler.timezone").
void check_configuration(machine& where, const std::string& text) {
  CAPTURE(text);
  const bool of_section = text.find('.') < text.find('=') || text.starts_with("defaults = ");
  const std::string any_job =
      std::string{"[[job]]\nid = \"x\"\n"} +
      (text.starts_with("schedule =") || text.starts_with("after =") ? "" : "schedule = \"every 1h\"\n");
  const auto file = of_section ? text + "\n" + any_job : any_job + text;
  const auto says = [&](std::string_view key) { return file.find(key) != std::string::npos; };
  const bool needs_command = !says("command =") && !says("shell =") && !says("http =");
  where.write("part.toml", file + (needs_command ? "\ncommand = [\"true\"]\n" : "\n"));
  const auto got = where.run("carillon run --check --store memory: part.toml\n");
  CAPTURE(got.said);
  CHECK(got.code == 0);
}

/// A block whose first line is "# NAME" is a file of that name for the commands that follow.
void check_block(machine& where, const fenced_block& block, const std::string& cpp) {
  static const std::set<std::string> theirs{"python", "java", "ini", "text"};
  CAPTURE(block.line);
  CAPTURE(block.language);
  const auto first = block.text.substr(0, block.text.find('\n'));
  if (first.starts_with("# ") && first.find(' ', 2) == std::string::npos)
    where.write(first.substr(2), block.text);
  if (block.language == "cpp") {
    CHECK_MESSAGE(cpp.find(packed(block.text)) != std::string::npos, "no test has this block");
  } else if (block.language == "toml") {
    where.write("block.toml", block.text);
    const auto got = where.run("carillon run --check --store memory: block.toml\n");
    CAPTURE(got.said);
    CHECK(got.code == 0);
  } else if (block.language == "crontab") {
    where.write("block.crontab", block.text);
    const auto got = where.run("carillon run --check --store memory: --crontab block.crontab\n");
    CAPTURE(got.said);
    CHECK(got.code == 0);
  } else if (block.language == "console") {
    check_console(where, block.text);
  } else {
    CHECK_MESSAGE(theirs.contains(block.language), "nobody knows what to do with this block");
  }
}

/// What `carillon import` makes of a line of theirs; empty: it is none.
std::string imported(machine& where, const std::string& column, const std::string& theirs) {
  const bool of_cron = column == "a line of cron" && theirs.find_first_of("*0123456789@~") == 0;
  const bool of_timer = column == "a line of a timer" && theirs.starts_with("On") && !theirs.ends_with("=") &&
                        !theirs.starts_with("OnBootSec");
  if (!of_cron && !of_timer) return {};
  where.write("their.crontab", theirs + " true\n");
  where.write("their.timer", "[Timer]\n" + theirs + "\n");
  where.write("their.service", "[Service]\nExecStart=/bin/true\n");
  const auto made = where.run(of_cron ? "carillon import crontab their.crontab 2>/dev/null"
                                      : "carillon import timer their.timer 2>/dev/null");
  CAPTURE(theirs);
  CAPTURE(made.said);
  CHECK(made.code == 0);
  const std::string key = "\nschedule = \"";
  const auto from = made.said.find(key);
  REQUIRE(from != std::string::npos);
  const auto text = made.said.substr(from + key.size());
  return text.substr(0, text.find('"'));
}

void check_row(machine& where, const table_row& row, const std::string& cpp,
               std::map<std::string, int>& seen) {
  static const std::set<std::string> known{"C++",  "schedule", "configuration", "command",
                                           "note", "here",     "page"};
  CAPTURE(row.line);
  for (auto column = row.columns.begin() + 1; column != row.columns.end(); ++column)
    CHECK_MESSAGE(known.contains(*column), "nobody knows what to do with a column " << *column);
  const auto in_cpp = code_of(row.cell("C++"));
  const auto schedules = code_of(row.cell("schedule"));
  for (const auto& snippet : in_cpp) {
    CAPTURE(snippet);
    const auto pair = schedules.empty()
                          ? packed(snippet)
                          : "same(" + packed(snippet) + ",\"" + packed(schedules.front()) + "\")";
    CHECK_MESSAGE(cpp.find(pair) != std::string::npos, "no test has: " << pair);
    ++seen["C++"];
  }
  for (const auto& text : schedules) check_schedule(text), ++seen["schedule"];
  const auto theirs = code_of(row.cells.front());
  if (!schedules.empty() && !theirs.empty()) {
    const auto made = imported(where, row.columns.front(), theirs.front());
    CAPTURE(made);
    if (!made.empty()) {
      CHECK(trigger{made}.text() == trigger{schedules.front()}.text());
      ++seen["import"];
    }
  }
  for (const auto& text : code_of(row.cell("configuration"))) {
    check_configuration(where, text), ++seen["configuration"];
  }
  for (const auto& line : code_of(row.cell("command"))) check_command(where, line), ++seen["command"];
}

}  // namespace

TEST_SUITE("coming from elsewhere") {
  TEST_CASE("each line of ours on the pages is compiled or run") {
    std::map<std::string, int> seen;
    for (const auto& name : all_pages()) {
      CAPTURE(name);
      machine where;
      const auto test = std::string{CARILLON_TEST_DATA} + "/coming_from/" + name + "_test.cpp";
      const auto cpp = std::filesystem::exists(test) ? packed(whole_file(test)) : std::string{};
      for (const auto& item : read_page(folder_of_pages() + "/" + name + ".md")) {
        if (item.what == page_item::kind::row) {
          check_row(where, item.row, cpp, seen);
        } else {
          check_block(where, item.block, cpp);
          ++seen[item.block.language];
        }
      }
    }
    // That they are found at all.
    for (const std::string kind :
         {"C++", "schedule", "configuration", "command", "import", "cpp", "console", "crontab"}) {
      CAPTURE(kind);
      CHECK(seen[kind] > 0);
    }
  }
}

}  // namespace carillon::coming_from
