/* mutex(name): a holder by token, a fence by seq, a lease that is renewed; and what the guarded work writes to.
 *
 * Two callers, each of which wants the mutex twice. A script is one atomic step. A caller's own view of its lease ends
 * before the lease does. A waiter sleeps until a release is told (a hint, which it may miss between asking and falling
 * asleep) or until the time to live that the holder had is over.
 *
 * PAUSED_BEFORE_IT_ACTS: the work looks at its lease, is paused, and acts.  RESOURCE_CHECKS_FENCE: what it writes to
 * refuses a fence older than the newest it has seen. */
#ifndef EXPIRIES
#define EXPIRIES 2
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#define CALLS 2                                    /* of each caller */

byte holder, fence_of_holder;                      /* the token; 0: free */
byte seq;                                          /* the source of fences */
byte next_token = 1;
byte expiries = EXPIRIES, losses = LOSSES;
byte believes[2];                                  /* the token by which each caller takes itself to be the holder */
byte late_renewal[2];                              /* a copy still under way */
bool asleep[2];

byte greatest_fence, newest_effect;                /* what the checker remembers */
byte caller_of_holder;
hidden byte fences_grow, one_holder_at_a_time, effects_are_in_order, nobody_waits_for_itself, nobody_sleeps_for_ever;
#define PROMISE(property, holds) assert(property || (holds))

inline wake_all() { asleep[0] = false; asleep[1] = false }

inline acquire() {
#ifdef WITHOUT_FENCE
  seq = 1;
#else
  seq++;
#endif
  PROMISE(fences_grow, seq > greatest_fence);
  PROMISE(one_holder_at_a_time, believes[1 - i] == 0);
  greatest_fence = seq;
  holder = token; fence_of_holder = seq; caller_of_holder = i
}

/* A renewal that sets the key breaks this too, but we want to see the worse that it does. */
#ifdef WRONG_RENEWAL_BY_SET
#define SOMEBODY_ELSE_HOLDS_IT skip
#else
#define SOMEBODY_ELSE_HOLDS_IT PROMISE(nobody_waits_for_itself, caller_of_holder != i)
#endif

inline release() {
#ifdef WRONG_RELEASE_OF_ANY
  holder = 0; wake_all()
#else
  if
  :: holder == token -> holder = 0; wake_all()
  :: else
  fi
#endif
}

proctype caller(byte i) {
  byte calls, token, fence, effects;
  do
  :: calls < CALLS -> calls++;
     atomic { token = next_token; next_token++ };

ask:
     if
     :: atomic { holder == 0 ->
          acquire();
          believes[i] = token;
          printf("caller %d takes it by token %d: fence %d\n", i, token, seq);
          if
          :: fence = seq
          :: losses > 0 -> losses--                /* took effect, and the answer is lost */
          fi;
          if :: late_renewal[i] = token :: true fi
        }
     :: atomic { holder != 0 -> SOMEBODY_ELSE_HOLDS_IT };
        asleep[i] = true;
        !asleep[i];
        goto ask
     fi;

     /* Without an answer it asks again; by the same token it is the same holder. */
     if
     :: fence != 0
#ifdef WRONG_REPEAT_BY_NEW_TOKEN
     :: atomic { fence == 0 -> believes[i] = 0; token = next_token; next_token++ }; goto ask
#else
     :: atomic { fence == 0 && holder == token -> fence = fence_of_holder }
     :: atomic { fence == 0 && holder != token -> believes[i] = 0 }; goto ask
#endif
     fi;

     /* The guarded work acts twice. */
     do
     :: effects < 2 -> effects++;
#ifdef PAUSED_BEFORE_IT_ACTS
        if :: believes[i] == token :: believes[i] != token -> break fi;
#endif
        atomic {
          if
#ifdef RESOURCE_CHECKS_FENCE
          :: fence < newest_effect -> break
          :: fence >= newest_effect -> newest_effect = fence
#elif defined(PAUSED_BEFORE_IT_ACTS)
          :: true -> PROMISE(effects_are_in_order, fence >= newest_effect); newest_effect = fence
#else
          :: believes[i] == token -> PROMISE(effects_are_in_order, fence >= newest_effect); newest_effect = fence
          :: believes[i] != token -> break
#endif
          fi;
          printf("caller %d acts under fence %d\n", i, fence)
        }
     :: effects == 2 -> break
     od;
     atomic {
       printf("caller %d releases token %d\n", i, token);
       believes[i] = 0; release(); fence = 0; token = 0; effects = 0
     }
  :: else -> break
  od
}

#define RENEWED_LATE(i) \
  :: atomic { late_renewal[i] != 0 -> \
       if \
       :: holder == late_renewal[i]                  /* its time to live is longer again */ \
       :: holder != late_renewal[i] -> RENEW_WITHOUT_BEING_HOLDER(i) \
       fi; \
       late_renewal[i] = 0 }
#ifdef WRONG_RENEWAL_BY_SET
#define RENEW_WITHOUT_BEING_HOLDER(i) holder = late_renewal[i]; caller_of_holder = i
#else
#define RENEW_WITHOUT_BEING_HOLDER(i) skip
#endif

proctype world() {
end:
  do
  :: atomic { expiries > 0 && believes[0] != 0 -> expiries--; believes[0] = 0; printf("caller 0 finds its lease over\n") }
  :: atomic { expiries > 0 && believes[1] != 0 -> expiries--; believes[1] = 0; printf("caller 1 finds its lease over\n") }
  :: atomic { holder != 0 && holder != believes[0] && holder != believes[1] -> holder = 0; printf("the holder's time to live is over\n") }
  RENEWED_LATE(0)
  RENEWED_LATE(1)
#ifndef WRONG_WAKING_BY_NOTICE_ONLY
  :: asleep[0] && holder == 0 -> asleep[0] = false
  :: asleep[1] && holder == 0 -> asleep[1] = false
#endif
  od
}

proctype at_rest() { timeout -> PROMISE(nobody_sleeps_for_ever, holder == 0 && !asleep[0] && !asleep[1]) }

init { atomic { run caller(0); run caller(1); run world(); run at_rest() } }
