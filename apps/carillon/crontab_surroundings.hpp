#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/// A user, as commands of a crontab meet them.
struct crontab_account {
  std::string home;
  std::string folder;     ///< Where commands run: the home, or / if that is no folder here.
  std::string name = {};  ///< Of a user who was asked for by number, too.
};

/// What the reader of a crontab must know of the machine. The members have the values of a test;
/// `of_this_machine` asks.
struct crontab_surroundings {
  std::string user = "nobody";
  std::string home = "/";
  bool is_root = false;  ///< May run commands as any user.
  /// Whether a word before a command is a name of a user, and no program that `path` leads to.
  std::function<bool(std::string_view word, std::string_view path)> is_user = [](auto, auto) {
    return false;
  };
  /// A user of this machine, by name or by number; none if there is no such user.
  std::function<std::optional<crontab_account>(const std::string& name)> account = [](const auto&) {
    return std::optional<crontab_account>{};
  };

  static crontab_surroundings of_this_machine();
};

}  // namespace carillon::app
