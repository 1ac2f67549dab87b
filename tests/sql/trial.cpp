#include "sql/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <carillon/sql/job_store.hpp>
#include <filesystem>
#include <thread>

#include "cluster/body_log.hpp"
#include "cluster/shared_clock.hpp"
#include "support/deaf_listener.hpp"
#include "support/loop_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;

namespace {

bool has_ended(const job_record& job) {
  return job.state == job_state::ended && job.active == 0 && !job.next_waiting;
}

loop_awaitable<read_store> reading(job_store& store, store_listener& listener, bool with_ledger) {
  read_store all;
  store.stay_out();
  co_await store.open("reader", listener);
  job_query jobs;
  jobs.limit = 1'000;
  for (bool more = true; more;) {
    auto page = co_await store.list(jobs);
    all.jobs.insert(all.jobs.end(), page.jobs.begin(), page.jobs.end());
    more = page.next_after.has_value();
    if (more) jobs.after = *page.next_after;
  }
  ledger_query entries;
  entries.limit = 10'000;
  while (with_ledger) {
    auto page = co_await store.history(entries);
    all.ledger.insert(all.ledger.end(), page.entries.begin(), page.entries.end());
    entries.before = page.next_before;
    with_ledger = entries.before.has_value();
  }
  co_await store.close();
  co_return all;
}

}  // namespace

read_store read_all_of(const std::string& url, bool with_ledger) {
  loop_world world;
  sql::job_store_options how;
  how.url = url;
  how.timeout = 30s;  // A busy machine is no finding.
  how.create = false;
  how.logger = world.logger;
  sql::job_store store{how};
  deaf_listener listener;
  try {
    return world.run(reading(store, listener, with_ledger), 120s);
  } catch (const boost::system::system_error& none) {
    if (none.code() != errc::no_store) throw;
    return {};
  }
}

trial::trial(trial_options how)
    : how_{std::move(how)},
      random_{how_.seed},
      ends_{std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + how_.fires_for} {}

trial::~trial() = default;

std::string trial::log_of(std::size_t which) const { return folder_.path(fmt::format("i{}.log", which)); }

std::size_t trial::start() {
  const auto which = processes_.size();
  const auto until = std::chrono::duration_cast<milliseconds>(ends_.time_since_epoch()).count();
  processes_.push_back(child::start(
      {CARILLON_SQL_WORKER, "url=" + how_.url, fmt::format("instance=i{}", which), "log=" + log_of(which),
       fmt::format("seed={}", how_.seed), fmt::format("jobs={}", how_.jobs), fmt::format("until={}", until),
       fmt::format("lease={}", how_.lease.count())},
      folder_.path("said")));
  lives_.push_back({fmt::format("i{}", which), std::nullopt, {}});
  return which;
}

void trial::kill(std::size_t which) {
  processes_.at(which).kill();
  lives_.at(which).ended = shared_now();
}

bool trial::has_begun() const {
  for (std::size_t which = 0; which < processes_.size(); ++which) {
    std::error_code none;
    if (std::filesystem::file_size(log_of(which), none) > 0 && !none) return true;
  }
  return false;
}

bool trial::is_over() const { return std::chrono::system_clock::now() > ends_; }

std::vector<job_record> trial::jobs_when_over() {
  const auto until = std::chrono::steady_clock::now() + how_.fires_for + 120s;
  for (;;) {
    std::this_thread::sleep_for(200ms);
    auto jobs = read_all_of(how_.url, false).jobs;
    const bool all = jobs.size() == how_.jobs && std::ranges::all_of(jobs, has_ended);
    if (is_over() && (all || std::chrono::steady_clock::now() > until)) return jobs;
  }
}

std::string trial::check_all() {
  observation seen;
  auto jobs = jobs_when_over();
  std::string wrong;
  if (jobs.size() != how_.jobs) wrong += fmt::format("{} jobs of {} are there\n", jobs.size(), how_.jobs);
  for (const auto& job : jobs) {
    if (!has_ended(job))
      wrong += fmt::format("{} is not over: {}, {} active\n", job.id(), name(job.state), job.active);
  }
  for (auto& each : processes_) each.terminate();
  for (auto& job : jobs) seen.jobs.push_back({std::move(job), std::nullopt});
  seen.ledger = read_all_of(how_.url, true).ledger;
  seen.lives = lives_;
  for (std::size_t which = 0; which < processes_.size(); ++which) {
    if (!std::filesystem::exists(log_of(which))) continue;
    auto marks = read_body_log(log_of(which));
    seen.marks.insert(seen.marks.end(), marks.begin(), marks.end());
  }
  bodies_ = seen.marks.size();
  entries_ = seen.ledger.size();
  check_options how;
  how.overlap_slack = 1s;
  const auto findings = check(seen, how);
  if (!findings.empty()) wrong += report(seen, findings);
  if (!wrong.empty()) wrong += "\nin " + folder_.path().string();
  return wrong;
}

}  // namespace carillon::testing
