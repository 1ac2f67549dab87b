#pragma once
#include <boost/system/system_error.hpp>
#include <carillon/redis/durability.hpp>
#include <carillon/store/job_backend.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connection.hpp"
#include "redis/keys.hpp"
#include "redis/notices.hpp"
#include "store/attempt.hpp"

namespace carillon::redis {

/// A run that was won, and what postponing it takes.
struct won_run {
  std::string_view job, run_id;
  std::uint64_t fence = 0;
  instant now;
};

/// What became of one that was to be taken back.
struct postponed {
  std::optional<instant> next_waiting;  ///< Of its job.
  std::string refused;                  ///< Why it was not; empty: it was.
};

struct job_backend_options {
  std::uint64_t ledger_length = 100'000;  ///< Entries, over all partitions; a few more are kept.
  std::chrono::seconds ledger_age = std::chrono::hours{24 * 30};  ///< 0: however old.
  durability durable{};
  bool create = true;  ///< False: `open` throws `errc::no_store` where there is none, and writes nothing.
};

/// Keeps jobs in Redis: each step is one script.
///
/// Lifetime: the connection must outlive it, and has been started. Everything else: `carillon::job_backend`.
class job_backend : public carillon::job_backend {
 public:
  job_backend(connection& link, std::string name_space, job_backend_options how = job_backend_options());

  loop_awaitable<store_identity> open(std::uint32_t partitions, backend_listener& listener) override;
  loop_awaitable<void> close() override;
  /// To look only: takes it that this is the store there, in the place of `open`. It hears of no changes.
  void look_at(store_identity store) { store_ = store; }
  /// What `read` makes of a record; none where this version cannot read it: others must not suffer for it.
  /// The log says so once.
  template <typename Read>
  auto readable(const char* what, std::string_view id, Read read) -> std::optional<decltype(read())>;
  /// The same of an entry of a partition's ledger; with the number that it has in the store.
  std::optional<ledger_entry> readable_entry(std::uint32_t partition, const reply& entry);

  loop_awaitable<std::vector<step_answer<put_answer>>> add(std::uint32_t partition,
                                                           std::span<const add_step> steps) override;
  loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                       const job_change& change) override;
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                       bool tombstone) override;
  loop_awaitable<std::uint64_t> enqueue(const extra_run& run) override;
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number) override;
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now) override;
  loop_awaitable<std::vector<std::optional<job_record>>> load(std::uint32_t partition,
                                                              std::span<const std::string> ids) override;
  loop_awaitable<brief_page> page(std::uint32_t partition, std::string after, std::size_t limit) override;
  loop_awaitable<job_page> list(const job_query& query) override;
  loop_awaitable<ledger_page> history(const ledger_query& query) override;

  loop_awaitable<std::vector<step_answer<claim_answer>>> claim(std::uint32_t partition,
                                                               std::string_view member,
                                                               std::span<const claim_step> steps) override;
  loop_awaitable<std::vector<step_answer<take_answer>>> take(std::uint32_t partition, std::string_view member,
                                                             std::span<const take_step> steps) override;
  loop_awaitable<std::vector<step_answer<finish_answer>>> finish(std::uint32_t partition,
                                                                 std::span<const finish_step> steps) override;
  loop_awaitable<std::vector<bool>> reap(std::uint32_t partition, std::span<const reap_step> steps,
                                         instant now) override;
  loop_awaitable<std::size_t> ask_to_stop(std::string id, std::string run_id, cancel_reason why) override;
  loop_awaitable<partition_look> look(std::uint32_t partition, instant now) override;
  loop_awaitable<group_answer> share_group(std::string member, const group_request& request) override;

  bool keeps_ends() const noexcept override { return true; }
  loop_awaitable<bool> add_follower(predecessor of, std::string follower) override;
  loop_awaitable<bool> drop_follower(std::string of, std::string follower) override;
  loop_awaitable<std::vector<kept_end>> ends(std::uint32_t partition) override;
  loop_awaitable<std::vector<step_answer<follow_answer>>> follow(std::uint32_t partition,
                                                                 std::span<const follow_step> steps) override;
  loop_awaitable<bool> drop_ends(std::uint32_t partition, std::uint64_t through) override;

 private:
  struct ids_of_partition;
  struct entries_of_partition;

  std::uint32_t partition_of(std::string_view id) const {
    return carillon::partition_of(id, store_.partitions);
  }
  words head() const;            ///< The arguments that every script begins with ...
  words head_of_change() const;  ///< ... and those of scripts that write the ledger.
  loop_awaitable<reply> run(std::uint32_t partition, const lua_script& script, words arguments);

  void tell_unreadable(const char* what, std::string_view id, const std::string& why);
  /// Logs an error, unless it has been told.
  void tell_once(std::string words);

  loop_awaitable<void> check_server();
  loop_awaitable<store_identity> find_store(std::uint32_t partitions, std::uint64_t at_least);
  loop_awaitable<std::uint64_t> adopt_partitions(store_identity store);

  loop_awaitable<void> fill(ids_of_partition& from, const job_query& query, std::size_t limit);
  loop_awaitable<void> fill(entries_of_partition& from, const ledger_query& query, std::size_t limit);

  loop_awaitable<bool> is_replicated(std::uint32_t partition);
  loop_awaitable<std::vector<postponed>> postpone(std::uint32_t partition, const std::vector<won_run>& runs);
  /// Takes back what was won and is not known to enough replicas.
  loop_awaitable<void> make_durable(std::uint32_t partition, std::span<const claim_step> steps,
                                    std::vector<step_answer<claim_answer>>& answers);
  loop_awaitable<void> make_durable(std::uint32_t partition, std::span<const take_step> steps,
                                    std::vector<step_answer<take_answer>>& answers);

  connection& link_;
  store_keys keys_;
  job_backend_options how_;
  store_identity store_;
  std::unique_ptr<notices> notices_;
  std::set<std::string> told_;  ///< What cannot be read.
};

template <typename Read>
auto job_backend::readable(const char* what, std::string_view id, Read read)
    -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const boost::system::system_error& fault) {
    tell_unreadable(what, id, words_of(fault));
  }
  return std::nullopt;
}

}  // namespace carillon::redis
