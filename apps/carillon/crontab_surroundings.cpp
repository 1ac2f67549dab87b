#include "carillon/crontab_surroundings.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <system_error>

namespace carillon::app {
namespace {

bool is_program(std::string_view word, std::string_view path) {
  if (word.find('/') != std::string_view::npos) return true;
  while (true) {
    const auto end = path.find(':');
    if (::access(fmt::format("{}/{}", path.substr(0, end), word).c_str(), X_OK) == 0) return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

std::optional<crontab_account> look_up(const std::string& name) {
  const auto* found = name.size() <= 64 ? ::getpwnam(name.c_str()) : nullptr;
  uid_t number = 0;
  const auto end = name.data() + name.size();
  const auto [stopped, wrong] = std::from_chars(name.data(), end, number);
  if (found == nullptr && wrong == std::errc{} && stopped == end) found = ::getpwuid(number);
  if (found == nullptr) return std::nullopt;
  std::error_code fault;
  const std::string home{found->pw_dir};
  return crontab_account{home, std::filesystem::is_directory(home, fault) ? home : "/", found->pw_name};
}

}  // namespace

crontab_surroundings crontab_surroundings::of_this_machine() {
  crontab_surroundings machine;
  if (const auto* me = ::getpwuid(::getuid())) {
    machine.user = me->pw_name;
    machine.home = me->pw_dir;
  }
  machine.is_root = ::geteuid() == 0;
  machine.is_user = [](std::string_view word, std::string_view path) {
    return word.size() <= 64 && ::getpwnam(std::string{word}.c_str()) != nullptr && !is_program(word, path);
  };
  machine.account = look_up;
  return machine;
}

}  // namespace carillon::app
