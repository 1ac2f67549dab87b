#include "executor/child_launch.hpp"

#include <carillon/job/outcome.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/process/v2/posix/vfork_launcher.hpp>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "executor/user_account.hpp"

extern "C" char** environ;

#if defined(__SANITIZE_THREAD__)
#define CARILLON_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CARILLON_THREAD_SANITIZER 1
#endif
#endif

namespace carillon {
namespace {

namespace process = boost::process::v2;

#if defined(CARILLON_THREAD_SANITIZER)
using launcher =
    process::posix::default_launcher;  // it makes fork of vfork, and then nothing tells that exec failed
#else
using launcher =
    process::posix::vfork_launcher;  // fork copies page tables: milliseconds for a process with many jobs
#endif

// For another user: with vfork the child would share this process's memory while it is that user already.
using user_launcher = process::posix::default_launcher;

constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";

[[noreturn]] void cannot_start(const std::string& what, int error) {
  throw failure("start", fmt::format("cannot start {}: {}", what, std::generic_category().message(error)));
}

// Not one of the first three, which the child gives new meanings, even if this process has them closed.
open_file above_standard(int number, const char* what) {
  open_file file{number};
  if (number < 0) cannot_start(what, errno);
  if (number > 2) return file;
  open_file moved{::fcntl(number, F_DUPFD_CLOEXEC, 3)};
  if (moved.number() < 0) cannot_start(what, errno);
  return moved;
}

// A file in memory, not a pipe: nobody has to feed it, and a child that does not read it does no harm.
open_file input_file(const std::string& input) {
  if (input.empty()) return above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null");
  auto file = above_standard(::memfd_create("carillon-input", MFD_CLOEXEC), "its input");
  std::size_t written = 0;
  while (written < input.size()) {
    const auto some = ::write(file.number(), input.data() + written, input.size() - written);
    if (some < 0 && errno != EINTR) cannot_start("its input", errno);
    if (some > 0) written += static_cast<std::size_t>(some);
  }
  if (::lseek(file.number(), 0, SEEK_SET) < 0) cannot_start("its input", errno);
  return file;
}

std::map<std::string, std::string> environment_of(const command_line& command,
                                                  const std::optional<user_account>& account,
                                                  const std::map<std::string, std::string>& extra_env) {
  std::map<std::string, std::string> env;
  for (char** entry = command.inherit_env ? environ : nullptr; entry != nullptr && *entry != nullptr;
       ++entry) {
    const std::string_view pair{*entry};
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) env.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  if (account) {
    env["HOME"] = account->home;
    env["LOGNAME"] = env["USER"] = account->name;
    env["SHELL"] = account->shell.empty() ? "/bin/sh" : account->shell;
  }
  for (const auto& [name, value] : command.env) env[name] = value;
  for (const auto& name : command.unset) env.erase(name);
  for (const auto& [name, value] : extra_env) env[name] = value;
  return env;
}

// Keeps signal handlers of this process from running in the child, which shares its memory until it calls
// exec.
class all_signals_blocked {
 public:
  all_signals_blocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  all_signals_blocked(const all_signals_blocked&) = delete;
  all_signals_blocked& operator=(const all_signals_blocked&) = delete;
  ~all_signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// What the child does between fork and exec: system calls only.
struct child_setup {
  int input;
  int output;
  const char* cwd;              // null: where it is
  int kept_open;                // -1: nothing but the first three
  const user_account* account;  // null: as this process

  bool become_user() const {
    return account == nullptr || (::setgroups(account->groups.size(), account->groups.data()) == 0 &&
                                  ::setresgid(account->group, account->group, account->group) == 0 &&
                                  ::setresuid(account->user, account->user, account->user) == 0);
  }

  template <typename Launcher>
  boost::system::error_code on_exec_setup(Launcher&, const std::filesystem::path&, const char* const*) const {
    ::setpgid(0, 0);
    const bool done = become_user() && (cwd == nullptr || ::chdir(cwd) == 0) && ::dup2(input, 0) >= 0 &&
                      ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0 &&
                      (kept_open < 0 || ::fcntl(kept_open, F_SETFD, 0) == 0);
    const auto fault = done ? 0 : errno;
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    errno = fault;
    return {fault, boost::system::system_category()};
  }
};

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> out;
  for (const auto& text : texts) out.push_back(text.c_str());
  out.push_back(nullptr);
  return out;
}

void check_directory(const std::string& cwd) {
  struct stat found{};
  if (cwd.empty()) return;
  if (::stat(cwd.c_str(), &found) != 0) cannot_start("in " + cwd, errno);
  if (!S_ISDIR(found.st_mode)) cannot_start("in " + cwd, ENOTDIR);
}

}  // namespace

open_file& open_file::operator=(open_file&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

open_file::~open_file() {
  if (number_ >= 0) ::close(number_);
}

int open_file::release() noexcept { return std::exchange(number_, -1); }

std::string find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  for (bool more = true; more;) {
    const auto end = path.find(':');
    const auto file = fmt::format("{}/{}", path.substr(0, end), name);
    struct stat found{};
    if (file.front() == '/' && end != 0 && ::stat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
        ::access(file.c_str(), X_OK) == 0) {
      return file;
    }
    more = end != std::string_view::npos;
    path.remove_prefix(more ? end + 1 : 0);
  }
  return {};
}

namespace {

template <typename Launcher>
boost::process::v2::basic_process<boost::asio::any_io_executor> start_with(
    const boost::asio::any_io_executor& executor, const std::string& program,
    const std::vector<std::string>& words, const std::vector<std::string>& env, const child_setup& setup) {
  auto env_pointers = pointers(env);
  auto argv = pointers(words);
  Launcher start;
  start.env = env_pointers.data();
  if (setup.kept_open >= 0) start.fd_whitelist.push_back(setup.kept_open);
  boost::system::error_code fault;
  const char** all_words = argv.data();
  auto started = [&] {
    const all_signals_blocked quiet;
    return start(executor, fault, std::filesystem::path{program}, all_words, setup);
  }();
  if (fault) cannot_start(program, fault.value());
  return started;
}

// Else /dev/stdout and the like, which open them again, would be refused to the user.
void give(const open_file& file, const user_account* account) {
  if (account != nullptr) static_cast<void>(!::fchown(file.number(), account->user, account->group));
}

}  // namespace

launched_child launch(const boost::asio::any_io_executor& executor, const command_line& command,
                      const std::map<std::string, std::string>& extra_env, const child_means& means) {
  std::optional<user_account> account;
  if (!command.user.empty()) account = find_account(command.user);
  const auto env = environment_of(command, account, extra_env);
  std::vector<std::string> env_texts;
  for (const auto& [name, value] : env) env_texts.push_back(name + "=" + value);
  const auto words = command.argv.empty()
                         ? std::vector<std::string>{command.shell_program, "-c", command.shell}
                         : command.argv;
  const auto path = env.find("PATH");
  const auto program = find_program(means.program.empty() ? words.front() : means.program,
                                    path == env.end() ? default_path : path->second);
  if (program.empty())
    throw failure("start", fmt::format("cannot start {}: no such program in PATH", words.front()));
  check_directory(command.cwd);

  const auto* becomes = account && !account->is_ours() ? &*account : nullptr;
  const auto input = input_file(command.input);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) cannot_start("a pipe", errno);
  open_file unread_end{ends[0]};
  const auto written_end = above_standard(ends[1], "a pipe");
  auto read_end = above_standard(unread_end.release(), "a pipe");
  if (!command.input.empty()) give(input, becomes);
  give(written_end, becomes);

  const child_setup setup{input.number(), written_end.number(),
                          command.cwd.empty() ? nullptr : command.cwd.c_str(), means.kept_open, becomes};
  auto started = becomes == nullptr ? start_with<launcher>(executor, program, words, env_texts, setup)
                                    : start_with<user_launcher>(executor, program, words, env_texts, setup);
  return {std::move(started), std::move(read_end)};
}

}  // namespace carillon
