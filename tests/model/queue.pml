/* The queue for a lock: places are given in the order of arrival, and a waiter that is gone stands in nobody's way.
 *
 * Four callers, one place. A waiter has a lease of its own, its patience; the answer to who asks says what it sleeps for: the
 * first in the queue for the holder's lease to be over, the second for the first one's patience, the others for nothing but
 * a notice. Besides, it asks again while it waits, to say that it is alive (WITHOUT_ASKING_AGAIN takes that out). A notice may be
 * lost. Who dies does so at any step; its lease is over some time later. */
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef LOSSES
#define LOSSES 1           /* notices */
#endif
#ifndef MOST_ASKS
#define MOST_ASKS 9        /* of a caller */
#endif
#define CALLERS 4
#define NOBODY 4

/* The store. */
byte holder = NOBODY;
byte queue[CALLERS] = NOBODY;                      /* the first is queue[0] */
bool is_over[CALLERS];                             /* the lease of a holder or waiter that has died is over */

/* The callers, who ask once each. */
mtype = { NOTHING, HOLDER, FIRST, NOTICE };
mtype sleeps_for[CALLERS] = NOTHING;
bool asleep[CALLERS], dead[CALLERS], served[CALLERS];
byte deaths = DEATHS, losses = LOSSES;

byte arrivals, arrived[CALLERS];                   /* what the checker remembers: the number of each in the order of arrival */
hidden byte nobody_is_passed_over, nobody_sleeps_for_ever, nobody_asks_in_vain;
#define PROMISE(property, holds) assert(property || (holds))

#define WAITS(c) (queue[0] == (c) || queue[1] == (c) || queue[2] == (c) || queue[3] == (c))
#define IS_PLACE(n, c) (queue[n] == (c) || queue[n] == NOBODY)
#define AHEAD(c) (IS_PLACE(0, c) -> 0 : (IS_PLACE(1, c) -> 1 : (IS_PLACE(2, c) -> 2 : 3)))
#define IS_EARLIER(c, than) (WAITS(c) && !dead[c] && arrived[c] < arrived[than])

inline leave_queue(c) {
  at = 0;
  do
  :: at < CALLERS && queue[at] != (c) -> at++
  :: else -> break
  od;
  do
  :: at < CALLERS - 1 -> queue[at] = queue[at + 1]; at++
  :: at == CALLERS - 1 -> queue[at] = NOBODY; break
  :: at == CALLERS -> break
  od;
  at = 0
}
inline drop_one(c) {
  if
  :: is_over[c] && holder == (c) -> holder = NOBODY; dropped = true
  :: else
  fi;
#ifndef WITHOUT_PATIENCE
  if
  :: is_over[c] && WAITS(c) -> leave_queue(c); dropped = true
  :: else
  fi
#endif
}
inline drop_expired() { drop_one(0); drop_one(1); drop_one(2); drop_one(3) }

/* Tells the first waiter that a place is free. */
inline wake_first() {
  if
  :: holder == NOBODY && queue[0] != NOBODY ->
     if
     :: asleep[queue[0]] = false
     :: losses > 0 -> losses--; printf("the notice to caller %d is lost\n", queue[0])
     fi
  :: else
  fi
}

#ifdef WRONG_PAST_THE_QUEUE
#define HIS_TURN (holder == NOBODY)
#else
#define HIS_TURN (holder == NOBODY && AHEAD(i) == 0)
#endif
inline ask() {
  asks++;
  PROMISE(nobody_asks_in_vain, asks <= MOST_ASKS);
  drop_expired();
  if
  :: HIS_TURN ->
     if :: arrived[i] == 0 -> arrivals++; arrived[i] = arrivals :: else fi;
     PROMISE(nobody_is_passed_over, !IS_EARLIER(0, i) && !IS_EARLIER(1, i) && !IS_EARLIER(2, i) && !IS_EARLIER(3, i));
     leave_queue(i);
     holder = i;
     printf("caller %d holds it\n", i)
  :: else ->
     if
     :: !WAITS(i) ->
        arrivals++; arrived[i] = arrivals;
        queue[AHEAD(i)] = i
     :: else
     fi;
     sleeps_for[i] = (AHEAD(i) == 0 -> HOLDER : (AHEAD(i) == 1 -> FIRST : NOTICE));
     asleep[i] = true;
     printf("caller %d waits, %d before it\n", i, AHEAD(i))
  fi;
#ifndef WITHOUT_NOTICE_OF_DROPPING
  if :: dropped -> wake_first() :: else fi;
#endif
  dropped = false
}

proctype caller(byte i) {
  byte asks, at;
  bool dropped;
  {
  do
  :: atomic { holder != i && !asleep[i] -> ask() }
  :: atomic { holder == i -> break }
  od;
  atomic { served[i] = true; holder = NOBODY; printf("caller %d gives it back\n", i); wake_first() }
  } unless { dead[i] };
  atomic { asleep[i] = false; sleeps_for[i] = NOTHING; asks = 0 }
}

#define IS_GONE(n) (queue[n] != NOBODY -> is_over[queue[n]] : false)
#define IS_KNOWN(c) (holder == (c) || WAITS(c))
#define DIES(c) \
  :: atomic { deaths > 0 && !dead[c] && !served[c] && IS_KNOWN(c) -> deaths--; dead[c] = true; printf("caller %d dies\n", c) }
#define LEASE_ENDS(c) \
  :: atomic { dead[c] && !is_over[c] && IS_KNOWN(c) -> is_over[c] = true; printf("the lease of caller %d is over\n", c) }
#define WAKES(c) \
  :: atomic { asleep[c] && sleeps_for[c] == HOLDER && (holder == NOBODY -> true : is_over[holder]) -> asleep[c] = false } \
  :: atomic { asleep[c] && sleeps_for[c] == FIRST && (queue[0] == (c) || IS_GONE(0)) -> asleep[c] = false }
#ifdef WITHOUT_ASKING_AGAIN
#define ASKS_AGAIN(c)
#else
/* Only where the answer would be another: a state is none the newer for having been asked in. */
#define KNOWS_BETTER(c) ((AHEAD(c) == 0 && sleeps_for[c] != HOLDER) || (AHEAD(c) == 1 && sleeps_for[c] != FIRST))
#define ASKS_AGAIN(c) \
  :: atomic { asleep[c] && ((holder == NOBODY && AHEAD(c) == 0) || (holder != NOBODY -> is_over[holder] : false) || \
                            IS_GONE(0) || IS_GONE(1) || IS_GONE(2) || IS_GONE(3) || KNOWS_BETTER(c)) -> asleep[c] = false }
#endif
proctype world() {
end:
  do
  DIES(0)
  DIES(1)
  DIES(2)
  DIES(3)
  LEASE_ENDS(0)
  LEASE_ENDS(1)
  LEASE_ENDS(2)
  LEASE_ENDS(3)
  WAKES(0)
  WAKES(1)
  WAKES(2)
  WAKES(3)
  ASKS_AGAIN(0)
  ASKS_AGAIN(1)
  ASKS_AGAIN(2)
  ASKS_AGAIN(3)
  od
}

#define IS_DONE(c) (served[c] || dead[c])
proctype at_rest() {
  timeout -> PROMISE(nobody_sleeps_for_ever, IS_DONE(0) && IS_DONE(1) && IS_DONE(2) && IS_DONE(3))
}

init { atomic { run caller(0); run caller(1); run caller(2); run caller(3); run world(); run at_rest() } }
