#include <boost/asio.hpp>
#include <carillon/carillon.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace carillon::literals;

asio::awaitable<void> send_report(carillon::run& run, std::string team) {
  asio::steady_timer mail(co_await asio::this_coro::executor, 200ms);  // or anything else Asio can await
  co_await mail.async_wait(asio::deferred);
  run.log().info("report for {} sent, attempt {}", team, run.attempt());
}

int main() {
  asio::io_context io;
  carillon::scheduler scheduler{io};  // jobs in memory, bodies on this event loop

  scheduler.add("tick", carillon::every(1s), [](carillon::run& run) { run.log().info("tick"); });
  scheduler.add("report", "0 9 * * mon-fri"_cron.in("Europe/Oslo"), carillon::bind(send_report, "billing"));
  scheduler.add("wake-up", carillon::every().day().at("06:30"), carillon::bind(send_report, "early birds"));

  carillon::run_until_signalled(io, scheduler);  // SIGINT or SIGTERM: drain, then return
}
