#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <iostream>

namespace asio = boost::asio;
using namespace std::chrono_literals;

void charge(carillon::run& run, std::string customer, double amount) {
  run.log().info("{} pays {:.2f}", customer, amount);
}

asio::awaitable<void> manage(carillon::scheduler& scheduler) {
  auto job = carillon::job("charge-42").every(1h).task("charge").args("customer-42", 9.99);
  co_await scheduler.put(std::move(job), carillon::on_conflict::replace);

  const auto fires = co_await scheduler.next_runs(3, "charge-42");
  for (const auto& fire : fires) {
    std::cout << fire.job << " " << carillon::format_instant(fire.at, carillon::zone{}) << "\n";
  }

  co_await scheduler.run_now("charge-42");
  co_await scheduler.skip_at("charge-42", fires[1].at);                              // this one is left out
  co_await scheduler.backfill("charge-42", scheduler.now() - 24h, scheduler.now());  // what a day has missed
  co_await scheduler.pause("charge-42", "the customer is on holiday");
  co_await scheduler.reschedule("charge-42", carillon::every(2h));
  co_await scheduler.resume("charge-42");
  co_await scheduler.print_jobs(std::cout);
  co_await scheduler.remove("charge-42");
}

int main() {
  carillon::background_scheduler background;  // a scheduler with a thread and an event loop of its own
  background->task("charge", charge);
  asio::co_spawn(asio::system_executor{}, manage(*background), asio::use_future).get();
  background.stop();
}
