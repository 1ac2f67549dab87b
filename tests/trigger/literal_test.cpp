#include <doctest/doctest.h>
#include <carillon/trigger/literals.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

namespace carillon {

using namespace literals;

namespace {

/// What the compiler says of a program that uses `literal`.
std::string compile(const std::string& literal) {
  const std::string source = std::string{CARILLON_LITERAL_FOLDER} + "/cron_literal.cpp";
  std::ofstream(source) << "#include <carillon/trigger/literals.hpp>\n"
                           "using namespace carillon::literals;\n"
                           "carillon::trigger fires() { return "
                        << literal << "; }\n";
  const std::string command = std::string{CARILLON_COMPILE} + " -fsyntax-only " + source + " 2>&1";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> output(popen(command.c_str(), "r"), &pclose);
  std::string text;
  char buffer[512];
  while (output && std::fgets(buffer, sizeof buffer, output.get()) != nullptr) text += buffer;
  return text;
}

void check_refused(const std::string& literal, const std::string& why) {
  const auto said = compile(literal);
  CAPTURE(literal);
  CAPTURE(said);
  CHECK(said.find("this cron literal is wrong") != std::string::npos);
  CHECK(said.find(why) != std::string::npos);
}

}  // namespace

TEST_CASE("a literal is the trigger of the same text") {
  CHECK("0 9 * * mon-fri"_cron == trigger("cron 0 9 * * mon-fri"));
  CHECK("0  9 * *\tmon-fri"_cron == trigger("cron 0 9 * * mon-fri"));
  CHECK("@daily"_cron == trigger("cron @daily"));
  CHECK("0 0 9 ? * 2#1"_quartz == trigger("quartz 0 0 9 ? * 2#1"));
  CHECK("0 9 * * mon-fri"_cron.in("Asia/Shanghai") == trigger("cron 0 9 * * mon-fri in Asia/Shanghai"));
}

TEST_CASE("a literal has been read before the program runs") {
  static_assert(detail::literal_reading<cron_dialect::crontab, "0 9 * * mon-fri">.fields.weekdays ==
                0b0111110);
  static_assert(!detail::literal_reading<cron_dialect::crontab, "0 9 30 feb *">.ok);
}

TEST_CASE("a literal that does not read stops the compiler with a sentence that names the fault") {
  CHECK(compile("\"0 9 * * mon-fri\"_cron.in(\"Asia/Shanghai\")") == "");
  check_refused("\"75 9 * * *\"_cron", "minute 75: 0 to 59");
  check_refused("\"0 75 * * *\"_cron", "hour 75: 0 to 23");
  check_refused("\"0 9 * * mno\"_cron", "did you mean mon?");
  check_refused("\"0 9 30 2 *\"_cron", "30 February never comes");
  check_refused("\"0 9 * *\"_cron", "4 fields, not 5 or 6");
  check_refused("\"0 0 9 ? * 8\"_quartz", "weekday 8: 1 to 7");
}

}  // namespace carillon
