#include "executor/user_account.hpp"

#include <carillon/job/outcome.hpp>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

namespace carillon {
namespace {

user_account look_up(const std::string& name) {
  std::vector<char> room(16'384);
  passwd entry{};
  passwd* found = nullptr;
  int fault = 0;
  while ((fault = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE &&
         room.size() < (1U << 24)) {
    room.resize(room.size() * 2);
  }
  if (found == nullptr)
    throw failure("start", fmt::format("cannot run as {}: there is no such user here", name));
  return {entry.pw_name, entry.pw_dir, entry.pw_shell, entry.pw_uid, entry.pw_gid, {}};
}

// Asked of the machine before the fork: it may read files, or the network.
std::vector<gid_t> groups_of(const user_account& account) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(account.name.c_str(), account.group, groups.data(), &count) < 0 &&
         static_cast<std::size_t>(count) > groups.size()) {
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

bool user_account::is_ours() const noexcept { return user == ::geteuid() && user == ::getuid(); }

user_account find_account(const std::string& name) {
  auto account = look_up(name);
  if (account.is_ours()) return account;
  if (::geteuid() != 0) {
    const auto* me = ::getpwuid(::geteuid());
    const auto who = me == nullptr ? fmt::format("user {}", ::geteuid()) : std::string{me->pw_name};
    throw failure("start",
                  fmt::format("cannot run as {}: only root may run commands as somebody else, and this is {}",
                              name, who),
                  true);
  }
  account.groups = groups_of(account);
  return account;
}

}  // namespace carillon
