#include "carillon/cli_import.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <system_error>

#include "carillon/commands/command_context.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/import/import_crontab.hpp"
#include "carillon/import/import_timer.hpp"

namespace carillon::app {
namespace {

std::optional<std::string> text_of_file(const std::string& file) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  auto& in = file == "-" ? std::cin : opened;
  if (!in || (file != "-" && opened.peek() == std::ifstream::traits_type::eof() && !opened.eof()))
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> names_in_folder(const std::string& folder) {
  std::error_code fault;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at{folder, fault}, end; !fault && at != end; at.increment(fault))
    names.push_back(at->path().filename().string());
  return names;
}

// Whoever imports may not be root, and the users may be another machine's: the file says who they are.
crontab_surroundings surroundings_of_import() {
  auto machine = crontab_surroundings::of_this_machine();
  machine.is_root = true;
  machine.account = [known = machine.account](const std::string& name) {
    const auto found = known(name);
    return found ? found : std::optional{crontab_account{"/", "/"}};
  };
  return machine;
}

int print_import(const import_result& result, const import_request& request, std::ostream& out,
                 std::ostream& err) {
  if (request.json) {
    print_import_json(result, out);
  } else {
    out << result.toml;
    out.flush();
    print_report(result, err);
  }
  return result.failed ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_import(CLI::App& app, import_request& request) {
  auto* import = app.add_subcommand(
      "import", "Make a configuration file of a crontab or of systemd's timers, and tell what differs");
  import->require_subcommand(1);
  auto* crontab =
      import->add_subcommand("crontab", "Of a crontab: import crontab FILE, or - for standard input");
  crontab->add_option("FILE", request.crontab, "The crontab; -: standard input")->required()->type_name("");
  crontab->add_flag("--system", request.system, "It has a column for the user, as /etc/crontab");
  auto* timer =
      import->add_subcommand("timer", "Of timer units: import timer FILE.timer …; services lie beside them");
  timer->add_option("FILE", request.timers, "Timer units")->required()->type_name("");
}

int do_import(const CLI::App& app, const import_request& request, std::ostream& out, std::ostream& err) {
  if (app.get_subcommand("import")->got_subcommand("timer"))
    return print_import(import_timers(request.timers, {text_of_file, names_in_folder}), request, out, err);
  const auto text = text_of_file(request.crontab);
  if (!text)
    return print_failure(request.json, request.crontab + " cannot be read", {}, err), exit_code::failed;
  const auto format = request.system ? crontab_format::system : crontab_format::user;
  const auto name = request.crontab == "-" ? std::string{"standard input"} : request.crontab;
  return print_import(import_crontab(*text, name, format, surroundings_of_import()), request, out, err);
}

}  // namespace carillon::app
