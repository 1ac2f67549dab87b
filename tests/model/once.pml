/* once(key): pending:TOKEN under a lease, done:TOKEN for its time to live, free again when the work throws.
 *
 * Two callers, each of which calls again when its work threw or its claim was refused by a pending one. The lease may run
 * out under work that goes on, because its instance was paused. The time to live of `done` does not run out: within it
 * at most one success may be acknowledged. */
#ifndef EXPIRIES
#define EXPIRIES 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#define CALLS 2                                    /* of each caller */

mtype = { FREE, PENDING, DONE };
mtype value = FREE;
byte token_of_value;
bool only_a_lease_left;                            /* done, but its time to live was cut by a late renewal */
byte next_token = 1;
byte expiries = EXPIRIES, losses = LOSSES;
byte late_renewal[2];                              /* the token of a copy still under way */

byte successes;                                    /* what the checker remembers */
hidden byte one_success_is_acknowledged, a_failed_key_is_free;
#define PROMISE(property, holds) assert(property || (holds))

#define IS(what) (value == what && token_of_value == token)

inline claim() {
  if
#ifdef WRONG_EXISTS_THEN_SET
  :: value != DONE -> claimed = true
#else
  :: value == FREE -> value = PENDING; token_of_value = token; claimed = true
  :: IS(PENDING) -> claimed = true                  /* asked again, since the answer was lost */
#endif
  :: else -> claimed = false
  fi
}

inline mark_done() {
  if
  :: IS(PENDING) -> value = DONE; acknowledged = true
  :: IS(DONE) -> acknowledged = true                /* asked again, since the answer was lost */
#ifndef WITHOUT_DONE_AFTER_EXPIRY
  :: value == FREE -> value = DONE; token_of_value = token; acknowledged = true
#endif
#ifdef WRONG_DONE_BY_ANYBODY
  :: else -> value = DONE; token_of_value = token; acknowledged = true
#else
  :: else -> acknowledged = false                   /* reported as lost */
#endif
  fi
}

inline free_key() {
  if
#ifdef WITHOUT_FREE
  :: true
#else
  :: IS(PENDING) -> value = FREE; token_of_value = 0
  :: else
#endif
  fi;
  PROMISE(a_failed_key_is_free, !IS(PENDING))
}

proctype caller(byte i) {
  byte calls, token;
  bool claimed, acknowledged;
again:
  if
  :: calls == CALLS -> goto no_more
  :: atomic { calls < CALLS -> calls++; token = next_token; next_token++ }
  fi;

  atomic {
    claim();
    printf("caller %d asks by token %d: %d\n", i, token, claimed);
    if :: losses > 0 -> losses-- :: true -> goto claim_answered fi
  };
  atomic { claim(); printf("caller %d asks by token %d again: %d\n", i, token, claimed) };

claim_answered:
  if :: claimed :: !claimed -> goto again fi;
  atomic { if :: late_renewal[i] = token :: true fi };

  /* The work, which succeeds or throws. */
  if
  :: skip
  :: atomic { printf("caller %d: its work throws\n", i); free_key() }; goto again
  fi;
  atomic {
    mark_done();
    printf("caller %d: done by token %d: %d\n", i, token, acknowledged);
    if :: losses > 0 -> losses-- :: true -> goto done_answered fi
  };
  atomic { mark_done(); printf("caller %d: done by token %d again: %d\n", i, token, acknowledged) };

done_answered:
  atomic {
    if
    :: acknowledged -> successes++; PROMISE(one_success_is_acknowledged, successes <= 1)
    :: else
    fi
  };
no_more: skip
}

#ifdef WRONG_RENEWAL_OF_DONE
#define RENEW_DONE(i) if :: value == DONE && token_of_value == late_renewal[i] -> only_a_lease_left = true :: else fi
#else
#define RENEW_DONE(i) skip
#endif
#define RENEWED_LATE(i) :: atomic { late_renewal[i] != 0 -> RENEW_DONE(i); late_renewal[i] = 0 }

proctype world() {
end:
  do
  :: atomic { value == PENDING && expiries > 0 -> expiries--; value = FREE; token_of_value = 0; printf("the lease runs out\n") }
  :: atomic { only_a_lease_left -> only_a_lease_left = false; value = FREE; token_of_value = 0; printf("done runs out with the lease\n") }
  RENEWED_LATE(0)
  RENEWED_LATE(1)
  od
}

init { atomic { run caller(0); run caller(1); run world() } }
