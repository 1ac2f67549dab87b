#include <carillon/executor/command_executor.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/job/run.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <stdexcept>
#include <utility>

#include "executor/child_judgement.hpp"
#include "executor/child_process.hpp"
#include "executor/command_output.hpp"
#include "executor/mail_message.hpp"
#include "executor/mailer.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t longest_logged_line = 8192;

// With milliseconds always, so that a script can cut it at fixed places.
std::string in_milliseconds(instant time, const zone& where) {
  auto text = format_instant(time, where);
  constexpr std::size_t seconds_end = sizeof("2026-03-30T09:00:00") - 1;
  if (text.size() > seconds_end && text[seconds_end] != '.') text.insert(seconds_end, ".000");
  return text;
}

std::string user_of(const command_line& command) {
  if (!command.user.empty()) return command.user;
  const auto* me = ::getpwuid(::geteuid());
  return me == nullptr ? fmt::format("{}", ::geteuid()) : me->pw_name;
}

std::string host_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// Keeps a child in a set for as long as it runs.
class listed {
 public:
  listed(std::set<child_process*>& all, child_process* one) : all_(all), one_(one) { all_.insert(one_); }
  listed(const listed&) = delete;
  listed& operator=(const listed&) = delete;
  ~listed() { all_.erase(one_); }

 private:
  std::set<child_process*>& all_;
  child_process* one_;
};

}  // namespace

std::string command_arguments(const command_line& command) {
  return json::serialize(json::array{json::value_from(command)});
}

command_line command_of(std::string_view arguments) {
  boost::system::error_code fault;
  const auto parsed = json::parse(arguments, fault);
  if (fault || !parsed.is_array() || parsed.get_array().size() != 1) {
    throw std::invalid_argument("a command takes one argument, an object with argv or shell");
  }
  return json::value_to<command_line>(parsed.get_array().front());
}

std::map<std::string, std::string> command_variables(const run& run) {
  std::map<std::string, std::string> variables{
      {"CARILLON_JOB", run.job_id()},
      {"CARILLON_RUN", run.id()},
      {"CARILLON_SCHEDULED_FOR", in_milliseconds(run.scheduled_for(), run.where())},
      {"CARILLON_ATTEMPT", fmt::format("{}", run.attempt())},
      {"CARILLON_FENCE", fmt::format("{}", run.fence())},
      {"CARILLON_INSTANCE", run.instance()}};
  if (const auto* const followed = run.follows()) {
    variables["CARILLON_AFTER_JOB"] = followed->job;
    variables["CARILLON_AFTER_RUN"] = followed->run;
    variables["CARILLON_AFTER_OUTCOME"] = name(followed->how);
  }
  return variables;
}

std::optional<std::string> command_executor::fault_of(const job_definition& job) const {
  try {
    command_of(job.arguments);
    return std::nullopt;
  } catch (const std::exception& fault) {
    return fault.what();
  }
}

void command_executor::kill_all() noexcept {
  for (auto* child : running_) child->kill();
}

command_executor::command_executor(command_executor_options options)
    : options_(std::move(options)),
      mailer_(std::make_shared<mailer>(options_.sendmail, [log = options_.logger](const std::string& what) {
        log ? log->error("{}", what) : spdlog::error("{}", what);
      })) {}

command_executor::~command_executor() = default;

asio::awaitable<void> command_executor::close() { return mailer_->close(std::chrono::seconds{10}); }

void command_executor::mail_output(const asio::any_io_executor& here, const run& run,
                                   const command_line& command, const std::string& text) {
  letter what;
  what.message = mail_message(command, user_of(command), host_name(), text);
  what.sender = command.user;
  what.about = fmt::format("{}[{}]", run.job_id(), run.id());
  what.if_possible = command.mail->if_possible;
  mailer_->send(here, std::move(what));
}

asio::awaitable<void> command_executor::execute(run& run, const task*) {
  const auto here = co_await asio::this_coro::executor;
  const auto log = run.log();
  const auto command = command_of(run.arguments());
  command_output output{options_.tail_bytes, longest_logged_line, [&](std::string_view line) {
                          if (options_.log_output && command.log_output) log.info("{}", line);
                        }};
  mail_body mailed{command.mail ? options_.mail_bytes : 0};
  auto child = child_process::start(here, command, command_variables(run), [&](std::string_view bytes) {
    output.add(bytes);
    if (command.mail) mailed.add(bytes);
  });
  const listed here_too{running_, child.get()};
  const auto end = co_await child->async_wait();
  output.end();
  run.note(output.tail());
  if (!mailed.empty()) mail_output(here, run, command, mailed.text());
  if (run.cancel_reason() != cancel_reason::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  const auto result = judge_child(end, output.tail());
  if (result.is_failure()) throw failure(result.failure, result.message);
}

}  // namespace carillon
