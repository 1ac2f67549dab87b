#include "carillon/daemon.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <carillon/http/http_executor.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <set>
#include <type_traits>
#include <utility>

#include "carillon/boot_record.hpp"
#include "carillon/crontab_folder.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/spoken.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

namespace asio = boost::asio;

// The scheduler says these in its own words, whatever the level.
constexpr event_mask all_but_the_scheduler_s_own =
    all_events & ~(event_kind::loop_failed | event_kind::run_stuck | event_kind::loop_blocked |
                   event_kind::run_unreported | event_kind::store_lost | event_kind::store_replaced |
                   event_kind::heartbeats_lost | event_kind::lease_lost);

constexpr std::size_t asked_at_once = 256;
constexpr milliseconds default_rescan{60'000};
constexpr milliseconds between_tries{2'000};  // Of stores that could not be asked.

store_settings own_store(const daemon_settings& settings) {
  return {settings.store, settings.lease, settings.partitions, settings.history, {}};
}

bool is_shared(const daemon_settings& settings) { return own_store(settings).is_shared(); }

bool any_is_shared(const daemon_settings& settings) {
  const auto is_one = [](const auto& named) { return named.second.is_shared(); };
  return is_shared(settings) || std::any_of(settings.stores.begin(), settings.stores.end(), is_one);
}

std::string jobs_in_words(std::size_t count) { return fmt::format("{} job{}", count, count == 1 ? "" : "s"); }

std::set<std::string> quiet_jobs(const daemon_plan& plan) {
  std::set<std::string> quiet;
  for (const auto& job : plan.jobs) {
    if (job.quiet) quiet.insert(job.definition.id);
  }
  return quiet;
}

bool has_crontabs(const crontab_sources& crontabs) {
  return !crontabs.files.empty() || !crontabs.system.empty() || !crontabs.folders.empty();
}

command_executor_options command_options(const executor_settings& settings,
                                         std::shared_ptr<spdlog::logger> log) {
  command_executor_options options;
  options.limits.running = settings.running.value_or(options.limits.running);
  options.limits.queued = settings.queued.value_or(options.limits.queued);
  options.tail_bytes = settings.output_tail.value_or(options.tail_bytes);
  options.sendmail = settings.sendmail.value_or(options.sendmail);
  options.mail_bytes = settings.mail_size.value_or(options.mail_bytes);
  options.logger = std::move(log);
  return options;
}

http_executor_options http_options(const executor_settings& settings) {
  http_executor_options options;
  options.limits.running = settings.running.value_or(options.limits.running);
  options.limits.queued = settings.queued.value_or(options.limits.queued);
  options.answer_kept = settings.answer_kept.value_or(options.answer_kept);
  return options;
}

}  // namespace

daemon::daemon(file_list files, daemon_plan plan, const log_style& style, instant started, bool prune)
    : files_(std::move(files)),
      plan_(std::move(plan)),
      started_(started),
      where_(style.where),
      log_(make_log(style)),
      calendars_(std::make_shared<date_calendars>(plan_.calendars)),
      starts_(plan_.settings.state.value_or(default_state_folder()), is_shared(plan_.settings), log_),
      prune_(prune),
      signals_(io_, SIGINT, SIGTERM, SIGHUP),
      scheduler_(io_, make_store(own_store(plan_.settings)), options_for_scheduler()) {
  make_stores(plan_.settings);
  make_executors(plan_.settings);
  make_groups(plan_.settings);
  for (const auto* found : {&plan_.found, &plan_.aside}) {
    for (const auto& problem : *found) told_.insert(problem.to_string());
  }
  starts_.bind_to_host(plan_.jobs);
  quiet_ = quiet_jobs(plan_);
  stamp_ = plan_.stamp;
  events_ = scheduler_.on(all_but_the_scheduler_s_own, [this](const event& what) { on_event(what); });
}

void daemon::on_event(const event& what) {
  const bool of_own_store = what.store == default_store_name;
  if (what.kind == event_kind::run_started && of_own_store) starts_.on_run_started(what.job);
  const bool went_well = what.kind == event_kind::run_started || what.kind == event_kind::run_succeeded;
  if (!went_well || !quiet_.contains(what.job)) log_event(*log_, what, where_);
}

std::shared_ptr<job_store> daemon::make_store(const store_settings& settings) {
  if (!settings.is_shared())
    return std::make_shared<memory_store>(settings.history.value_or(scheduler_options{}.ledger_size));
  return make_shared_store(io_, {*settings.url, settings.lease, settings.partitions.value_or(0),
                                 settings.history, make_scheduler_log(log_)});
}

/// Those that there are not yet; the others stay as they are.
void daemon::make_stores(const daemon_settings& settings) {
  const auto known = scheduler_.stores();
  for (const auto& [name, store] : settings.stores) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    store_options how;
    how.required = store.required.value_or(how.required);
    scheduler_.store(name, make_store(store), how);
  }
}

scheduler& daemon::in_store_of(const declaration& job) {
  return job.store.empty() ? scheduler_ : scheduler_.in(job.store);
}

scheduler_options daemon::options_for_scheduler() const {
  const auto& settings = plan_.settings;
  scheduler_options options;
  options.instance = settings.instance.value_or("");
  options.time_zone = where_;
  options.calendars = calendars_;
  options.logger = make_scheduler_log(log_);
  options.drain = settings.drain.value_or(options.drain);
  options.limits.running = settings.running.value_or(options.limits.running);
  options.limits.queued = settings.queued.value_or(options.limits.queued);
  options.resume_spread = settings.resume_spread.value_or(options.resume_spread);
  options.ledger_size = settings.history.value_or(options.ledger_size);
  return options;
}

/// Those that there are not yet; the others stay as they are.
void daemon::make_executors(const daemon_settings& settings) {
  auto wanted = settings.executors;
  wanted.try_emplace(command_executor_name);
  wanted.try_emplace(http_executor_name, executor_settings{executor_kind::http});
  for (const auto& [name, how] : wanted) {
    if (executors_.contains(name)) continue;
    executors_.emplace(name, how.kind);
    std::shared_ptr<executor> made;
    if (how.kind == executor_kind::http) {
      made = std::make_shared<http_executor>(http_options(how));
    } else {
      commands_.push_back(std::make_shared<command_executor>(command_options(how, make_scheduler_log(log_))));
      made = commands_.back();
    }
    scheduler_.executor(name, made);
    if (is_shared(plan_.settings)) scheduler_.executor(reboot_jobs::on_this_host(name), made);
  }
}

/// Whether one does something else than the one of this name that there is.
bool daemon::changes_kind(const daemon_settings& settings) const {
  for (const auto& [name, how] : settings.executors) {
    const auto known = executors_.find(name);
    if (known == executors_.end() || known->second == how.kind) continue;
    log_->error("[executors.{}] kind was \"{}\" at the start: carillon must be started again for that",
                shown(name), name_of(known->second));
    return true;
  }
  return false;
}

/// Limits that have changed count from now on.
void daemon::make_groups(const daemon_settings& settings) {
  for (const auto& [name, how] : settings.groups) {
    group_limits limits;
    limits.running = how.running.value_or(limits.running);
    limits.queued = how.queued.value_or(limits.queued);
    scheduler_.group(name, limits);
  }
}

void daemon::run() {
  std::exception_ptr failure;
  asio::co_spawn(io_, scheduler_.run(), [&](const std::exception_ptr& thrown) {
    if (thrown) failure = thrown;  // Whoever waits for the scheduler only hears that it has stopped.
    signals_.cancel();
    over_ = true;
    news_.cancel();
  });
  asio::co_spawn(io_, obey_signals(), asio::detached);
  asio::co_spawn(io_, follow_files(), [&](const std::exception_ptr& thrown) {
    if (!thrown || stopping_) return;
    if (!failure) failure = thrown;
    begun_ ? stop("a failure") : scheduler_.shutdown(shutdown_options{}, [](const std::exception_ptr&) {});
  });
  io_.run();
  if (failure) std::rethrow_exception(failure);
  log_->info("stopped");
}

asio::awaitable<void> daemon::obey_signals() {
  while (true) {
    boost::system::error_code over;
    const auto number = co_await signals_.async_wait(asio::redirect_error(asio::deferred, over));
    if (over) co_return;
    if (number == SIGHUP) {
      again_ = true;
      crontabs_only_ = false;
      news_.cancel();
    } else {
      stop(number == SIGTERM ? "SIGTERM" : "SIGINT");
    }
  }
}

// Apart from the signals, for it may wait for other instances: one can be stopped meanwhile.
asio::awaitable<void> daemon::follow_files() {
  co_await begin();
  while (!over_) {
    if (std::exchange(again_, false)) {
      co_await read_again();
    } else {
      co_await wait_for_news();
    }
  }
}

// Crontabs are looked at each minute, as cron does it: that costs a few system calls, sees all kinds of file
// systems and of replacing files, and cannot lose a notice.
asio::awaitable<void> daemon::wait_for_news() {
  boost::system::error_code woken;
  const bool looks = has_crontabs(plan_.crontabs);
  if (!away_.empty()) {
    news_.expires_after(between_tries);
  } else if (looks) {
    news_.expires_after(plan_.settings.rescan.value_or(default_rescan));
  } else {
    news_.expires_at(asio::steady_timer::time_point::max());
  }
  co_await news_.async_wait(asio::redirect_error(asio::deferred, woken));
  if (woken || again_) co_return;
  if (looks) look_at_crontabs();
  if (!away_.empty()) co_await declare_where_away();
}

void daemon::look_at_crontabs() {
  auto stamp = stamp_of(plan_.crontabs);
  if (stamp == stamp_) return;
  stamp_ = std::move(stamp);
  again_ = crontabs_only_ = true;
}

asio::awaitable<void> daemon::begin() {
  if (prune_) {
    log_->info(
        "--prune: jobs of these files that they do not declare any more go, unless another instance "
        "declares them; one that was killed does until its lease ends");
  }
  starts_.leave_out_done(plan_.jobs, started_);
  declare_result all;
  const auto others = prune_ ? undeclared::remove_all : undeclared::remove_ours;
  co_await declare(plan_, others, all);
  begun_ = true;
  const auto& settings = plan_.settings;
  log_->info("carillon {}, process {}, times in {}, store {}: {}", CARILLON_VERSION, ::getpid(),
             where_.name(), is_shared(settings) ? address_of(*settings.store) : "in memory",
             jobs_in_words(plan_.jobs.size()));
  if (plan_.jobs.empty()) {
    log_->warn(any_is_shared(plan_.settings)
                   ? "the files name no jobs: only what others put into the store will run here"
                   : "there are no jobs: nothing will run until the files name some, and SIGHUP has them "
                     "read again");
  }
  const auto next = co_await first_to_come();
  if (!next) co_return;
  const auto in = next->at - scheduler_.now();
  log_->info("first to come: {}, at {} ({})", next->job, format_instant(next->at, where_),
             in <= milliseconds{0} ? "now" : "in " + spoken(in));
}

// Of the jobs of the files: what else lies in a store that is shared may be a million of others'.
asio::awaitable<std::optional<upcoming_fire>> daemon::first_to_come() {
  std::optional<upcoming_fire> first;
  const auto ask = [this](const declaration& job) {
    return in_store_of(job).next_runs(1, job.definition.id);
  };
  for (std::size_t at = 0; at < plan_.jobs.size();) {
    std::vector<std::invoke_result_t<decltype(ask), const declaration&>> some;
    for (; at < plan_.jobs.size() && some.size() < asked_at_once; ++at) some.push_back(ask(plan_.jobs[at]));
    auto group = asio::experimental::make_parallel_group(std::move(some));
    const auto [order, failures, answers] =
        co_await group.async_wait(asio::experimental::wait_for_all(), asio::deferred);
    for (const auto& fires : answers) {
      if (!fires.empty() && (!first || fires.front().at < first->at)) first = fires.front();
    }
  }
  co_return first;
}

asio::awaitable<void> daemon::read_again() {
  if (stopping_) co_return;
  const bool crontabs_only = std::exchange(crontabs_only_, false);
  log_->info(crontabs_only ? "crontabs have changed: reading them again" : "SIGHUP: reading the files again");
  const files_before before{plan_.texts, crontabs_only};
  auto plan = read_files(files_, started_, machine_, {}, before);
  if (!crontabs_only) told_.clear();
  tell(plan);
  if (has_errors(plan.found)) {
    log_->error("the files have faults: nothing was changed");
    co_return;
  }
  if (changes_kind(plan.settings)) {
    log_->error("nothing was changed");
    co_return;
  }
  starts_.bind_to_host(plan.jobs);
  starts_.leave_out_new(plan.jobs, plan_.jobs);
  std::string why;
  try {
    co_await change_to(std::move(plan));
  } catch (const std::exception& fault) {
    why = fault.what();
  }
  if (why.empty()) co_return;
  stamp_.clear();  // so that crontabs are tried again
  *calendars_ = plan_.calendars;
  log_->error("the jobs could not be changed: {}", why);
}

// What was told before and has not changed is not told again.
void daemon::tell(const daemon_plan& plan) {
  std::set<std::string> told;
  for (const auto* found : {&plan.found, &plan.aside}) {
    for (const auto& problem : *found) {
      auto words = problem.to_string();
      if (!told_.contains(words))
        log_->log(problem.warning ? spdlog::level::warn : spdlog::level::err, "{}", words);
      told.insert(std::move(words));
    }
  }
  told_ = std::move(told);
}

asio::awaitable<void> daemon::change_to(daemon_plan plan) {
  auto but_for_groups = plan.settings;
  but_for_groups.groups = plan_.settings.groups;
  if (!(but_for_groups == plan_.settings)) {
    log_->warn(
        "[scheduler], [executors], [stores] and [log] have changed: that waits for the next start, but for "
        "executors and stores that are new");
  }
  make_executors(plan.settings);
  make_stores(plan.settings);
  make_groups(plan.settings);
  declare_result all;
  const auto moved = co_await take_calendars(plan);
  co_await declare(plan, undeclared::remove_ours, all);
  all.changed += moved, all.unchanged -= std::min(moved, all.unchanged);
  plan_ = std::move(plan);
  quiet_ = quiet_jobs(plan_);
  stamp_ = plan_.stamp;
  log_->info("the files are read: {} added, {} changed, {} removed, {} as before{}", all.added, all.changed,
             all.removed, all.unchanged,
             all.kept > 0 ? fmt::format(", {} kept, which another instance declares", all.kept) : "");
}

void daemon::stop(const char* signal_name) {
  if (std::exchange(stopping_, true)) {
    log_->error("{} again: killing all commands and ending at once", signal_name);
    log_->flush();
    for (const auto& executor : commands_) executor->kill_all();
    std::_Exit(exit_code::failed);
  }
  log_->info("{}: no new runs; waiting up to {} for running commands, a second signal ends at once",
             signal_name, spoken(scheduler_.options().drain));
  scheduler_.shutdown(shutdown_options{}, [](const std::exception_ptr&) {});
}

}  // namespace carillon::app
