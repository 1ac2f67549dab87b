/* The scripts: each is one step. They answer in `said` and `fence`, which are the network's. */

#ifdef WITHOUT_CURSOR
#define CURSOR_AS_EXPECTED(q) true
#else
#define CURSOR_AS_EXPECTED(q) (cursor == q.occurrence)
#endif
#ifdef WITHOUT_REVISION
#define REVISION_AS_EXPECTED(q) true
#else
#define REVISION_AS_EXPECTED(q) (revision == q.number)
#endif
#ifdef WITHOUT_TOKEN
#define TOKEN_AS_EXPECTED(q) true
#else
#define TOKEN_AS_EXPECTED(q) (waiting[AT(q.plan, q.occurrence)] == q.number)
#endif
#ifdef WITHOUT_BORN
#define SAME_JOB(p) true
#else
#define SAME_JOB(p) (born_of[p] == born)
#endif
#ifdef WRONG_FINISH_BY_RUN_ID
#define IS_RUN(r, q) (r.fence != 0 && r.occurrence == q.occurrence && r.plan == q.plan)
#else
#define IS_RUN(r, q) (r.fence != 0 && r.fence == q.number)
#endif

/* The run id is made by the caller, of its member and a counter; here, of its member and the occurrence. */
#ifdef WITHOUT_RECOGNITION
#define IS_MINE(r, q) false
#else
#define IS_MINE(r, q) (r.fence != 0 && r.member == q.member && r.occurrence == q.occurrence && r.plan == q.plan)
#endif

inline put_among_active(q) {
  if :: runs[0].fence == 0 -> place = 0 :: else -> place = 1 fi;
  seq++;
  fence = seq;
  PROMISE(fences_grow, fence > greatest_fence);
  greatest_fence = fence;
  runs[place].member = q.member; runs[place].occurrence = q.occurrence; runs[place].plan = q.plan;
  runs[place].fence = fence; runs[place].marked = false;
  PROMISE(max_instances_holds, ACTIVE <= MAX_INSTANCES);
  said = WON
}

inline put_to_wait(of_plan, of_occurrence) {
  seq++;
  waiting[AT(of_plan, of_occurrence)] = seq
}

/* cancel_running keeps one run queued, the latest; the one whose place it takes is skipped. */
inline queue_alone(of_plan, of_occurrence) {
  place = 0;
  do
  :: place < OCCURRENCES ->
     if
     :: waiting[AT(of_plan, place)] != 0 -> waiting[AT(of_plan, place)] = 0; ends[AT(of_plan, place)]++
     :: else
     fi;
     place++
  :: else -> break
  od;
  put_to_wait(of_plan, of_occurrence)
}

/* Only one active run is asked to stop, since max_instances is 1 in these cases. */
inline ask_to_stop() {
  if
  :: runs[0].fence != 0 -> runs[0].marked = true; asked_to_stop = asked_to_stop | BIT(runs[0].fence)
  :: else
  fi
}

inline claim(q) {
  if
  :: exists && !paused && CURSOR_AS_EXPECTED(q) && REVISION_AS_EXPECTED(q) ->
     PROMISE(claimed_by_the_plan_of_now, q.plan == plan);
     cursor = q.occurrence + 1;
     claims[AT(plan, q.occurrence)]++;
     PROMISE(claimed_at_most_once, claims[AT(plan, q.occurrence)] <= 1);
     if
     :: ACTIVE < MAX_INSTANCES -> put_among_active(q)
     :: else ->
        if
        :: ON_OVERLAP == SKIP -> ends[AT(plan, q.occurrence)]++; successes[AT(plan, q.occurrence)]++
        :: ON_OVERLAP == QUEUE -> put_to_wait(plan, q.occurrence)
        :: ON_OVERLAP == CANCEL_RUNNING -> ask_to_stop(); queue_alone(plan, q.occurrence)
        fi
     fi
  :: else
  fi
}

inline take(q) {
  if
  :: exists && !paused && waiting[AT(q.plan, q.occurrence)] != 0 && TOKEN_AS_EXPECTED(q) && SAME_JOB(q.plan) &&
     ACTIVE < MAX_INSTANCES ->
     PROMISE(a_run_belongs_to_its_job, born_of[q.plan] == born);
     waiting[AT(q.plan, q.occurrence)] = 0;
     put_among_active(q)
  :: else
  fi
}

/* Spelled out: a loop would cost a step for each. No case has more than four. */
#define WAITS(n) (n < PLANS * FIRES && waiting[(n < PLANS * FIRES -> n : 0)] != 0)
#define NOTHING_WAITS (!WAITS(0) && !WAITS(1) && !WAITS(2) && !WAITS(3))
#ifdef WRONG_END_WHILE_WAITING
#define MAY_END_NOW true
#else
#define MAY_END_NOW NOTHING_WAITS
#endif
inline remove_when_ended() {
#if !REMOVED_AT_END
  skip
#else
  if
  :: exists && cursor == OCCURRENCES && ACTIVE == 0 && MAY_END_NOW ->
     PROMISE(nothing_stays_waiting, NOTHING_WAITS);
     exists = false
  :: else
  fi
#endif
}

/* Ends the run in `place`; `how` is SUCCEEDED, FAILED, CANCELLED or LOST. */
inline end_run(how) {
  finish_at = AT(runs[place].plan, runs[place].occurrence);
  ended_here = exists && SAME_JOB(runs[place].plan);
  runs[place].member = 0; runs[place].occurrence = 0; runs[place].plan = 0;
  runs[place].fence = 0; runs[place].marked = false;
  if
  :: ended_here && ((how) == FAILED || ((how) == LOST && RERUN)) -> seq++; waiting[finish_at] = seq
  :: else ->
     ends[finish_at]++;
     if :: (how) == SUCCEEDED -> successes[finish_at]++ :: else fi
  fi;
  remove_when_ended();
  finish_at = 0; ended_here = false
}

inline find_run(q) {
  if
  :: IS_RUN(runs[0], q) -> place = 0
  :: !IS_RUN(runs[0], q) && IS_RUN(runs[1], q) -> place = 1
  :: else -> place = NONE
  fi
}

/* finish with the reason that the lease is lost, and reap: by (run id, fence), as read before. */
inline end_the_run_under_fence(how) {
  find_by_fence();
  if
  :: place != NONE -> end_run(how)
  :: else
  fi;
  place = 0
}
inline find_by_fence() {
  if
  :: runs[0].fence == fence -> place = 0
  :: runs[0].fence != fence && runs[1].fence == fence -> place = 1
  :: else -> place = NONE
  fi
}

inline finish(q, how) {
  find_run(q);
  if
  :: place != NONE ->
     PROMISE(an_old_fence_changes_nothing, runs[place].fence == q.number);
     last_finished = q.number;
     finished = finished | BIT(q.number);
     end_run(how);
     said = DONE
  :: place == NONE && exists && last_finished == q.number -> said = DONE     /* done already */
  :: else -> said = STALE
  fi
}

/* What of the four it is, answered: a claim or take whose run id is active has been won before. */
inline script(q) {
  said = NO; fence = 0;
  if
  :: q.what == CLAIM || q.what == TAKE ->
     if
     :: IS_MINE(runs[0], q) -> said = WON; fence = runs[0].fence
     :: !IS_MINE(runs[0], q) && IS_MINE(runs[1], q) -> said = WON; fence = runs[1].fence
     :: else -> if :: q.what == CLAIM -> claim(q) :: else -> take(q) fi
     fi
  :: else -> finish(q, q.what)
  fi;
  place = 0
}
