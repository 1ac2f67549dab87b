// Jobs that run after others: whose ends are kept for whom.

#include "sql/desk.hpp"
#include "sql/row_writer.hpp"

namespace carillon::sql {

namespace {

constexpr std::uint64_t hour = 3'600'000'000;  // in microseconds

}  // namespace

void desk::fetch_followers(const std::vector<std::string>& ids) {
  if (!is_followed_ || ids.empty()) return;
  query asks{"SELECT job, follower, ends FROM "};
  asks.add(with_.speaks().table("followers")).add(" WHERE job IN ").bind_list(ids);
  for (const auto& found : with_.ask(asks, "ttn"))
    jobs_.put_back_follower(found[0].text, found[1].text, static_cast<ends_mask>(found[2].number));
}

void desk::add_follower(const std::string& of, const std::string& follower, ends_mask ends) {
  const auto table = with_.speaks().table("followers");
  const auto now = microseconds_now();
  query asks{"SELECT ends FROM "};
  asks.add(table).add(" WHERE job = ").bind(of).add(" AND follower = ").bind(follower);
  const auto before = with_.ask(asks.add(" AND said > ").bind(now - hour), "n");
  if (!before.empty()) ends |= static_cast<ends_mask>(before[0][0].number);
  static constexpr std::string_view columns[] = {"ends", "said"};
  query writes{"INSERT INTO "};
  writes.add(table).add(" (job, follower, ends, said) VALUES (").bind(of).add(", ").bind(follower);
  writes.add(", ").bind(int{ends}).add(", ").bind(now).add(")");
  with_.run(writes.add(with_.speaks().or_update("job, follower", columns)));
  if (is_followed_) return;
  query marks{"UPDATE "};
  marks.add(with_.speaks().table("parts")).add(" SET followed = 1 WHERE part = ").bind(part_);
  with_.run(marks);
}

bool desk::drop_follower(const std::string& of, const std::string& follower) {
  const auto table = with_.speaks().table("followers");
  query asks{"SELECT said FROM "};
  asks.add(table).add(" WHERE job = ").bind(of).add(" AND follower = ").bind(follower);
  const auto found = with_.ask(asks, "n");
  if (found.empty() || found[0][0].count() + hour > microseconds_now()) return false;
  query drops{"DELETE FROM "};
  drops.add(table).add(" WHERE job = ").bind(of).add(" AND follower = ").bind(follower);
  with_.run(drops);
  return true;
}

bool desk::keeps_ends() {
  query asks{"SELECT num FROM "};
  asks.add(with_.speaks().table("untold")).add(" WHERE part = ").bind(part_).add(" LIMIT 1");
  return !jobs_.ends().empty() || !with_.ask(asks, "n").empty();
}

void desk::write_untold() {
  row_writer rows{with_, "untold", "part, num, content"};
  for (const auto& end : jobs_.ends()) {
    auto& row = rows.next().bind(part_).add(", ").bind(end.number).add(", ");
    row.bind(text_of(end)).add(")");
  }
  rows.write();
}

}  // namespace carillon::sql
