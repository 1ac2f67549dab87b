#include "executor/user_account.hpp"

#include <carillon/job/outcome.hpp>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

namespace carillon {
namespace {

std::optional<uid_t> user_number(const std::string& text) {
  uid_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc{} && stopped == end ? std::optional{number} : std::nullopt;
}

// An answer of the list of users, with the room that it points into.
struct passwd_answer {
  std::vector<char> room;
  passwd entry{};
  passwd* found = nullptr;
};

// `look` is getpwnam_r or getpwuid_r; `key` what it wants.
template <typename Look, typename Key>
void look_up(passwd_answer& answer, Look look, Key key) {
  answer.room.resize(16'384);
  while (look(key, &answer.entry, answer.room.data(), answer.room.size(), &answer.found) == ERANGE &&
         answer.room.size() < (1U << 24)) {
    answer.room.resize(answer.room.size() * 2);
  }
}

user_account look_up(const std::string& name) {
  passwd_answer answer;
  look_up(answer, ::getpwnam_r, name.c_str());
  if (const auto id = user_number(name); answer.found == nullptr && id) look_up(answer, ::getpwuid_r, *id);
  if (answer.found == nullptr)
    throw failure("start", fmt::format("cannot run as {}: there is no such user here", name));
  const auto& entry = answer.entry;
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
