#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  asio::io_context io;
  const std::string url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
  carillon::redis::link link{io, {.url = url, .name_space = "billing"}};
  carillon::scheduler scheduler{io, carillon::redis::job_store{link}};

  scheduler.add("tick", carillon::every(1s),
                [](carillon::run& run) { run.log().info("mine, with fence {}", run.fence()); });

  carillon::run_until_signalled(io, scheduler);
}
