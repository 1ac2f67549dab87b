#pragma once
#include <boost/asio/steady_timer.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/store/job_backend.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sql/desk.hpp"
#include "sql/store_tables.hpp"
#include "sql/worker_pool.hpp"
#include "store/owned_steps.hpp"

namespace carillon::sql {

/// Jobs in the tables of an SQL database: each step one transaction, on a thread of a pool.
class job_backend final : public carillon::job_backend {
 public:
  job_backend(std::shared_ptr<store_tables> tables, std::shared_ptr<worker_pool> pool,
              std::chrono::milliseconds look_for_changes);
  ~job_backend() override;

  loop_awaitable<store_identity> open(std::uint32_t partitions, backend_listener& listener) override;
  loop_awaitable<void> close() override;

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
  /// What a step answers, and what is to be told of it.
  template <typename T>
  struct told_answer {
    T answer;
    std::vector<change_notice> notices;
  };
  /// What a look at the numbers of notices has found.
  struct outlook {
    std::vector<std::uint64_t> noticed;
    std::vector<change_notice> notices;
  };

  /// Asks the pool, and tells when the database is away, and when it is back.
  template <typename T, typename Work>
  loop_awaitable<T> reach(Work work, std::chrono::milliseconds patience = std::chrono::milliseconds::zero());
  /// The same, of `work(desk&)` within a transaction of one partition; what it tells is told.
  template <typename T, typename Work>
  loop_awaitable<T> change(std::uint32_t partition, Work work);
  /// The same of many steps: `one(desk&, step&)` answers each of which the job can be read.
  template <typename Answer, typename Owned, typename One>
  loop_awaitable<std::vector<step_answer<Answer>>> change_each(
      std::uint32_t partition, std::vector<Owned> steps, One one,
      std::vector<std::string> tokens = std::vector<std::string>());
  std::uint32_t partition_of(std::string_view id) const noexcept;
  void tell_reachable(bool reachable, const std::string& why);
  void tell(std::vector<change_notice> notices);

  /// A change may have been made that was not answered, and what it tells may still come.
  void doubt(std::uint32_t partition, std::uint64_t noticed);
  std::uint64_t noticed(std::uint32_t partition) const;
  loop_awaitable<void> look_for_changes();
  loop_awaitable<outlook> see_changes();
  static void take_notice(outlook& seen, std::string_view text, std::uint32_t place, store_tables& tables);
  void follow(outlook&& seen);

  const std::shared_ptr<store_tables> tables_;
  const std::shared_ptr<worker_pool> pool_;
  const std::chrono::milliseconds between_looks_;
  store_identity store_;
  std::optional<loop_executor> where_;
  std::shared_ptr<backend_listener*> listener_;  ///< What it holds is null once this is closed.
  std::optional<bool> reachable_;
  std::vector<std::uint64_t> noticed_;  ///< By partition, and last those of groups and of members.
  std::chrono::steady_clock::time_point looked_{};
  std::map<std::uint32_t, std::uint64_t> doubted_;  ///< From where on a partition is to be looked at again.
  std::chrono::steady_clock::time_point doubts_end_{};  ///< Until then its own notices are read as well.
  std::unique_ptr<boost::asio::steady_timer> pause_;
  std::unique_ptr<task_group> tasks_;
  bool closing_ = false;
};

template <typename T, typename Work>
loop_awaitable<T> job_backend::reach(Work work, std::chrono::milliseconds patience) {
  std::string why;
  std::exception_ptr failure;
  try {
    auto asked = ask<T>(pool_, std::move(work), patience);
    auto answer = co_await std::move(asked);
    tell_reachable(true, {});
    co_return answer;
  } catch (const boost::system::system_error& error) {
    failure = std::current_exception();
    if (error.code() == errc::store_unreachable) why = error.what();
  }
  if (!why.empty()) tell_reachable(false, why);
  std::rethrow_exception(failure);
}

template <typename T, typename Work>
loop_awaitable<T> job_backend::change(std::uint32_t partition, Work work) {
  auto step = [tables = tables_, store = store_, partition, work = std::move(work)](session& with) mutable {
    transaction all{with};
    desk there{with, *tables, store, partition};
    told_answer<T> told{work(there), {}};
    told.notices = there.save();
    all.commit();
    return told;
  };
  const auto seen = noticed(partition);
  auto reached = reach<told_answer<T>>(std::move(step));
  try {
    auto told = co_await std::move(reached);
    tell(std::move(told.notices));
    co_return std::move(told.answer);
  } catch (const boost::system::system_error& error) {
    if (error.code() == errc::store_unreachable) doubt(partition, seen);
    throw;
  }
}

template <typename Answer, typename Owned, typename One>
loop_awaitable<std::vector<step_answer<Answer>>> job_backend::change_each(std::uint32_t partition,
                                                                          std::vector<Owned> steps, One one,
                                                                          std::vector<std::string> tokens) {
  using answers = std::vector<step_answer<Answer>>;
  auto work = [steps = std::move(steps), tokens = std::move(tokens),
               one = std::move(one)](desk& there) mutable {
    there.fetch(ids_of(steps));
    there.fetch_tokens(tokens);
    if constexpr (std::is_same_v<Owned, owned_finish>) there.fetch_followers(ids_of(steps));
    answers all;
    for (auto& step : steps) {
      auto& answer = all.emplace_back();
      // What is added takes the place of what cannot be read.
      if constexpr (!std::is_same_v<Owned, owned_add>) answer.refused = there.refusal(step.id);
      if (answer.refused.empty()) static_cast<Answer&>(answer) = one(there, step);
    }
    return all;
  };
  auto changing = change<answers>(partition, std::move(work));
  co_return co_await std::move(changing);
}

}  // namespace carillon::sql
