#include "executor/mailer.hpp"

#include <carillon/executor/command_line.hpp>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <map>
#include <utility>

#include "executor/child_process.hpp"
#include "executor/command_output.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t most_under_way = 4;
constexpr std::size_t most_waiting_bytes = 16U << 20;
constexpr auto patience = 60s;  // with one sendmail

// Sendmail runs as the user of the command, who must not read there what the environment of this process
// holds. HOME, LOGNAME, USER and SHELL of a user who is named are set when it becomes them.
std::map<std::string, std::string> small_environment(bool user_is_named) {
  std::map<std::string, std::string> env{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
  const auto keep = [&env](const char* name) {
    if (const auto* value = std::getenv(name)) env.emplace(name, value);
  };
  keep("LANG");
  if (user_is_named) return env;
  for (const auto* name : {"HOME", "LOGNAME", "USER", "SHELL"}) keep(name);
  return env;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

struct mailer::delivery {
  explicit delivery(const asio::any_io_executor& where) : too_long(where) {}
  std::string about;
  command_output said{512, 512, {}};
  std::shared_ptr<child_process> child;
  asio::steady_timer too_long;
  bool given_up = false;
};

void mailer::send(const asio::any_io_executor& where, letter what) {
  if (::access(program_.c_str(), X_OK) != 0) {
    if (what.if_possible || std::exchange(told_, true)) return;
    return complain_(
        fmt::format("there is no {}: nothing is mailed, what commands print is in this log only", program_));
  }
  told_ = false;
  if (waiting_bytes_ + what.message.size() > most_waiting_bytes) {
    if (std::exchange(told_of_full_, true)) return;
    return complain_(fmt::format("{}: {} mails wait for {}: this one and more are left out", what.about,
                                 waiting_.size(), program_));
  }
  waiting_bytes_ += what.message.size();
  waiting_.push_back(std::move(what));
  start_some(where);
}

void mailer::start_some(const asio::any_io_executor& where) {
  while (under_way_.size() < most_under_way && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.message.size();
    start(where, std::move(next));
  }
  if (waiting_.empty()) told_of_full_ = false;
  if (under_way_.empty() && idle_ != nullptr) idle_->cancel();
}

void mailer::start(const asio::any_io_executor& where, letter what) {
  auto one = std::make_shared<delivery>(where);
  one->about = what.about;
  command_line command;
  command.argv = {program_, "-i", "-t"};
  command.input = std::move(what.message);
  command.inherit_env = false;
  command.env = small_environment(!what.sender.empty());
  command.user = std::move(what.sender);
  command.cwd = "/";
  command.kill_after = 1s;
  const std::weak_ptr<delivery> weak = one;
  try {
    one->child = child_process::start(where, command, {}, [weak](std::string_view bytes) {
      if (const auto self = weak.lock()) self->said.add(bytes);
    });
  } catch (const std::exception& fault) {
    return complain_(fmt::format("{}: its output was not mailed: {}", what.about, fault.what()));
  }
  under_way_.insert(one.get());
  one->too_long.expires_after(patience);
  one->too_long.async_wait([weak](boost::system::error_code stopped) {
    const auto self = weak.lock();
    if (stopped || !self) return;
    self->given_up = true;
    self->child->stop();
  });
  one->child->async_wait([self = shared_from_this(), one](child_end end) { self->ended(one, end.status); });
}

void mailer::ended(const std::shared_ptr<delivery>& which, int status) {
  which->too_long.cancel();
  which->said.end();
  under_way_.erase(which.get());
  if (status != 0) {
    const auto why = which->given_up ? std::string{"took too long and was ended"} : how_it_ended(status);
    const auto words = which->said.tail();
    complain_(fmt::format("{}: its output was not mailed: {} {}{}", which->about, program_, why,
                          words.empty() ? "" : ": " + words));
  }
  start_some(which->too_long.get_executor());
}

asio::awaitable<void> mailer::close(std::chrono::milliseconds most) {
  const auto self = shared_from_this();
  if (under_way_.empty()) co_return;
  const auto here = co_await asio::this_coro::executor;
  asio::steady_timer idle(here, most);
  idle_ = &idle;
  boost::system::error_code woken;
  co_await idle.async_wait(asio::redirect_error(asio::deferred, woken));
  if (!under_way_.empty()) {
    give_up();
    idle.expires_after(1s);
    co_await idle.async_wait(asio::redirect_error(asio::deferred, woken));
  }
  idle_ = nullptr;
}

void mailer::give_up() {
  if (!waiting_.empty()) complain_(fmt::format("{} mails that waited were not sent", waiting_.size()));
  waiting_.clear();
  waiting_bytes_ = 0;
  for (auto* one : under_way_) {
    one->given_up = true;
    one->child->kill();
  }
}

}  // namespace carillon
