#include <doctest/doctest.h>
#include <fmt/format.h>
#include <cstdlib>
#include <random>
#include <set>

#include "support/cluster_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// What goes wrong in a story, beside processes that come and go.
struct trouble {
  bool links = true;        ///< Slow, lossy, cut.
  bool operations = true;   ///< Jobs are put, paused, resumed, removed, run.
  bool clocks = true;       ///< Some machines' clocks are wrong.
  int followers = 0;        ///< Jobs that run after others.
  milliseconds apart{500};  ///< Between two things at least.
};

/// What befalls a cluster, from one seed.
class story {
 public:
  story(std::uint64_t seed, trouble what) : what_{what}, random_{seed}, world{seed} {
    if (what.links) world.faults = usual_faults();
  }

  /// Jobs, then `steps` things that happen, a few seconds apart.
  void tell(int jobs, int steps) {
    for (int i = 0; i < jobs; ++i) world.add(some_job(fmt::format("job-{}", i)));
    for (int i = 0; i < what_.followers; ++i) world.add(some_follower(i, jobs));
    for (int i = 0; i < 3; ++i) start();
    go_on(steps);
  }
  void go_on(int steps) {
    for (int i = 0; i < steps; ++i) {
      world.pass(what_.apart + milliseconds{static_cast<std::int64_t>(below(5'000))});
      something();
      look_after_the_dead();
    }
  }
  observation end() { return world.end(); }
  /// The same with two fail-overs on the way, each of which loses what was done lately.
  observation tell_with_fail_overs(int jobs, int steps) {
    world.lease = 5s;  // Some lose theirs while nobody answers, with bodies that still run.
    world.shared.replicate(2);
    tell(jobs, steps);
    for (int times = 0; times < 2; ++times) {
      world.fail_over(milliseconds{static_cast<std::int64_t>(below(2'500))},
                      milliseconds{static_cast<std::int64_t>(below(8'000))});
      go_on(steps);
    }
    return end();
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

  static link_faults usual_faults() {
    link_faults faults;
    faults.least = 1ms;
    faults.most = 4ms;
    faults.slow_percent = 1;
    faults.slowest = 1'500ms;
    faults.lost_requests = 1;
    faults.lost_answers = 1;
    faults.lost_notices = 2;
    return faults;
  }

  job_definition some_job(std::string id) {
    job_options options;
    options.max_instances = static_cast<std::uint32_t>(1 + below(3));
    options.on_overlap =
        std::array{overlap_action::skip, overlap_action::queue, overlap_action::cancel_running}[below(3)];
    options.queue_limit = static_cast<std::uint32_t>(1 + below(2));
    options.coalesce =
        std::array{coalesce_policy::latest, coalesce_policy::earliest, coalesce_policy::all}[below(3)];
    options.misfire_grace = std::array<std::optional<milliseconds>, 3>{std::nullopt, 5s, 30s}[below(3)];
    options.retry.attempts = static_cast<std::uint32_t>(1 + below(3));
    options.retry.backoff_min = 500ms;
    options.retry.backoff_max = 2s;
    options.on_lost = chance(50) ? lost_action::rerun : lost_action::skip;
    options.keep = true;
    const auto task = std::array{"quick", "quick", "slow", "flaky"}[below(4)];
    const auto when = chance(8) ? std::string{"every 3s fixed_delay"}
                                : fmt::format("every {}ms", std::array{700, 1'000, 2'000, 3'000}[below(4)]);
    job_definition job{std::move(id), trigger{when}, {}, {}, intern(options), {}, {}};
    job.task = std::string_view{task};
    return job;
  }

  /// After some job, or two, or another follower.
  job_definition some_follower(int number, int jobs) {
    auto job = some_job(fmt::format("follower-{}", number));
    const auto some_end = [&] {
      return std::array{on_end::success, on_end::failure, on_end::either}[below(3)];
    };
    const auto above = fmt::format("job-{}", below(static_cast<std::uint64_t>(jobs)));
    job.when = after(above, some_end());
    if (chance(30)) job.when = job.when || after(fmt::format("job-{}", jobs + 1 + number), some_end());
    if (chance(30) && number > 0)
      job.when = job.when ||
                 after(fmt::format("follower-{}", below(static_cast<std::uint64_t>(number))), some_end());
    if (chance(20)) job.when = job.when || trigger{"every 3s"};
    return job;
  }

  void start() {
    const auto ahead =
        what_.clocks && chance(30) ? milliseconds{static_cast<std::int64_t>(below(7'200'000))} - 1h : 0ms;
    world.start(ahead);
  }

  simulated_process* somebody() {
    const auto all = world.alive();
    return all.empty() ? nullptr : all[below(all.size())];
  }

  void something() {
    for (auto& [at, wake] : std::exchange(later_, {})) {
      if (at <= world.now()) {
        wake();
      } else {
        later_.emplace_back(at, std::move(wake));
      }
    }
    const auto moves = [](const simulated_process* each) { return !each->frozen && !each->blocked; };
    const auto all = world.alive();
    if (std::ranges::count_if(all, moves) < 2) return start();
    auto& who = *somebody();
    const auto lease = std::chrono::microseconds{world.lease};
    const auto in = [&](std::uint64_t percent) {
      return world.now() + lease * static_cast<int>(1 + below(percent)) / 100;
    };
    switch (below(what_.links ? 12 : 8)) {
      case 0: return world.alive().size() < 5 ? start() : void();
      case 1: return world.stop(who, milliseconds{static_cast<std::int64_t>(below(6'000))});
      case 2:
      case 3:
        world.freeze(who, true);
        later_.emplace_back(in(250), [this, &who] {
          if (!who.dead) world.thaw(who);
        });
        return;
      case 4:
        world.freeze(who, false);
        later_.emplace_back(in(150), [this, &who] {
          if (!who.dead) world.thaw(who);
        });
        return;
      case 5: return world.kill(who);
      case 6:
      case 7: return what_.operations ? operate(who) : void();
      case 8:
      case 9:
        who.link.cut();
        later_.emplace_back(in(200), [&who] {
          if (!who.dead) who.link.mend();
        });
        return;
      default:
        who.link.faults().lost_requests = who.link.faults().lost_answers = static_cast<int>(below(30));
        who.link.faults().slow_percent = static_cast<int>(below(20));
        later_.emplace_back(in(200), [&who] { who.link.faults() = usual_faults(); });
    }
  }

  void operate(simulated_process& who) {
    if (who.frozen || who.blocked) return;
    auto& scheduler = *who.scheduler;
    const auto id = fmt::format("job-{}", below(20));
    const auto nothing = [](const std::exception_ptr&, auto&&...) {};
    switch (below(6)) {
      case 0: scheduler.put(some_job(fmt::format("put-{}", ++put_)), on_conflict::refuse, nothing); break;
      case 1: scheduler.pause(id, "for a while", nothing); break;
      case 2:
      case 3: scheduler.resume(id, chance(50) ? resume_from::now : resume_from::catch_up, nothing); break;
      case 4: scheduler.run_now(id, nothing); break;
      default:
        scheduler.remove(fmt::format("put-{}", 1 + below(static_cast<std::uint64_t>(put_ + 1))), nothing);
    }
  }

  /// What was killed is taken down when nobody can be misled by it any more.
  void look_after_the_dead() {
    for (const auto& each : world.processes) {
      const bool long_ago =
          each->dead && !each->stopping && world.now() - *each->life.ended > world.lease * 3;
      if (long_ago) world.bury(*each);
    }
  }

  trouble what_;
  std::mt19937_64 random_;
  std::vector<std::pair<shared_time, std::function<void()>>> later_;
  int put_ = 0;

 public:
  cluster_world world;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::uint64_t occurrences_in(const observation& seen) {
  std::uint64_t count = 0;
  for (const auto& entry : seen.ledger) count += entry.final ? entry.count : 0;
  return count;
}

}  // namespace

namespace {

#ifdef NDEBUG
constexpr std::uint64_t usual_seeds = 84;
#else
constexpr std::uint64_t usual_seeds = 2;  // With assertions, perhaps under a sanitizer.
#endif

/// How large a story is; more by hand, by the environment.
struct scale {
  std::uint64_t seed = number_from("CARILLON_SIMULATION_SEED", 1);
  std::uint64_t seeds = number_from("CARILLON_SIMULATION_SEEDS", usual_seeds);
  int jobs = static_cast<int>(number_from("CARILLON_SIMULATION_JOBS", 100));
  int steps = static_cast<int>(number_from("CARILLON_SIMULATION_STEPS", 40));
};

constexpr check_options after_fail_overs{.writes_were_lost = true};

/// After a change of a job what has come back counts as meant.
trouble nobody_changes_jobs() {
  trouble what;
  what.operations = false;
  return what;
}

/// How late a fire of a job that never finds its place taken was at most.
milliseconds latest_start(const observation& seen) {
  std::set<std::string> simple;
  for (const auto& job : seen.jobs) {
    const auto& definition = *job.record.definition;
    const bool forgiving = !definition.options->misfire_grace;
    const bool first_come = definition.options->on_overlap == overlap_action::skip;
    if (definition.task == "quick" && first_come && forgiving && !definition.when.fixed_delay()) {
      simple.insert(definition.id);
    }
  }
  milliseconds latest{0};
  for (const auto& entry : seen.ledger) {
    const bool counts = simple.contains(entry.job) && entry.attempt == 1 && !entry.extra && entry.started;
    if (counts) latest = std::max(latest, *entry.started - *entry.due);
  }
  return latest;
}

/// Whether the checker finds anything in a story that is told with `break_it` having been done to its world.
std::vector<finding> findings_with(const std::function<void(cluster_world&)>& break_it, std::uint64_t seed) {
  trouble what;
  what.operations = what.clocks = false;
  what.followers = 10;
  story told(seed, what);
  break_it(told.world);
  told.tell(30, 25);
  return check(told.end());
}

/// The rules that are found to be broken within some seeds.
std::set<std::string> caught(const std::function<void(cluster_world&)>& break_it) {
  std::set<std::string> rules;
  for (std::uint64_t seed = 1; seed <= 6 && rules.empty(); ++seed) {
    for (const auto& each : findings_with(break_it, seed)) rules.insert(each.rule);
  }
  return rules;
}

}  // namespace

TEST_SUITE("cluster") {
  TEST_CASE("whatever befalls the instances and their links, each occurrence is fired once") {
    const scale how;
    std::uint64_t occurrences = 0, ran = 0, lives = 0;
    for (auto seed = how.seed; seed < how.seed + how.seeds; ++seed) {
      CAPTURE(seed);
      story what(seed, {});
      what.tell(how.jobs, how.steps);
      const auto seen = what.end();
      occurrences += occurrences_in(seen);
      ran += seen.marks.size() / 2;
      lives += seen.lives.size();
      const auto findings = check(seen);
      CHECK_MESSAGE(findings.empty(), report(seen, findings));
      if (!findings.empty()) break;
    }
    MESSAGE(occurrences, " occurrences, ", ran, " runs, ", lives, " processes, ", how.seeds, " seeds");
  }

  TEST_CASE("whatever befalls the instances and their links, each end is followed once") {
    const scale how;
    std::uint64_t followed = 0, ran = 0;
    trouble with_followers;
    with_followers.followers = 30;
    for (auto seed = how.seed; seed < how.seed + how.seeds / 3 + 1; ++seed) {
      CAPTURE(seed);
      story what(seed, with_followers);
      what.tell(30, how.steps);
      const auto seen = what.end();
      for (const auto& entry : seen.ledger) {
        followed += entry.follows && entry.final ? 1U : 0U;
        ran += entry.follows && entry.final && !entry.run.empty() ? 1U : 0U;
      }
      const auto findings = check(seen);
      CHECK_MESSAGE(findings.empty(), report(seen, findings));
      if (!findings.empty()) break;
    }
    CHECK(ran > 0);
    MESSAGE(followed, " ends were followed, by ", ran, " runs");
  }

  TEST_CASE("after a fail-over that loses what was acknowledged, no instance runs again what it ran") {
    const scale how;
    std::uint64_t came_back = 0, went_on = 0;
    for (auto seed = how.seed; seed < how.seed + how.seeds / 6 + 1; ++seed) {
      CAPTURE(seed);
      story what(seed, nobody_changes_jobs());
      const auto seen = what.tell_with_fail_overs(60, 12);
      const auto findings = check(seen, after_fail_overs);
      CHECK_MESSAGE(findings.empty(), report(seen, findings));
      for (const auto& entry : seen.ledger) came_back += entry.result.message == "already ran" ? 1U : 0U;
      for (const auto& line : what.world.log->lines)
        went_on += line.find("goes on as run") != std::string::npos ? 1U : 0U;
    }
    CHECK(came_back > 0);
    if (how.seeds >= 84) CHECK(went_on > 0);  // It is rare.
    MESSAGE(came_back, " runs came back to who had run them, ", went_on, " to who still ran them");
  }

  TEST_CASE("the same seed is the same story") {
    const auto marks = [] {
      story what(7, {});
      what.tell(20, 12);
      std::vector<std::string> lines;
      for (const auto& mark : what.end().marks) {
        lines.push_back(fmt::format("{} {} {} {} {} {}", mark.at.count(), mark.job, mark.instance,
                                    mark.occurrence.time_since_epoch().count(), mark.fence, mark.how));
      }
      return lines;
    };
    const auto once = marks();
    CHECK(once.size() > 100);
    CHECK(once == marks());
  }

  TEST_CASE("with links that work, no fire is later than a lease and a heartbeat, whoever dies") {
    trouble none;
    none.links = none.clocks = none.operations = false;
    none.apart = 25s;  // One thing at a time.
    milliseconds latest{0};
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(seed);
      story what(seed, none);
      what.tell(30, 12);
      const auto seen = what.end();
      const auto findings = check(seen);
      CHECK_MESSAGE(findings.empty(), report(seen, findings));
      latest = std::max(latest, latest_start(seen));
      CHECK(latest <= what.world.lease + what.world.lease / 3 + 1s);
    }
    CHECK(latest > 1s);  // Somebody had to take over.
  }
}

// The protocol broken on purpose: that nothing is found above means something only if these are. To a
// sanitizer they are no news.
TEST_SUITE("cluster mutants") {
  TEST_CASE("a claim that does not compare the cursor is caught") {
    const auto rules = caught([](cluster_world& world) {
      world.shared.broken.any_cursor = true;
      world.remembered = 0;  // Instances would notice themselves that they have run it.
    });
    CHECK(rules.contains("run twice"));
  }

  TEST_CASE("an instance that does not remember what it ran is caught after a fail-over") {
    std::set<std::string> rules;
    for (std::uint64_t seed = 1; seed <= 6 && rules.empty(); ++seed) {
      story what(seed, nobody_changes_jobs());
      what.world.remembered = 0;
      for (const auto& each : check(what.tell_with_fail_overs(60, 12), after_fail_overs))
        rules.insert(each.rule);
    }
    CHECK(rules.contains("run twice"));
  }

  TEST_CASE("a finish that does not compare the fence is caught") {
    const auto rules = caught([](cluster_world& world) { world.shared.broken.any_fence = true; });
    CHECK_FALSE(rules.empty());
  }

  TEST_CASE("ends of which followers are told again and again are caught") {
    const auto rules = caught([](cluster_world& world) { world.shared.broken.any_end = true; });
    CHECK(rules.contains("followed otherwise than once"));
  }

  TEST_CASE("an instance that does not notice the loss of its lease is caught") {
    const auto rules = caught([](cluster_world& world) {
      world.shared.broken.nobody_leaves = true;
      world.forgetful = true;
    });
    CHECK_FALSE(rules.empty());
  }

  TEST_CASE("without anything broken, the same stories have nothing to be found") {
    CHECK(caught([](cluster_world&) {}).empty());
  }
}
