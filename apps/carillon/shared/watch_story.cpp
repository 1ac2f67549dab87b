#include "carillon/shared/watch_story.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

watch_line line_of(instant at, std::string_view event, std::string_view subject, std::string message) {
  watch_line line;
  line.at = line.place = at;
  line.words = subject.empty() ? message : fmt::format("{}: {}", shown(subject), message);
  line.fields["event"] = event;
  line.fields["message"] = in_utf8(message);
  return line;
}

std::string run_name(const std::string& job, const std::string& run) {
  return run.empty() ? job : fmt::format("{}[{}]", job, run);
}

std::string late_words(instant due, instant started) {
  const auto late = started - due;
  return late < milliseconds{1} ? std::string{} : fmt::format(", {} late", spoken(late));
}

struct beginning {
  const std::string& job;
  const std::string& run;
  std::string_view instance;
  std::uint64_t fence;
  std::uint32_t attempt;
  instant occurrence, due, started;
};

watch_line line_of_start(const beginning& what, std::string_view event, std::string_view verb) {
  auto words = what.attempt > 1 ? fmt::format("attempt {} {} on {}", what.attempt, verb, what.instance)
                                : fmt::format("{} on {}", verb, what.instance);
  words += late_words(what.due, what.started);
  auto line = line_of(what.started, event, run_name(what.job, what.run), std::move(words));
  line.fields["job"] = what.job;
  line.fields["run"] = what.run;
  line.fields["instance"] = what.instance;
  line.fields["attempt"] = what.attempt;
  line.fields["fence"] = what.fence;
  line.fields["scheduled_for"] = format_instant(what.occurrence, zone{});
  line.fields["lateness_ms"] = (what.started - what.due).count();
  return line;
}

watch_line line_of_run(const active_record& run, std::string_view event, std::string_view verb) {
  const beginning what{run.job, run.run_id, instance_of(run.member), run.fence, run.attempt, run.occurrence,
                       run.due, run.started};
  return line_of_start(what, event, verb);
}

// The words of the ledger begin with "it": here the line's subject stands before them.
std::string without_it(std::string sentence) {
  if (sentence.starts_with("it was ")) sentence.erase(0, 7);
  if (sentence.starts_with("it ")) sentence.erase(0, 3);
  return sentence;
}

std::string stretch_words(const ledger_entry& entry) {
  if (entry.count == 1) return "the fire of " + short_time(entry.first, zone{}) + " UTC";
  return fmt::format("{} fires from {} to {} UTC", entry.count, short_time(entry.first, zone{}),
                     short_time(entry.last, zone{}));
}

std::string words_of(const ledger_entry& entry) {
  switch (entry.result.kind) {
    case outcome_kind::missed: return "missed " + stretch_words(entry) + ": nobody ran it in time";
    case outcome_kind::skipped:
      return fmt::format("skipped {}: {}", stretch_words(entry), skip_reason(entry.result.message, nullptr));
    case outcome_kind::coalesced: return "left out " + stretch_words(entry) + ": one run stands for all";
    default: break;
  }
  auto words = without_it(sentence_of(entry, nullptr, zone{}));
  if (!entry.final && entry.result.kind != outcome_kind::lost) words += "; it is tried again";
  return words;
}

// When the store wrote it: numbers follow its clock in microseconds, times the partitions.
instant written(const ledger_entry& entry, std::uint32_t partitions) {
  return instant{milliseconds{static_cast<std::int64_t>(entry.number / partitions / 1000)}};
}

watch_line line_of_entry(const ledger_entry& entry, std::uint32_t partitions) {
  auto line = line_of(entry.finished.value_or(written(entry, partitions)),
                      fmt::format("run_{}", name(entry.result.kind)), run_name(entry.job, entry.run),
                      words_of(entry));
  line.fields["job"] = entry.job;
  line.fields["outcome"] = name(entry.result.kind);
  line.fields["scheduled_for"] = format_instant(entry.first, zone{});
  line.fields["final"] = entry.final;
  if (!entry.run.empty()) {
    line.fields["run"] = entry.run;
    line.fields["instance"] = entry.instance;
    line.fields["attempt"] = entry.attempt;
    line.fields["fence"] = entry.fence;
  } else {
    line.fields["last"] = format_instant(entry.last, zone{});
    line.fields["count"] = entry.count;
  }
  if (entry.started && entry.finished)
    line.fields["duration_ms"] = (*entry.finished - *entry.started).count();
  if (!entry.result.failure.empty()) line.fields["failure"] = entry.result.failure;
  return line;
}

watch_line line_of_member(instant at, const member_info& member, std::string_view event,
                          std::string_view words) {
  auto line = line_of(at, event, member.instance, std::string{words});
  line.fields["instance"] = member.instance;
  line.fields["member"] = member.id;
  line.fields["host"] = member.host;
  line.fields["process"] = member.process;
  return line;
}

// Lines of one look at a partition, where what became of one occurrence stays in its order.
class line_list {
 public:
  void add(watch_line line, const std::string& job, instant occurrence) {
    auto& last = last_.try_emplace({job, occurrence}, line.at).first->second;
    line.place = last = std::max(last, line.at);
    lines_.push_back(std::move(line));
  }
  std::vector<watch_line> take() { return std::move(lines_); }

 private:
  std::vector<watch_line> lines_;
  std::map<std::pair<std::string, instant>, instant> last_;
};

}  // namespace

std::string watch_line::to_string(const zone& where) const {
  auto time = short_time(at, where);
  if (time.size() == 19) time += ".000";
  return time + "  " + words;
}

std::string watch_line::to_json(const zone& where) const {
  boost::json::object object{{"time", format_instant(at, where)}};
  for (const auto& [key, value] : fields) object[key] = value;
  return boost::json::serialize(object);
}

std::vector<watch_line> watch_story::take(std::uint32_t partition, const redis::partition_news& news,
                                          std::uint32_t partitions) {
  const bool is_first = !partitions_.contains(partition);
  auto& known = partitions_[partition];
  if (!news.changed && !is_first) return {};
  line_list lines;
  runs_by_fence now_there;
  for (const auto& run : news.runs) now_there.emplace(run.fence, run);
  for (const auto& entry : news.entries) {
    const bool unseen =
        !entry.run.empty() && entry.fence != 0 && entry.started && !known.contains(entry.fence);
    if (unseen && !now_there.contains(entry.fence)) {
      const beginning what{entry.job,
                           entry.run,
                           entry.instance,
                           entry.fence,
                           entry.attempt,
                           entry.first,
                           entry.due.value_or(*entry.started),
                           *entry.started};
      lines.add(line_of_start(what, "run_started", "started"), entry.job, entry.first);
    }
    lines.add(line_of_entry(entry, partitions), entry.job, entry.first);
  }
  for (const auto& [fence, run] : now_there) {
    if (!is_first && known.contains(fence)) continue;
    auto line =
        is_first ? line_of_run(run, "run_running", "running") : line_of_run(run, "run_started", "started");
    lines.add(std::move(line), run.job, run.occurrence);
  }
  known = std::move(now_there);
  return lines.take();
}

std::vector<watch_line> watch_story::take(const members_answer& answer) {
  std::vector<watch_line> lines;
  std::map<std::string, member_info> now_there;
  for (const auto& member : answer.members) now_there.emplace(member.id, member);
  const auto at = answer.store_time;
  if (!std::exchange(knows_members_, true)) {
    members_ = std::move(now_there);
    std::string names;
    for (const auto& [id, member] : members_) names += (names.empty() ? "" : ", ") + member.instance;
    auto line = line_of(at, "members", {},
                        members_.empty() ? std::string{"no instance is live"}
                                         : counted(members_.size(), "instance") + ": " + names);
    line.fields["count"] = members_.size();
    lines.push_back(std::move(line));
    return lines;
  }
  for (const auto& [id, member] : members_) {
    if (!now_there.contains(id))
      lines.push_back(line_of_member(at, member, "member_left", "has left, or its lease has run out"));
  }
  for (const auto& [id, member] : now_there) {
    const auto before = members_.find(id);
    if (before == members_.end()) {
      lines.push_back(line_of_member(at, member, "member_joined",
                                     fmt::format("joined ({}, process {})", member.host, member.process)));
    } else if (before->second.takes_jobs != member.takes_jobs) {
      lines.push_back(member.takes_jobs
                          ? line_of_member(at, member, "member_back", "takes jobs again")
                          : line_of_member(at, member, "member_blocked", "is blocked: others take its jobs"));
    }
  }
  members_ = std::move(now_there);
  return lines;
}

watch_line line_about_store(instant at, std::string_view event, std::string_view words) {
  return line_of(at, event, {}, std::string{words});
}

void sort_lines(std::vector<watch_line>& lines) {
  std::multimap<instant, watch_line> in_order;  // Keeps those of one place in theirs.
  for (auto& line : lines) in_order.emplace(line.place, std::move(line));
  lines.clear();
  for (auto& [place, line] : in_order) lines.push_back(std::move(line));
}

}  // namespace carillon::app
