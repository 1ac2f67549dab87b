#include <spdlog/spdlog.h>
#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <map>

using namespace std::chrono_literals;
namespace asio = boost::asio;

// What a body returns is kept as JSON: any type that Boost.JSON converts.
std::map<std::string, int> count_words(std::string text) {
  std::map<std::string, int> words;
  for (const char letter : text) ++words[letter == ' ' ? "blanks" : "letters"];
  return words;
}

// Each run goes on where the last one that succeeded has stopped.
void read_on(carillon::run& run) {
  const auto page = run.carried<int>().value_or(0) + 1;
  run.log().info("page {}", page);
  run.carry(page);
}

asio::awaitable<void> ask(carillon::scheduler& scheduler) {
  const auto ended = co_await scheduler.run_now("count", carillon::and_wait(30s));
  if (!ended) {
    spdlog::warn("it still runs");
  } else if (!ended->succeeded()) {
    spdlog::warn("it failed: {}", ended->result.message);
  } else {
    const auto words = ended->as<std::map<std::string, int>>();
    spdlog::info("{} letters, says run {}", words.at("letters"), ended->run);
  }
}

int main() {
  asio::io_context io;
  carillon::scheduler scheduler{io};
  scheduler.add("count", carillon::every(1h), carillon::bind(count_words, "all is well"));
  carillon::job_options carrying;
  carrying.carries = true;
  scheduler.add("reader", carillon::every(1s), read_on, carrying);
  asio::co_spawn(io, ask(scheduler), asio::detached);
  carillon::run_until_signalled(io, scheduler);
}
