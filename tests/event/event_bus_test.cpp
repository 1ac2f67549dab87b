#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <carillon/event/event_bus.hpp>

#include <algorithm>
#include <atomic>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using carillon::event;
using carillon::event_bus;
using carillon::event_kind;
using carillon::subscription;

namespace {

event happened(event_kind kind) {
  event what;
  what.kind = kind;
  return what;
}

}  // namespace

TEST_SUITE("event_bus") {
  TEST_CASE("a listener hears the kinds it named, and no other") {
    event_bus bus;
    std::vector<std::string> heard;
    const auto place = bus.on(event::run_failed | event::run_missed,
                              [&](const event& what) { heard.emplace_back(name(what.kind)); });
    for (const auto kind : {event::run_started, event::run_failed, event::run_succeeded, event::run_missed})
      bus.tell(happened(kind));
    CHECK(heard == std::vector<std::string>{"run_failed", "run_missed"});
  }

  TEST_CASE("an event is wanted while somebody listens to its kind") {
    event_bus bus;
    const auto failed = mask(event::run_failed);
    CHECK_FALSE(bus.wanted(carillon::all_events));
    auto one = bus.on(event::run_failed, [](const event&) {});
    auto other = bus.on(event::run_failed | event::run_lost, [](const event&) {});
    CHECK(bus.wanted(failed));
    CHECK_FALSE(bus.wanted(mask(event::run_started)));
    other.off();
    CHECK(bus.wanted(failed));
    CHECK_FALSE(bus.wanted(mask(event::run_lost)));
    one.off();
    CHECK_FALSE(bus.wanted(failed));
  }

  TEST_CASE("a subscription ends with its object, by off, or when another is put in its place") {
    event_bus bus;
    int first = 0, second = 0;
    {
      auto place = bus.on(event::run_started, [&](const event&) { ++first; });
      bus.tell(happened(event::run_started));
      place = bus.on(event::run_started, [&](const event&) { ++second; });
      bus.tell(happened(event::run_started));
      auto moved = std::move(place);
      place.off();
      bus.tell(happened(event::run_started));
      moved.off();
      moved.off();
      bus.tell(happened(event::run_started));
    }
    CHECK(first == 1);
    CHECK(second == 2);
    {
      const auto place = bus.on(event::run_started, [&](const event&) { ++first; });
    }
    bus.tell(happened(event::run_started));
    CHECK(first == 1);
  }

  TEST_CASE("a subscription that is kept stays as long as the bus") {
    event_bus bus;
    int calls = 0;
    bus.on(event::run_started, [&](const event&) { ++calls; }).keep();
    bus.tell(happened(event::run_started));
    CHECK(calls == 1);
  }

  TEST_CASE("a subscription may outlive its bus") {
    subscription place;
    {
      event_bus bus;
      place = bus.on(event::run_started, [](const event&) {});
    }
    place.off();
  }

  TEST_CASE("a handler that throws is logged, and the others are still called") {
    std::ostringstream lines;
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(lines);
    auto log = std::make_shared<spdlog::logger>("test", sink);
    log->set_pattern("%l %v");
    event_bus bus{log};
    int calls = 0;
    const auto bad = bus.on(event::run_failed, [](const event&) { throw std::runtime_error("out of ink"); });
    const auto worse = bus.on(event::run_failed, [](const event&) { throw 7; });
    const auto good = bus.on(event::run_failed, [&](const event&) { ++calls; });
    bus.tell(happened(event::run_failed));
    CHECK(calls == 1);
    CHECK(lines.str() ==
          "error a listener to run_failed failed: out of ink\n"
          "error a listener to run_failed failed: something that is no std::exception was thrown\n");
  }

  TEST_CASE("listeners may come and go while an event is told") {
    event_bus bus;
    std::vector<std::string> heard;
    subscription late, second;
    auto first = bus.on(event::run_started, [&](const event&) {
      heard.emplace_back("first");
      second.off();
      late = bus.on(event::run_started, [&](const event&) { heard.emplace_back("late"); });
    });
    second = bus.on(event::run_started, [&](const event&) { heard.emplace_back("second"); });
    bus.tell(happened(event::run_started));
    CHECK(heard == std::vector<std::string>{"first"});
    first.off();
    bus.tell(happened(event::run_started));
    CHECK(heard == std::vector<std::string>{"first", "late"});
  }

  TEST_CASE("a listener may end itself") {
    event_bus bus;
    int calls = 0;
    subscription place;
    place = bus.on(event::run_started, [&, held = std::string(100, 'x')](const event&) {
      place.off();
      calls += held.size() == 100;
    });
    bus.tell(happened(event::run_started));
    bus.tell(happened(event::run_started));
    CHECK(calls == 1);
  }

  TEST_CASE("listeners may come and go on other threads while events are told") {
    event_bus bus;
    std::atomic<bool> done = false;
    std::atomic<int> calls = 0;
    std::thread other{[&] {
      for (int i = 0; i < 1'000; ++i) auto place = bus.on(event::run_started, [&](const event&) { ++calls; });
      done = true;
    }};
    while (!done) bus.tell(happened(event::run_started));
    other.join();
    const auto counted = calls.load();
    bus.tell(happened(event::run_started));
    CHECK(calls == counted);
  }

  TEST_CASE("every kind of event has a name of its own") {
    std::set<std::string_view> names;
    const std::vector<int> unused{31, 46};
    for (int bit = 0; bit <= 46; ++bit) {
      const auto kind = static_cast<event_kind>(1ull << bit);
      CAPTURE(bit);
      const bool is_unused = std::find(unused.begin(), unused.end(), bit) != unused.end();
      CHECK((name(kind) == "unknown") == is_unused);
      if (!is_unused) CHECK(names.insert(name(kind)).second);
    }
    CHECK(name(event::run_coalesced) == "run_coalesced");
  }
}
