#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/scheduler_world.hpp"
#include "support/scripted_store.hpp"

namespace carillon::testing {

/// One instance of a store that it shares, as the store's script says.
class sharing_world : public scheduler_world {
 public:
  explicit sharing_world(scheduler_options options = {},
                         std::shared_ptr<scripted_store> with = std::make_shared<scripted_store>())
      : scheduler_world{with, std::move(options)}, store{std::move(with)} {}
  ~sharing_world() override {
    if (!is_running()) return;
    store->held.clear();
    store->held_answers.clear();
    store->go();
    stop();
  }

  /// A job every 10 s, which writes down when it ran.
  void add_ticking(const std::string& id, job_options options = {}) {
    scheduler.add(id, trigger{"every 10s"}, [this, id] { ran.push_back(id + " " + second()); }, options);
  }
  /// A job every 10 s whose body takes a while, and writes down its begin and its end.
  void add_lasting(const std::string& id, milliseconds takes, job_options options = {}) {
    scheduler.add(
        id, trigger{"every 10s"},
        [this, id, takes](carillon::run& run) -> boost::asio::awaitable<void> {
          ran.push_back("+" + id + " " + second());
          try {
            co_await sleep(takes);
          } catch (...) {
            ran.push_back("!" + id + " " + std::string{name(run.cancel_reason())});
            throw;
          }
          ran.push_back("-" + id + " " + second());
        },
        options);
  }
  std::string second() const { return std::to_string(at() / 1000); }

  /// How many lines of the log have these words.
  std::ptrdiff_t logged(std::string_view words) const {
    return std::ranges::count_if(
        log->lines, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }
  job_record record(std::string id) {
    const auto found = wait_for(scheduler.get(std::move(id)));
    REQUIRE(found.has_value());
    return *found;
  }
  static job_definition definition(std::string id, const char* when, std::string task = "work") {
    job_definition job{std::move(id), trigger{when}, {}, {}, default_options(), {}, {}};
    job.task = task;
    return job;
  }

  std::shared_ptr<scripted_store> store;
  std::vector<std::string> ran;
};

using words = std::vector<std::string>;

}  // namespace carillon::testing
