#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <iostream>
#include <stdexcept>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> flaky(carillon::run& run) {
  if (run.attempt() < 3) throw carillon::failure{"not_yet", "the other side is not there"};
  run.log().info("done at the third attempt");
  co_return;
}

int main() {
  asio::io_context io;
  carillon::scheduler scheduler{io};

  carillon::job_options patient;
  patient.timeout = 10s;
  patient.retry.attempts = 5;
  patient.retry.backoff_min = 100ms;
  patient.retry.backoff_max = 2s;
  patient.pause_after = 3;
  scheduler.add("flaky", carillon::every(2s), flaky, patient);

  auto listening = scheduler.on(
      carillon::event::run_succeeded | carillon::event::run_retrying, [&](const carillon::event& what) {
        std::cout << what.job << ": " << name(what.kind) << ", attempt " << what.attempt << std::endl;
        if (what.kind == carillon::event::run_succeeded)
          scheduler.shutdown(carillon::shutdown_options{}, asio::detached);
      });

  carillon::run_until_signalled(io, scheduler);
}
