#include "carillon/fire_account.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"

namespace carillon::app {
namespace {

bool covers(const ledger_entry& entry, instant fire) { return entry.first <= fire && fire <= entry.last; }

verdict verdict_of(outcome_kind kind) {
  switch (kind) {
    case outcome_kind::lost: return verdict::lost;
    case outcome_kind::missed: return verdict::missed;
    case outcome_kind::skipped: return verdict::skipped;
    case outcome_kind::coalesced: return verdict::coalesced;
    default: return verdict::ran;
  }
}

/// Builds the account of one question.
class accountant {
 public:
  explicit accountant(const fire_question& question) : q_{question}, job_{question.job} {}

  fire_account take() {
    const auto fire = q_.fires.at;
    if (!fire) {
      tell_no_fire();
    } else {
      collect(*fire);
      if (q_.fires.more > 0)
        say(fmt::format("this is about the first of {} fires in that time, {}", q_.fires.more + 1,
                        short_time(*fire, q_.where)));
      out_.entries.empty() ? tell_unwritten(*fire) : tell_written(*fire);
    }
    tell_extra_runs();
    return std::move(out_);
  }

 private:
  void say(std::string sentence) { out_.sentences.push_back(std::move(sentence)); }
  const job_options& options() const { return *job_.definition->options; }
  std::string time(instant when) const { return short_time(when, q_.where); }

  void collect(instant fire) {
    for (const auto& entry : q_.entries)
      if (!entry.extra && covers(entry, fire)) out_.entries.push_back(entry);
    std::ranges::reverse(out_.entries);
  }

  // Attempts first, in their order; the last entry is what became of the fire, if it is final.
  void tell_written(instant fire) {
    const auto& last = out_.entries.back();
    for (const auto& entry : out_.entries) {
      auto sentence = sentence_of(entry, &options(), q_.where);
      if (!entry.final && entry.result.kind != outcome_kind::lost) sentence += "; it is tried again";
      say(std::move(sentence));
    }
    out_.what = last.final ? verdict_of(last.result.kind) : verdict::running;
    if (!last.final) tell_attempt_to_come();
    if (last.result.kind == outcome_kind::coalesced && last.into) tell_stand_in(fire, *last.into);
  }

  void tell_attempt_to_come() {
    if (job_.next_waiting) {
      const auto far = *job_.next_waiting - q_.now;
      say(far > milliseconds{0}
              ? fmt::format("the next attempt is due at {} (in {})", time(*job_.next_waiting), spoken(far))
              : fmt::format("the next attempt has been due since {}", time(*job_.next_waiting)));
    } else if (job_.active > 0) {
      say("the next attempt is running");
    }
  }

  void tell_stand_in(instant fire, instant into) {
    for (const auto& entry : q_.entries) {
      const bool stands = !entry.extra && entry.final && entry.first == into && into != fire;
      if (stands) return say(fmt::format("of that run: {}", sentence_of(entry, &options(), q_.where)));
    }
  }

  // The ledger has nothing of it: it is to come, is due, is running, or is forgotten.
  void tell_unwritten(instant fire) {
    if (job_.cursor && fire >= *job_.cursor) return tell_ahead(fire);
    if (fire > q_.now) return tell_never(fire);
    if (job_.anchor && fire < *job_.anchor) {
      out_.what = verdict::not_known;
      return say(
          fmt::format("the job was added, or was given this schedule, at {}: before that it had no fires",
                      time(*job_.anchor)));
    }
    const bool may_run = job_.active > 0 && job_.last_fire && fire <= *job_.last_fire;
    if (may_run || job_.next_waiting) return tell_in_flight();
    out_.what = verdict::not_known;
    if (!q_.all_entries) say("there are more entries in the ledger than were looked at");
    say("the ledger has no entry of it: either it is older than what the ledger keeps, or the job had "
        "another "
        "schedule then");
  }

  void tell_in_flight() {
    out_.what = verdict::running;
    if (job_.active > 0)
      say(fmt::format(
          "it was claimed; {} of this job {} active now, and what becomes of a run is written when "
          "it ends",
          job_.active == 1 ? "a run" : fmt::format("{} runs", job_.active), job_.active == 1 ? "is" : "are"));
    if (job_.next_waiting)
      say(fmt::format("a run of this job waits (for another attempt, or for a free place), until {}",
                      time(*job_.next_waiting)));
  }

  void tell_ahead(instant fire) {
    const bool is_next = fire == *job_.cursor;
    const auto due = is_next ? job_.due : fire;
    const auto far = due - q_.now;
    out_.what = far > milliseconds{0} ? verdict::to_come : verdict::overdue;
    if (out_.what == verdict::to_come) {
      say(fmt::format("it is still to come, in {}{}", spoken(far),
                      is_next ? ": it is the next fire of this job" : ""));
      if (is_next && due != fire) say(fmt::format("with its jitter it is due at {}", time(due)));
    } else {
      say(fmt::format("it has been due for {}, and no instance has claimed it", spoken(far)));
    }
    tell_hold(fire);
    if (out_.what == verdict::overdue) tell_lateness(-far);
  }

  // What keeps a fire that is ahead of the cursor from running.
  void tell_hold(instant fire) {
    const auto why = job_.note.empty() ? std::string{} : fmt::format(" ('{}')", job_.note);
    if (job_.state == job_state::paused) {
      hold(fmt::format("the job is paused{}: unless it is resumed before, this fire is left out", why));
    } else if (job_.state == job_state::parked) {
      hold(fmt::format("the job is parked{}: nobody can run it", why));
    } else if (job_.state == job_state::ended || job_.state == job_state::removed) {
      hold(fmt::format("the job is {}: it fires no more", name(job_.state)));
    }
    if (std::ranges::binary_search(job_.skip_at, fire))
      hold("it will be skipped: somebody asked to leave out this fire (jobs skip --at)");
    if (job_.skip_next > 0 && fires_until(fire) <= job_.skip_next)
      hold(fmt::format("it will be skipped: the next {} of this job {} to be left out (jobs skip)",
                       job_.skip_next == 1 ? "fire" : fmt::format("{} fires", job_.skip_next),
                       job_.skip_next == 1 ? "is" : "are"));
  }

  void hold(std::string sentence) {
    out_.what = verdict::held;
    say(std::move(sentence));
  }

  std::uint64_t fires_until(instant fire) const {
    const auto count = job_.definition->when.count(job_.bound(), *job_.cursor - tick, fire);
    return count ? *count : 1;
  }

  void tell_lateness(milliseconds late) {
    const auto grace = options().misfire_grace;
    if (job_.active >= options().max_instances)
      say(fmt::format("{} of {} allowed runs are active", job_.active, options().max_instances));
    if (grace && late > *grace) {
      say(fmt::format("it is later than misfire_grace ({}): whoever claims it records it as missed",
                      format_duration(*grace)));
    } else {
      say("it runs as soon as an instance that can run it claims it: see carillon members, carillon doctor");
    }
  }

  void tell_never(instant) {
    out_.what = verdict::held;
    const auto why = job_.note.empty() ? std::string{} : fmt::format(" ('{}')", job_.note);
    const bool over = job_.state == job_state::ended || job_.state == job_state::removed;
    if (over) return say(fmt::format("it will not come: the job is {}{}", name(job_.state), why));
    if (!job_.cursor && job_.definition->when.follows())
      return say("the job has no times of its own (any more): it fires when other jobs have run");
    if (!job_.cursor) return say("the job waits for its run to end, and counts its next fire from there");
    say(fmt::format("the next fire of this job is {}, after that time", time(*job_.cursor)));
  }

  void tell_no_fire() {
    out_.what = verdict::not_a_fire;
    tell_other_schedule();
    say(out_.entries.empty()
            ? "the job does not fire then: its schedule is " + job_.definition->when.text()
            : "by the schedule it has now the job does not fire then: " + job_.definition->when.text());
    if (job_.where.name() != q_.where.name())
      say(fmt::format("times here are those of {}; in its schedule they are those of {} if it names no zone",
                      q_.where.name(), job_.where.name()));
    if (job_.definition->when.fixed_delay())
      say("its fires are counted from the end of each run, so only the ledger knows those that have been");
    tell_neighbour("before", q_.fires.before);
    tell_neighbour("after", q_.fires.after);
  }

  // A fire of a schedule that the job had before.
  void tell_other_schedule() {
    const auto end = q_.asked.at + q_.asked.grain;
    for (const auto& entry : q_.entries) {
      const bool within = q_.asked.at <= entry.first && entry.first < end;
      if (!entry.extra && (within || covers(entry, q_.asked.at)) && entry.count == 1)
        out_.entries.push_back(entry);
    }
    std::ranges::reverse(out_.entries);
    if (out_.entries.empty()) return;
    const auto& last = out_.entries.back();
    out_.what = verdict_of(last.result.kind);
    say(fmt::format("of the fire at {}: {}", time(last.first), sentence_of(last, &options(), q_.where)));
  }

  void tell_neighbour(const char* which, const std::optional<instant>& fire) {
    if (!fire) return say(fmt::format("there is no fire {} it", which));
    auto words = fmt::format("the nearest {} it is {}", which, time(*fire));
    for (const auto& entry : q_.entries) {
      if (entry.extra || !entry.final || !covers(entry, *fire)) continue;
      return say(words + ": " + sentence_of(entry, &options(), q_.where));
    }
    say(std::move(words));
  }

  void tell_extra_runs() {
    const auto end = q_.asked.at + std::max(q_.asked.grain, milliseconds{1000});
    for (const auto& entry : q_.entries) {
      const bool within = entry.extra && q_.asked.at <= entry.first && entry.first < end;
      if (!within) continue;
      out_.entries.push_back(entry);
      const auto what = entry.follows ? "after " + shown(entry.follows->job) : std::string{"run_now"};
      say(fmt::format("beside the schedule ({}) there was a {} at {}: {}", what,
                      entry.run.empty() ? "fire" : "run", time(entry.first),
                      sentence_of(entry, &options(), q_.where)));
    }
  }

  const fire_question& q_;
  const job_record& job_;
  fire_account out_;
};

}  // namespace

std::string_view name(verdict which) noexcept {
  switch (which) {
    case verdict::ran: return "ran";
    case verdict::skipped: return "skipped";
    case verdict::missed: return "missed";
    case verdict::coalesced: return "coalesced";
    case verdict::lost: return "lost";
    case verdict::running: return "running";
    case verdict::to_come: return "to_come";
    case verdict::overdue: return "overdue";
    case verdict::held: return "held";
    case verdict::not_a_fire: return "not_a_fire";
    case verdict::not_known: return "not_known";
  }
  return "unknown";
}

result<fires_around> find_fires(const job_record& job, const time_argument& asked,
                                const date_calendars* calendars) {
  const auto& when = job.definition->when;
  auto bound = job.bound();
  bound.calendars = calendars;
  const auto end = asked.at + asked.grain;
  fires_around found;
  if (when.fixed_delay()) {  // Its grid moves with its runs: only the record knows.
    const bool within = job.cursor && asked.at <= *job.cursor && *job.cursor < end;
    if (within) found.at = job.cursor;
    if (!within && job.cursor && *job.cursor >= end) found.after = job.cursor;
    if (job.last_fire && *job.last_fire < asked.at) found.before = job.last_fire;
    return found;
  }
  const auto first = when.next(bound, asked.at - tick);
  if (!first) return first.error();
  if (*first && **first < end) {
    found.at = *first;
    const auto rest = when.count(bound, **first, end - tick);
    if (!rest) return rest.error();
    found.more = *rest;
  }
  const auto before = when.previous(bound, asked.at);
  if (!before) return before.error();
  const auto after = when.next(bound, end - tick);
  if (!after) return after.error();
  const bool before_the_job = *before && job.anchor && **before < *job.anchor;
  if (!before_the_job) found.before = *before;
  found.after = *after;
  return found;
}

std::pair<instant, instant> stretch_of(const fires_around& fires, const time_argument& asked) {
  if (fires.at) return {asked.at, std::max(*fires.at, asked.at + asked.grain - tick)};
  return {std::min(asked.at, fires.before.value_or(asked.at)),
          std::max(asked.at + asked.grain - tick, fires.after.value_or(asked.at))};
}

fire_account account_for(const fire_question& question) { return accountant{question}.take(); }

}  // namespace carillon::app
