#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <carillon/http/http_executor.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

int main() {
  asio::io_context io;
  carillon::scheduler scheduler{io};
  scheduler.executor("http", std::make_shared<carillon::http_executor>());

  carillon::http_call ping;
  ping.url = "http://127.0.0.1:9000/ping";
  ping.body = {{"customer", 42}};  // beside job, run, scheduled_for, attempt, fence and instance
  ping.expect = {{200, 204}};      // else it has failed: "http:503", "connect", "tls", "timeout", …
  ping.answer_timeout = 2s;

  carillon::retry_policy patient;
  patient.attempts = 3;
  patient.only = {"connect", "http:5*"};
  scheduler.add(carillon::job("ping").every(1s).executor("http").args(ping).retry(patient));

  carillon::run_until_signalled(io, scheduler);
}
