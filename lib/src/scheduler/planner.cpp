#include "scheduler/planner.hpp"

#include <algorithm>
#include <string>

namespace carillon {

namespace {

constexpr milliseconds one_tick{1};

using skipped_times = boost::container::small_vector<instant, 1>;

/// The fires of a job that are due and have not been claimed. The cursor is one of them even if the trigger
/// does not name it: it may have been set by hand, or computed with older zone data.
///
/// Once `leave_out` has been called, those that are to be left out by their times are none of them.
class pile {
 public:
  explicit pile(const planner_job& job) : when_{job.when}, bound_{job.bound}, first_{job.cursor} {}

  instant first() const { return first_.nominal; }
  std::optional<instant> after(instant nominal) const {
    auto next = when_.next(bound_, nominal).value();
    while (next && is_out(*next)) next = when_.next(bound_, *next).value();
    return next;
  }
  instant before(instant nominal) const {
    auto earlier = when_.previous(bound_, nominal).value();
    while (earlier && is_out(*earlier)) earlier = when_.previous(bound_, *earlier).value();
    return earlier ? std::max(*earlier, first_.nominal) : first_.nominal;
  }
  instant due(instant nominal) const {
    return nominal == first_.nominal ? first_.due : when_.due(bound_, nominal);
  }
  /// How many fires lie in [from, to], both of them fires.
  std::uint64_t count(instant from, instant to) const {
    const auto all = 1 + when_.count(bound_, from, to).value();
    return all - static_cast<std::uint64_t>(
                     std::ranges::count_if(out_, [&](instant time) { return time >= from && time <= to; }));
  }

  /// The last fire that is due by `time`. @pre `first` is.
  instant last_due_by(instant time) const {
    if (time <= first_.nominal) return first_.nominal;
    const auto latest = when_.latest(bound_, first_.nominal, time).value();
    if (!latest) return first_.nominal;
    // A fire is never due later than the next one's nominal time: two steps at most.
    auto last = *latest;
    while (last > first_.nominal && (due(last) > time || is_out(last))) last = before(last);
    return last;
  }

  std::optional<fire> fire_after(instant nominal) const {
    const auto next = after(nominal);
    if (!next) return std::nullopt;
    return fire{*next, when_.due(bound_, *next)};
  }

  void drop_until(instant nominal) { first_ = fire{nominal, due(nominal)}; }

  /// Leaves out what of `times` is a fire no later than `last`. Answers the last fire that stays; none: not
  /// one does.
  std::optional<instant> leave_out(std::span<const instant> times, instant last) {
    for (const auto time : times) {
      const bool due = time >= first_.nominal && time <= last;
      if (due && (time == first_.nominal || fires_at(when_, bound_, time))) out_.push_back(time);
    }
    while (is_out(last)) {
      if (last == first_.nominal) return std::nullopt;
      const auto earlier = when_.previous(bound_, last).value();
      last = earlier ? std::max(*earlier, first_.nominal) : first_.nominal;
    }
    if (is_out(first_.nominal)) drop_until(*after(first_.nominal));
    return last;
  }
  const skipped_times& left_out() const noexcept { return out_; }

 private:
  bool is_out(instant time) const { return !out_.empty() && std::ranges::binary_search(out_, time); }

  const trigger& when_;
  const binding& bound_;
  fire first_;
  skipped_times out_;
};

ledger_stretch stretch(outcome_kind kind, instant first, instant last, std::uint64_t count) {
  ledger_stretch left_out;
  left_out.kind = kind;
  left_out.first = first;
  left_out.last = last;
  left_out.count = count;
  return left_out;
}

/// Records missed fires, as one stretch with those missed just before.
void miss(fire_plan& plan, instant first, instant last, std::uint64_t count) {
  if (!plan.left_out.empty() && plan.left_out.back().kind == outcome_kind::missed) {
    plan.left_out.back().last = last;
    plan.left_out.back().count += count;
  } else {
    plan.left_out.push_back(stretch(outcome_kind::missed, first, last, count));
  }
}

void set_next(fire_plan& plan, std::optional<fire> next) {
  plan.next = next;
  plan.ends = !next;
}

/// Leaves out fires that were asked to be skipped. False: that was all of them.
bool skip(fire_plan& plan, pile& due, instant last, std::uint32_t fires) {
  if (fires == 0) return true;
  const auto there = due.count(due.first(), last);
  auto last_skipped = last;
  if (fires < there) {
    last_skipped = due.first();
    for (std::uint32_t i = 1; i < fires; ++i) last_skipped = *due.after(last_skipped);
  }
  const auto skipped = std::min<std::uint64_t>(fires, there);
  plan.left_out.push_back(stretch(outcome_kind::skipped, due.first(), last_skipped, skipped));
  plan.left_out.back().reason = "skip_next";
  plan.skips_used = static_cast<std::uint32_t>(skipped);
  if (last_skipped == last) return false;
  due.drop_until(*due.after(last_skipped));
  return true;
}

/// Leaves out fires that are too late. False: that was all of them.
bool miss_late(fire_plan& plan, pile& due, instant last, std::optional<milliseconds> grace, instant now) {
  if (!grace) return true;
  const auto oldest = now - std::min(*grace, now - earliest_instant);
  if (due.due(due.first()) >= oldest) return true;
  const auto last_missed = std::min(last, due.last_due_by(oldest - one_tick));
  miss(plan, due.first(), last_missed, due.count(due.first(), last_missed));
  if (last_missed == last) return false;
  due.drop_until(*due.after(last_missed));
  return true;
}

void run_latest(fire_plan& plan, const pile& due, instant last) {
  if (due.first() != last) {
    const auto before = due.before(last);
    plan.left_out.push_back(
        stretch(outcome_kind::coalesced, due.first(), before, due.count(due.first(), before)));
    plan.left_out.back().into = last;
  }
  plan.runs.push_back({last, due.due(last)});
}

void run_earliest(fire_plan& plan, const pile& due, instant last) {
  plan.runs.push_back({due.first(), due.due(due.first())});
  if (due.first() == last) return;
  const auto second = *due.after(due.first());
  plan.left_out.push_back(stretch(outcome_kind::coalesced, second, last, due.count(second, last)));
  plan.left_out.back().into = due.first();
}

/// Takes as many as there are places for, one at least, so that the overlap policy decides. Answers the last
/// one taken.
instant run_all(fire_plan& plan, pile& due, instant last, const planner_job& job) {
  const auto there = due.count(due.first(), last);
  if (there > job.options.catch_up) {
    auto first = last;
    for (std::uint32_t i = 1; i < job.options.catch_up; ++i) first = due.before(first);
    miss(plan, due.first(), due.before(first), there - job.options.catch_up);
    due.drop_until(first);
  }
  const auto left = std::min<std::uint64_t>(there, job.options.catch_up);
  const auto taken = std::min<std::uint64_t>(left, std::max<std::uint32_t>(job.free_places, 1));
  auto nominal = due.first();
  for (std::uint64_t i = 1; i <= taken; ++i) {
    plan.runs.push_back({nominal, due.due(nominal)});
    if (i < taken) nominal = *due.after(nominal);
  }
  plan.more = taken < left;
  return nominal;
}

ledger_stretch left_out_at(instant time) {
  auto left_out = stretch(outcome_kind::skipped, time, time, 1);
  left_out.reason = "skip_at";
  return left_out;
}

/// Adds what is left out by its time to the rest of a plan, which has not counted it: stretches around it
/// come apart. What the plan leaves for later is left out later.
void tell_left_out(fire_plan& plan, const pile& raw, std::span<const instant> times) {
  if (plan.next && plan.more) {
    const auto passed = std::ranges::lower_bound(times, plan.next->nominal);
    times = times.first(static_cast<std::size_t>(passed - times.begin()));
  }
  if (times.empty()) return;
  auto rest = times;
  decltype(plan.left_out) all;
  const auto tell_until = [&](instant end) {
    for (; !rest.empty() && rest.front() <= end; rest = rest.subspan(1))
      all.push_back(left_out_at(rest.front()));
  };
  for (auto& one : plan.left_out) {
    tell_until(one.first);
    auto from = one.first;
    for (; !rest.empty() && rest.front() < one.last; rest = rest.subspan(1)) {
      const auto time = rest.front();
      if (from < time) {
        auto part = one;
        part.first = from;
        part.last = raw.before(time);
        part.count = raw.count(part.first, part.last);
        all.push_back(std::move(part));
      }
      all.push_back(left_out_at(time));
      from = *raw.after(time);
    }
    if (from != one.first) one.count = raw.count(from, one.last);
    one.first = from;
    all.push_back(std::move(one));
  }
  tell_until(times.back());
  plan.left_out = std::move(all);
}

/// Of a fire whose successor is not known before its run has ended.
fire_plan plan_fixed_delay(const planner_job& job, instant now) {
  fire_plan plan;
  pile due{job};
  const auto only = due.first();
  if (std::ranges::binary_search(job.skip_at, only)) {
    plan.left_out.push_back(left_out_at(only));
    set_next(plan, fire_after_run(job.when, job.bound, now));
  } else if (skip(plan, due, only, job.skip_next) &&
             miss_late(plan, due, only, job.options.misfire_grace, now)) {
    plan.runs.push_back(job.cursor);
  } else {
    set_next(plan, fire_after_run(job.when, job.bound, now));
  }
  return plan;
}

/// What becomes of fires that are due and not left out by their times, the last of them at `last`.
void plan_rest(fire_plan& plan, pile& due, instant last, const planner_job& job, instant now) {
  if (!skip(plan, due, last, job.skip_next)) return;
  if (!miss_late(plan, due, last, job.options.misfire_grace, now)) return;
  switch (job.options.coalesce) {
    case coalesce_policy::latest: return run_latest(plan, due, last);
    case coalesce_policy::earliest: return run_earliest(plan, due, last);
    case coalesce_policy::all: break;
  }
  const auto taken = run_all(plan, due, last, job);
  const pile raw{job};
  if (plan.more) set_next(plan, raw.fire_after(taken));
}

}  // namespace

fire_plan plan_fires(const planner_job& job, instant now) {
  fire_plan plan;
  if (job.cursor.due > now) return plan;
  const auto& options = job.options;
  const bool wait_for_place =
      job.catching_up && job.free_places == 0 && options.coalesce == coalesce_policy::all;
  if (wait_for_place) {
    plan.more = true;
    return plan;
  }
  if (job.when.fixed_delay()) return plan_fixed_delay(job, now);

  pile due{job};
  auto last = due.first();
  auto next = due.fire_after(last);
  if (next && next->due <= now) {  // More than one: nobody looked for a while.
    last = due.last_due_by(now);
    next = due.fire_after(last);
  }
  set_next(plan, next);
  if (job.skip_at.empty()) {
    plan_rest(plan, due, last, job, now);
    return plan;
  }
  const auto last_staying = due.leave_out(job.skip_at, last);
  if (last_staying) plan_rest(plan, due, *last_staying, job, now);
  tell_left_out(plan, pile{job}, due.left_out());
  return plan;
}

fire_plan plan_to_leave_out(const planner_job& job, instant now, std::string_view reason) {
  fire_plan plan;
  if (job.cursor.due > now) return plan;
  const pile due{job};
  const bool alone = job.when.fixed_delay();
  const auto last = alone ? due.first() : due.last_due_by(now);
  plan.left_out.push_back(
      stretch(outcome_kind::skipped, due.first(), last, alone ? 1 : due.count(due.first(), last)));
  plan.left_out.back().reason = std::string{reason};
  set_next(plan, alone ? fire_after_run(job.when, job.bound, now) : due.fire_after(last));
  return plan;
}

std::optional<fire> first_fire(const trigger& when, const binding& bound, instant now,
                               std::optional<instant> first_time) {
  if (first_time) return fire{*first_time, *first_time};
  const auto nominal = when.first(bound, now).value();
  if (!nominal) return std::nullopt;
  return fire{*nominal, when.due(bound, *nominal)};
}

std::optional<fire> fire_after_run(const trigger& when, const binding& bound, instant finished) {
  auto from_end = bound;
  from_end.anchor = finished;
  const auto nominal = when.next(from_end, finished).value();
  if (!nominal) return std::nullopt;
  return fire{*nominal, when.due(from_end, *nominal)};
}

bool fires_at(const trigger& when, const binding& bound, instant time) {
  return when.next(bound, time - one_tick).value() == time;
}

}  // namespace carillon
