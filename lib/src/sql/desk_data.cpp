// What runs leave behind, on its way from a desk into the tables: values, and the ends that somebody waits
// for.

#include <algorithm>
#include <chrono>

#include "sql/desk.hpp"
#include "sql/json_fields.hpp"
#include "sql/row_writer.hpp"

namespace carillon::sql {

void desk::note_awaited(const std::string& id, const live_runs& before) {
  const auto note = [&](const auto& run) {
    if (run.awaited) awaited_before_[id].push_back(run.revision);
  };
  for (const auto& run : before.held) note(run);
  for (const auto& run : before.waiting) note(run);
}

void desk::keep_value(const std::string& id, const std::string& run_id, instant finished,
                      milliseconds how_long) {
  auto value = jobs_.result(id, run_id, finished);
  if (value) values_.push_back({id, run_id, *std::move(value), finished, how_long});
}

/// Which of the runs that somebody waits for have ended.
void desk::collect_ends() {
  for (const auto& [id, numbers] : awaited_before_) {
    for (const auto number : numbers) {
      auto end = jobs_.end_of(id, number);
      if (end.what != awaited_end::kind::ended) continue;
      tell_end(id);
      ends_.push_back({id, number, std::move(end)});
    }
  }
}

/// Of a job that is there the rules have told; who waits for a run of one that is gone is to hear, too.
void desk::tell_end(const std::string& id) {
  const auto is_of_it = [&](const change_notice& each) { return each.run.empty() && each.job.id == id; };
  if (std::ranges::any_of(notices_, is_of_it)) return;
  auto& notice = notices_.emplace_back();
  notice.part = part_;
  notice.number = jobs_.last_number();
  notice.job.id = id;
  notice.job.state = job_state::removed;
}

void desk::write_values() {
  static constexpr std::string_view columns[] = {"job", "ends_at", "drop_at", "content"};
  row_writer rows{with_, "results", "run, job, ends_at, drop_at, content",
                  with_.speaks().or_update("run", columns)};
  const auto now = microseconds_now();
  for (const auto& each : values_) {
    const std::chrono::microseconds kept{each.how_long};
    const auto ends_at = each.finished + each.how_long;
    auto& row = rows.next().bind(each.run).add(", ").bind(each.job).add(", ");
    row.bind(std::int64_t{ends_at.time_since_epoch().count()}).add(", ");
    row.bind(now + static_cast<std::uint64_t>(kept.count())).add(", ").bind(clean(each.value)).add(")");
  }
  rows.write();
}

void desk::write_ends() {
  static constexpr std::string_view columns[] = {"job", "made", "content", "returned"};
  row_writer rows{with_, "ends", "part, num, job, made, content, returned",
                  with_.speaks().or_update("part, num", columns)};
  const auto now = microseconds_now();
  for (const auto& each : ends_) {
    auto& row = rows.next().bind(part_).add(", ").bind(each.number).add(", ").bind(each.job).add(", ");
    row.bind(now).add(", ").bind(text_of(each.how.entry)).add(", ").bind(clean(each.how.value)).add(")");
  }
  rows.write();
}

}  // namespace carillon::sql
