#include <doctest/doctest.h>
#include <carillon/event/event_bus.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace carillon;

namespace {

event of_run(event_kind kind, std::string job, std::string run = {}) {
  event what;
  what.kind = kind;
  what.job = std::move(job);
  what.run = std::move(run);
  what.instance = "here";
  return what;
}

}  // namespace

TEST_SUITE("event_filter") {
  TEST_CASE("without conditions everything is wanted, and of kinds what is of these kinds") {
    CHECK(event_filter()(of_run(event::run_lost, "a")));
    CHECK(event_filter(event::run_lost)(of_run(event::run_lost, "a")));
    CHECK_FALSE(event_filter(event::run_failed | event::run_missed)(of_run(event::run_lost, "a")));
    for (const auto kind : {event::run_succeeded, event::run_failed, event::run_timed_out,
                            event::run_cancelled, event::run_lost})
      CHECK(event_filter(run_ends)(of_run(kind, "a")));
    CHECK_FALSE(event_filter(run_ends)(of_run(event::run_skipped, "a")));
  }

  TEST_CASE("every condition must hold: job, run, instance, and what the program asks") {
    const auto what = of_run(event::run_failed, "report", "r1");
    CHECK(event_filter().of_job("report").of_run("r1").of_instance("here")(what));
    CHECK_FALSE(event_filter().of_job("other")(what));
    CHECK_FALSE(event_filter().of_job("report").of_run("r2")(what));
    CHECK_FALSE(event_filter().of_instance("there")(what));
    const auto late = [](const event& e) { return e.lateness > milliseconds{0}; };
    const auto third = [](const event& e) { return e.attempt == 3; };
    auto both = of_run(event::run_failed, "report");
    both.lateness = milliseconds{1};
    CHECK(event_filter().where(late)(both));
    CHECK_FALSE(event_filter().where(late).where(third)(both));
    both.attempt = 3;
    CHECK(event_filter().where(late).where(third)(both));
  }

  TEST_CASE("a tag is that of the job; who does not know its options has none") {
    auto what = of_run(event::run_failed, "report");
    CHECK_FALSE(event_filter().with_tag("billing")(what));
    job_options options;
    options.tags = {"nightly", "billing"};
    what.options = std::make_shared<const job_options>(options);
    CHECK(event_filter().with_tag("billing")(what));
    CHECK_FALSE(event_filter().with_tag("bill")(what));
  }

  TEST_CASE("a listener hears what its filter wants, and a filter that throws wants nothing") {
    event_bus bus;
    std::vector<std::string> heard;
    const auto place = bus.on(event_filter(event::run_failed).of_job("a"),
                              [&](const event& what) { heard.push_back(what.run); });
    const auto broken =
        bus.on(event_filter().where([](const event&) -> bool { throw std::logic_error("no"); }),
               [&](const event&) { heard.emplace_back("broken"); });
    bus.tell(of_run(event::run_failed, "a", "1"));
    bus.tell(of_run(event::run_failed, "b", "2"));
    bus.tell(of_run(event::run_lost, "a", "3"));
    CHECK(heard == std::vector<std::string>{"1"});
  }

  TEST_CASE("a listener to the next event hears the first that its filter wants, and no other") {
    event_bus bus;
    std::vector<std::string> heard;
    auto place = bus.on_next(event_filter(event::run_failed).of_job("a"),
                             [&](const event& what) { heard.push_back(what.run); });
    bus.tell(of_run(event::run_failed, "b", "1"));
    CHECK(bus.wanted(mask(event::run_failed)));
    bus.tell(of_run(event::run_failed, "a", "2"));
    CHECK_FALSE(bus.wanted(all_events));
    bus.tell(of_run(event::run_failed, "a", "3"));
    CHECK(heard == std::vector<std::string>{"2"});
    place.off();

    // From within the handler itself: it has given up its place by then.
    subscription again;
    again = bus.on_next(event::run_failed, [&](const event& what) {
      heard.push_back("again " + what.run);
      again = bus.on_next(event::run_failed, [&](const event& e) { heard.push_back("then " + e.run); });
    });
    bus.tell(of_run(event::run_failed, "a", "4"));
    bus.tell(of_run(event::run_failed, "a", "5"));
    bus.tell(of_run(event::run_failed, "a", "6"));
    CHECK(heard == std::vector<std::string>{"2", "again 4", "then 5"});
  }

  TEST_CASE("who gives up before the next event hears nothing") {
    event_bus bus;
    int calls = 0;
    {
      const auto place = bus.on_next(event::run_failed, [&](const event&) { ++calls; });
    }
    bus.tell(of_run(event::run_failed, "a"));
    CHECK(calls == 0);
  }
}
