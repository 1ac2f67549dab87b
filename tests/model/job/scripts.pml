/* The scripts: each is one step. They answer in `said` and, of a run won, in `place`, which
 * are the network's. */

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
#ifdef WITHOUT_BORN
#define SAME_JOB(p) true
#else
#define SAME_JOB(p) (born_of[p] == born)
#endif
#define HAS_RUN_ID(r, q) (r.fence != 0 && r.member == q.member && r.run_id == q.run_id)
#ifdef WRONG_FINISH_BY_RUN_ID
#define IS_RUN(r, q) HAS_RUN_ID(r, q)
#elif defined(WRONG_FINISH_BY_OCCURRENCE)
#define IS_RUN(r, q) (r.fence != 0 && r.occurrence == q.occurrence && r.plan == q.plan)
#else
#define IS_RUN(r, q) (r.fence != 0 && r.fence == q.number)
#endif
#ifdef WITHOUT_RECOGNITION
#define IS_MINE(r, q) false
#else
#define IS_MINE(r, q) HAS_RUN_ID(r, q)
#endif

inline put_among_active(q, of_plan, of_occurrence) {
  if :: runs[0].fence == 0 -> place = 0 :: else -> place = 1 fi;
  seq++;
  PROMISE(fences_grow, seq > greatest_fence);
  greatest_fence = seq;
  runs[place].member = q.member; runs[place].run_id = q.run_id; runs[place].fence = seq; runs[place].marked = false;
  runs[place].occurrence = of_occurrence; runs[place].plan = of_plan;
  PROMISE(max_instances_holds, ACTIVE <= MAX_INSTANCES);
  said = WON
}

inline put_to_wait(of_plan, of_occurrence) {
  waiting[AT(of_plan, of_occurrence)] = true
}

/* cancel_running keeps one run queued, the latest; the one whose place it takes is skipped. */
inline queue_alone(of_plan, of_occurrence) {
  place = 0;
  do
  :: place < OCCURRENCES ->
     if
     :: waiting[AT(of_plan, place)] -> waiting[AT(of_plan, place)] = false; ends[AT(of_plan, place)]++; successes[AT(of_plan, place)]++
     :: else
     fi;
     place++
  :: else -> break
  od;
  put_to_wait(of_plan, of_occurrence)
}

/* The mark lies on the active run, whose holder reads it in its look. max_instances is 1 in these cases. */
inline ask_to_stop() {
  if
  :: runs[0].fence != 0 -> runs[0].marked = true; asked_to_stop = asked_to_stop | BIT(runs[0].fence)
#ifdef WRONG_MARK_ON_JOB
     ; job_is_marked = true
#endif
#ifdef WRONG_STOP_BY_ANSWER
     ; claim_stops = runs[0].fence
#endif
  :: else
  fi
}
#ifdef WRONG_MARK_ON_JOB
bool job_is_marked;
#endif
#ifdef WRONG_STOP_BY_ANSWER
byte claim_stops, told_to_stop;                   /* what the answer to the claim says, and who was told because of it */
#endif

/* A queued run is due at once, and goes before a new fire. Whether a retry is due is left open, so it may or may not. */
#if ON_OVERLAP == SKIP || defined(WRONG_FIRE_BEFORE_QUEUED)
#define A_FIRE_FINDS_ROOM (ACTIVE < MAX_INSTANCES)
#else
#define A_FIRE_FINDS_ROOM (ACTIVE < MAX_INSTANCES && NOTHING_WAITS)
#endif

inline claim(q) {
  if
  :: exists && !paused && CURSOR_AS_EXPECTED(q) && REVISION_AS_EXPECTED(q) ->
     PROMISE(claimed_by_the_plan_of_now, q.plan == plan);
     cursor = q.occurrence + 1;
     claims[AT(plan, q.occurrence)]++;
     PROMISE(claimed_at_most_once, claims[AT(plan, q.occurrence)] <= 1);
     if
     :: A_FIRE_FINDS_ROOM -> put_among_active(q, q.plan, q.occurrence)
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

#ifdef WITHOUT_MEMORY_OF_TAKES
#define MAY_TAKE(q) true
#else
#define MAY_TAKE(q) !TAKE_HAS_ENDED(q.member, q.run_id)
#endif
/* Whichever waiting run is due. `q.plan` is the plan that the caller knows, and so the job that it means. */
inline take(q) {
  if
  :: exists && !paused && !NOTHING_WAITS && SAME_JOB(q.plan) && ACTIVE < MAX_INSTANCES && MAY_TAKE(q) ->
     PROMISE(a_run_id_names_one_run, !TAKE_HAS_ENDED(q.member, q.run_id));
     if
     :: WAITS(0) -> n = 0
     :: WAITS(1) -> n = 1
     :: WAITS(2) -> n = 2
     :: WAITS(3) -> n = 3
     fi;
     waiting[n] = false;
     PROMISE(a_run_belongs_to_its_job, born_of[n / FIRES] == born && born_of[q.plan] == born);
     put_among_active(q, n / FIRES, n % FIRES);
     runs[place].taken = true;
     n = 0
  :: else
  fi
}

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
     exists = false;
     remembered_ends = remembered_ends | BIT(last_end)
  :: else
  fi
#endif
}

/* Who was asked to stop is not tried again: nobody would ask the next attempt. */
#ifdef WRONG_TRIED_AGAIN_THOUGH_STOPPED
#define MAY_BE_TRIED_AGAIN true
#else
#define MAY_BE_TRIED_AGAIN !was_marked
#endif
/* Ends the run in `place`; `how` is SUCCEEDED, FAILED, CANCELLED or LOST. */
inline end_run(how) {
  finish_at = AT(runs[place].plan, runs[place].occurrence);
  ended_here = exists && SAME_JOB(runs[place].plan);
  was_marked = runs[place].marked;
  if
  :: runs[place].taken -> ended_takes[runs[place].member] = ended_takes[runs[place].member] | BIT(runs[place].run_id)
  :: else
  fi;
  runs[place].taken = false;
  runs[place].member = 0; runs[place].run_id = 0; runs[place].occurrence = 0; runs[place].plan = 0;
  runs[place].fence = 0; runs[place].marked = false;
  if
  :: ended_here && ((how) == FAILED || ((how) == LOST && RERUN)) && MAY_BE_TRIED_AGAIN -> waiting[finish_at] = true
  :: else ->
     ends[finish_at]++;
     if :: (how) == SUCCEEDED || was_marked -> successes[finish_at]++ :: else fi
  fi;
  remove_when_ended();
  finish_at = 0; ended_here = false; was_marked = false
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

#ifdef WITHOUT_MEMORY_OF_ENDS
#define ENDED_BEFORE(q) false
#elif defined(WITHOUT_MEMORY_OF_JOBS_THAT_ENDED)
#define ENDED_BEFORE(q) (exists && last_end == q.number)
#else
#define ENDED_BEFORE(q) ((exists && last_end == q.number) || (remembered_ends & BIT(q.number)))
#endif
inline finish(q, how) {
  find_run(q);
  if
  :: place != NONE ->
     PROMISE(an_old_fence_changes_nothing, runs[place].fence == q.number);
     finished = finished | BIT(q.number);
     if
     :: exists && SAME_JOB(runs[place].plan) -> last_end = q.number
     :: else -> remembered_ends = remembered_ends | BIT(q.number)
     fi;
     end_run(how);
     said = DONE
  :: place == NONE && ENDED_BEFORE(q) -> said = DONE
  :: else -> said = STALE
  fi
}

/* A claim or take whose run id is active has been won before. */
inline script(q) {
  said = NO;
  if
  :: q.what == CLAIM || q.what == TAKE ->
     if
     :: IS_MINE(runs[0], q) -> said = WON; place = 0
     :: !IS_MINE(runs[0], q) && IS_MINE(runs[1], q) -> said = WON; place = 1
     :: else -> if :: q.what == CLAIM -> claim(q) :: else -> take(q) fi
     fi
  :: else -> finish(q, q.what)
  fi
}

/* run_now: puts down one waiting run for a token, however often it is asked. */
#ifdef WRONG_TOKEN_OF_WAITING_RUN
#define TOKEN_IS_KNOWN (waiting[AT(plan, OCCURRENCES)] || EXTRA(runs[0]) || EXTRA(runs[1]))
#define EXTRA(r) (r.fence != 0 && r.occurrence == OCCURRENCES)
#else
#define TOKEN_IS_KNOWN token_is_known
#endif
inline enqueue() {
  if
  :: exists && !TOKEN_IS_KNOWN ->
     token_is_known = true;
     put_down++;
     PROMISE(asked_once_runs_once, put_down <= 1);
     claims[AT(plan, OCCURRENCES)]++;
     put_to_wait(plan, OCCURRENCES)
  :: else
  fi
}
