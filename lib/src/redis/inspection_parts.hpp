#pragma once
#include <boost/asio/strand.hpp>
#include <carillon/redis/inspection.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "redis/job_backend.hpp"
#include "redis/keys.hpp"
#include "redis/link_state.hpp"

namespace carillon::redis {

struct inspection::parts {
  explicit parts(link& which)
      : state{which.state()},
        keys{state->name_space()},
        wire{state->connect(loop_executor{state->io().get_executor()}, "doctor")} {}

  loop_awaitable<reply> run(const store_facts& store, std::uint32_t partition, const lua_script& script,
                            std::string_view third, std::string_view fourth);
  loop_awaitable<void> look_at_index(const store_facts& store, std::string_view which, partition_facts& into);
  loop_awaitable<void> look_at_key(std::string_view key, std::uint32_t partitions,
                                   std::vector<data_fault>& faults);

  /// @pre The store exists, in the format of this version.
  job_backend& reader_of(const store_facts& store);

  std::shared_ptr<link_state> state;
  store_keys keys;
  std::unique_ptr<connection> wire;
  job_backend jobs{*wire, keys.name_space()};  ///< To read with.
};

}  // namespace carillon::redis
