#pragma once
#include <spdlog/logger.h>
#include <carillon/store/shared_store.hpp>
#include <carillon/time/duration.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/scheduler_world.hpp"
#include "support/simulated_store.hpp"
#include "support/simulation.hpp"

namespace carillon::testing {

/// Writes down what a store tells.
class noting_listener final : public store_listener {
 public:
  void on_job_changed(const std::string& id, std::uint64_t) override { changed.push_back(id); }
  void on_ownership_changed() override { ++ownership_changes; }
  void on_run_found(const found_run& run) override { found.push_back(run); }
  void on_run_lost(const lost_run& run) override {
    lost.push_back(run.job + " " + run.run_id + " " + std::to_string(run.attempt) + ": " + run.why);
  }
  void on_stop_asked(const std::string& job, const std::string& run_id, cancel_reason why) override {
    stops.push_back(job + " " + run_id + " " + std::string{name(why)});
  }
  void on_lease_lost() override { ++leases_lost; }
  void on_store_replaced() override { ++replaced; }
  void on_clock_offset(milliseconds offset) override { offsets.push_back(offset); }
  void on_reachable(bool reachable, const std::string&) override { reached.push_back(reachable); }
  void on_heartbeats(bool answered, const std::string&, milliseconds left) override {
    heartbeats.push_back(answered ? std::string{"answered"} : "lost, " + format_duration(left));
  }

  std::vector<std::string> changed;
  std::vector<found_run> found;
  std::vector<std::string> lost;
  std::vector<std::string> stops;
  std::vector<milliseconds> offsets;
  std::vector<bool> reached;
  std::vector<std::string> heartbeats;
  int ownership_changes = 0, leases_lost = 0, replaced = 0;
};

/// A clock that shows another time than the one that moves it: a machine that is set wrong.
class offset_clock : public clock {
 public:
  offset_clock(std::shared_ptr<clock> right, milliseconds ahead) : right_{std::move(right)}, ahead_{ahead} {}
  instant now() const noexcept override { return right_->now() + ahead_; }
  std::chrono::nanoseconds elapsed() const noexcept override { return right_->elapsed(); }
  std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) override {
    return right_->arm(who, wake_at - ahead_);
  }
  void disarm(sleeper& who) noexcept override { right_->disarm(who); }
  std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                     std::function<void(clock_step)> on_step) override {
    return right_->watch_steps(std::move(where), std::move(on_step));
  }

 private:
  std::shared_ptr<clock> right_;
  milliseconds ahead_;
};

/// Several instances of a shared store on one event loop, and what each was told.
class shared_world : public simulation {
 public:
  struct instance {
    instance(shared_world& world, std::string name_, link_faults faults,
             std::shared_ptr<carillon::clock> time, shared_store_options options)
        : name{std::move(name_)},
          link{world.network, ++world.seeds, faults},
          leases{world.network, world.seeds, faults},
          strand{boost::asio::make_strand(world.io)},
          store{world.shared.jobs_through(link),
                [&world, this](const loop_executor&) {
                  return world.shared.members_through(world.leases_apart ? leases : link);
                },
                boost::asio::make_strand(world.io), std::move(time), std::move(options)} {}
    std::string name;
    simulated_link link;
    simulated_link leases;  ///< The way of its heartbeats, if they go apart.
    loop_executor strand;
    noting_listener told;
    shared_store store;
    bool open = false;
  };

  ~shared_world() override {
    for (auto& each : instances_) {
      if (each->open) close(*each);
    }
    settle();
  }

  static served_work serving(std::vector<std::string> tasks) {
    served_work work;
    work.tasks = std::move(tasks);
    return work;
  }
  shared_store_options defaults() {
    shared_store_options options;
    options.partitions = partitions;
    options.logger = logger;
    options.seed = ++seeds;
    return options;
  }
  /// An instance that takes part, serving `tasks`.
  instance& add(std::string name, std::vector<std::string> tasks = {"work"}, link_faults faults = {},
                milliseconds ahead = milliseconds{0}) {
    return add_opening(std::move(name), std::move(tasks), faults, ahead, [](instance&) {});
  }
  /// The same; `meanwhile` is called while its store is being opened.
  instance& add_opening(std::string name, std::vector<std::string> tasks, link_faults faults,
                        milliseconds ahead, const std::function<void(instance&)>& meanwhile) {
    auto time = std::make_shared<offset_clock>(clock(), ahead);
    auto& made = *instances_.emplace_back(
        std::make_unique<instance>(*this, std::move(name), faults, std::move(time), defaults()));
    made.store.serve(serving(std::move(tasks)));
    run_on(made.strand, opened(made, meanwhile));
    settle();
    return made;
  }
  void close(instance& who) {
    who.open = false;
    run_on(who.strand, who.store.close());
    settle();
  }
  template <typename T>
  T on(instance& who, loop_awaitable<T> work) {
    return run_on(who.strand, std::move(work));
  }

  std::uint32_t partitions = 4;
  bool leases_apart = false;  ///< Of instances that are added from now on.
  std::uint64_t seeds = 0;
  std::shared_ptr<log_keeper> log = std::make_shared<log_keeper>();
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("shared", log);
  simulated_network network{clock(), io};
  simulated_store shared{clock()};

 private:
  static loop_awaitable<void> opened(instance& made, const std::function<void(instance&)>& meanwhile) {
    boost::asio::post(made.strand, [&] { meanwhile(made); });  // Once opening it waits for anything.
    co_await made.store.open(made.name, made.told);
    made.open = true;
  }

  std::vector<std::unique_ptr<instance>> instances_;
};

}  // namespace carillon::testing
