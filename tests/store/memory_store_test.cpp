#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/store/memory_store.hpp>
#include <exception>
#include <set>

#include "contract/job_store.hpp"

namespace {

using namespace carillon;
using contract::at;

/// A memory store on a loop of its own. Both members see the same object.
class memory_store_under_test final : public contract::store_under_test, private store_listener {
 public:
  explicit memory_store_under_test(bool at_once) : at_once_{at_once} { run(store_.open("a", *this)); }

  job_store& store() override { return store_; }
  job_store& other() override { return store_; }
  bool asks_at_once() const override { return at_once_; }
  void run(loop_awaitable<void> work) override {
    boost::asio::co_spawn(strand_, std::move(work), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    io_.restart();
    io_.run();
  }
  std::vector<std::string> told(bool) override {
    const auto told = std::exchange(told_, {});
    return {told.begin(), told.end()};
  }

 private:
  void on_job_changed(const std::string& id, std::uint64_t) override { told_.insert(id); }

  bool at_once_;
  boost::asio::io_context io_;
  loop_executor strand_{boost::asio::make_strand(io_)};
  std::set<std::string> told_;
  memory_store store_;
};

}  // namespace

TEST_CASE("the memory store keeps the contract of job_store when it is waited for") {
  contract::keeps_the_contract_of_job_store([] { return std::make_unique<memory_store_under_test>(false); });
  contract::keeps_the_contract_of_results([] { return std::make_unique<memory_store_under_test>(false); });
}

TEST_CASE("the memory store keeps the contract of job_store when it answers at once") {
  contract::keeps_the_contract_of_job_store([] { return std::make_unique<memory_store_under_test>(true); });
  contract::keeps_the_contract_of_results([] { return std::make_unique<memory_store_under_test>(true); });
}

TEST_CASE("a memory store that keeps no ledger is refused") {
  CHECK_THROWS_AS(memory_store{0}, std::invalid_argument);
}
