/* An instance: asks for what is due, waits, runs, reports; looks at `runs` for its own and for dead members'. It does one
 * thing at a time. That loses nothing that two instances at once would not show, and keeps the states few. */

#ifdef WITHOUT_LEASE_CHECK
#define MAY_GO_ON(i) true
#else
#define MAY_GO_ON(i) lease[i]
#endif

#ifdef LEASE_DROPPED_EARLY
/* It goes on until a heartbeat tells it; to win once under the lost lease is enough to do harm. */
byte wins_without_lease[2];
#define HAS_NOT_BEEN_TOLD(i) (live[member[i]] || wins_without_lease[i] == 0)
#else
#define HAS_NOT_BEEN_TOLD(i) true
#endif
#define MAY_ASK(i) (lease[i] && exists && !paused && HAS_NOT_BEEN_TOLD(i))

inline join() {
  member[i] = next_member; live[next_member] = true; next_member++; lease[i] = true;
  printf("instance %d joins as member %d\n", i, member[i])
}

inline send() {
  atomic {
    if
    :: under_way[2 * i].what == NOTHING -> copy = 2 * i
    :: else -> under_way[2 * i + 1].what == NOTHING -> copy = 2 * i + 1
    fi;
    under_way[copy].what = what; under_way[copy].occurrence = occurrence; under_way[copy].plan = of_plan;
    under_way[copy].number = number; under_way[copy].member = member[i]; under_way[copy].run_id = run_id;
    current[i] = copy; answer[i] = SILENCE; copy = 0;
    printf("instance %d sends %e: plan %d, occurrence %d, number %d, run %d\n", i, what, of_plan, occurrence, number, run_id)
  }
}

inline forget_answer() {
  current[i] = NONE; answer[i] = SILENCE; answered_fence[i] = 0; answered_occurrence[i] = 0; answered_plan[i] = 0
}
inline forget() { occurrence = 0; of_plan = 0; number = 0; fence = 0; run_id = 0; what = NOTHING; copy = 0; repeated = false }

/* The least number that nothing of mine has which is still about. */
#define OF_REQUEST(k, r) (under_way[k].what != NOTHING && under_way[k].run_id == (r))
#define OF_RUN(k, r) (runs[k].fence != 0 && runs[k].member == member[i] && runs[k].run_id == (r))
#define IN_USE(r) (OF_REQUEST(2 * i, r) || OF_REQUEST(2 * i + 1, r) || OF_RUN(0, r) || OF_RUN(1, r))
#define NEW_RUN_ID run_id = (!IN_USE(1) -> 1 : (!IN_USE(2) -> 2 : (!IN_USE(3) -> 3 : (!IN_USE(4) -> 4 : 5))))
/* Of the takes that have ended, those are remembered of which something is still under way. */
#define COPY_BIT(k) (under_way[k].what != NOTHING && under_way[k].member == member[i] -> BIT(under_way[k].run_id) : 0)
inline forget_takes() { ended_takes[member[i]] = ended_takes[member[i]] & (COPY_BIT(2 * i) | COPY_BIT(2 * i + 1)) }
#define CHOOSE_RUN(k) occurrence = runs[k].occurrence; of_plan = runs[k].plan; fence = runs[k].fence; run_id = runs[k].run_id
#define OF_A_DEAD_MEMBER(k) (runs[k].fence != 0 && !live[runs[k].member])
#define MINE_AND_NEW(k) (runs[k].fence != 0 && runs[k].member == member[i] && !(started & BIT(runs[k].fence)))
#ifdef WRONG_MARK_ON_JOB
#define SAYS_STOP job_is_marked -> job_is_marked = false
#elif defined(WRONG_STOP_BY_ANSWER)
#define SAYS_STOP told_to_stop == fence
#else
#define SAYS_STOP runs[0].fence == fence && runs[0].marked
#endif

/* The body does something that others can see. */
inline act() {
#if MAX_INSTANCES == 1
  PROMISE(bodies_do_not_overlap, fence > newest_effect);
  newest_effect = fence;
#endif
  printf("instance %d: the body under fence %d acts\n", i, fence)
}

proctype instance(byte i) {
  mtype what = NOTHING;
  byte occurrence, of_plan, number, run_id, fence, copy, place, finish_at;
  bool repeated, ended_here, was_marked;
  int started;                                    /* fences seen, while this member */
come_up:
  {
  atomic { started = 0; forget_answer(); join() };

idle:
  do
  :: atomic { !lease[i] -> started = 0; forget_answer(); join() }
#ifdef LEASE_DROPPED_EARLY
  :: atomic { lease[i] && !live[member[i]] -> lease[i] = false; wins_without_lease[i] = 0 }
#endif
  :: atomic { MAY_ASK(i) && cursor < OCCURRENCES ->
       forget_takes(); what = CLAIM; occurrence = cursor; of_plan = plan; number = revision; NEW_RUN_ID };
     goto ask
  :: atomic { MAY_ASK(i) && !NOTHING_WAITS && ACTIVE < MAX_INSTANCES ->
       forget_takes(); what = TAKE; of_plan = plan; NEW_RUN_ID };
     goto ask
  :: atomic { lease[i] && OF_A_DEAD_MEMBER(0) -> CHOOSE_RUN(0) }; goto reap_it
  :: atomic { lease[i] && OF_A_DEAD_MEMBER(1) -> CHOOSE_RUN(1) }; goto reap_it
#ifndef WITHOUT_LOOK
  :: atomic { lease[i] && MINE_AND_NEW(0) -> CHOOSE_RUN(0) }; goto start
  :: atomic { lease[i] && MINE_AND_NEW(1) -> CHOOSE_RUN(1) }; goto start
#endif
  od;

ask:
  if
  :: MAY_GO_ON(i)
  :: !MAY_GO_ON(i) -> goto done
  fi;
#ifdef WRONG_CLAIM_IN_TWO_STEPS
  if
  :: what == CLAIM ->
     if :: exists && !paused && cursor == occurrence && revision == number && ACTIVE < MAX_INSTANCES :: else -> goto done fi;
     atomic {
       cursor = occurrence + 1; claims[AT(of_plan, occurrence)]++; ends[AT(of_plan, occurrence)]++;
       PROMISE(claimed_at_most_once, claims[AT(of_plan, occurrence)] <= 1)
     };
     goto done
  :: else
  fi;
#endif
  send();

wait:
  if
  :: atomic { answer[i] == WON ->
       fence = answered_fence[i]; occurrence = answered_occurrence[i]; of_plan = answered_plan[i]; forget_answer() };
     goto start
  :: atomic { answer[i] == NO -> forget_answer() }; goto done
  :: atomic { answer[i] == SILENCE && !lease[i] -> forget_answer() }; goto done
  :: atomic { answer[i] == SILENCE && current[i] != NONE && under_way[current[i]].what == NOTHING ->   /* the deadline */
#ifdef WITHOUT_REPEAT
       forget_answer() }; goto done
#else
       skip }; send(); goto wait
#endif
#if LATE_COPIES
  :: atomic { answer[i] == SILENCE && current[i] != NONE && under_way[current[i]].what != NOTHING && !repeated && losses > 0 ->
       repeated = true; losses-- };
     send(); goto wait
#endif
  fi;

start:
  atomic {
    if
    :: MAY_GO_ON(i) && !(started & BIT(fence)) -> started = started | BIT(fence);
#ifdef LEASE_DROPPED_EARLY
       if :: !live[member[i]] -> wins_without_lease[i] = 1 :: else fi
#endif
    :: MAY_GO_ON(i) && (started & BIT(fence)) -> goto done
    :: !MAY_GO_ON(i) -> goto give_up                  /* never started */
    fi
  };
#if ON_OVERLAP == CANCEL_RUNNING
  goto body_that_may_be_stopped;
#endif
#ifdef PAUSED_BEFORE_IT_ACTS
  if :: lease[i] :: !lease[i] -> goto give_up fi;
  atomic {
#ifdef RESOURCE_CHECKS_FENCE
    if :: fence > newest_effect -> newest_effect = fence :: else fi
#else
    act()
#endif
  };
#else
  atomic { if :: MAY_GO_ON(i) -> act() :: !MAY_GO_ON(i) -> goto give_up fi };
#endif

body_over:
  if
  :: what = SUCCEEDED
  :: atomic { failures > 0 -> failures--; what = FAILED }
  fi;
report:
  atomic { number = fence; repeated = false };
  send();
wait_for_finish:
  if
  :: atomic { answer[i] == DONE -> PROMISE(an_answer_is_true, finished & BIT(fence)); forget_answer() }
  :: atomic { answer[i] == STALE ->
#ifndef WRONG_STALE_IS_PROOF
       if :: !repeated :: repeated -> forget_answer(); goto done fi;   /* after a repeat it may have been done before */
#endif
       PROMISE(an_answer_is_true, !(finished & BIT(fence))); forget_answer() }
  :: atomic { answer[i] == SILENCE && !lease[i] -> forget_answer() }
#ifdef WITHOUT_REPEAT_OF_FINISH
  :: atomic { answer[i] == SILENCE && current[i] != NONE && under_way[current[i]].what == NOTHING -> forget_answer() }
#else
  :: atomic { answer[i] == SILENCE && current[i] != NONE && under_way[current[i]].what == NOTHING -> repeated = true };
     send(); goto wait_for_finish
#endif
#if LATE_COPIES
  :: atomic { answer[i] == SILENCE && current[i] != NONE && under_way[current[i]].what != NOTHING && !repeated && losses > 0 ->
       repeated = true; losses-- };
     send(); goto wait_for_finish
#endif
  fi;
  goto done;

#if ON_OVERLAP == CANCEL_RUNNING
body_that_may_be_stopped:
  if
  :: atomic { SAYS_STOP -> PROMISE(stopped_only_when_asked, asked_to_stop & BIT(fence)); what = CANCELLED }; goto report
  :: !ENDS_WHEN_ASKED || occurrence == OCCURRENCES - 1 -> goto body_over
  :: !lease[i] -> goto give_up
  fi;
#endif

give_up: /* the lease is lost while the run is held: say so, as a reap of oneself, or leave it to the others' look */
  if
  :: true
#ifdef WRONG_GIVE_UP_AS_CANCELLED
  :: atomic { what = CANCELLED; goto give_up_now }
#else
  :: atomic { what = LOST; goto give_up_now }
#endif
  fi;
  goto done;
give_up_now:
  atomic { end_the_run_under_fence(what) };
  goto done;

reap_it: /* what was read a moment ago, by its fence */
  if
  :: lease[i] ->
#ifdef WRONG_REAP_TAKES_OVER
     atomic {
       find_by_fence();
       if :: place == NONE -> place = 0; goto done :: else -> runs[place].member = member[i]; place = 0; goto start fi
     }
#elif defined(WRONG_REAP_BY_OCCURRENCE)
     atomic {
       if
       :: runs[0].fence != 0 && runs[0].occurrence == occurrence && runs[0].plan == of_plan ->
          PROMISE(an_old_fence_changes_nothing, runs[0].fence == fence);
          place = 0; end_run(LOST)
       :: else
       fi
     }
#else
     atomic { end_the_run_under_fence(LOST) }
#endif
  :: !lease[i]
  fi;

done:
  atomic { forget_takes(); forget() };
  goto idle
  } unless { crashed[i] };

  atomic {
    forget(); forget_answer(); started = 0; place = 0; lease[i] = false;
    printf("instance %d has died\n", i)
  };
  if
  :: atomic { true -> crashed[i] = false }; goto come_up
  :: true                                             /* for good */
  fi
}
