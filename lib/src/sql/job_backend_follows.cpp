// Jobs that run after others: whose ends are kept for whom, and what becomes of them.

#include "sql/job_backend.hpp"

namespace carillon::sql {

namespace {

constexpr std::size_t most_ends = 100;

}  // namespace

loop_awaitable<bool> job_backend::add_follower(predecessor of, std::string follower) {
  const auto partition = partition_of(of.job);
  auto work = [of = std::move(of), follower = std::move(follower)](desk& there) {
    there.add_follower(of.job, follower, mask_of(of.ends));
    return true;
  };
  auto adding = change<bool>(partition, std::move(work));
  co_return co_await std::move(adding);
}

loop_awaitable<bool> job_backend::drop_follower(std::string of, std::string follower) {
  const auto partition = partition_of(of);
  auto work = [of = std::move(of), follower = std::move(follower)](desk& there) {
    return there.drop_follower(of, follower);
  };
  auto dropping = change<bool>(partition, std::move(work));
  co_return co_await std::move(dropping);
}

loop_awaitable<std::vector<kept_end>> job_backend::ends(std::uint32_t partition) {
  using kept = std::vector<kept_end>;
  auto work = [tables = tables_, store = store_, partition](session& with) {
    expect_store(with, store, partition);
    query asks{"SELECT num, content FROM "};
    asks.add(with.speaks().table("untold")).add(" WHERE part = ").bind(partition);
    kept all;
    for (const auto& row : with.ask(asks.add(" ORDER BY num LIMIT ").bind(most_ends), "nt")) {
      kept_end end;
      end.number = row[0].count();
      try {
        read_end(row[1].text, end);
        all.push_back(std::move(end));
      } catch (const unreadable& fault) {
        tables->tell_once("the end " + std::to_string(end.number) +
                          " of a run cannot be read and is passed over: " + fault.what());
      }
    }
    return all;
  };
  auto reading = reach<kept>(std::move(work));
  co_return co_await std::move(reading);
}

loop_awaitable<std::vector<step_answer<follow_answer>>> job_backend::follow(
    std::uint32_t partition, std::span<const follow_step> steps) {
  const auto one = [](desk& there, owned_follow& step) {
    return there.jobs().follow({step.id, &step.end, step.now});
  };
  auto owned = own<owned_follow>(steps);
  auto telling = change_each<follow_answer>(partition, std::move(owned), one);
  co_return co_await std::move(telling);
}

loop_awaitable<bool> job_backend::drop_ends(std::uint32_t partition, std::uint64_t through) {
  auto work = [store = store_, partition, through](session& with) {
    transaction all{with};
    expect_store(with, store, partition);
    query drops{"DELETE FROM "};
    drops.add(with.speaks().table("untold")).add(" WHERE part = ").bind(partition);
    with.run(drops.add(" AND num <= ").bind(through));
    all.commit();
    return true;
  };
  auto dropping = reach<bool>(std::move(work));
  co_return co_await std::move(dropping);
}

}  // namespace carillon::sql
