#include <doctest/doctest.h>

#include <string>

#include "carillon/fire_account.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr instant account_day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
constexpr instant at(int hour, int minute = 0) {
  return account_day + std::chrono::minutes{60 * hour + minute};
}

// A job that fires each hour, looked at half past ten.
struct account_world {
  job_record job;
  std::vector<ledger_entry> entries;  // newest first
  instant now = at(10, 30);

  account_world() {
    auto definition = std::make_shared<job_definition>(
        job_definition{"report", trigger{"cron 0 * * * *"}, {}, {}, default_options(), {}, {}});
    job.definition = definition;
    job.anchor = at(0, 30);
    job.cursor = job.due = at(11);
    job.last_fire = at(10);
  }

  void write(outcome_kind kind, instant first, instant last, std::uint64_t count = 1, std::string why = {}) {
    ledger_entry entry;
    entry.number = entries.size() + 1;
    entry.result.kind = kind;
    entry.result.message = std::move(why);
    entry.first = first;
    entry.last = last;
    entry.count = count;
    entries.insert(entries.begin(), std::move(entry));
  }
  ledger_entry& run(outcome_kind kind, instant fire, std::uint32_t attempt = 1, bool final = true) {
    write(kind, fire, fire);
    auto& entry = entries.front();
    entry.run = "r-1", entry.instance = "cellar", entry.attempt = attempt, entry.fence = 17,
    entry.final = final;
    entry.due = fire, entry.started = fire + 4ms, entry.finished = fire + 2004ms;
    return entry;
  }

  fire_account ask(instant when, milliseconds grain = 1min) {
    const time_argument asked{when, grain};
    const auto fires = find_fires(job, asked, nullptr);
    REQUIRE(fires.has_value());
    return account_for({job, *fires, asked, entries, true, now, zone{}});
  }
};

bool says(const fire_account& account, std::string_view words) {
  for (const auto& sentence : account.sentences)
    if (sentence.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_SUITE("fire account") {
  TEST_CASE("a fire that ran is told with its outcome, instance, lateness and fence") {
    account_world world;
    world.run(outcome_kind::succeeded, at(9));
    const auto account = world.ask(at(9));
    CHECK(account.what == verdict::ran);
    CHECK(says(account, "it succeeded in 2 s on cellar, 4 ms late (attempt 1, run r-1, fence 17)"));
    CHECK(account.entries.size() == 1);
  }

  TEST_CASE("attempts are told in their order, and that another is to come") {
    account_world world;
    auto& failed = world.run(outcome_kind::failed, at(10), 1, false);
    failed.result.message = "exit code 75\nreading\ndisk full";
    world.job.next_waiting = at(10, 31);
    const auto account = world.ask(at(10));
    CHECK(account.what == verdict::running);
    CHECK(says(account, "exit code 75: disk full; it is tried again"));
    CHECK(says(account, "the next attempt is due at 2026-11-21 10:31:00 (in 1 min)"));
  }

  TEST_CASE("a fire that was skipped is told with the reason") {
    account_world world;
    world.write(outcome_kind::skipped, at(9), at(9), 1, "overlap");
    CHECK(world.ask(at(9)).what == verdict::skipped);
    CHECK(says(world.ask(at(9)), "it was skipped: as many runs were active as allowed (max_instances = 1)"));
    world.write(outcome_kind::skipped, at(6), at(8), 3, "paused");
    CHECK(says(world.ask(at(7)), "the job was paused"));
  }

  TEST_CASE("a missed fire names the stretch in which nobody ran") {
    account_world world;
    world.write(outcome_kind::missed, at(2), at(8), 7);
    const auto account = world.ask(at(5));
    CHECK(account.what == verdict::missed);
    CHECK(says(account, "nobody ran this job between 2026-11-21 02:00:00 and 2026-11-21 08:00:00 (7 fires)"));
    CHECK(says(account, "misfire_grace (30s)"));
  }

  TEST_CASE("a fire that another stood for names that one, and how it went") {
    account_world world;
    world.run(outcome_kind::succeeded, at(9));
    world.write(outcome_kind::coalesced, at(3), at(8), 6);
    world.entries.front().into = at(9);
    const auto account = world.ask(at(4));
    CHECK(account.what == verdict::coalesced);
    CHECK(says(account, "one run stood for all: that of 2026-11-21 09:00:00"));
    CHECK(says(account, "of that run: it succeeded"));
  }

  TEST_CASE("a lost run says what on_lost made of it") {
    account_world world;
    world.run(outcome_kind::lost, at(9));
    CHECK(world.ask(at(9)).what == verdict::lost);
    CHECK(says(world.ask(at(9)), "cellar began it and is gone"));
    CHECK(says(world.ask(at(9)), "does not run again"));
    world.entries.clear();
    world.run(outcome_kind::lost, at(9), 1, false);
    world.run(outcome_kind::succeeded, at(9), 2);
    CHECK(world.ask(at(9)).what == verdict::ran);
    CHECK(says(world.ask(at(9)), "by on_lost = \"rerun\" it runs again"));
  }

  TEST_CASE("a fire that is to come says how far off it is") {
    account_world world;
    const auto next = world.ask(at(11));
    CHECK(next.what == verdict::to_come);
    CHECK(says(next, "in 30 min: it is the next fire of this job"));
    CHECK(world.ask(at(15)).what == verdict::to_come);
    CHECK_FALSE(says(world.ask(at(15)), "next fire of"));
  }

  TEST_CASE("a fire that is to come and will not run says what holds it") {
    account_world world;
    world.job.state = job_state::paused;
    world.job.note = "month end";
    CHECK(world.ask(at(11)).what == verdict::held);
    CHECK(says(world.ask(at(11)), "the job is paused ('month end')"));
    world.job.state = job_state::active;
    world.job.skip_next = 2;
    CHECK(says(world.ask(at(12)), "it will be skipped: the next 2 fires"));
    CHECK(world.ask(at(13)).what == verdict::to_come);
  }

  TEST_CASE("a fire that is due and that nobody claimed says so") {
    account_world world;
    world.now = at(11) + 20s;
    const auto account = world.ask(at(11));
    CHECK(account.what == verdict::overdue);
    CHECK(says(account, "it has been due for 20 s, and no instance has claimed it"));
    world.now = at(11, 5);
    CHECK(says(world.ask(at(11)), "later than misfire_grace (30s)"));
  }

  TEST_CASE("a fire whose run has not ended is running") {
    account_world world;
    world.job.active = 1;
    const auto account = world.ask(at(10));
    CHECK(account.what == verdict::running);
    CHECK(says(account, "it was claimed; a run of this job is active now"));
  }

  TEST_CASE("a time at which the job does not fire names the nearest fires, and what became of them") {
    account_world world;
    world.run(outcome_kind::succeeded, at(9));
    const auto account = world.ask(at(9, 30));
    CHECK(account.what == verdict::not_a_fire);
    CHECK(says(account, "its schedule is cron 0 * * * *"));
    CHECK(says(account, "the nearest before it is 2026-11-21 09:00:00: it succeeded"));
    CHECK(says(account, "the nearest after it is 2026-11-21 10:00:00"));
  }

  TEST_CASE("who asks in another zone than the job's is told so") {
    account_world world;
    const auto other = "times here are those of UTC; in its schedule they are those of Asia/Kolkata";
    CHECK_FALSE(says(world.ask(at(9, 15)), other));
    world.job.where = zone::find("Asia/Kolkata").value();
    CHECK(says(world.ask(at(9, 15)), other));
  }

  TEST_CASE("a fire of a schedule that the job had before is told from the ledger") {
    account_world world;
    world.run(outcome_kind::succeeded, at(9, 15));
    const auto account = world.ask(at(9, 15));
    CHECK(account.what == verdict::ran);
    CHECK(says(account, "of the fire at 2026-11-21 09:15:00: it succeeded"));
    CHECK(says(account, "by the schedule it has now the job does not fire then"));
  }

  TEST_CASE("before the job was added there was no fire") {
    account_world world;
    const auto account = world.ask(at(0));
    CHECK(account.what == verdict::not_known);
    CHECK(says(account, "before that it had no fires"));
    CHECK(says(world.ask(at(0, 45)), "there is no fire before it"));
  }

  TEST_CASE("what the ledger no longer holds is said to be not known") {
    account_world world;
    const auto account = world.ask(at(3));
    CHECK(account.what == verdict::not_known);
    CHECK(says(account, "the ledger has no entry of it"));
  }

  TEST_CASE("several fires within the time that was asked for are counted, and the first is told") {
    account_world world;
    world.run(outcome_kind::succeeded, at(8));
    const auto account = world.ask(at(8), 180min);
    CHECK(says(account, "the first of 3 fires"));
    CHECK(account.what == verdict::ran);
  }

  TEST_CASE("a run beside the schedule is told beside what became of the fire") {
    account_world world;
    world.run(outcome_kind::succeeded, at(9, 30)).extra = true;
    const auto account = world.ask(at(9, 30));
    CHECK(account.what == verdict::not_a_fire);
    CHECK(
        says(account, "beside the schedule (run_now) there was a run at 2026-11-21 09:30:00: it succeeded"));
  }

  TEST_CASE("an ended job has no more fires") {
    account_world world;
    world.job.state = job_state::ended;
    world.job.cursor.reset();
    CHECK(world.ask(at(12)).what == verdict::held);
    CHECK(says(world.ask(at(12)), "it will not come: the job is ended"));
  }
}

}  // namespace carillon::app
