#include "executor/child_judgement.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <string>
#include <utility>

namespace carillon {
namespace {

std::string signal_name(int number) {
  static constexpr std::pair<int, std::string_view> names[] = {
      {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},
      {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
      {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
      {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"},
      {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"}};
  for (const auto& [known, text] : names) {
    if (known == number) return std::string{text};
  }
  return fmt::format("{}", number);
}

outcome failed_child(std::string name, std::string summary, std::string_view tail) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.failure = std::move(name);
  result.message = std::move(summary);
  if (!tail.empty()) result.message.append("\n").append(tail);
  return result;
}

}  // namespace

outcome judge_child(const child_end& end, std::string_view tail) {
  if (WIFSIGNALED(end.status)) {
    const auto name = signal_name(WTERMSIG(end.status));
    return failed_child("signal:" + name, "ended by " + name, tail);
  }
  const auto code = WEXITSTATUS(end.status);
  if (code == 0) return {};
  return failed_child(fmt::format("exit:{}", code), fmt::format("exit code {}", code), tail);
}

}  // namespace carillon
