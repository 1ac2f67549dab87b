#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/asio.hpp>
#include <carillon/carillon.hpp>

using namespace std::chrono_literals;

void resize(carillon::run& run, std::string picture, int width) {
  run.log().info("{} to {} pixels, in process {}", picture, width, getpid());
}

void fall() { raise(SIGSEGV); }  // takes its worker with it, and nothing else

int main() {
  carillon::task_registry tasks;
  tasks.add("resize", resize);
  tasks.add("fall", fall);
  if (const auto worker = carillon::run_worker(tasks)) return *worker;  // in a worker process, that was all

  boost::asio::io_context io;
  carillon::scheduler scheduler{io};
  scheduler.tasks(tasks);
  carillon::process_executor_options options;
  options.workers = 2;
  options.memory = 1 << 30;  // bytes, of each
  options.cpu_time = 10s;    // of each run
  scheduler.executor("processes", std::make_shared<carillon::process_executor>(tasks, options));

  scheduler.add(
      carillon::job("pictures").every(1s).task("resize").args("cat.png", 640).executor("processes"));
  scheduler.add(carillon::job("mistake").every(2s).task("fall").executor("processes"));
  const auto failed = scheduler.on(mask(carillon::event_kind::run_failed), [](const carillon::event& what) {
    spdlog::warn("{} failed: {}", what.job, what.result.failure);  // mistake failed: signal:SIGSEGV
  });
  carillon::run_until_signalled(io, scheduler);
}
