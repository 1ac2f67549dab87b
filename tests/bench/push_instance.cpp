#include "push_instance.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/redis/link.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "bench.hpp"
#include "push/push_service.hpp"
#include "push/webhook.hpp"
#include "redis_instance.hpp"

namespace carillon::bench {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class null_delivery final : public pushes::delivery {
 public:
  null_delivery(asio::io_context& io, milliseconds takes) : io_{io}, takes_{takes} {}
  loop_awaitable<pushes::delivered> deliver(const pushes::push&) override {
    if (takes_ > 0ms) {
      asio::steady_timer timer{io_, takes_};
      co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
    co_return pushes::delivered();
  }
  loop_awaitable<void> check() override { co_return; }
  loop_awaitable<void> close() override { co_return; }
  std::string describe() const override { return "nowhere"; }

 private:
  asio::io_context& io_;
  milliseconds takes_;
};

std::shared_ptr<spdlog::logger> warnings_only() {
  auto quiet = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  quiet->set_level(spdlog::level::warn);
  return quiet;
}

redis::link_options link_to(std::uint16_t port) {
  redis::link_options how;
  how.url = fmt::format("redis://127.0.0.1:{}", port);
  how.name_space = push_name_space;
  how.logger = warnings_only();
  return how;
}

pushes::service_options service_for(const std::string& name) {
  pushes::service_options how;
  how.what.subscriptions = push_subscriptions;
  how.what.sent = push_sent;
  how.what.time_zone = zone{};
  how.what.lookahead = 0ms;  // Else the waiting would begin minutes before the measuring does.
  how.instance = name;
  how.logger = warnings_only();
  return how;
}

std::shared_ptr<pushes::delivery> delivery_to(const std::string& receiver, asio::io_context& io) {
  if (!receiver.starts_with("http"))
    return std::make_shared<null_delivery>(io, milliseconds{std::stoll(receiver)});
  pushes::webhook_options by;
  by.url = receiver;
  by.logger = warnings_only();
  return std::make_shared<pushes::webhook>(loop_executor{io.get_executor()}, by);
}

/// The most memory of this process that was resident at any time. (What getrusage says of it is that of the
/// program that started this one, if that was larger.)
double most_resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  double kilobytes = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kilobytes;
  }
  return kilobytes * 1024;
}

asio::awaitable<void> run_and_tell(pushes::push_service& service) {
  co_await service.run();
  const auto did = co_await service.figures();
  fmt::print("end {} {} {} {} {}\n", did.sent, did.failed,
             static_cast<double>(did.lateness.worst.count()) / 1e3, cpu_seconds(), most_resident_bytes());
}

std::vector<double> be_instance(const arguments& args) {
  asio::io_context io{1};
  redis::link link{io, link_to(static_cast<std::uint16_t>(std::stoul(args.at(0))))};
  pushes::push_service service{io, link, delivery_to(args.at(1), io),
                               service_for(fmt::format("push-{}", ::getpid()))};
  asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](const boost::system::error_code& failed, int) {
    if (!failed) service.stop();
  });
  std::exception_ptr failure;
  asio::co_spawn(io, run_and_tell(service), [&](const std::exception_ptr& why) {
    failure = why;
    signals.cancel();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return {};
}

const child_measurement instance_child{"push-instance", be_instance};

std::string words_in(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

push_process::push_process(std::uint16_t port, const std::string& receiver)
    : process_{testing::child::start({std::filesystem::read_symlink("/proc/self/exe"), "--measure",
                                      "push-instance", std::to_string(port), receiver},
                                     folder_.path() / "said")} {}

push_deeds push_process::end() {
  process_.signal(SIGTERM);
  wait_for("the end of an instance", 60s, [&] { return !process_.running(); });
  const auto said = words_in(folder_.path() / "said");
  push_deeds did;
  const auto at = said.rfind("end ");
  if (at != std::string::npos) {
    std::istringstream numbers{said.substr(at + 4)};
    if (numbers >> did.sent >> did.failed >> did.last >> did.cpu >> did.largest) return did;
  }
  throw std::runtime_error("an instance of the push service has failed: " + said);
}

receiver_process::receiver_process() {
  const auto said = folder_.path() / "said";
  process_ = testing::child::start(
      {std::filesystem::read_symlink("/proc/self/exe"), "--measure", "push-receiver"}, said);
  wait_for("the receiver", 30s, [&] { return words_in(said).ends_with('\n'); });
  url_ = fmt::format("http://127.0.0.1:{}/push", std::stoul(words_in(said)));
}

}  // namespace carillon::bench
