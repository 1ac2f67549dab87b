#include "carillon/store_session.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/system_clock.hpp>

#include <cctype>
#include <exception>
#include <utility>

#include "carillon/commands/next.hpp"
#include "carillon/daemon_files.hpp"
#include "carillon/declaration.hpp"
#include "carillon/exit_code.hpp"

namespace carillon::app {
namespace {

namespace asio = boost::asio;

std::shared_ptr<spdlog::logger> silent_log() {
  return std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::null_sink_mt>());
}

// One command, from the opening of its store to the end.
class session {
 public:
  session(const store_maker& make, const session_request& request, const zone& where,
          const std::shared_ptr<date_calendars>& calendars, std::ostream& out, std::ostream& err)
      : store_{make(io_)},
        operations_{io_, store_, options(where, calendars)},
        context_{operations_, *store_, operations_.now(), where, request.json, out, err, calendars} {
    operations_.executor(command_executor_name, std::make_shared<command_executor>());
    operations_.executor(http_executor_name, std::make_shared<http_executor>());
  }

  int run(const std::function<loop_awaitable<int>(command_context&)>& work) {
    asio::co_spawn(io_, operations_.run(), [this](const std::exception_ptr& thrown) {
      if (thrown) open_failure_ = thrown;
    });
    const auto strand = *operations_.get_executor().target<loop_executor>();
    asio::co_spawn(strand, begin(work), [this](const std::exception_ptr& thrown, int code) {
      failure_ = thrown;
      code_ = code;
      shutdown_options at_once;
      at_once.drain = milliseconds{0};
      operations_.shutdown(at_once, [](const std::exception_ptr&) {});
    });
    io_.run();
    if (open_failure_) std::rethrow_exception(open_failure_);
    if (failure_) std::rethrow_exception(failure_);
    return code_;
  }

 private:
  static scheduler_options options(const zone& where, std::shared_ptr<date_calendars> calendars) {
    scheduler_options made;
    made.calendars = std::move(calendars);
    made.time_zone = where;
    made.operate_only = true;
    made.logger = silent_log();
    return made;
  }

  loop_awaitable<int> begin(const std::function<loop_awaitable<int>(command_context&)>& work) {
    co_await operations_.next_runs(0);  // Waits until the store is open.
    context_.now = operations_.now();
    co_return co_await work(context_);
  }

  asio::io_context io_{1};
  std::shared_ptr<job_store> store_;
  scheduler operations_;
  command_context context_;
  std::exception_ptr open_failure_, failure_;
  int code_ = exit_code::failed;
};

// What an exception of a store means, and what to do about it.
struct store_trouble {
  std::string message;
  std::string hint;
};

std::string_view hint_on_silence(std::string_view words) {
  const auto tells = [&](std::string_view what) { return words.find(what) != std::string_view::npos; };
  if (tells("certificate verify failed"))
    return "The server's certificate must be signed by certificate_authority=FILE of the URL, else by an "
           "authority that this system trusts, and be for the URL's host, or for server_name=NAME.";
  if (tells("certificate required") || tells("handshake failure"))
    return "The server wants to see a certificate: certificate=FILE&key=FILE in the URL.";
  if (tells("the configured master"))
    return "The URL ends with the master's name; SENTINEL MASTERS tells which names its sentinels know.";
  if (tells("postgresql://") || tells("mysql://") || tells("the database"))
    return "Is the database server running there, and may this machine reach it?";
  return "Is a Redis running there, may this machine reach it, and do both speak TLS (rediss://) or neither?";
}

store_trouble trouble_of(const std::exception& fault) {
  const auto* error = dynamic_cast<const boost::system::system_error*>(&fault);
  if (error == nullptr) return {fault.what(), {}};
  auto words = words_of_store(*error);
  if (error->code() == errc::store_unreachable)
    return {"the store does not answer: " + words, std::string{hint_on_silence(words)}};
  if (error->code() == errc::store_refused) {
    const auto advice = words.find("; ");
    if (advice == std::string::npos || advice + 2 == words.size()) return {"the store refuses: " + words, {}};
    auto hint = words.substr(advice + 2);
    hint[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(hint[0])));
    return {"the store refuses: " + words.substr(0, advice), std::move(hint)};
  }
  if (error->code() == errc::unknown_calendar)
    return {"the job's schedule leaves out the dates of a calendar, which the store does not have",
            std::string{how_calendars_are_named}};
  if (error->code() == errc::no_store) return {words, std::string{how_a_store_begins}};
  if (error->code() == errc::other_store)
    return {"the store was emptied, or another has taken its place, while it was looked at", "Try again."};
  return {fault.what(), {}};
}

}  // namespace

std::string words_of_store(const boost::system::system_error& fault) {
  std::string words = fault.what();
  const auto code_words = ": " + fault.code().what();
  if (words.ends_with(code_words)) words.resize(words.size() - code_words.size());
  constexpr std::string_view not_sent = "not sent: ";
  if (words.starts_with(not_sent)) words.erase(0, not_sent.size());
  return words;
}

int guarded(bool json, std::ostream& err, const std::function<int()>& work) {
  try {
    return work();
  } catch (const wrong_argument& fault) {
    print_failure(json, fault.what(), fault.hint(), err);
    return exit_code::usage;
  } catch (const std::exception& fault) {
    const auto trouble = trouble_of(fault);
    return print_failure(json, trouble.message, trouble.hint, err);
  }
}

int guarded(const std::string& zone_name, bool json, std::ostream& err,
            const std::function<int(const zone&)>& work) {
  const auto where = zone_name.empty() ? zone::system() : zone::find(zone_name);
  if (!where) return print_parse_error(zone_name, where.error(), json, err), exit_code::usage;
  return guarded(json, err, [&] { return work(*where); });
}

int run_on_store(const store_maker& make, const session_request& request,
                 const std::function<loop_awaitable<int>(command_context&)>& work, std::ostream& out,
                 std::ostream& err) {
  return guarded(request.zone, request.json, err, [&](const zone& where) -> int {
    const auto calendars = std::make_shared<date_calendars>();
    auto plan = read_files(only_configs(request.calendars), system_clock{}.now(), crontab_surroundings{});
    for (const auto& problem : plan.found) print_failure(request.json, problem.to_string(), {}, err);
    if (has_errors(plan.found)) return exit_code::failed;
    *calendars = std::move(plan.calendars);
    try {
      session opened{make, request, where, calendars, out, err};
      return opened.run(work);
    } catch (const boost::system::system_error& fault) {
      if (!request.empty_if_none || fault.code() != errc::no_store) throw;
    }
    const store_maker in_memory = [](asio::io_context&) { return std::make_shared<memory_store>(); };
    session empty{in_memory, request, where, calendars, out, err};
    return empty.run(work);
  });
}

}  // namespace carillon::app
