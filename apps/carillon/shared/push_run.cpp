#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/system_clock.hpp>

#include <cstdlib>
#include <exception>
#include <memory>
#include <ostream>
#include <utility>

#include "carillon/exit_code.hpp"
#include "carillon/log.hpp"
#include "carillon/push_access.hpp"
#include "carillon/shared/push_file.hpp"
#include "carillon/shared/push_progress.hpp"
#include "carillon/spoken.hpp"
#include "carillon/store_session.hpp"
#include "push/metrics_text.hpp"
#include "push/page_server.hpp"
#include "push/push_service.hpp"
#include "push/webhook.hpp"

namespace carillon::app {
namespace {

namespace asio = boost::asio;

// A log for people on a terminal has a bar beneath it.
bool has_bar(const log_style& style) {
  return style.format == log_format::text && ::isatty(style.to_errors ? STDERR_FILENO : STDOUT_FILENO) != 0 &&
         ::isatty(STDERR_FILENO) != 0;
}

log_style style_of(const push_request& request, const push_config& config) {
  log_style style;
  const auto by_default = request.json ? log_format::json : log_format::text;
  style.format = request.log_format.value_or(config.log_format.value_or(by_default));
  style.level = request.log_level.value_or(config.log_level.value_or(log_level::info));
  style.to_errors = std::holds_alternative<pushes::stdout_options>(config.deliver);
  const int file = style.to_errors ? STDERR_FILENO : STDOUT_FILENO;
  style.colour =
      style.format == log_format::text && ::isatty(file) != 0 && std::getenv("NO_COLOR") == nullptr;
  style.where = config.time_zone();
  style.over_progress = has_bar(style);
  return style;
}

std::size_t columns_of_terminal() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

bool is_ignored(int signal) {
  struct sigaction how{};
  return ::sigaction(signal, nullptr, &how) == 0 && how.sa_handler == SIG_IGN;
}

// Who reads the pushes or the log may go away: then writing fails, and that is dealt with there. Not ignored,
// which commands would inherit.
void survive_broken_pipes() {
  struct sigaction how{};
  how.sa_handler = [](int) {};
  how.sa_flags = SA_RESTART;
  ::sigaction(SIGPIPE, &how, nullptr);
}

// One process of the service.
class push_daemon {
 public:
  push_daemon(const push_config& config, const log_style& style, const std::optional<std::string>& instance)
      : log_{make_log(style)},
        has_bar_{style.over_progress},
        link_{io_, link_options_of(config)},
        where_{io_.get_executor()},
        service_{io_, link_, way_of(config), options_of(config, instance)} {
    if (const auto fault = fault_of_files(config)) log_->warn("{}", *fault);
    add_fixed_work(config);
    if (!config.metrics) return;
    const auto content = [this] { return page(); };
    server_.emplace(where_, config.metrics->host, config.metrics->port, content);
    log_->info("metrics: http://{}:{}/metrics", config.metrics->host, config.metrics->port);
  }

  void run() {
    std::exception_ptr failure;
    asio::co_spawn(io_, service_.run(), [&](const std::exception_ptr& thrown) {
      failure = thrown;
      over_ = true;
      signals_.cancel();
      bar_timer_.cancel();
      close();
    });
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP);  // As nohup has it.
    asio::co_spawn(io_, obey_signals(), [](const std::exception_ptr&) {});
    if (has_bar_) asio::co_spawn(io_, draw(), [](const std::exception_ptr&) {});
    if (server_) asio::post(where_, [this] { server_->start(); });
    io_.run();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  redis::link_options link_options_of(const push_config& config) const {
    auto options = redis::parse_link_options(config.store).value();
    options.logger = log_;
    return options;
  }

  std::shared_ptr<pushes::delivery> way_of(const push_config& config) {
    auto choice = config.deliver;
    if (auto* webhook = std::get_if<pushes::webhook_options>(&choice)) webhook->logger = log_;
    if (auto* lines = std::get_if<pushes::stdout_options>(&choice)) lines->logger = log_;
    if (auto* channel = std::get_if<pushes::channel_options>(&choice)) channel->logger = log_;
    return pushes::make_delivery(choice, link_, where_);
  }

  pushes::service_options options_of(const push_config& config,
                                     const std::optional<std::string>& instance) const {
    pushes::service_options options;
    options.what = config.options;
    options.instance = instance.value_or(config.instance.value_or(""));
    options.store.lease = config.options.lease;
    options.drain = config.drain.value_or(options.drain);
    options.logger = log_;
    return options;
  }

  void add_fixed_work(const push_config& config) {
    if (config.fixed_times.empty()) return;
    if (config.fixed_command) return service_.at_fixed_times(config.fixed_times, *config.fixed_command);
    if (!config.fixed_http) return;
    pushes::webhook_options how;
    how.url = *config.fixed_http;
    how.where = config.time_zone();
    how.logger = log_;
    how.connections = 4;
    fixed_ = std::make_unique<pushes::webhook>(where_, std::move(how));
    retry_policy again;
    again.attempts = config.options.retry.attempts;
    again.backoff_min = config.options.retry.backoff_min;
    again.backoff_max = config.options.retry.backoff_max;
    const auto post = [this](carillon::run& what) { return post_fixed(what); };
    service_.at_fixed_times(config.fixed_times, post, again, pushes::fixed_work_of(*config.fixed_http));
  }

  asio::awaitable<void> post_fixed(carillon::run& what) {
    pushes::push one;
    const auto& id = what.job_id();
    one.tag = fmt::format("push/fixed{}", id.substr(id.rfind('/')));
    one.due = what.scheduled_for();
    one.attempt = what.attempt();
    one.key = pushes::idempotency_key("", one.tag, one.due);
    auto posting = fixed_->deliver(one);
    const auto outcome = co_await asio::co_spawn(where_, std::move(posting), asio::deferred);
    if (outcome.what == pushes::delivered::kind::ok) co_return;
    throw failure{"not delivered", outcome.why, outcome.what == pushes::delivered::kind::never};
  }

  asio::awaitable<void> obey_signals() {
    for (;;) {
      const auto [over, number] = co_await signals_.async_wait(asio::as_tuple(asio::deferred));
      if (over) co_return;
      const char* name = number == SIGTERM ? "SIGTERM" : number == SIGHUP ? "SIGHUP" : "SIGINT";
      // Some send it to a process and at once to its group: that is one signal.
      const auto now = std::chrono::steady_clock::now();
      if (stopping_ && now - told_to_stop_ < std::chrono::seconds{1}) continue;
      if (!stopping_) told_to_stop_ = now;
      if (std::exchange(stopping_, true)) {
        log_->error("{} again: ending at once", name);
        log_->flush();
        std::_Exit(exit_code::failed);
      }
      log_->info("{}: looking no further; what is under way may end, a second signal ends at once", name);
      service_.stop();
    }
  }

  asio::awaitable<void> draw() {
    push_progress progress;
    const system_clock time;
    bool drawn = false;
    while (!over_) {
      bar_timer_.expires_after(std::chrono::milliseconds{200});
      co_await bar_timer_.async_wait(asio::as_tuple(asio::deferred));
      if (over_) break;
      const auto figures = co_await service_.figures();
      const auto line = progress.line(figures, time.elapsed(), columns_of_terminal());
      if (line || drawn) write_bar(line.value_or(""));
      drawn = line.has_value();
    }
    if (drawn) write_bar("");
  }

  static void write_bar(const std::string& text) {
    const auto bytes = "\033[K" + text + "\r";
    if (::write(STDERR_FILENO, bytes.data(), bytes.size()) < 0) return;  // Nobody looks.
  }

  loop_awaitable<std::string> page() {
    const auto figures = co_await asio::co_spawn(io_, service_.figures(), asio::deferred);
    co_return pushes::metrics_text(figures);
  }

  void close() {
    asio::co_spawn(where_, close_all(), [](const std::exception_ptr&) {});
  }
  loop_awaitable<void> close_all() {
    if (server_) co_await server_->close();
    if (fixed_) co_await fixed_->close();
  }

  asio::io_context io_{1};
  std::shared_ptr<spdlog::logger> log_;
  bool has_bar_;
  redis::link link_;
  loop_executor where_;  // of the deliveries; one thread runs all of it
  pushes::push_service service_;
  std::unique_ptr<pushes::webhook> fixed_;
  std::optional<pushes::page_server> server_;
  asio::signal_set signals_{io_, SIGINT, SIGTERM};
  std::chrono::steady_clock::time_point told_to_stop_{};
  asio::steady_timer bar_timer_{io_};
  bool stopping_ = false;
  bool over_ = false;
};

}  // namespace

int run_push(const push_request& request, std::ostream&, std::ostream& err) {
  const bool as_json = request.json || request.log_format == log_format::json;
  const auto config = read_push_file(request, as_json, err);
  if (!config) return exit_code::failed;
  survive_broken_pipes();
  const auto style = style_of(request, *config);
  return guarded(style.format == log_format::json, err, [&]() -> int {
    push_daemon{*config, style, request.instance}.run();
    return exit_code::done;
  });
}

}  // namespace carillon::app
