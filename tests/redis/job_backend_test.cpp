#include <doctest/doctest.h>
#include <algorithm>

#include "contract/job_store.hpp"
#include "redis/backend_world.hpp"
#include "redis/msgpack.hpp"

namespace carillon::testing {

namespace {

class backend_under_test final : public contract::store_under_test {
 public:
  backend_under_test() { world_.run(store_.open("a", heard_)); }
  ~backend_under_test() override { world_.run(store_.close()); }

  job_store& store() override { return store_; }
  job_store& other() override { return store_; }
  void run(loop_awaitable<void> work) override { world_.run(std::move(work)); }
  std::vector<std::string> told(bool closed) override {
    // What is published after all else is heard after it. Nobody hears anything of a store that is closed.
    redis::packer last;
    last.list(8).add(0).add(0).add(marker).add("").add("").add(0).add(0).add(0);
    const redis::store_keys keys{world_.name_space};
    const redis::words publish("PUBLISH", keys.changes(0), last.text());
    world_.ask(publish);
    world_.until([&] { return !heard_.ids.empty() && heard_.ids.back() == marker; },
                 std::chrono::milliseconds{closed ? 500 : 30'000});
    auto ids = std::exchange(heard_.ids, {});
    std::erase(ids, marker);
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

 private:
  static constexpr const char* marker = "nothing more is to be told";
  struct listener final : store_listener {
    std::vector<std::string> ids;
    void on_job_changed(const std::string& id, std::uint64_t) override { ids.push_back(id); }
  };
  backend_world world_;
  plain_store store_{world_.backend, 4};
  listener heard_;
};

}  // namespace

TEST_SUITE("redis job_backend") {
  TEST_CASE("each of its steps keeps the contract of job_store") {
    contract::keeps_the_contract_of_job_store([] { return std::make_unique<backend_under_test>(); });
    contract::keeps_the_contract_of_results([] { return std::make_unique<backend_under_test>(); });
  }
}

}  // namespace carillon::testing
