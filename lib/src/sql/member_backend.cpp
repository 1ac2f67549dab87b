#include "sql/member_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sql/job_codec.hpp"

namespace carillon::sql {

namespace {

constexpr milliseconds work_is_kept{3'600'000};

std::string digits_of(std::uint64_t digest) { return fmt::format("{:016x}", digest); }

std::int64_t count_of(instant time) { return time.time_since_epoch().count(); }

/// When anybody's lease was last renewed, and its length.
struct last_beat {
  std::int64_t at = 0, lease = 0;
};

/// What stands of the members, within a transaction.
class member_table {
 public:
  member_table(session& with, store_tables& tables) : with_{with}, tables_{tables} {}

  bool is_of(const store_identity& expected) {
    query asks{"SELECT name, content FROM "};
    asks.add(with_.speaks().table("meta")).add(" WHERE name IN ('id', 'partitions')");
    int fitting = 0;
    for (const auto& row : with_.ask(asks, "tt")) {
      const auto wanted = row[0].text == "id" ? expected.id : std::uint64_t{expected.partitions};
      if (row[1].text == std::to_string(wanted)) ++fitting;
    }
    return fitting == 2;
  }
  bool is_a_store() {
    query asks{"SELECT 1 FROM "};
    return !with_.ask(asks.add(with_.speaks().table("meta")).add(" WHERE name = 'id'"), "n").empty();
  }

  /// Also keeps other members waiting until the transaction ends.
  void read_beat(bool locks) {
    query asks{"SELECT content FROM "};
    asks.add(with_.speaks().table("meta")).add(" WHERE name = 'beat'");
    if (locks) asks.add(with_.speaks().locked());
    const auto found = with_.ask(asks, "t");
    long long at = 0, lease = 0;
    if (!found.empty()) std::sscanf(found[0][0].text.c_str(), "%lld %lld", &at, &lease);
    beat_ = {at, lease};
    now_ = with_.now();
    if (at == 0) return;
    const auto gap = count_of(now_) - at;
    if (gap < 0 || gap > lease / 2) jump_ = milliseconds{gap};
  }
  void write_beat(milliseconds lease) {
    with_.run(query{"UPDATE "}
                  .add(with_.speaks().table("meta"))
                  .add(" SET content = ")
                  .bind(fmt::format("{} {}", count_of(now_), lease.count()))
                  .add(" WHERE name = 'beat'"));
  }

  /// All whose leases are good; and the ids of those whose are not.
  std::vector<member_info> read_live(std::vector<std::string>& expired, member_locks* locks) {
    query asks{"SELECT id, expires, content FROM "};
    std::vector<member_info> live;
    for (const auto& row : with_.ask(asks.add(with_.speaks().table("members")).add(" ORDER BY id"), "tnt")) {
      member_info member;
      member.id = row[0].text;
      member.instance = instance_of(member.id);
      member.expires = instant{milliseconds{row[1].number}} + jump_;
      try {
        read_member(row[2].text, member);
      } catch (const unreadable& fault) {
        tables_.tell_once("member " + member.id + " cannot be read: " + fault.what());
        member.takes_jobs = false;
      }
      const bool is_dead = locks && locks->is_dead(member.id);
      if (member.expires <= now_ || is_dead)
        expired.push_back(member.id);
      else
        live.push_back(std::move(member));
    }
    return live;
  }
  /// Writes what a jump of the clock or the end of leases has changed.
  void keep_only(const std::vector<member_info>& live) {
    with_.run(query{"DELETE FROM "}.add(with_.speaks().table("members")));
    for (const auto& member : live) write(member);
  }
  void write(const member_info& member) {
    static constexpr std::string_view columns[] = {"expires", "content"};
    query writes{"INSERT INTO "};
    writes.add(with_.speaks().table("members")).add(" (id, expires, content) VALUES (").bind(member.id);
    writes.add(", ").bind(std::int64_t{count_of(member.expires)}).add(", ").bind(text_of(member)).add(")");
    with_.run(writes.add(with_.speaks().or_update("id", columns)));
  }
  void keep_work(std::uint64_t digest) {
    const auto table = with_.speaks().table("works");
    const auto now = count_of(now_);
    with_.run(query{"UPDATE "}
                  .add(table)
                  .add(" SET used = ")
                  .bind(now)
                  .add(" WHERE digest = ")
                  .bind(digits_of(digest)));
    with_.run(query{"DELETE FROM "}.add(table).add(" WHERE used < ").bind(now - work_is_kept.count()));
  }
  void tell_changed() {
    query writes{"UPDATE "};
    writes.add(with_.speaks().table("parts")).add(" SET noticed = noticed + 1 WHERE part = ");
    with_.run(writes.bind(part_of_members));
  }

  instant now() const noexcept { return now_; }
  bool has_jumped() const noexcept { return jump_ != milliseconds{0}; }

 private:
  session& with_;
  store_tables& tables_;
  last_beat beat_;
  instant now_{};
  milliseconds jump_{0};
};

members_answer renew_now(session& with, store_tables& tables, member_locks* locks, member_info me,
                         milliseconds lease, const store_identity& expected, bool joins) {
  members_answer answer;
  transaction all{with};
  member_table table{with, tables};
  if (!table.is_of(expected)) {
    answer.store_time = with.now();
    answer.what = members_answer::kind::other_store;
    return answer;
  }
  table.read_beat(true);
  answer.store_time = table.now();
  std::vector<std::string> expired;
  answer.members = table.read_live(expired, locks);
  const auto mine = std::ranges::find(answer.members, me.id, &member_info::id);
  const bool is_there = mine != answer.members.end();
  if (!expired.empty() || table.has_jumped()) table.keep_only(answer.members);
  table.write_beat(lease);
  if (is_there || joins) {
    me.expires = table.now() + lease;
    me.work = nullptr;
    table.write(me);
    table.keep_work(me.work_digest);
    answer.what = members_answer::kind::member;
    if (is_there)
      *mine = me;
    else
      answer.members.insert(std::ranges::upper_bound(answer.members, me.id, {}, &member_info::id), me);
  } else {
    answer.what = members_answer::kind::gone;
  }
  if (!expired.empty() || !is_there) table.tell_changed();
  all.commit();
  return answer;
}

}  // namespace

member_backend::member_backend(std::shared_ptr<store_tables> tables, std::shared_ptr<worker_pool> pool)
    : tables_{std::move(tables)}, pool_{std::move(pool)} {
  if (tables_->where.kind == database_kind::sqlite)
    locks_ = std::make_shared<member_locks>(tables_->where.file);
}

loop_awaitable<members_answer> member_backend::renew(const member_info& me, milliseconds lease,
                                                     store_identity expected, bool joins) {
  auto work = [tables = tables_, locks = locks_, me, lease, expected, joins](session& with) {
    if (locks && !locks->hold(me.id))
      tables->tell_once("no locks in " + tables->where.file +
                        "-members: that an instance was killed is noticed at the end of its lease");
    return renew_now(with, *tables, locks.get(), me, lease, expected, joins);
  };
  auto renewing = ask<members_answer>(pool_, std::move(work));
  co_return co_await std::move(renewing);
}

loop_awaitable<members_answer> member_backend::join(const member_info& me, milliseconds lease,
                                                    store_identity expected) {
  return renew(me, lease, expected, true);
}

loop_awaitable<members_answer> member_backend::heartbeat(const member_info& me, milliseconds lease,
                                                         store_identity expected) {
  return renew(me, lease, expected, false);
}

loop_awaitable<members_answer> member_backend::members() {
  auto looking = look();
  auto seen = co_await std::move(looking);
  co_return std::move(seen.answer);
}

loop_awaitable<all_members> member_backend::look() {
  auto work = [tables = tables_, locks = locks_](session& with) {
    all_members seen;
    auto& answer = seen.answer;
    member_table table{with, *tables};
    if (!table.is_a_store()) {
      answer.store_time = with.now();
      answer.what = members_answer::kind::other_store;
      return seen;
    }
    table.read_beat(false);
    answer.store_time = table.now();
    answer.members = table.read_live(seen.expired, locks.get());
    answer.what = members_answer::kind::member;
    return seen;
  };
  auto asking = ask<all_members>(pool_, std::move(work));
  co_return co_await std::move(asking);
}

loop_awaitable<void> member_backend::leave(std::string member) {
  auto work = [tables = tables_, locks = locks_, member = std::move(member)](session& with) {
    transaction all{with};
    const auto there =
        query{"SELECT 1 FROM "}.add(with.speaks().table("members")).add(" WHERE id = ").bind(member);
    const bool was_there = !with.ask(there, "n").empty();
    with.run(query{"DELETE FROM "}.add(with.speaks().table("members")).add(" WHERE id = ").bind(member));
    if (was_there) member_table{with, *tables}.tell_changed();
    all.commit();
    return true;
  };
  auto leaving = ask<bool>(pool_, std::move(work));
  co_await std::move(leaving);
}

loop_awaitable<void> member_backend::publish_work(const served_work& work) {
  auto writing = [digest = digits_of(work.digest()), content = text_of(work)](session& with) {
    static constexpr std::string_view columns[] = {"used", "content"};
    query writes{"INSERT INTO "};
    writes.add(with.speaks().table("works")).add(" (digest, used, content) VALUES (").bind(digest);
    writes.add(", ").bind(std::int64_t{count_of(with.now())}).add(", ").bind(content).add(")");
    with.run(writes.add(with.speaks().or_update("digest", columns)));
    return true;
  };
  auto publishing = ask<bool>(pool_, std::move(writing));
  co_await std::move(publishing);
}

loop_awaitable<std::shared_ptr<const served_work>> member_backend::fetch_work(std::uint64_t digest) {
  using found_work = std::shared_ptr<const served_work>;
  auto reading = [tables = tables_, digest = digits_of(digest)](session& with) -> found_work {
    query asks{"SELECT content FROM "};
    asks.add(with.speaks().table("works")).add(" WHERE digest = ").bind(digest);
    const auto found = with.ask(asks, "t");
    if (found.empty()) return nullptr;
    try {
      return work_in(found[0][0].text);
    } catch (const unreadable& fault) {
      tables->tell_once("what instances of digest " + digest + " serve cannot be read: " + fault.what());
      return nullptr;
    }
  };
  auto fetching = ask<found_work>(pool_, std::move(reading));
  co_return co_await std::move(fetching);
}

}  // namespace carillon::sql
