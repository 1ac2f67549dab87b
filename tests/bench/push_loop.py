#!/usr/bin/env python3
"""One minute of the loop that carillon push replaces: what is due, and of each whether it was sent; send; write down that it was.

push_loop.py PORT SUBSCRIPTIONS SENT HHMM AT SEND: begins at AT, in seconds since 1970, and prints how many it has sent, how many
seconds that took, and how many of them on a processor. A send takes SEND milliseconds; with 0 it only counts. One command at a
time, as such loops are: nothing goes through a pipeline.
"""
import re
import sys
import time

import redis

MEMBER = re.compile(r"user:([^|]+)\|tag:(.*)")


class NullReceiver:
    def __init__(self, takes):
        self.takes = takes
        self.received = 0

    def send(self, user, tag):
        if self.takes:
            time.sleep(self.takes)
        self.received += 1


def push_minute(store, subscriptions, sent, score, receiver, ttl=900):
    for member in store.zrangebyscore(subscriptions, score, score):
        user, tag = MEMBER.fullmatch(member).groups()
        mark = f"{sent}:{user}|{tag}"
        if store.exists(mark):
            continue
        receiver.send(user, tag)
        store.setex(mark, ttl, "1")


def main(port, subscriptions, sent, score, at, send):
    store = redis.Redis(port=int(port), decode_responses=True)
    store.ping()
    receiver = NullReceiver(float(send) / 1000)
    time.sleep(max(float(at) - time.time(), 0))
    began, cpu = time.perf_counter(), time.process_time()
    push_minute(store, subscriptions, sent, int(score), receiver)
    print(receiver.received, time.perf_counter() - began, time.process_time() - cpu)


if __name__ == "__main__":
    main(*sys.argv[1:])
