#include "support/cluster_world.hpp"

#include <xxhash.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <carillon/trigger/trigger.hpp>

namespace carillon::testing {

namespace {

using boost::asio::awaitable;

/// What is random in what a body does, but the same for the same attempt.
std::uint64_t dice_of(const run& r) {
  return XXH64(r.job_id().data(), r.job_id().size(),
               static_cast<std::uint64_t>(r.scheduled_for().time_since_epoch().count()) * 31 + r.attempt());
}

void ignore(const std::exception_ptr&) {}

}  // namespace

simulated_process::simulated_process(std::string name_, simulated_network& network, simulated_store& shared,
                                     std::shared_ptr<forgetful_clock> time_,
                                     shared_store_options store_options, std::uint64_t seed,
                                     link_faults faults)
    : name{std::move(name_)}, time{std::move(time_)}, link{network, seed, faults} {
  store = shared.store_through(link, boost::asio::make_strand(member_io), time, std::move(store_options));
  life.instance = name;
}

std::size_t simulated_process::poll() {
  if (frozen) return 0;
  return member_io.poll() + (blocked ? 0 : io.poll());
}

cluster_world::cluster_world(std::uint64_t seed, std::uint32_t partitions)
    : logger{std::make_shared<spdlog::logger>("cluster", log)}, seed_{seed} {
  shared.create(partitions);
}

cluster_world::~cluster_world() = default;

simulated_process& cluster_world::start(milliseconds ahead) {
  ++started_;
  auto time = std::make_shared<forgetful_clock>(sim.clock(), ahead);
  shared_store_options store_options;
  store_options.lease = lease;
  store_options.remembered = remembered;
  store_options.logger = logger;
  store_options.host = "simulated";
  store_options.seed = seed_ * 1'000 + static_cast<std::uint64_t>(started_);
  auto& made = *processes.emplace_back(
      std::make_unique<simulated_process>("i" + std::to_string(started_), network, shared, std::move(time),
                                          store_options, store_options.seed * 7 + 1, faults));
  scheduler_options options;
  options.instance = made.name;
  options.clock = made.time;
  options.logger = logger;
  options.time_zone = zone{};
  made.scheduler = std::make_unique<carillon::scheduler>(made.io, made.store, options);
  add_bodies(made);
  boost::asio::co_spawn(made.io, made.scheduler->run(),
                        [&made](const std::exception_ptr&) { made.over = true; });
  settle();
  return made;
}

void cluster_world::add_bodies(simulated_process& who) {
  who.scheduler->task("quick", [this, &who](run& r) {
    mark(who, r, body_mark::kind::began);
    mark(who, r, body_mark::kind::ended, "ok");
  });
  who.scheduler->task("slow", [this, &who](run& r) { return slow_body(who, r); });
  who.scheduler->task("flaky", [this, &who](run& r) {
    mark(who, r, body_mark::kind::began);
    const bool fails = dice_of(r) % 3 == 0;
    mark(who, r, body_mark::kind::ended, fails ? "failed" : "ok");
    if (fails) throw std::runtime_error("no luck");
  });
}

/// Works for up to four seconds in which its process moves, unless it is told to stop.
awaitable<void> cluster_world::slow_body(simulated_process& who, run& r) {
  mark(who, r, body_mark::kind::began);
  bool cancelled = false;
  {
    wall_timer bell{*sim.clock(), boost::asio::make_strand(who.io)};
    for (auto steps = dice_of(r) % 9; steps > 0 && !cancelled; --steps) {
      bell.set(sim.now() + milliseconds{500});
      co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      cancelled = state.cancelled() != boost::asio::cancellation_type::none;
    }
  }
  mark(who, r, body_mark::kind::ended, std::string{cancelled ? name(r.cancel_reason()) : "ok"});
  if (cancelled) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

void cluster_world::mark(simulated_process& who, const run& r, body_mark::kind what, std::string how) {
  if (who.dead) return;
  seen.marks.push_back(
      {what, r.job_id(), r.id(), who.name, r.scheduled_for(), r.attempt(), r.fence(), now(), std::move(how)});
}

void cluster_world::stop(simulated_process& who, milliseconds drain) {
  if (std::exchange(who.stopping, true)) return;
  thaw(who);
  shutdown_options how;
  how.drain = drain;
  who.scheduler->shutdown(how, &ignore);
  settle();
}

void cluster_world::freeze(simulated_process& who, bool all_of_it) {
  if (who.frozen || who.blocked) return;
  (all_of_it ? who.frozen : who.blocked) = true;
  who.since = now();
}

void cluster_world::thaw(simulated_process& who) {
  if (!who.frozen && !who.blocked) return;
  if (!who.dead) who.life.frozen.emplace_back(who.since, now());
  if (forgetful && who.frozen) who.time->stopped += now() - who.since;
  who.frozen = who.blocked = false;
  settle();
}

void cluster_world::kill(simulated_process& who) {
  if (who.frozen || who.blocked) who.life.frozen.emplace_back(who.since, now());
  who.frozen = true;
  who.blocked = false;
  who.dead = true;
  who.link.cut();
  who.life.ended = now();
}

void cluster_world::bury(simulated_process& who) {
  who.frozen = false;
  settle();
  stop(who, milliseconds{0});
}

std::vector<simulated_process*> cluster_world::alive() const {
  std::vector<simulated_process*> all;
  for (const auto& each : processes) {
    if (!each->dead && !each->stopping) all.push_back(each.get());
  }
  return all;
}

void cluster_world::settle() {
  for (bool moved = true; moved;) {
    sim.io.restart();
    moved = sim.io.poll() > 0;
    for (const auto& each : processes) moved = each->poll() > 0 || moved;
  }
}

void cluster_world::pass(milliseconds duration) {
  const auto end = sim.now() + duration;
  auto& time = sim.time();
  for (settle(); time.next_alarm() && *time.next_alarm() <= end; settle())
    time.advance_to(*time.next_alarm());
  time.advance_to(end);
  settle();
}

void cluster_world::fail_over(milliseconds lost, milliseconds outage) {
  const auto all = alive();
  for (auto* each : all) each->link.cut();
  shared.fail_over(lost);
  pass(outage);
  for (auto* each : all) {
    if (!each->dead) each->link.mend();
  }
}

void cluster_world::add(job_definition job) {
  job_record record;
  record.definition = std::make_shared<const job_definition>(std::move(job));
  record.anchor = sim.now();
  const auto first = record.definition->when.first(record.bound(), sim.now()).value();
  record.cursor = first;
  record.due = first.value_or(instant{});
  shared.add(std::move(record));
}

void cluster_world::note_job(const job_record& record, std::optional<instant> through) {
  checked_job job;
  job.record = record;
  job.through = through;
  seen.jobs.push_back(std::move(job));
}

observation cluster_world::end() {
  for (const auto& each : processes) {
    if (each->dead) continue;
    thaw(*each);
    each->link.mend();
    each->link.faults() = {};
  }
  for (const auto& each : processes) {
    if (each->dead && !each->stopping) bury(*each);
  }
  if (alive().empty()) start();
  pass(lease * 4);
  constexpr instant never = latest_instant - std::chrono::hours{24};
  std::vector<job_record> jobs;
  shared.jobs().visit_jobs([&](const memory_job& job) { jobs.push_back(job.record()); });
  for (const auto& record : jobs) {
    note_job(record, record.last_fire.value_or(*record.anchor));
    job_change change;
    if (record.state == job_state::paused) change.state = job_state::active;
    change.cursor = job_change::cursor_move{never, never, record.cursor};
    const bool moved = record.cursor || record.state == job_state::paused;
    if (moved) shared.jobs().update(record.id(), record.revision, std::move(change));
  }
  for (const auto& record : shared.removed) note_job(record, record.last_fire.value_or(*record.anchor));
  pass(lease * 12);
  for (auto* each : alive()) stop(*each, milliseconds{5'000});
  pass(lease * 6);
  ledger_query all;
  all.limit = 100'000'000;
  seen.ledger = shared.jobs().history(all).entries;
  for (const auto& end : shared.jobs().ends()) seen.untold.insert(end.what->run);
  shared.jobs().visit_jobs([&](const memory_job& job) {
    if (!job.live) return;
    for (const auto& run : job.live->waiting)
      if (run.follows) seen.untold.insert(run.follows->run);
  });
  for (const auto& each : processes) {
    seen.lives.push_back(each->life);
  }
  return std::move(seen);
}

}  // namespace carillon::testing
