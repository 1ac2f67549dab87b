/* One job in the shared store: who fires an occurrence, and how its run ends, whatever is lost, dies or is changed meanwhile.
 *
 * Two instances, one Redis. A script is one atomic step; what can come between two steps is what pan tries. Time is
 * abstract: a lease ends when `faults` says so, and its holder's own view of it always ends first, unless LEASE_DROPPED_EARLY. When a
 * waiting run is due is left open, so it may be taken at any time. Who owns the job is left out, since anybody may
 * try: membership.pml has that.
 *
 * Defined by a case (cases.txt): how often each fault may happen, the job's policies, and the rule that is taken out
 * (WITHOUT_...) or done wrongly (WRONG_...). With none of those it is the protocol of docs/redis.md. */

/* Faults. */
#ifndef CRASHES
#define CRASHES 0          /* an instance dies at any step, and may come back */
#endif
#ifndef EXPIRIES
#define EXPIRIES 0         /* a lease ends under a living instance: it was paused, or cut off */
#endif
#ifndef LOSSES
#define LOSSES 0           /* a request, or the answer of one that took effect, is lost */
#endif
#ifndef LATE_COPIES
#define LATE_COPIES 0      /* 1: a request may be repeated while the first copy is still under way, at the price of a loss */
#endif
#ifndef FAILURES
#define FAILURES 0         /* bodies that fail and are tried again */
#endif

/* What people do: each is chosen at any moment, CHANGES times in all. */
#ifndef CHANGES
#define CHANGES 0          /* with CAN_RESCHEDULE, CAN_PAUSE or CAN_ADD_AGAIN */
#endif
#ifndef RUN_NOW
#define RUN_NOW 0          /* 1: a person wants one run outside the schedule */
#endif

/* The job. */
#ifndef OCCURRENCES
#define OCCURRENCES 2      /* of its schedule; then the trigger has ended */
#endif
#ifndef MAX_INSTANCES
#define MAX_INSTANCES 1    /* at most 2 */
#endif
#ifndef ENDS_WHEN_ASKED
#define ENDS_WHEN_ASKED 0  /* 1: a body ends only when it is asked to stop, but that of the last occurrence */
#endif
#define SKIP 0
#define QUEUE 1
#define CANCEL_RUNNING 2
#ifndef ON_OVERLAP
#define ON_OVERLAP SKIP
#endif
#ifndef RERUN
#define RERUN 0            /* on_lost: 0 at most once, 1 at least once */
#endif
#ifndef REMOVED_AT_END
#define REMOVED_AT_END 0   /* 1: as a job that was put at run time: removed with its last run */
#endif

#include "job/record.pml"
#include "job/scripts.pml"
#include "job/instance.pml"
#include "job/world.pml"

init {
  atomic {
    run network(); run faults(); run people();
#if RUN_NOW
    run person();
#endif
    run instance(0); run instance(1); run at_rest()
  }
}
