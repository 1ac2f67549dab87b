#include "cluster.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "shared_clock.hpp"
#include "store_reader.hpp"
#include "waiting.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// How long instances usually need until they run jobs. Those that need longer have less time for them.
constexpr auto start_up = 2s;

link_fault link_fault_of(fault_kind kind) {
  switch (kind) {
    case fault_kind::refuse: return link_fault::refuse;
    case fault_kind::black_hole: return link_fault::black_hole;
    case fault_kind::late: return link_fault::late;
    case fault_kind::delay: return link_fault::delay;
    case fault_kind::cut_answers: return link_fault::cut_answers;
    case fault_kind::half_close: return link_fault::half_close;
    default: return link_fault::none;
  }
}

instant wall_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

// Nothing is to come, nothing runs, nothing waits.
bool is_over(const job_record& job) {
  return job.state == job_state::ended && job.active == 0 && !job.next_waiting;
}

}  // namespace

cluster::cluster(cluster_options how, std::unique_ptr<servers> common)
    : how_{std::move(how)}, common_{std::move(common)} {
  if (common_->proxied() != 0) house_ = std::make_unique<proxy_house>();
}

cluster::~cluster() = default;

std::vector<std::string> cluster::worker_command() const {
  std::vector<std::string> words{how_.worker, fmt::format("seed={}", how_.seed),
                                 fmt::format("jobs={}", how_.jobs),
                                 fmt::format("lease={}", how_.lease.count()),
                                 fmt::format("until={}", ends_->time_since_epoch().count())};
  if (!house_) words.push_back("url=" + common_->url());
  return words;
}

void cluster::start_all() {
  for (std::uint32_t number = 0; number < how_.instances; ++number) {
    auto made = std::make_unique<instance>(fmt::format("i{}", number), folder(), worker_command());
    if (house_) made->stand_behind(*house_, common_->proxied());
    made->start();
    instances_.push_back(std::move(made));
  }
}

void cluster::begin(const fault& what) {
  happened now{what, {}, shared_now(), {}};
  if (!is_of_instance(what.kind)) {
    common_->begin(what.kind);
  } else {
    auto& one = *instances_[what.instance];
    now.process = one.process_name();
    switch (what.kind) {
      case fault_kind::kill: one.kill(); break;
      case fault_kind::freeze: one.freeze(); break;
      case fault_kind::skew:
        one.set_clock_off(one.clock_off() != 0s ? 0s : what.lasts.count() % 2 == 0 ? 3'600s : -3'600s);
        one.terminate();
        break;
      case fault_kind::terminate: one.terminate(); break;
      default: one.proxy().become(link_fault_of(what.kind));
    }
  }
  happened_.push_back(std::move(now));
}

void cluster::end(const fault& what) {
  if (!is_of_instance(what.kind)) {
    common_->end(what.kind);
  } else {
    auto& one = *instances_[what.instance];
    switch (what.kind) {
      case fault_kind::freeze: one.thaw(); break;
      case fault_kind::kill:
      case fault_kind::skew:
      case fault_kind::terminate: one.start(); break;
      default: one.proxy().become(link_fault::none);
    }
  }
  const auto it = std::ranges::find_if(happened_.rbegin(), happened_.rend(),
                                       [&](const auto& each) { return each.planned.at == what.at; });
  it->to = shared_now();
}

void cluster::look_after() {
  for (const auto& one : instances_) one->revive();
}

void cluster::happen(const std::vector<fault>& plan) {
  std::multimap<milliseconds, std::pair<bool, const fault*>> steps;
  for (const auto& each : plan) {
    steps.emplace(each.at, std::pair{true, &each});
    steps.emplace(each.at + each.lasts, std::pair{false, &each});
  }
  const auto began = std::chrono::steady_clock::now();
  for (const auto& [at, step] : steps) {
    while (std::chrono::steady_clock::now() < began + at) {
      std::this_thread::sleep_until(std::min(began + at, std::chrono::steady_clock::now() + 50ms));
      look_after();
    }
    step.first ? begin(*step.second) : end(*step.second);
  }
}

void cluster::stop_all() {
  for (const auto& one : instances_) one->terminate();
}

void cluster::come_to_their_ends(store_reader& reader, cluster_result& result) {
  std::vector<job_record> jobs;
  try {
    const auto all_over = [&] {
      look_after();
      if (wall_now() < *ends_) return false;
      jobs = reader.jobs();
      return jobs.size() == how_.jobs && std::ranges::all_of(jobs, is_over);
    };
    wait_until("all jobs have come to their ends", all_over,
               std::chrono::ceil<std::chrono::seconds>(how_.lease * 6) + 60s);
  } catch (const std::exception& failed) {
    result.findings.push_back(
        {failed.what(), "", std::nullopt, fmt::format("{} jobs of {} are there", jobs.size(), how_.jobs)});
    for (const auto& job : jobs) {
      if (is_over(job)) continue;
      result.findings.push_back({"never over", job.id(), job.cursor,
                                 fmt::format("{}, {} active, {}", name(job.state), job.active,
                                             job.next_waiting ? "a run waits" : "no run waits")});
    }
  }
}

cluster_result cluster::run() {
  cluster_result result;
  const plan_options planned{how_.seed, how_.duration, how_.pace, how_.lease, how_.instances, how_.faults};
  const auto plan = plan_faults(planned);
  result.text = fmt::format("cluster of {} with {} jobs, seed {}, folder {}\n{}", how_.instances, how_.jobs,
                            how_.seed, folder().string(), words(plan));
  ends_ = wall_now() + start_up + how_.duration + how_.lease * 2;
  start_all();
  wait_until("every instance runs jobs", [&] {
    return std::ranges::none_of(instances_, [](const auto& one) { return one->marks().empty(); });
  });
  happen(plan);
  store_reader reader{common_->url()};
  come_to_their_ends(reader, result);
  stop_all();

  for (auto& job : reader.jobs()) result.seen.jobs.push_back({std::move(job), std::nullopt});
  result.seen.ledger = reader.ledger();
  for (const auto& one : instances_) {
    result.gave_up += one->gave_up();
    auto marks = one->marks();
    result.seen.marks.insert(result.seen.marks.end(), std::make_move_iterator(marks.begin()),
                             std::make_move_iterator(marks.end()));
    result.seen.lives.insert(result.seen.lives.end(), one->lives().begin(), one->lives().end());
    result.crashes.insert(result.crashes.end(), one->crashes().begin(), one->crashes().end());
  }
  result.faults = happened_;
  auto found = check(result.seen, how_.checks);
  result.findings.insert(result.findings.end(), std::make_move_iterator(found.begin()),
                         std::make_move_iterator(found.end()));
  result.text += report(result.seen, result.findings);
  for (const auto& crash : result.crashes) result.text += crash + '\n';
  return result;
}

}  // namespace carillon::testing
