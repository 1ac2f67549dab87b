/* Members and their leases, who owns a job, and who reaps the runs of the dead.
 *
 * Time passes in ticks, the store's clock and real time apart: a sixth of a lease each, a heartbeat is due every second
 * one. A tick waits for everything that an instance does at once, unless the instance is paused, cut off or dead, which
 * lasts as long as it likes. So what is late is late by ticks, and can be counted.
 *
 * The store's scores are kept relative to the last heartbeat, so that time need not end: `rest` of a member is its lease's end
 * less the time of anybody's last heartbeat, `since` is now less that time. Moving all scores by the gap is then: `since` is 0. */
#ifndef PAUSES
#define PAUSES 0           /* an instance does nothing for a while: a blocked host, SIGSTOP, a suspended machine */
#endif
#ifndef CUTS
#define CUTS 0             /* an instance does not reach the store for a while; what is under way may arrive */
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef LOSSES
#define LOSSES 0           /* a heartbeat, or its answer, is lost, or a copy of it arrives at any later time */
#endif
#ifndef STEPS
#define STEPS 0            /* the store's clock is set, by STEP ticks */
#endif
#ifndef STEP
#define STEP 20
#endif
#ifndef OWNED
#define OWNED 0            /* 1: only the owner tries, by its own view; else anybody does */
#endif
#ifndef OCCURRENCES
#define OCCURRENCES 2      /* all are due from the start */
#endif

#define LEASE 6
#define BEAT 2             /* a third of a lease */
#define LOCAL 5            /* the local lease ends a tenth early; here a tick is the least */
#define LONGEST_GAP 3      /* half a lease without anybody's heartbeat: the clock was set */
#define MEMBERS (2 + PAUSES + CUTS + STEPS)
#define MOST (LONGEST_GAP + 1 + (STEP < 0 -> -(STEP) : STEP))   /* longer gaps are all alike */

/* The store. */
bool present[MEMBERS + 1];
short rest[MEMBERS + 1];
short since;
byte cursor, run_fence, run_member;
byte next_member = 1;

/* Instances. */
mtype = { IDLE, ASKED, IS_MEMBER, GONE };
mtype heartbeat[2] = IDLE;
byte member[2], left[2], age[2];                   /* left: of the local lease; age: of the heartbeat sent last */
byte late[2];                                      /* a copy of a heartbeat, still under way: its member */
#ifdef JOIN_IS_REPEATED
byte late_join[2];                                 /* a copy of a join by the same id */
#endif
byte view[2], next_view[2];                        /* members by bits */
byte seen_fence[2], seen_member[2];                /* a run that was read */
byte holds[2];                                     /* the fence of the run whose body is here */
byte tries[2];                                     /* 1 + the cursor that is about to be claimed */
bool paused[2], cut[2], dead[2];
byte pauses = PAUSES, cuts = CUTS, deaths = DEATHS, losses = LOSSES, steps = STEPS;

/* What the checker remembers, and what must hold. */
byte claims[OCCURRENCES];
byte orphaned[2], unclaimed[2];                    /* ticks, during which this instance was up */
hidden byte claimed_at_most_once;                  /* 1 */
hidden byte claimed_in_time;                       /* 2, 5 */
hidden byte runs_of_the_dead_are_reaped_in_time;   /* 2, 5 */
hidden byte a_live_run_is_not_reaped;              /* 4 */
hidden byte a_believed_lease_is_kept;              /* what the three above rest on */
#define PROMISE(property, holds) assert(property || (holds))

/* From the last heartbeat of an owner that arrived: its lease, and the heartbeat that notices, less the tick in which
 * it does; if the clock was set, one heartbeat more, by which all leases are longer. */
#ifndef IN_TIME
#define IN_TIME (LEASE + BEAT - 1 + STEPS * BEAT)
#endif

#define BELIEVES(i, m) (!dead[i] && left[i] > 0 && member[i] == (m))
#define UP(i) (!dead[i] && !paused[i] && !cut[i])
#define IS_UP(i, m) (UP(i) && member[i] == (m))
#define BIT(m) (1 << (m))
/* Any order that all agree on does for a rendezvous. */
#define OWNER_OF_3(v) (v & BIT(3) -> 3 : (v & BIT(2) -> 2 : 1))
#define OWNER(v) (v & BIT(7) -> 7 : (v & BIT(6) -> 6 : (v & BIT(5) -> 5 : (v & BIT(4) -> 4 : OWNER_OF_3(v)))))
#define IS_OWNER(i) (OWNER(view[i]) == member[i])
#define IS_DUE (cursor < OCCURRENCES && run_fence == 0)
#define MAY_TRY(i) (UP(i) && left[i] > 0 && IS_DUE && (!OWNED || IS_OWNER(i)))

/* The clock was set if it stands before, or far after, anybody's last heartbeat: then all leases move with it. */
#ifdef WITHOUT_MOVING_LEASES
#define CLOCK_WAS_SET false
#else
#define CLOCK_WAS_SET (since < 0 || since > LONGEST_GAP)
#endif
inline pass_time(moves) {
  k = 1;
  do
  :: k <= MEMBERS ->
     if
     :: present[k] && !(moves && CLOCK_WAS_SET) -> rest[k] = rest[k] - since
     :: else
     fi;
     k++
  :: else -> break
  od;
  since = 0
}
inline drop_expired() {
  k = 1;
  do
  :: k <= MEMBERS ->
     if
     :: present[k] && rest[k] <= 0 ->
        present[k] = false; rest[k] = 0;
        printf("member %d is dropped\n", k);
        PROMISE(a_believed_lease_is_kept, !BELIEVES(0, k) && !BELIEVES(1, k))
     :: else
     fi;
     k++
  :: else -> break
  od
}
inline look_at_members(v) {
  v = 0; k = 1;
  do
  :: k <= MEMBERS ->
     if :: present[k] -> v = v | BIT(k) :: else fi;
     k++
  :: else -> break
  od;
  k = 0
}
#ifdef VIEW_BY_READING
/* Whose lease is not over, by the store's clock as it stands: nobody is dropped, and leases are only thought to have moved. */
#ifdef WRONG_READING_DOES_NOT_MOVE
#define GAP_WHEN_READ since
#else
#define GAP_WHEN_READ (CLOCK_WAS_SET -> 0 : since)
#endif
inline read_members(v) {
  v = 0; k = 1;
  do
  :: k <= MEMBERS ->
     if :: present[k] && rest[k] > GAP_WHEN_READ -> v = v | BIT(k) :: else fi;
     k++
  :: else -> break
  od;
  k = 0
}
#endif
#ifdef WRONG_HEARTBEAT_ADDS
#define MAY_RENEW(m) true
#else
#define MAY_RENEW(m) present[m]
#endif
inline beat(m) {
  pass_time(true);
  if :: run_member == m -> orphaned[0] = 0; orphaned[1] = 0 :: else fi;
  if :: !IS_UP(0, m) && !IS_UP(1, m) -> unclaimed[0] = 0; unclaimed[1] = 0 :: else fi;
#ifdef WRONG_RENEWAL_BEFORE_DROP
  if :: MAY_RENEW(m) -> present[m] = true; rest[m] = LEASE :: else fi;
  drop_expired()
#else
#ifndef WITHOUT_DROP
  drop_expired();
#endif
  if :: MAY_RENEW(m) -> present[m] = true; rest[m] = LEASE :: else fi
#endif
}

/* What a heartbeat's answer makes of the local lease: it counts from when it was sent, and never comes back. */
#ifdef WRONG_LEASE_FROM_ANSWER
#define RENEWED(i) LOCAL
#else
#define RENEWED(i) (age[i] < LOCAL -> LOCAL - age[i] : 0)
#endif
#ifdef WRONG_LEASE_COMES_BACK
#define LEASE_CAN_BE_RENEWED(i) true
#else
#define LEASE_CAN_BE_RENEWED(i) (left[i] > 0)
#endif

inline join(i) {
#ifdef WRONG_JOIN_MOVES_NOTHING
  pass_time(false);
#else
  pass_time(true);
#endif
  drop_expired();
  member[i] = next_member; next_member++;
  assert(member[i] <= MEMBERS);
  present[member[i]] = true; rest[member[i]] = LEASE;
  look_at_members(view[i]);
  left[i] = LOCAL; age[i] = 0; heartbeat[i] = IDLE; seen_fence[i] = 0; seen_member[i] = 0; holds[i] = 0;
  printf("instance %d joins as member %d\n", i, member[i]);
#ifdef JOIN_IS_REPEATED
  late_join[i] = member[i]
#endif
}

/* It asks again at once, and what it has read is worth nothing without a view taken after. */
inline no_answer(i) { heartbeat[i] = IDLE; age[i] = BEAT; seen_fence[i] = 0; seen_member[i] = 0 }

inline read_runs(i) { seen_fence[i] = run_fence; seen_member[i] = run_member }

proctype instance(byte i) {
  byte k;
  atomic { join(i); if :: age[i] = 0 :: age[i] = 1 fi };          /* instances do not beat in step */
end:
  do
  /* A heartbeat: what runs is read before, the members come with the answer. */
  :: atomic { UP(i) && left[i] > 0 && heartbeat[i] == IDLE && age[i] >= BEAT ->
       read_runs(i);
       heartbeat[i] = ASKED; age[i] = 0 }
  :: atomic { heartbeat[i] == ASKED ->
       if
       :: beat(member[i]);
          heartbeat[i] = (present[member[i]] -> IS_MEMBER : GONE);
          look_at_members(next_view[i])
       :: losses > 0 -> losses--; beat(member[i]); k = 0; no_answer(i)
       :: losses > 0 -> losses--; no_answer(i)
       :: losses > 0 && late[i] == 0 -> losses--; late[i] = member[i]; no_answer(i)
       fi;
       printf("heartbeat of member %d: %e\n", member[i], heartbeat[i]) }
  :: atomic { late[i] != 0 -> printf("a late heartbeat of member %d\n", late[i]); beat(late[i]); k = 0; late[i] = 0 }
  :: atomic { UP(i) && heartbeat[i] == IS_MEMBER ->
       heartbeat[i] = IDLE;
       left[i] = (LEASE_CAN_BE_RENEWED(i) && RENEWED(i) > left[i] -> RENEWED(i) : left[i]);
       view[i] = next_view[i]; next_view[i] = 0;
#ifdef VIEW_BY_READING
       read_members(view[i]);
#endif
#ifdef WRONG_RUNS_AFTER_VIEW
       read_runs(i);
#endif
       if :: view[i] & BIT(seen_member[i]) -> seen_fence[i] = 0; seen_member[i] = 0 :: else fi }
  :: atomic { UP(i) && (heartbeat[i] == GONE || (left[i] == 0 && heartbeat[i] != ASKED)) -> next_view[i] = 0; join(i) }
#ifdef JOIN_IS_REPEATED
  :: atomic { late_join[i] != 0 ->
       pass_time(true); drop_expired(); k = 0;
       if :: run_member == late_join[i] -> orphaned[0] = 0; orphaned[1] = 0 :: else fi;
       if :: !IS_UP(0, late_join[i]) && !IS_UP(1, late_join[i]) -> unclaimed[0] = 0; unclaimed[1] = 0 :: else fi;
       present[late_join[i]] = true; rest[late_join[i]] = LEASE;
       printf("a late join of member %d\n", late_join[i]);
       late_join[i] = 0 }
#endif

  /* What was seen under a member that is not in the view taken after. */
  :: atomic { UP(i) && left[i] > 0 && heartbeat[i] == IDLE && seen_fence[i] != 0 ->
       if
       :: run_fence == seen_fence[i] ->
          printf("instance %d reaps the run under fence %d\n", i, run_fence);
          PROMISE(a_live_run_is_not_reaped, !BELIEVES(0, run_member) && !BELIEVES(1, run_member));
          run_fence = 0; run_member = 0
       :: else
       fi;
       seen_fence[i] = 0; seen_member[i] = 0 }

  /* A fire: by the cursor that was seen, in a step of its own, whatever has happened between. */
  :: atomic { MAY_TRY(i) && tries[i] == 0 -> tries[i] = cursor + 1 }
  :: atomic { tries[i] != 0 && UP(i) ->
       if
#ifdef WITHOUT_CURSOR
       :: left[i] > 0 && run_fence == 0 ->
#else
       :: left[i] > 0 && run_fence == 0 && cursor == tries[i] - 1 ->
#endif
          cursor = tries[i]; claims[tries[i] - 1]++;
          PROMISE(claimed_at_most_once, claims[tries[i] - 1] <= 1);
          unclaimed[0] = 0; unclaimed[1] = 0; orphaned[0] = 0; orphaned[1] = 0;
          run_fence = tries[i]; run_member = member[i]; holds[i] = run_fence;
          printf("instance %d wins under fence %d\n", i, run_fence)
       :: else
       fi;
       tries[i] = 0 }

  /* The body acts while the lease is good, and ends. */
  :: atomic { !dead[i] && !paused[i] && left[i] > 0 && holds[i] != 0 -> PROMISE(a_live_run_is_not_reaped, run_fence == holds[i]) }
  :: atomic { UP(i) && left[i] > 0 && holds[i] != 0 -> run_fence = 0; run_member = 0; holds[i] = 0 }
  :: atomic { !dead[i] && !paused[i] && left[i] == 0 && holds[i] != 0 -> holds[i] = 0 }
  od
}

#define HAS_BEATEN(i) (heartbeat[i] == IDLE && age[i] < BEAT && left[i] > 0 && seen_fence[i] == 0)
#define HAS_TRIED(i) !(OWNED && (MAY_TRY(i) || tries[i] != 0))
#define HAS_DONE_ITS_PART(i) (!UP(i) || (HAS_BEATEN(i) && HAS_TRIED(i)))
#ifdef WRONG_CLOCK_STOPS_WHILE_PAUSED
#define LOCAL_CLOCK_RUNS(i) !paused[i]
#else
#define LOCAL_CLOCK_RUNS(i) true
#endif
inline grow_older(i) {
  if
  :: LOCAL_CLOCK_RUNS(i) ->
     left[i] = (left[i] > 0 -> left[i] - 1 : 0);
     age[i] = (age[i] < LEASE -> age[i] + 1 : LEASE)
  :: else
  fi;
  if
  :: dead[i] -> left[i] = 0; age[i] = 0; view[i] = 0; seen_fence[i] = 0; seen_member[i] = 0; tries[i] = 0; holds[i] = 0
  :: else
  fi
}
#define IS_ORPHAN (!BELIEVES(0, run_member) && !BELIEVES(1, run_member))
inline count_lateness(i) {
  orphaned[i] = (UP(i) && run_fence != 0 && IS_ORPHAN -> orphaned[i] + 1 : 0);
  PROMISE(runs_of_the_dead_are_reaped_in_time, orphaned[i] <= IN_TIME);
#if OWNED
  unclaimed[i] = (UP(i) && IS_DUE -> unclaimed[i] + 1 : 0);
  PROMISE(claimed_in_time, unclaimed[i] <= IN_TIME)
#endif
}
proctype passing_time() {
end:
  do
  :: atomic { HAS_DONE_ITS_PART(0) && HAS_DONE_ITS_PART(1) && member[0] != 0 && member[1] != 0 ->
       since = (since < MOST -> since + 1 : since);
       grow_older(0); grow_older(1);
       count_lateness(0); count_lateness(1);
       printf("-- tick\n") }
  od
}

#define HAPPENS_TO(i) \
  :: atomic { pauses > 0 && UP(i) -> pauses--; paused[i] = true; printf("instance %d is paused\n", i) } \
  :: atomic { paused[i] -> paused[i] = false; printf("instance %d goes on\n", i) } \
  :: atomic { cuts > 0 && UP(i) -> cuts--; cut[i] = true; printf("instance %d is cut off\n", i) } \
  :: atomic { cut[i] -> cut[i] = false; printf("instance %d reaches the store again\n", i) } \
  :: atomic { deaths > 0 && UP(i) && member[1 - i] != 0 -> \
       deaths--; dead[i] = true; heartbeat[i] = IDLE; printf("instance %d dies\n", i) }
proctype faults() {
end:
  do
  HAPPENS_TO(0)
  HAPPENS_TO(1)
  :: atomic { steps > 0 -> steps--;
       since = since + STEP;
       since = (since > MOST -> MOST : since);
       printf("the store's clock is set by %d\n", STEP) }
  od
}

init { atomic { run instance(0); run instance(1); run passing_time(); run faults() } }
