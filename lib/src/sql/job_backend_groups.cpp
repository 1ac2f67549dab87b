// Groups: places that all instances share. A row is a group, with all that its members have of it; what a
// question does to it is decided by the rules that the simulated store has as well (store/group_shares.hpp).

#include <set>

#include "sql/group_codec.hpp"
#include "sql/job_backend.hpp"

namespace carillon::sql {

namespace {

/// One group, locked until the transaction ends.
class group_row {
 public:
  group_row(session& with, store_tables& tables, const std::string& name)
      : with_{with}, tables_{tables}, name_{name} {}

  group_shares read() {
    auto content = text();
    if (!content) {
      make();
      content = text();
    }
    group_shares all;
    if (!content) return all;
    read(*content, all);
    return all;
  }

  void write(const group_shares& all) {
    query writes{"UPDATE "};
    writes.add(with_.speaks().table("groups")).add(" SET used = ").bind(microseconds_now());
    with_.run(writes.add(", content = ").bind(text_of(all)).add(" WHERE name = ").bind(name_));
  }

 private:
  /// Who is not understood says again with its next question what it has.
  void read(std::string_view content, group_shares& into) {
    read_shares(content, into, [this](std::string_view member, const unreadable& fault) {
      const auto whose = member.empty() ? std::string{} : ", the part of member " + std::string{member};
      tables_.tell_once("group '" + name_ + "'" + whose +
                        " cannot be read and is passed over: " + fault.what());
    });
  }
  std::optional<std::string> text() {
    query asks{"SELECT content FROM "};
    asks.add(with_.speaks().table("groups")).add(" WHERE name = ").bind(name_);
    auto found = with_.ask(asks.add(with_.speaks().locked()), "t");
    return found.empty() ? std::nullopt : std::optional{std::move(found[0][0].text)};
  }
  /// Somebody else may do so at the same time.
  void make() {
    query makes{"INSERT INTO "};
    makes.add(with_.speaks().table("groups")).add(" (name, used, content) VALUES (").bind(name_).add(", ");
    makes.bind(microseconds_now()).add(", ").bind("{}").add(")");
    with_.run(makes.add(with_.speaks().or_nothing("name")));
  }

  session& with_;
  store_tables& tables_;
  const std::string& name_;
};

/// Heartbeats take away who is gone; until then, as in every store, who has joined is a member.
std::set<std::string, std::less<>> members_in(session& with) {
  std::set<std::string, std::less<>> all;
  query asks{"SELECT id FROM "};
  for (auto& row : with.ask(asks.add(with.speaks().table("members")), "t"))
    all.insert(std::move(row[0].text));
  return all;
}

void tell_places(session& with, std::uint64_t teller, const std::string& group,
                 const std::vector<std::string>& members) {
  if (members.empty()) return;
  const auto& speaks = with.speaks();
  query asks{"SELECT noticed FROM "};
  asks.add(speaks.table("parts")).add(" WHERE part = ").bind(part_of_groups).add(speaks.locked());
  const auto found = with.ask(asks, "n");
  if (found.empty()) return;
  auto noticed = found[0][0].count();
  query writes{"INSERT INTO "};
  writes.add(speaks.table("changes")).add(" (part, num, teller, made, content) VALUES ");
  bool first = true;
  for (const auto& member : members) {
    change_notice notice;
    notice.member = member;
    notice.group = group;
    writes.add(std::exchange(first, false) ? "(" : ", (").bind(part_of_groups).add(", ").bind(++noticed);
    writes.add(", ").bind(teller).add(", ").bind(microseconds_now()).add(", ").bind(text_of(notice)).add(")");
  }
  with.run(writes);
  query counts{"UPDATE "};
  counts.add(speaks.table("parts")).add(" SET noticed = ").bind(noticed).add(" WHERE part = ");
  with.run(counts.bind(part_of_groups));
}

}  // namespace

loop_awaitable<group_answer> job_backend::share_group(std::string member, const group_request& request) {
  auto work = [tables = tables_, store = store_, member = std::move(member), request](session& with) {
    transaction all{with};
    expect_store(with, store, 0);
    group_row row{with, *tables, request.group};
    auto shares = row.read();
    const auto live = members_in(with);
    const auto is_live = [&](const std::string& id) { return live.contains(id); };
    std::vector<std::string> told;
    const auto answer = shares.share(member, request, is_live, told);
    if (!answer.member) return answer;
    row.write(shares);
    tell_places(with, tables->teller, request.group, told);
    all.commit();
    return answer;
  };
  auto sharing = reach<group_answer>(std::move(work));
  co_return co_await std::move(sharing);
}

}  // namespace carillon::sql
