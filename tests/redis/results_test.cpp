#include <doctest/doctest.h>

#include <carillon/redis/job_store.hpp>
#include <memory>

#include "contract/waiting_schedulers.hpp"
#include "redis/backend_world.hpp"

namespace carillon::testing {

namespace {

/// A store and the link that it goes over.
struct linked_store {
  linked_store(loop_world& where, const redis::link_options& to)
      : link{where.io, to}, store{link, four_partitions()} {}
  static redis::job_store_options four_partitions() {
    redis::job_store_options how;
    how.partitions = 4;
    return how;
  }
  redis::link link;
  redis::job_store store;
};

/// Two schedulers on one Redis, each over a link of its own; the second only asks for runs.
class redis_scheduler_pair : public scheduler_pair {
 public:
  redis_scheduler_pair() : scheduler_pair{stores_in(new_name_space()), true} {}

 private:
  static store_maker stores_in(std::string name_space) {
    redis::link_options how;
    how.url = shared_server().url();
    how.name_space = std::move(name_space);
    return [how](loop_world& where) mutable {
      how.logger = where.logger;
      const auto made = std::make_shared<linked_store>(where, how);
      return std::shared_ptr<job_store>{made, &made->store};
    };
  }
};

}  // namespace

TEST_SUITE("results on Redis") {
  TEST_CASE("one instance waits for runs of another, and reads what they returned and carried") {
    redis_scheduler_pair pair;
    contract::one_reads_what_runs_of_the_other_return(pair);
  }

  TEST_CASE("a run that waits is answered when its job is removed, and none when the time has passed") {
    redis_scheduler_pair pair;
    contract::one_hears_of_runs_that_never_begin(pair);
  }
}

}  // namespace carillon::testing
