/* What happens around the instances, and what must be true when nothing happens any more. */

/* Requests are served in any order, or lost, or take effect and the answer is lost. */
proctype network() {
  mtype said = NO;
  byte copy, place, finish_at, n;
  bool ended_here, was_marked, arrives, is_answered;
end:
  do
  :: atomic {
       if
       :: under_way[0].what != NOTHING -> copy = 0
       :: under_way[1].what != NOTHING -> copy = 1
       :: under_way[2].what != NOTHING -> copy = 2
       :: under_way[3].what != NOTHING -> copy = 3
       fi;
       if
       :: arrives = true; is_answered = true
       :: losses > 0 -> losses--; arrives = true
       :: losses > 0 -> losses--
       fi;
       if
       :: arrives -> script(under_way[copy])
       :: else
       fi;
       if
       :: is_answered && current[copy / 2] == copy ->
          answer[copy / 2] = said;
          if
          :: said == WON ->
             answered_fence[copy / 2] = runs[place].fence;
             answered_occurrence[copy / 2] = runs[place].occurrence; answered_plan[copy / 2] = runs[place].plan
          :: else
          fi
#ifdef WRONG_STOP_BY_ANSWER
          ; if :: claim_stops != 0 -> told_to_stop = claim_stops :: else fi
#endif
       :: else                                        /* lost, or nobody waits for this copy any more */
       fi;
#ifdef WRONG_STOP_BY_ANSWER
       claim_stops = 0;
#endif
       printf("  copy %d: arrives %d, answered %d: %e\n", copy, arrives, is_answered, said);
       under_way[copy].what = NOTHING; under_way[copy].occurrence = 0; under_way[copy].plan = 0;
       under_way[copy].number = 0; under_way[copy].member = 0; under_way[copy].run_id = 0;
       said = NO; place = 0; copy = 0; arrives = false; is_answered = false }
  od
}

#define BELIEVES(i, m) (member[i] == (m) && lease[i])
#define EXPIRES(i) \
  :: atomic { expiries > 0 && lease[i] -> expiries--; lease[i] = false; printf("instance %d finds its lease over\n", i) }
#define IS_DROPPED(i) :: atomic { expiries > 0 && lease[i] && live[member[i]] -> expiries--; live[member[i]] = false }
#define DIES(i) :: atomic { crashes > 0 && lease[i] -> crashes--; crashed[i] = true }
#define IS_FORGOTTEN(m) \
  :: atomic { (m) < next_member && live[m] && !BELIEVES(0, m) && !BELIEVES(1, m) -> live[m] = false; printf("member %d is dropped\n", m) }
proctype faults() {
end:
  do
  EXPIRES(0)
  EXPIRES(1)
#ifdef LEASE_DROPPED_EARLY
  IS_DROPPED(0)
  IS_DROPPED(1)
#endif
  DIES(0)
  DIES(1)
  IS_FORGOTTEN(1)
  IS_FORGOTTEN(2)
#if MEMBERS > 2
  IS_FORGOTTEN(3)
#endif
#if MEMBERS > 3
  IS_FORGOTTEN(4)
#endif
#if MEMBERS > 4
  IS_FORGOTTEN(5)
#endif
  od
}

inline remove() {
  exists = false;
#ifdef WRONG_TOKEN_GOES_WITH_JOB
  token_is_known = false;
#endif
  k = 0;
  do
  :: k < PLANS * FIRES ->
     if
     :: waiting[k] -> waiting[k] = false; ends[k]++
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0
}
proctype people() {
  byte k;
end:
  do
#ifdef CAN_RESCHEDULE
  :: atomic { changes > 0 && exists && !paused -> changes--; plan++; born_of[plan] = born; cursor = 0; revision++;
       printf("rescheduled: plan %d, revision %d\n", plan, revision) }
#endif
#ifdef CAN_PAUSE
#ifdef WITHOUT_REVISION_OF_PAUSE
#define NEW_REVISION skip
#else
#define NEW_REVISION revision++
#endif
  :: atomic { changes > 0 && exists && !paused -> changes--; paused = true; NEW_REVISION; printf("paused\n") }
  :: atomic { paused -> paused = false; NEW_REVISION; printf("resumed\n") }
#endif
#ifdef CAN_ADD_AGAIN
  :: atomic { changes > 0 && exists -> changes--; remove(); printf("removed\n") }
  :: atomic { !exists && plan < CHANGES -> plan++; born = plan; born_of[plan] = plan; cursor = 0; exists = true;
#ifdef WRONG_REVISION_BEGINS_ANEW
       revision = 1;
#else
       revision++;
#endif
#ifdef WRONG_SEQ_BEGINS_ANEW
       seq = 0;
#endif
       printf("added again: plan %d, revision %d\n", plan, revision) }
#endif
  :: false
  od
}

#if RUN_NOW
/* run_now, from a program that need not be an instance: repeated until it is answered. */
bool late_enqueue;
proctype person() {
  do
  :: atomic { enqueue(); printf("run_now is asked and answered\n") }; break
  :: atomic { losses > 0 -> losses--; enqueue(); printf("run_now is asked, its answer lost\n") }
  :: atomic { losses > 0 -> losses--; printf("run_now is lost\n") }
  :: atomic { losses > 0 && !late_enqueue -> losses--; late_enqueue = true; printf("run_now is late\n") }
  od;
end:
  do
  :: atomic { late_enqueue -> late_enqueue = false; enqueue(); printf("the late run_now arrives\n") }
  od
}
#endif

/* At rest nothing is left undone. */
proctype at_rest() {
  byte k;
  timeout -> atomic {
    PROMISE(every_occurrence_is_claimed, !exists || cursor == OCCURRENCES);
    PROMISE(nothing_stays_active, ACTIVE == 0);
    k = 0;
    do
    :: k < PLANS * FIRES ->
       PROMISE(every_claim_ends_once, ends[k] <= 1);
       if
       :: born_of[k / FIRES] == born && exists ->
          PROMISE(nothing_stays_waiting, !waiting[k]);
          PROMISE(every_claim_ends_once, claims[k] == ends[k]);
#if RERUN
          PROMISE(runs_at_least_once, claims[k] == 0 || successes[k] == 1);
#endif
       :: else
       fi;
       k++
    :: else -> break
    od
  }
}
