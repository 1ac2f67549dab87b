#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/store_world.hpp"
#include "redis/backend_world.hpp"

namespace carillon::testing {

using contract::at;

/// A backend of one partition that is open, its steps in short words, and what it has heard.
class script_world : public backend_world {
 public:
  explicit script_world(redis::job_backend_options how = {}, std::string name = new_name_space())
      : backend_world{std::move(name), how} {
    store = run(backend.open(1, heard));
  }

  put_answer add(const std::string& id, const job_options& options = {}) {
    const auto job = contract::world::record(id, options);
    return add(job);
  }
  put_answer add(const job_record& job) {
    const add_step step{&job, on_conflict::replace};
    return run(backend.add(0, std::span(&step, 1))).at(0);
  }
  job_record seen(const std::string& id) {
    auto found = run(backend.load(0, std::span(&id, 1)));
    REQUIRE(found.at(0));
    return *std::move(found[0]);
  }
  /// Lifetime: of the two texts.
  claim_request claim_of(std::string_view id, std::string_view run_id) {
    auto request = contract::world::claim_of({seen(std::string{id}), {}}, run_id);
    request.id = id;
    return request;
  }
  std::vector<step_answer<claim_answer>> claim(const std::vector<claim_request>& requests,
                                               std::uint64_t born = 0) {
    std::vector<claim_step> steps;
    for (const auto& each : requests) steps.push_back({&each, born});
    return run(backend.claim(0, "a/1", steps));
  }
  std::uint64_t win(const std::string& id, std::string_view run_id) {
    const auto answers = claim({claim_of(id, run_id)});
    REQUIRE(answers.at(0).runs.at(0).what == run_answer::kind::won);
    return answers[0].runs[0].fence;
  }
  finish_answer finish(const std::string& id, std::string_view run_id, std::uint64_t fence,
                       std::uint64_t born = 0) {
    const auto result = contract::world::ended(outcome_kind::succeeded);
    const auto report = contract::world::report(id, run_id, fence, result);
    const finish_step step{&report, born};
    return run(backend.finish(0, std::span(&step, 1))).at(0);
  }
  take_answer take(const std::string& id, std::string_view run_id, std::uint64_t born = 0) {
    take_request request;
    request.id = id;
    request.now = at(1'000);
    request.run_id = run_id;
    const take_step step{&request, born};
    return run(backend.take(0, "a/1", std::span(&step, 1))).at(0);
  }
  bool reap(const std::string& id, std::string_view run_id, std::uint64_t fence) {
    const reap_step step{run_id, id, fence, "its instance died"};
    return run(backend.reap(0, std::span(&step, 1), at(1'000))).front();
  }
  std::vector<ledger_entry> ledger(const std::string& job = {}) {
    ledger_query query;
    query.job = job;
    query.limit = 10'000;
    return run(backend.history(query)).entries;
  }
  partition_look look() { return run(backend.look(0, at(1'000))); }

  std::string key(const std::string& name) const {
    return redis::store_keys{name_space}.of_partition(0, name);
  }
  std::string cli(std::vector<std::string> command) const { return shared_server().cli(command); }
  /// All keys of this namespace, and what is in them.
  std::string content() const {
    return cli(
        {"EVAL",
         "local all = redis.call('KEYS', 'carillon:{' .. ARGV[1] .. '*') table.sort(all) "
         "for k, key in ipairs(all) do all[k] = key .. redis.sha1hex(redis.call('DUMP', key)) end return all",
         "0", name_space});
  }

  struct listener final : backend_listener {
    std::vector<job_brief> changes;
    std::vector<std::string> stops;
    std::vector<std::string> group_places;
    int members = 0;
    void on_change(std::uint32_t, std::uint64_t, const job_brief& job) override { changes.push_back(job); }
    void on_stop_asked(const std::string& member, const std::string& run_id, cancel_reason why) override {
      stops.push_back(member + " " + run_id + " " + std::string{name(why)});
    }
    void on_gap() override {}
    void on_members_changed() override { ++members; }
    void on_group_place(const std::string& member, const std::string& group) override {
      group_places.push_back(member + " " + group);
    }
    void on_reachable(bool, const std::string&) override {}
  } heard;
  store_identity store;
};

}  // namespace carillon::testing
