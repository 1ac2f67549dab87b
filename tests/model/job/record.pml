/* What Redis keeps of the job and of the members, what is under way to it, and what the checker remembers. */

#define PLANS (CHANGES + 1)                       /* the schedule at first, and one for each change of it */
#define FIRES (OCCURRENCES + RUN_NOW)             /* of one plan; the last is the one that a person asked for */
#define AT(plan, occurrence) ((plan) * FIRES + (occurrence))
#define MEMBERS (2 + CRASHES + EXPIRIES)
#define NONE 255

/* job:ID */
bool exists = true, paused;
byte revision = 1, cursor, plan, born;
byte last_end;                                    /* fence of the run that ended last */
byte born_of[PLANS];                              /* what a run of that plan carries as `born` */

/* seq: the source of fences. Revisions are a count of their own here, since all that matters of them is that they never
 * go back. */
byte seq;

/* ended:FENCE: a finish that found the job gone, or made it go. */
int remembered_ends;

/* runs: fence 0 is a free place. A run id is the member and a number of its own; here a number is used again when nothing
 * that has it is about any more. */
typedef active_run { byte member, run_id, occurrence, plan, fence; bool marked, taken };
active_run runs[2];
#define ACTIVE ((runs[0].fence != 0) + (runs[1].fence != 0))

/* taken:RUN: which run ids of a member were those of takes, and have ended. */
byte ended_takes[MEMBERS + 1];
#define TAKE_HAS_ENDED(m, r) (ended_takes[m] & BIT(r))

/* wait:ID: by plan and occurrence. */
bool waiting[PLANS * FIRES];
#define WAITS(n) (n < PLANS * FIRES && waiting[(n < PLANS * FIRES -> n : 0)])
#define NOTHING_WAITS (!WAITS(0) && !WAITS(1) && !WAITS(2) && !WAITS(3))

/* The token of run_now, which is remembered for a time of its own. */
bool token_is_known;

/* members: who is in the sorted set. Member 0 is nobody. */
bool live[MEMBERS + 1];
byte next_member = 1;

/* An instance: who it is, and whether it believes in its lease. */
byte member[2];
bool lease[2], crashed[2];

/* Requests under way: two copies an instance, as over an old and a new connection. */
mtype = { NOTHING, CLAIM, TAKE, SUCCEEDED, FAILED, CANCELLED, LOST };
typedef request { mtype what = NOTHING; byte occurrence, plan, number, member, run_id };
request under_way[4];
byte current[2] = NONE;                           /* the copy whose answer is awaited */
mtype = { SILENCE, WON, NO, DONE, STALE };
mtype answer[2] = SILENCE;
byte answered_fence[2], answered_occurrence[2], answered_plan[2];

/* What may still happen. */
byte crashes = CRASHES, expiries = EXPIRIES, losses = LOSSES, failures = FAILURES, changes = CHANGES;

/* What the checker remembers: numbers a fence by its bit, and an occurrence by its place. */
byte claims[PLANS * FIRES], ends[PLANS * FIRES], successes[PLANS * FIRES];
byte greatest_fence, newest_effect, put_down;
int finished, asked_to_stop;
#define BIT(fence) (1 << (fence))

/* What must hold. A failing case names the property; the numbers are those of "What must hold" in docs/redis.md. */
hidden byte claimed_at_most_once;                 /* 1 */
hidden byte claimed_by_the_plan_of_now;           /* 1: never past a cursor that another schedule computed */
hidden byte every_occurrence_is_claimed;          /* 2, 5 */
hidden byte every_claim_ends_once;                /* 2, 5 */
hidden byte nothing_stays_active;                 /* 2, 5 */
hidden byte nothing_stays_waiting;                /* 2, 5 */
hidden byte runs_at_least_once;                   /* with on_lost = rerun */
hidden byte fences_grow;                          /* 3 */
hidden byte an_old_fence_changes_nothing;         /* 3 */
hidden byte an_answer_is_true;                    /* 3: done and stale mean what they say */
hidden byte max_instances_holds;                  /* 4 */
hidden byte bodies_do_not_overlap;                /* 4: of two bodies that act, none is the older one */
hidden byte a_run_belongs_to_its_job;             /* never the old job's run under the new one */
hidden byte a_run_id_names_one_run;               /* a late copy of a take wins nothing when its run has ended */
hidden byte asked_once_runs_once;                 /* run_now */
hidden byte stopped_only_when_asked;              /* cancel_running */
#define PROMISE(property, holds) assert(property || (holds))
