#include <poll.h>
#include <unistd.h>
#include <carillon/carillon.hpp>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// A program with a loop of its own: it polls its descriptors, here standard input, and the scheduler's.
int main() {
  carillon::embedded_scheduler scheduler;
  bool done = false;
  int ticks = 0;  // No lock: bodies and handlers run in run_pending(), on this thread.

  scheduler->add("tick", carillon::every(200ms), [&] { std::cout << "tick " << ++ticks << std::endl; });
  auto reminder = scheduler->once(10s, [] { std::cout << "nobody has stopped us" << std::endl; });
  const auto listening = scheduler.on(carillon::event_filter(carillon::run_ends).of_job("tick"),
                                      [&](const carillon::event&) { done = ticks >= 5; });

  pollfd watched[] = {{scheduler.descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (!done) {
    ::poll(watched, 2, -1);
    if (watched[0].revents != 0) scheduler.run_pending();
    char text[256];
    if (watched[1].revents != 0 && ::read(STDIN_FILENO, text, sizeof text) <= 0) watched[1].fd = -1;
  }
  if (reminder.cancel()) std::cout << "stopped in time" << std::endl;
  scheduler.stop();
}
