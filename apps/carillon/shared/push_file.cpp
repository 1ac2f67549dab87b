#include "carillon/shared/push_file.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "carillon/exit_code.hpp"
#include "carillon/shared/open_files.hpp"
#include "carillon/shared/quiet_link.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

loop_awaitable<int> work_and_close(push_desk& desk,
                                   const std::function<loop_awaitable<int>(push_desk&)>& work) {
  std::exception_ptr thrown;
  int code = exit_code::failed;
  try {
    code = co_await work(desk);
  } catch (...) {
    thrown = std::current_exception();
  }
  // Also when it was told to stop.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await desk.redis.close();
  if (thrown) std::rethrow_exception(thrown);
  co_return code;
}

}  // namespace

pushes::service_keys push_desk::keys() const { return {link.options().name_space, config.options}; }

std::optional<push_config> read_push_file(const push_request& request, bool as_json, std::ostream& err) {
  std::error_code unknown;
  const bool is_folder = std::filesystem::is_directory(request.file, unknown);
  std::ifstream in{request.file, std::ios::binary};
  std::string text;
  if (!is_folder) text.assign(std::istreambuf_iterator<char>(in), {});
  if (is_folder || !in.is_open() || in.bad()) {
    diagnostic unreadable;
    unreadable.file = request.file;
    unreadable.message = std::generic_category().message(is_folder ? EISDIR : errno == 0 ? EIO : errno);
    print_diagnostics({unreadable}, as_json, err);
    return std::nullopt;
  }
  auto config = read_push_config(text, request.file);
  print_diagnostics(config.found, as_json, err);
  if (has_errors(config.found)) return std::nullopt;
  return config;
}

std::optional<std::string> fault_of_files(const push_config& config) {
  constexpr std::size_t of_others = 64;  // Redis, the log, the page, commands.
  const auto* webhook = std::get_if<pushes::webhook_options>(&config.deliver);
  return make_room_for_files(of_others + (webhook == nullptr ? 0 : webhook->connections));
}

int at_push_desk(const push_request& request, std::ostream& err,
                 const std::function<loop_awaitable<int>(push_desk&)>& work) {
  const auto config = read_push_file(request, request.json, err);
  if (!config) return exit_code::failed;
  return guarded(request.json, err, [&]() -> int {
    boost::asio::io_context io{1};
    const loop_executor where{io.get_executor()};
    redis::link link{io, quiet_options(config->store)};
    redis::client redis{link, where, "push-command"};
    push_desk desk{*config, link, redis, where};
    std::exception_ptr failure;
    int code = exit_code::failed;
    // A signal ends it in order: what a redrive has under way is given back or marked. A second one, at once.
    boost::asio::signal_set signals{io, SIGINT, SIGTERM};
    boost::asio::cancellation_signal stop;
    bool stopped = false;
    signals.async_wait([&](const boost::system::error_code& none, int) {
      if (none) return;
      stopped = true;
      signals.clear();
      stop.emit(boost::asio::cancellation_type::terminal);
    });
    auto over = [&](const std::exception_ptr& thrown, int answered) {
      failure = thrown;
      code = answered;
      signals.cancel();
    };
    boost::asio::co_spawn(where, work_and_close(desk, work),
                          boost::asio::bind_cancellation_slot(stop.slot(), over));
    io.run();
    if (stopped && failure) throw std::runtime_error("stopped by a signal: what was done until then is done");
    if (failure) std::rethrow_exception(failure);
    return code;
  });
}

}  // namespace carillon::app
