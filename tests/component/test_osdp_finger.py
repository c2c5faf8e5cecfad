#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OSDP readers that compare fingers: a match is a credential of method 6."""
import os
import time

from harness import check, main, test, wait_until
from osdp_reader import Reader, presented, w34
from people import House, insert, last_rec_no, opens, records

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK, open_by: OPEN_BY}
pin:
  rule: with_card
readers:
  - number: 7
    door: front
    formats: [W34]
    osdp: {line: east, address: 3, secure_channel: off, reads: READS}
osdp:
  - {id: east, port: PORT, baud: 115200}
"""


class FingerHouse(House):
    def __init__(self, reads, open_by="card"):
        self.port = f"/tmp/postern-finger-{os.getpid()}-{time.monotonic_ns()}"
        self.reader = Reader(self.port)
        super().__init__(config=CONFIG.replace("PORT", self.port).replace("READS", reads).replace(
            "OPEN_BY", open_by))
        self.wait_log("OSDP reader 7 is online")
        asked = int(self.reader.ask("commands"))
        wait_until(lambda: int(self.reader.ask("commands")) > asked + 10, "polls of the reader")

    def close(self):
        super().close()
        self.reader.close()

    def after(self, *words):
        """The one record that these words to the reader make."""
        before = last_rec_no(self)
        for word in words:
            self.reader.do(word)
        return wait_until(lambda: records(self, AfterRecNo=before), "a record", 15)[0]


def judged(record):
    return (record["Status"], record["Method"], record["Reason"], record["CardNo"])


@test("the number of a reader of fingers opens by method 6, an unknown finger is denied")
def _():
    with FingerHouse("fingerprint") as d:
        insert(d, "101", 4711)
        check(judged(presented(d, w34(4711))), ("1", "6", "granted", "4711"))
        opens(d, 1)
        check(judged(presented(d, w34(99))), ("0", "6", "unknown_card", "99"))
        check(judged(d.after("match 0 0")), ("0", "6", "fingerprint", ""))
        check(judged(d.after("match 1 0")), ("0", "6", "fingerprint", ""))
        before = last_rec_no(d)
        d.reader.do("match 0 200") # its number has come before, or does not come
        check(judged(presented(d, w34(4711))), ("1", "6", "granted", "4711"))
        check(last_rec_no(d), before + 1)


@test("a card waits for its finger: it opens with it, and not without")
def _():
    with FingerHouse("card-then-fingerprint") as d:
        insert(d, "101", 4711)
        count = d.lock_count(1)
        before = last_rec_no(d)
        d.reader.do(f"card {w34(4711)}")
        wait_until(lambda: d.reader.ask("led") == "3", "amber: the finger is waited for")
        check((last_rec_no(d), d.lock_count(1)), (before, count))
        check(judged(d.after("match 0 200")), ("1", "6", "granted", "4711"))
        opens(d, 1)
        check(judged(d.after(f"card {w34(4711)}", "match 0 0")),
              ("0", "6", "fingerprint", "4711"))
        check(judged(d.after(f"card {w34(99)}", "match 0 200")),
              ("0", "6", "unknown_card", "99"))
        before = last_rec_no(d)
        d.reader.do("match 0 200") # of nobody
        check(judged(d.after(f"card {w34(4711)}")), ("0", "6", "fingerprint_missing", "4711"))
        check(last_rec_no(d), before + 1)


@test("a card that waits for its finger is told of when its reader goes")
def _():
    with FingerHouse("card-then-fingerprint") as d:
        insert(d, "101", 4711)
        d.reader.do(f"card {w34(4711)}")
        wait_until(lambda: d.reader.ask("led") == "3", "amber: the finger is waited for")
        check(judged(d.after("unplug")), ("0", "6", "fingerprint_missing", "4711"))


@test("where card and PIN are asked for, the finger counts as the card")
def _():
    with FingerHouse("fingerprint", "card_and_pin") as d:
        insert(d, "101", 4711, Password="246810")
        check(judged(d.after(f"card {w34(4711)}", "keys 246810#")), ("1", "2", "granted", "4711"))
        check(judged(d.after(f"card {w34(4711)}", "keys 1111#"))[:3], ("0", "2", "wrong_pin"))


if __name__ == "__main__":
    main()
