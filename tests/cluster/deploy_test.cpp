#include <doctest/doctest.h>
#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "cluster.hpp"
#include "instance.hpp"
#include "servers.hpp"
#include "shared_clock.hpp"
#include "store_reader.hpp"
#include "waiting.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// Two versions of one program, each with a jobs file of the same name: the old one has jobs 0 to 59 of a
/// mix, the new one 30 to 89.
struct two_versions {
  std::unique_ptr<instance> version(const std::string& name, int first, int last) {
    std::vector<std::string> command{CARILLON_CLUSTER_WORKER,
                                     "seed=1",
                                     "jobs=90",
                                     "lease=2000",
                                     fmt::format("until={}", until.time_since_epoch().count()),
                                     fmt::format("first={}", first),
                                     fmt::format("last={}", last),
                                     "file=jobs.toml",
                                     "url=" + server.url()};
    auto made = std::make_unique<instance>(name, folder.path(), std::move(command));
    made->start();
    return made;
  }
  std::unique_ptr<instance> old_one(const std::string& name) { return version("old-" + name, 0, 59); }
  std::unique_ptr<instance> new_one(const std::string& name) { return version("new-" + name, 30, 89); }

  void observe(const std::vector<instance*>& all) {
    store_reader reader{server.url()};
    for (auto& job : reader.jobs()) seen.jobs.push_back({std::move(job), std::nullopt});
    seen.ledger = reader.ledger();
    for (const auto* each : all) {
      const auto marks = each->marks();
      seen.marks.insert(seen.marks.end(), marks.begin(), marks.end());
      seen.lives.insert(seen.lives.end(), each->lives().begin(), each->lives().end());
    }
  }

  /// Which versions ran bodies of a job.
  std::set<std::string> ran(const job_record& job) const {
    std::set<std::string> versions;
    for (const auto& mark : seen.marks) {
      if (mark.job == job.id()) versions.insert(mark.instance.substr(0, 3));
    }
    return versions;
  }

  single_server server;
  temporary_folder folder;
  instant until = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + 30s;
  observation seen;
};

int number_of(const job_record& job) { return std::stoi(job.id().substr(job.id().rfind('-') + 1)); }

std::size_t bodies_in(const instance& one) { return one.marks().size(); }

}  // namespace

TEST_SUITE("cluster") {
  TEST_CASE("in a rolling deploy no version removes the other's jobs, nor runs what it does not know") {
    two_versions world;
    store_reader reader{world.server.url()};
    auto first = world.old_one("1"), second = world.old_one("2");
    wait_until("the old version works", [&] { return bodies_in(*first) > 20 && bodies_in(*second) > 20; });
    wait_until("all its jobs are there", [&] { return reader.jobs().size() == 60; });

    first->terminate();
    auto third = world.new_one("1");
    wait_until("the new version works beside it", [&] { return bodies_in(*third) > 20; });
    wait_until("the jobs of both are there", [&] { return reader.jobs().size() == 90; });

    second->terminate();
    auto fourth = world.new_one("2");
    wait_until("only the new version works", [&] { return bodies_in(*fourth) > 20; });
    CHECK(reader.jobs().size() == 90);

    auto back = world.old_one("3");  // The deploy is taken back.
    const auto over = [&] {
      const auto jobs = reader.jobs();
      return std::ranges::all_of(jobs, [](const auto& job) {
        return job.state == job_state::ended && job.active == 0 && !job.next_waiting;
      });
    };
    wait_until("all jobs have come to their ends", over);
    for (auto* each : {third.get(), fourth.get(), back.get()}) each->terminate();

    world.observe({first.get(), second.get(), third.get(), fourth.get(), back.get()});
    CHECK(world.seen.jobs.size() == 90);
    for (const auto& [job, through] : world.seen.jobs) {
      CAPTURE(job.id());
      const auto versions = world.ran(job);
      if (number_of(job) < 30) CHECK(versions == std::set<std::string>{"old"});
      if (number_of(job) >= 60) CHECK(versions == std::set<std::string>{"new"});
      CHECK(!versions.empty());
    }
    const auto findings = check(world.seen, of_redis());
    CHECK_MESSAGE(findings.empty(), report(world.seen, findings));
  }
}
