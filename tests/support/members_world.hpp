#pragma once
#include <carillon/store/job_backend.hpp>
#include <carillon/store/member_backend.hpp>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// Members of a store of its own, by leases of a minute, in short words.
///
/// `Backends` is a `loop_world` with what an instance uses of that store: `backend` and `members`.
template <typename Backends>
class members_world : public Backends {
 public:
  static constexpr milliseconds lease{60'000};

  template <typename... Options>
  explicit members_world(const Options&... options) : Backends(options...) {
    store = this->run(this->backend.open(4, nobody));
  }

  static member_info named(std::string id) {
    member_info me;
    me.instance = instance_of(id);
    me.id = std::move(id);
    me.host = "somewhere";
    me.process = 17;
    me.version = "0.1.0";
    me.started = instant{milliseconds{1'700'000'000'000}};
    me.work_digest = 0xfedc'ba98'7654'3210;
    return me;
  }
  static served_work work() {
    served_work made;
    made.tasks = {"mail", "report"};
    made.executors = {"command"};
    made.body_executors = {"pool"};
    made.declared = {1, 0xffff'ffff'ffff'fff0};
    return made;
  }
  members_answer join(std::string id) {
    return this->run(this->members.join(named(std::move(id)), lease, store));
  }
  members_answer heartbeat(std::string id) {
    return this->run(this->members.heartbeat(named(std::move(id)), lease, store));
  }
  static std::vector<std::string> ids(const members_answer& answer) {
    std::vector<std::string> all;
    for (const auto& each : answer.members) all.push_back(each.id);
    return all;
  }

  struct counts_changes final : backend_listener {
    void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
    void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
    void on_gap() override {}
    void on_reachable(bool, const std::string&) override {}
    void on_members_changed() override { ++changes; }
    int changes = 0;
  } nobody;
  store_identity store;
};

}  // namespace carillon::testing
