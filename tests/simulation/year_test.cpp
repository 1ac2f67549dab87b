#include <fmt/format.h>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;
using boost::asio::awaitable;

namespace {

constexpr instant new_year{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
constexpr instant next_year{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

/// One kind of job of the year.
struct kind {
  std::string id;
  std::string when;
  job_options options;
  milliseconds takes{0};         // of its body; 0: a plain call
  std::uint32_t fails_each = 0;  // every so many attempts
};

job_options with(coalesce_policy coalesce, std::optional<milliseconds> grace,
                 overlap_action on_overlap = overlap_action::skip) {
  job_options options;
  options.coalesce = coalesce;
  options.misfire_grace = grace;
  options.on_overlap = on_overlap;
  return options;
}

std::vector<kind> the_mix() {
  const auto usual = with(coalesce_policy::latest, 30s);
  auto retried = usual;
  retried.retry.attempts = 3;
  retried.retry.backoff_min = 10s;
  retried.retry.backoff_max = 5min;
  auto side_by_side = usual;
  side_by_side.max_instances = 3;
  auto timed = usual;
  timed.timeout = 5min;
  return {
      {"new york, every night in the gap", "cron 30 2 * * * in America/New_York", usual, 0s, 0},
      {"new york, every hour", "cron 0 * * * * in America/New_York", usual, 0s, 0},
      {"new york, every half hour", "cron */30 * * * * in America/New_York", usual, 0s, 0},
      {"berlin, workdays", "cron 0 9 * * mon-fri in Europe/Berlin", usual, 90s, 0},
      {"lord howe, half an hour", "cron 15 2 * * * in Australia/Lord_Howe", usual, 0s, 0},
      {"both passes", "cron 30 1 * * * in America/New_York overlap both", usual, 0s, 0},
      {"forty minutes", "every 40m", usual, 0s, 0},
      {"half an hour, catching up", "every 30m", with(coalesce_policy::all, std::nullopt), 40s, 0},
      {"an hour, earliest", "every 1h", with(coalesce_policy::earliest, 2h), 0s, 0},
      {"random gaps", "every 2h..4h", usual, 0s, 0},
      {"jitter", "every 2h jitter 10m", usual, 0s, 0},
      {"fails and is tried again", "every 3h", retried, 20s, 3},
      {"longer than its interval, skipped", "every 4h", usual, 5h, 0},
      {"longer than its interval, queued", "every 4h",
       with(coalesce_policy::latest, 30s, overlap_action::queue), 5h, 0},
      {"longer than its interval, cancelled", "every 4h",
       with(coalesce_policy::latest, 30s, overlap_action::cancel_running), 5h, 0},
      {"side by side", "every 4h", side_by_side, 9h, 0},
      {"times out", "every 6h", timed, 1h, 0},
      {"months", "every 1 months on 31 at 08:00 clamp in Europe/Berlin", usual, 0s, 0},
      {"but on holidays", "(every day at 07:00 in Europe/Berlin) except 2024-12-25, 2024-12-26", usual, 0s,
       0},
      {"a hundred times", "every 1d limit 100", usual, 0s, 0},
  };
}

/// A scheduler that lives through 2024: days on which it is frozen, jobs that people pause, skip and run by
/// hand.
struct year : scheduler_world {
  explicit year(std::vector<kind> kinds) : scheduler_world{with_ledger(), new_year}, mix{std::move(kinds)} {
    for (const auto& each : mix) add(each);
    start();
  }
  ~year() override {
    if (is_running()) stop();
  }

  static scheduler_options with_ledger() {
    scheduler_options options;
    options.ledger_size = 1'000'000;
    return options;
  }

  void add(const kind& what) {
    const auto body = [this, &what] {
      if (what.fails_each > 0 && ++attempts[what.id] % what.fails_each != 0)
        throw std::runtime_error("not this time");
    };
    if (what.takes == 0ms) {
      scheduler.add(what.id, trigger{what.when}, body, what.options);
    } else {
      scheduler.add(
          what.id, trigger{what.when},
          [this, &what, body]() -> awaitable<void> {
            co_await sleep(what.takes);
            body();
          },
          what.options);
    }
  }

  /// Time passes without anybody looking, as when the process is stopped.
  void freeze(milliseconds duration) {
    settle();
    time().advance(duration);
    settle();
  }

  void interfere(std::mt19937& random) {
    const auto& victim = mix[random() % mix.size()].id;
    switch (random() % 8) {
      case 0:
        if (wait_for(scheduler.pause(victim, "test"))) paused.insert(victim);
        break;
      case 1:
      case 2:
        for (const auto& id : std::exchange(paused, {})) {
          wait_for(scheduler.resume(id, random() % 2 ? resume_from::now : resume_from::catch_up));
        }
        break;
      case 3: wait_for(scheduler.skip_next(victim, 1 + random() % 3)); break;
      case 4: wait_for(scheduler.run_now(victim)); break;
      case 5: freeze(std::chrono::minutes{random() % 600}); break;
      case 6:
        wait_for(scheduler.pause());
        pass(std::chrono::minutes{random() % 300});
        wait_for(scheduler.resume());
        break;
      case 7: time().suspend(std::chrono::minutes{random() % 300}); break;
    }
  }

  std::vector<kind> mix;
  std::map<std::string, std::uint32_t> attempts;
  std::set<std::string> paused;
};

/// How often the ledger has spoken of each nominal time of a job.
std::map<instant, int> accounted(const std::vector<ledger_entry>& ledger, const std::string& job,
                                 const trigger& when, const binding& bound) {
  std::map<instant, int> times;
  for (const auto& entry : ledger) {
    if (entry.job != job || entry.extra || !entry.final) continue;
    auto nominal = entry.first;
    for (std::uint64_t i = 0; i < entry.count; ++i) {
      ++times[nominal];
      const auto next = when.next(bound, nominal).value();
      if (next) nominal = *next;
    }
    if (entry.count == 1) CHECK(entry.first == entry.last);
  }
  return times;
}

/// Every nominal time until `end`, by asking the trigger for one after the other.
std::vector<instant> enumerated(const trigger& when, const binding& bound, instant end) {
  std::vector<instant> all;
  for (auto at = when.first(bound, new_year).value(); at && *at < end; at = when.next(bound, *at).value()) {
    all.push_back(*at);
  }
  return all;
}

}  // namespace

TEST_SUITE("a year") {
  TEST_CASE("the ledger accounts for every nominal time, once") {
    const auto began = std::chrono::steady_clock::now();
    std::mt19937 random{2024};  // NOLINT(cert-msc51-cpp): the same year each time
    year world{the_mix()};
    while (world.now() < next_year) {
      world.pass(std::chrono::minutes{random() % (24 * 60)});
      world.interfere(random);
    }
    for (const auto& id : world.paused) world.wait_for(world.scheduler.resume(id));
    std::map<std::string, instant> ends;
    for (const auto& each : world.mix) {
      const auto record = world.wait_for(world.scheduler.get(each.id));
      REQUIRE(record.has_value());
      ends[each.id] = record->cursor.value_or(world.now());
      world.wait_for(world.scheduler.remove(each.id));  // What waits is left out, and in the ledger.
    }
    world.pass(24h);  // What runs ends.
    const auto ledger = world.ledger();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;

    using enum event_kind;
    for (const auto seen : {run_succeeded, run_failed, run_timed_out, run_cancelled, run_missed, run_skipped,
                            run_coalesced, run_queued, run_retrying, clock_stepped}) {
      CAPTURE(name(seen));
      CHECK(world.count(seen) > 10);  // Else this would not be much of a year.
    }
    std::uint64_t occurrences = 0;
    for (const auto& each : world.mix) {
      CAPTURE(each.id);
      const trigger when{each.when};
      const binding bound{seed_of(each.id), new_year, zone{}};
      const auto times = accounted(ledger, each.id, when, bound);
      const auto expected = enumerated(when, bound, ends[each.id]);
      occurrences += expected.size();
      std::size_t missing = 0, twice = 0;
      for (const auto nominal : expected) {
        const auto found = times.find(nominal);
        if (found == times.end()) ++missing;
        if (found != times.end() && found->second > 1) ++twice;
      }
      CHECK(missing == 0);
      CHECK(twice == 0);
      CHECK(times.size() == expected.size());
    }
    MESSAGE(fmt::format("a year of {} jobs, {} occurrences, in {:.2f} s", world.mix.size(), occurrences,
                        took.count()));
  }
}
