#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "support/redis_server.hpp"

namespace carillon::testing {

child child::start(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto parent = getpid();
  // A signal to the child before it is the other program must not find the handlers of this one.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int pid = fork();
  if (pid != 0) pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    // Only what may be called between fork and exec.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    for (int other = 3; other < 1024; ++other) close(other);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  child started;
  started.pid_ = pid;
  return started;
}

child& child::operator=(child&& other) noexcept {
  kill();
  pid_ = std::exchange(other.pid_, -1);
  status_ = other.status_;
  return *this;
}

bool child::running() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, &status_, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void child::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void child::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
  pid_ = -1;
}

void child::terminate() {
  signal(SIGCONT);
  signal(SIGTERM);
  for (int i = 0; i < 12'000 && running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  kill();
}

}  // namespace carillon::testing
