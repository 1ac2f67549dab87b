// Before Qt, which makes a macro of the word `emit` (or with QT_NO_KEYWORDS defined).
#include <carillon/carillon.hpp>

#include <QCoreApplication>
#include <QSocketNotifier>
#include <iostream>

using namespace std::chrono_literals;

// In a Qt program the scheduler's descriptor is one more that Qt's event loop watches: bodies and handlers
// are called there, where they may touch what is Qt's.
int main(int count, char** arguments) {
  QCoreApplication application{count, arguments};
  carillon::embedded_scheduler scheduler;
  QSocketNotifier wakeup{scheduler.descriptor(), QSocketNotifier::Read};
  QObject::connect(&wakeup, &QSocketNotifier::activated, [&] { scheduler.run_pending(); });

  int ticks = 0;
  scheduler->add("tick", carillon::every(200ms), [&] { std::cout << "tick " << ++ticks << std::endl; });
  scheduler->once(1100ms, [&] { application.quit(); });
  const auto listening = scheduler.on(carillon::event::run_failed, [](const carillon::event& what) {
    std::cerr << what.job << ": " << what.result.message << std::endl;
  });

  const int result = application.exec();
  scheduler.stop();
  return ticks >= 3 ? result : 1;
}
