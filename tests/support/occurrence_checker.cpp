#include "support/occurrence_checker.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <carillon/time/timestamp.hpp>
#include <set>
#include <unordered_map>

#include "support/observed_job.hpp"

namespace carillon::testing {

namespace {

std::string words(instant time) { return format_instant(time, zone{}); }

/// Of the instance, without the id of its membership.
std::string_view name_of(std::string_view member) { return member.substr(0, member.find('/')); }

/// Its instance had to let go of it.
bool was_given_up(const observed_body& body) {
  return body.ended && (body.ended->how == name(cancel_reason::lost_lease) ||
                        body.ended->how == name(cancel_reason::shutdown));
}

bool has_run(const ledger_entry& entry) {
  const auto kind = entry.result.kind;
  return kind == outcome_kind::succeeded || kind == outcome_kind::failed || kind == outcome_kind::timed_out;
}

// Goes over one job, rule by rule.
class job_check {
 public:
  job_check(const std::string& id, const observed_job& seen, const check_options& how,
            const std::unordered_map<std::string, const instance_life*>& lives,
            std::vector<finding>& findings)
      : id_{id}, seen_{seen}, how_{how}, lives_{lives}, findings_{findings} {}

  void all() {
    run_once();
    refused_rightly();
    if (seen_.job && !how_.writes_were_lost) {
      if (!when().fixed_delay()) accounted();
      agreed();
    }
    ends_once();
    attempts();
    fences();
    if (!seen_.job || how_.writes_were_lost) return;
    places();
    if (how_.partitions > 0) active_runs();
  }

 private:
  const trigger& when() const { return seen_.job->record.definition->when; }
  std::uint32_t max_instances() const { return seen_.job->record.definition->options->max_instances; }

  void tell(const char* rule, std::optional<instant> occurrence, std::string what) {
    if (findings_.size() < how_.most) findings_.push_back({rule, id_, occurrence, std::move(what)});
  }

  const instance_life* life_of(const std::string& instance) const {
    const auto found = lives_.find(instance);
    return found == lives_.end() ? nullptr : found->second;
  }

  bool just_thawed(const body_mark& mark) const {
    const auto* life = life_of(mark.instance);
    return life && std::ranges::any_of(life->frozen, [&](const auto& stretch) {
             return mark.at >= stretch.first && mark.at <= stretch.second + how_.overlap_slack;
           });
  }

  // What began before the job's anchor belongs to a store that is no more.
  bool of_this_store(instant occurrence) const {
    const auto anchor = seen_.job->record.anchor;
    return !anchor || occurrence >= *anchor;
  }

  void run_once() {
    std::set<std::uint64_t> extra;
    for (const auto* entry : seen_.entries) {
      if (entry->extra) extra.insert(entry->fence);
    }
    std::map<std::tuple<instant, std::uint32_t, std::string>, const observed_body*> earlier;
    for (const auto& body : seen_.bodies) {
      const auto& mark = *body.began;
      if (extra.contains(mark.fence)) continue;
      const auto who = how_.writes_were_lost ? mark.instance : std::string{};
      const auto [place, is_first] = earlier.try_emplace({mark.occurrence, mark.attempt, who}, &body);
      const auto before = std::exchange(place->second, &body);
      if (is_first || may_follow(*before, mark)) continue;
      const auto* at = before->began;
      tell("run twice", mark.occurrence,
           fmt::format("attempt {} began in {} (run {}, fence {}) and again in {} (run {}, fence {})",
                       mark.attempt, at->instance, at->run, at->fence, mark.instance, mark.run, mark.fence));
    }
    for (const auto* stray : seen_.strays) {
      tell("ended without a beginning", stray->occurrence,
           fmt::format("run {} in {}", stray->run, stray->instance));
    }
  }

  bool is_rerun_when_lost() const {
    return seen_.job && seen_.job->record.definition->options->on_lost == lost_action::rerun;
  }

  // What a fail-over has brought back may be begun again where it had been cancelled, if the job asks for
  // that.
  bool may_follow(const observed_body& before, const body_mark& again) const {
    const bool is_over = was_given_up(before) && before.ended->at <= again.at;
    return how_.writes_were_lost && is_rerun_when_lost() && is_over;
  }

  // Only after a fail-over can something come back to who has run it: to its end, if it is to be run again
  // when it is lost.
  void refused_rightly() {
    const auto was_run = [&](const ledger_entry& entry) {
      return std::ranges::any_of(seen_.bodies, [&](const observed_body& body) {
        const auto& mark = *body.began;
        const bool same = mark.instance == name_of(entry.instance) && mark.occurrence == entry.first &&
                          mark.attempt == entry.attempt;
        return same && (!is_rerun_when_lost() || (body.ended && !was_given_up(body)));
      });
    };
    for (const auto* entry : seen_.entries) {
      if (entry->result.message != "already ran") continue;
      if (how_.writes_were_lost && was_run(*entry)) continue;
      tell("refused", entry->first,
           fmt::format("run {} in {}, as if it had run", entry->run, entry->instance));
    }
  }

  // Nominal times with a final entry, as often as they have one.
  std::vector<instant> final_times() {
    std::vector<instant> times;
    for (const auto* entry : seen_.entries) {
      if (entry->extra || !entry->final || !of_this_store(entry->first)) continue;
      times.push_back(entry->first);
      std::uint64_t count = 1;
      for (auto time = entry->first; time < entry->last; ++count) {
        const auto next = when().next(seen_.job->record.bound(), time);
        if (!next || !*next) break;
        time = **next;
        times.push_back(time);
      }
      if (count != entry->count || times.back() != entry->last) {
        tell("wrong stretch", entry->first,
             fmt::format("{} entries from {} to {} are {} nominal times", entry->count, words(entry->first),
                         words(entry->last), count));
      }
    }
    std::ranges::sort(times);
    return times;
  }

  void accounted() {
    const auto times = final_times();
    const auto bound = seen_.job->record.bound();
    auto at = times.begin();
    const auto anchor =
        seen_.job->record.anchor.value_or(times.empty() ? latest_instant : times.front() - tick);
    auto expected = when().first(bound, anchor).value();
    for (; expected && (!seen_.job->through || *expected <= *seen_.job->through);
         expected = when().next(bound, *expected).value()) {
      for (; at != times.end() && *at < *expected; ++at)
        tell("not a nominal time", *at, "it has a final entry");
      std::size_t count = 0;
      for (; at != times.end() && *at == *expected; ++at) ++count;
      if (count == 0) tell("no final entry", *expected, "nothing says what became of it");
      if (count > 1) tell("several final entries", *expected, fmt::format("{} of them", count));
      if (findings_.size() >= how_.most) return;
    }
    for (; at != times.end() && !seen_.job->through; ++at)
      tell("not a nominal time", *at, "it has a final entry");
  }

  void agreed() {
    std::unordered_map<std::string, const ledger_entry*> by_run;
    for (const auto* entry : seen_.entries) {
      if (!entry->run.empty()) by_run.emplace(entry->run, entry);
    }
    std::unordered_map<std::string, const observed_body*> bodies;
    for (const auto& body : seen_.bodies) {
      bodies.emplace(body.began->run, &body);
      if (of_this_store(body.began->occurrence)) is_in_ledger(*body.began, by_run);
    }
    for (const auto& [run, entry] : by_run) {
      if (!has_run(*entry)) continue;
      const auto found = bodies.find(run);
      if (found == bodies.end()) {
        tell("no such run", entry->first,
             fmt::format("{} by the ledger: run {} in {}", name(entry->result.kind), run, entry->instance));
      } else if (!found->second->ended) {
        tell("never ended", entry->first,
             fmt::format("{} by the ledger: run {} in {}", name(entry->result.kind), run, entry->instance));
      }
    }
  }

  void is_in_ledger(const body_mark& mark,
                    const std::unordered_map<std::string, const ledger_entry*>& by_run) {
    const auto found = by_run.find(mark.run);
    if (found == by_run.end()) {
      tell("not in the ledger", mark.occurrence, fmt::format("run {} in {}", mark.run, mark.instance));
      return;
    }
    const auto& entry = *found->second;
    if (entry.first != mark.occurrence || entry.attempt != mark.attempt || entry.fence != mark.fence) {
      tell("the ledger says otherwise", mark.occurrence,
           fmt::format("run {} in {}: {} attempt {} fence {}, in the ledger {} attempt {} fence {}", mark.run,
                       mark.instance, words(mark.occurrence), mark.attempt, mark.fence, words(entry.first),
                       entry.attempt, entry.fence));
    }
  }

  void ends_once() {
    std::set<std::string> runs;
    for (const auto* entry : seen_.entries) {
      if (!entry->run.empty() && !runs.insert(entry->run).second) {
        tell("ended twice", entry->first, fmt::format("run {} has several entries", entry->run));
      }
    }
  }

  // Attempts of one occurrence: 1, 2, … with growing fences, and only the last is final.
  void attempts() {
    std::map<instant, std::vector<const ledger_entry*>> of;
    for (const auto* entry : seen_.entries) {
      if (!entry->run.empty() && !entry->extra) of[entry->first].push_back(entry);
    }
    for (auto& [occurrence, entries] : of) {
      std::ranges::sort(entries, {}, [](const auto* each) { return std::pair{each->attempt, each->number}; });
      for (std::size_t i = 1; i < entries.size(); ++i) {
        const auto &before = *entries[i - 1], &after = *entries[i];
        if (before.fence == after.fence) continue;  // That it ended twice has been told.
        if (before.attempt == after.attempt) {
          tell("attempt twice", occurrence,
               fmt::format("attempt {} as run {} and run {}", after.attempt, before.run, after.run));
        } else if (before.fence >= after.fence) {
          tell("fence went back", occurrence,
               fmt::format("attempt {} has fence {}, attempt {} fence {}", before.attempt, before.fence,
                           after.attempt, after.fence));
        } else if (before.final) {
          tell("tried again after its end", occurrence, fmt::format("attempt {} was final", before.attempt));
        }
      }
    }
  }

  // Where writes were lost two servers may have given fences at once, each by its own clock: then only what
  // one instance began is in order.
  void fences() {
    std::map<std::pair<std::string, std::uint64_t>, const body_mark*> fences;
    std::map<std::string, const body_mark*> highest_of;
    for (const auto& body : seen_.bodies) {
      const auto& mark = *body.began;
      const auto who = how_.writes_were_lost ? mark.instance : std::string{};
      auto& highest = highest_of[who];
      if (const auto [at, is_new] = fences.emplace(std::pair{who, mark.fence}, &mark); !is_new) {
        tell("one fence twice", mark.occurrence,
             fmt::format("fence {} of run {} and run {}", mark.fence, at->second->run, mark.run));
      }
      if (highest && seen_.job && max_instances() == 1 && mark.fence < highest->fence && !just_thawed(mark)) {
        tell("fence went back", mark.occurrence,
             fmt::format("run {} in {} with fence {} began after run {} in {} with fence {}", mark.run,
                         mark.instance, mark.fence, highest->run, highest->instance, highest->fence));
      }
      if (!highest || mark.fence > highest->fence) highest = &mark;
    }
  }

  void places() {
    std::vector<std::tuple<shared_time, int, const body_mark*>> steps;
    for (const auto& body : seen_.bodies) {
      for (const auto& [from, to] : certain_times(body, life_of(body.began->instance), how_.overlap_slack)) {
        steps.emplace_back(from, 1, body.began);
        steps.emplace_back(to, -1, body.began);
      }
    }
    std::ranges::sort(steps, {},
                      [](const auto& step) { return std::pair{std::get<0>(step), std::get<1>(step)}; });
    std::int64_t running = 0;
    for (const auto& [at, change, mark] : steps) {
      running += change;
      if (change > 0 && running > max_instances()) {
        tell("too many at once", mark->occurrence,
             fmt::format("with run {} in {} {} bodies ran at once, {} may", mark->run, mark->instance,
                         running, max_instances()));
      }
    }
  }

  // From the fence of a run to its entry it is active.
  void active_runs() {
    std::vector<std::tuple<std::uint64_t, int, const ledger_entry*>> steps;
    for (const auto* entry : seen_.entries) {
      if (entry->run.empty()) continue;
      const auto ended = entry->number / how_.partitions;
      if (ended <= entry->fence)
        tell("ended before it began", entry->first, fmt::format("run {}", entry->run));
      steps.emplace_back(entry->fence, 1, entry);
      steps.emplace_back(ended, -1, entry);
    }
    std::ranges::sort(steps);
    std::int64_t active = 0;
    for (const auto& [at, change, entry] : steps) {
      active += change;
      if (change > 0 && active > max_instances()) {
        tell("too many active", entry->first,
             fmt::format("with run {} {} were active, {} may", entry->run, active, max_instances()));
      }
    }
  }

  const std::string& id_;
  const observed_job& seen_;
  const check_options& how_;
  const std::unordered_map<std::string, const instance_life*>& lives_;
  std::vector<finding>& findings_;
};

// For each end that a job follows it has exactly one final entry, and no others.
void check_follower(const job_record& job, const observation& seen, const check_options& how,
                    std::vector<finding>& findings) {
  std::map<std::string, ends_mask> followed;
  for (const auto& each : job.definition->when.predecessors()) followed[each.job] |= mask_of(each.ends);
  std::map<std::string, std::pair<int, int>> ends;  // By run: how often it has ended, and was followed.
  for (const auto& entry : seen.ledger) {
    if (!entry.final) continue;
    const auto above = followed.find(entry.job);
    if (above != followed.end() && (above->second & mask_of(entry.result.kind)) != 0 && !entry.run.empty())
      ++ends[entry.run].first;
    if (entry.job == job.id() && entry.follows) ++ends[entry.follows->run].second;
  }
  for (const auto& [run, times] : ends) {
    const bool is_kept = times == std::pair{1, 0} && seen.untold.contains(run);
    if (times == std::pair{1, 1} || is_kept || findings.size() >= how.most) continue;
    findings.push_back(
        {"followed otherwise than once", job.id(), std::nullopt,
         fmt::format("run {} has {} ends and was followed {} times", run, times.first, times.second)});
  }
}

}  // namespace

std::vector<finding> check(const observation& seen, const check_options& how) {
  std::unordered_map<std::string, const instance_life*> lives;
  for (const auto& life : seen.lives) lives.emplace(life.instance, &life);
  std::vector<finding> findings;
  for (const auto& [id, job] : by_job(seen)) {
    job_check{id, job, how, lives, findings}.all();
    if (findings.size() >= how.most) break;
  }
  for (const auto& job : seen.jobs) {
    if (job.record.definition->when.follows() && !how.writes_were_lost)
      check_follower(job.record, seen, how, findings);
  }
  return findings;
}

std::string trail(const observation& seen, const std::string& job, instant occurrence) {
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  for (const auto& mark : seen.marks) {
    if (mark.job != job || mark.occurrence != occurrence) continue;
    const bool began = mark.what == body_mark::kind::began;
    lines.emplace_back(
        static_cast<std::uint64_t>(mark.at.count()),
        fmt::format("  {:.6f} s  body {:<10} attempt {} fence {} run {} in {}\n",
                    static_cast<double>(mark.at.count()) / 1e6, began ? "began" : "ended " + mark.how,
                    mark.attempt, mark.fence, mark.run, mark.instance));
  }
  std::ranges::sort(lines);
  std::vector<const ledger_entry*> entries;
  for (const auto& entry : seen.ledger) {
    if (entry.job == job && entry.first <= occurrence && occurrence <= entry.last) entries.push_back(&entry);
  }
  std::ranges::sort(entries, {}, &ledger_entry::number);
  std::string text = fmt::format("  {} of {}\n", words(occurrence), job);
  for (const auto& [at, line] : lines) text += line;
  for (const auto* entry : entries) {
    text +=
        fmt::format("  ledger {} {}{}{} attempt {} fence {} run {} in {}, {} from {} to {}: {}\n",
                    entry->number, name(entry->result.kind), entry->final ? "" : ", not final",
                    entry->extra ? ", extra" : "", entry->attempt, entry->fence, entry->run, entry->instance,
                    entry->count, words(entry->first), words(entry->last), entry->result.message);
  }
  return text;
}

std::string report(const observation& seen, const std::vector<finding>& findings) {
  std::string text;
  for (const auto& each : findings) {
    text += fmt::format("{}: job {}{}: {}\n", each.rule, each.job,
                        each.occurrence ? " at " + words(*each.occurrence) : "", each.what);
    if (each.occurrence) text += trail(seen, each.job, *each.occurrence);
  }
  return text;
}

}  // namespace carillon::testing
