/* semaphore(name, n): as the mutex, with n places. The holders are a set of tokens, each with a lease and a fence of its own;
 * how many hold it is the size of that set.
 *
 * Three callers want one of two places. Otherwise as mutex.pml, but for what protects the resource from a caller that is
 * paused before it acts. Its fence does not: a holder may be older than any number of fences that came and went, so a resource
 * that refuses those older than the n newest (REFUSES_OLDER_THAN_N_NEWEST) refuses holders. Asking in the step
 * that acts whether the token still holds a place does (ASKS_WHEN_IT_ACTS). */
#ifndef EXPIRIES
#define EXPIRIES 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef CALLS
#define CALLS 1                                    /* of each caller */
#endif
#define PLACES 2
#define CALLERS 3
#define TOKENS (CALLERS * CALLS + LOSSES)

/* The store: by token, its fence (0: is no holder). */
byte fence_of[TOKENS + 1];
bool is_over[TOKENS + 1];                          /* the lease is over; the entry stays until somebody drops it */
byte seq;                                          /* the source of fences */
byte counter;                                      /* only of a mutant */

byte next_token = 1;
byte expiries = EXPIRIES, losses = LOSSES;
byte believes[CALLERS];                            /* the token by which each caller takes itself to be a holder */
byte late_renewal[CALLERS];                        /* a copy still under way */
bool asleep[CALLERS];

byte greatest_fence;                               /* what the checker remembers */
byte newest, second_newest;                        /* fences that the resource has seen, if it looks at them */
hidden byte fences_grow, at_most_n_hold, at_most_n_are_recorded, a_caller_takes_one_place, nobody_sleeps_for_ever;
hidden byte only_holders_act, no_holder_is_refused;
#define PROMISE(property, holds) assert(property || (holds))

#define BELIEVERS ((believes[0] != 0) + (believes[1] != 0) + (believes[2] != 0))
#define IS_BELIEVED(t) (believes[0] == (t) || believes[1] == (t) || believes[2] == (t))
#ifdef WITHOUT_DROP
#define IS_HOLDER(t) (fence_of[t] != 0)
#else
#define IS_HOLDER(t) (fence_of[t] != 0 && !is_over[t])
#endif
#define HOLDS(t) ((t) <= TOKENS && IS_HOLDER(((t) <= TOKENS -> (t) : 0)))
#define HELD (HOLDS(1) + HOLDS(2) + HOLDS(3) + HOLDS(4) + HOLDS(5) + HOLDS(6) + HOLDS(7))

/* Acquire drops whose lease is over before it counts; `held` is how many are left. */
inline count_holders() {
  held = 0; k = 1;
  do
  :: k <= TOKENS ->
     if
     :: IS_HOLDER(k) -> held++
     :: else -> fence_of[k] = 0; is_over[k] = false
     fi;
     k++
  :: else -> break
  od;
  k = 0;
#ifdef WRONG_COUNTER_OF_ITS_OWN
  held = counter
#endif
}
inline acquire() {
  seq++;
  PROMISE(fences_grow, seq > greatest_fence);
  PROMISE(at_most_n_hold, BELIEVERS < PLACES);
  greatest_fence = seq;
  fence_of[token] = seq;
  PROMISE(at_most_n_are_recorded, HELD <= PLACES);
#ifdef WRONG_COUNTER_OF_ITS_OWN
  counter++
#endif
}
inline wake_all() { asleep[0] = false; asleep[1] = false; asleep[2] = false }
inline release() {
  if
#ifdef WRONG_RELEASE_WITHOUT_TOKEN
  :: true ->                                       /* gives back somebody's place, if its own is gone */
     k = (fence_of[token] != 0 -> token : 1);
     do
     :: k < TOKENS && fence_of[k] == 0 -> k++
     :: else -> break
     od;
     fence_of[k] = 0; is_over[k] = false; k = 0; wake_all()
#else
  :: fence_of[token] != 0 ->
     fence_of[token] = 0; is_over[token] = false; wake_all()
#ifdef WRONG_COUNTER_OF_ITS_OWN
     ; counter--
#endif
  :: else
#endif
  fi
}

proctype caller(byte i) {
  byte calls, token, fence, held, k;
  do
  :: calls < CALLS -> calls++;
     atomic { token = next_token; next_token++ };

ask:
     atomic {
       count_holders();
#ifdef WRONG_COUNT_IN_TWO_STEPS
     };
     atomic {
#endif
       if
       :: held < PLACES ->
          acquire();
          held = 0;
          believes[i] = token;
          printf("caller %d takes a place by token %d: fence %d\n", i, token, seq);
          if
          :: fence = seq
          :: losses > 0 -> losses--                /* took effect, and the answer is lost */
          fi;
          if :: late_renewal[i] = token :: true fi
       :: else -> held = 0; goto sleep
       fi
     };

     /* Without an answer it asks again; by the same token it is the same holder. */
     if
     :: fence != 0
#ifdef WRONG_REPEAT_BY_NEW_TOKEN
     :: atomic { fence == 0 -> PROMISE(a_caller_takes_one_place, !IS_HOLDER(token));
          believes[i] = 0; token = next_token; next_token++ }; goto ask
#else
     :: atomic { fence == 0 && IS_HOLDER(token) -> fence = fence_of[token] }
     :: atomic { fence == 0 && !IS_HOLDER(token) -> believes[i] = 0 }; goto ask
#endif
     fi;

#ifdef PAUSED_BEFORE_IT_ACTS
     if :: believes[i] == token :: believes[i] != token -> goto give_back fi;
#endif
     atomic {
       if
#ifdef REFUSES_OLDER_THAN_N_NEWEST
       :: fence < second_newest -> PROMISE(no_holder_is_refused, !IS_HOLDER(token)); goto give_back
       :: fence > newest -> second_newest = newest; newest = fence
       :: fence == newest
       :: fence < newest && fence >= second_newest -> second_newest = fence
#elif defined(ASKS_WHEN_IT_ACTS)
       :: !IS_HOLDER(token) -> goto give_back
       :: IS_HOLDER(token)
#elif defined(PAUSED_BEFORE_IT_ACTS)
       :: true
#else
       :: believes[i] != token -> goto give_back
       :: believes[i] == token
#endif
       fi;
       PROMISE(only_holders_act, IS_HOLDER(token));
       printf("caller %d acts under fence %d\n", i, fence)
     };

give_back:
     if
     :: true
     :: believes[i] != token -> goto next_call     /* it has died, and gives nothing back */
     fi;
     atomic {
       printf("caller %d gives token %d back\n", i, token);
       believes[i] = 0; release(); goto next_call
     };

sleep:
     asleep[i] = true;
     !asleep[i];
     goto ask;

next_call:
     atomic { fence = 0; token = 0 }
  :: else -> break
  od
}

#ifdef WRONG_RENEWAL_ADDS
#define RENEW(t) \
  if :: fence_of[t] == 0 -> fence_of[t] = 1 :: else fi; is_over[t] = false; PROMISE(at_most_n_are_recorded, HELD <= PLACES)
#else
#define RENEW(t) skip
#endif
#define HAPPENS_TO(i) \
  :: atomic { expiries > 0 && believes[i] != 0 -> expiries--; believes[i] = 0; printf("caller %d finds its lease over\n", i) } \
  :: atomic { late_renewal[i] != 0 -> RENEW(late_renewal[i]); late_renewal[i] = 0 }
/* A waiter that no notice has woken wakes when the first holder's time to live is over. */
#define WAKES_BY_TIME(i) :: asleep[i] && (A_PLACE_IS_FREE) -> asleep[i] = false
#define GETS_OVER(t) \
  :: atomic { fence_of[t] != 0 && !is_over[t] && !IS_BELIEVED(t) -> is_over[t] = true; printf("the lease of token %d is over\n", t) }
#ifdef WRONG_COUNTER_OF_ITS_OWN
#define A_PLACE_IS_FREE (counter < PLACES)
#else
#define A_PLACE_IS_FREE (HELD < PLACES)
#endif
proctype world() {
end:
  do
  HAPPENS_TO(0)
  HAPPENS_TO(1)
  HAPPENS_TO(2)
#ifndef WRONG_WAKING_BY_NOTICE_ONLY
  WAKES_BY_TIME(0)
  WAKES_BY_TIME(1)
  WAKES_BY_TIME(2)
#endif
  GETS_OVER(1)
  GETS_OVER(2)
  GETS_OVER(3)
#if TOKENS > 3
  GETS_OVER(4)
#endif
#if TOKENS > 4
  GETS_OVER(5)
#endif
#if TOKENS > 5
  GETS_OVER(6)
#endif
#if TOKENS > 6
  GETS_OVER(7)
#endif
  od
}

proctype at_rest() { timeout -> PROMISE(nobody_sleeps_for_ever, !asleep[0] && !asleep[1] && !asleep[2]) }

init { atomic { run caller(0); run caller(1); run caller(2); run world(); run at_rest() } }
