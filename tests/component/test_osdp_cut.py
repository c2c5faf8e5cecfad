#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OSDP lines that are cut at each byte, readers and daemons that start anew, and a full line: nothing doubled.

A transaction is a poll and a reader's answer with a card. POSTERN_OSDP_CUTS=all cuts at each of its
bytes (a minute or two); otherwise at some.
"""
import collections
import os
import time

import osdp_man as man
from harness import check, ensure, main, program, run, test, wait_until
from osdp_reader import Reader, w34
from people import House, insert, last_rec_no, records

NEAR, FAR = 3, 4  # addresses of readers 7 and 8
KEYS = {NEAR: "9e116cf0237ad548b102ee3d945f80c7", FAR: "40c2d07a1b95e6f3482d6cb971fa0e53"}
VENDOR, SERIAL = "ca446c", 0x0badcafe  # and the address: as osdp_pd says
CARD = 4711
BYTES = 15 + 31  # of a poll and a card in secure channel, marks counted
CUTS = range(BYTES + 1) if os.environ.get("POSTERN_OSDP_CUTS") == "all" else (0, 7, 15, 16, 21, 45)
BACK_S = 3
GAP_S = 0.2 + 0.1  # a reply timeout and a cycle of two readers, and this test's own processes

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
readers:
  - {number: 7, door: front, formats: [W34], osdp: {line: east, address: 3}}
  - {number: 8, door: front, formats: [W34], osdp: {line: east, address: 4}}
osdp:
  - {id: east, port: PORT, baud: 115200}
"""


class CutHouse(House):
    """A house whose readers 7 and 8 are paired, and a line between that can be cut."""

    def __init__(self, **options):
        self.port = f"/tmp/postern-cut-{os.getpid()}-{time.monotonic_ns()}"
        self.pds = {address: Reader(f"{self.port}-{address}", address, key)
                        for address, key in KEYS.items()}
        self.man = man.Man(self.port, *(f"{self.port}-{address}" for address in KEYS))
        super().__init__(config=CONFIG.replace("PORT", self.port), **options)
        insert(self, "101", CARD)
        self.back()

    def prepare(self):
        words = [word for address, key in KEYS.items()
                 for word in (str(address + 4), key, str(SERIAL + address))]
        status, _, err = run([program("osdp_keys"), self.state_folder, VENDOR, *words])
        check(status, 0, err)

    def close(self):
        super().close()
        self.man.stop()
        for reader in self.pds.values():
            reader.close()

    def polled(self, address):
        """Polls in secure channel that this reader has had."""
        return sum(1 for frame in list(self.man.commands)
                   if frame.raw[1] == address and frame.secured and frame.code == man.POLL)

    def back(self, timeout_s=15):
        """Both readers are polled in secure channel (again); gives the seconds that took."""
        began = time.monotonic()
        before = {address: self.polled(address) for address in KEYS}
        wait_until(lambda: all(self.polled(address) > before[address] + 3 for address in KEYS),
                   "polls of both readers", timeout_s)
        return time.monotonic() - began

    def card(self, address, number):
        self.pds[address].do(f"card {w34(number)}")

    def cut(self, count, whole, number):
        """Shows a card at NEAR and cuts its transaction behind so many bytes."""
        with self.man.lock:
            self.card(NEAR, number)
            self.man.cut_done.clear()
            self.man.cut = (NEAR, count, whole)
        ensure(self.man.cut_done.wait(10), f"the line was not cut at byte {count}")

    def all_once(self, numbers):
        """No card has two records. Gives how many have one."""
        seen = collections.Counter(row["CardNo"] for row in records(self, count=1000))
        for number in numbers:
            ensure(seen[str(number)] <= 1, f"card {number} has {seen[str(number)]} records")
        return sum(seen[str(number)] for number in numbers)

    def open_at(self, address):
        count = self.lock_count(1)
        self.card(address, CARD)
        wait_until(lambda: self.lock_count(1) == count + 1, "the door opens")
        self.wait_lock(1, False)


@test(f"the port is unplugged at {len(CUTS)} bytes of a transaction: back within {BACK_S} s, no card twice")
def _():
    with CutHouse() as d:
        longest = 0
        for count in CUTS:
            d.cut(count, True, 100000 + count)
            time.sleep(0.05)  # posternd finds out by itself
            d.man.plug()
            longest = max(longest, d.back())
            ensure(longest <= BACK_S, f"cut at byte {count}: back after {longest:.2f} s")
        d.open_at(NEAR)
        d.open_at(FAR)
        once = d.all_once([100000 + count for count in CUTS])
        return f"longest {longest:.2f} s; {once} of {len(CUTS)} cards arrived"


@test(f"one reader is cut off at {len(CUTS)} bytes: the other's polls go on, and it is back within {BACK_S} s")
def _():
    with CutHouse() as d:
        longest, gap = 0, 0
        for count in CUTS:
            at = len(d.man.times[FAR])
            d.cut(count, False, 200000 + count)
            time.sleep(0.4)
            times = d.man.times[FAR][max(at - 1, 0):]
            gap = max([gap] + [b - a for a, b in zip(times, times[1:])])
            d.man.plug()
            longest = max(longest, d.back())
            ensure(longest <= BACK_S, f"cut at byte {count}: back after {longest:.2f} s")
        ensure(gap <= GAP_S, f"the other reader was not polled for {gap:.3f} s")
        d.open_at(NEAR)
        once = d.all_once([200000 + count for count in CUTS])
        ensure(once > 0, "no card arrived")
        return f"longest {longest:.2f} s, longest gap of the other {gap * 1000:.0f} ms"


@test("a card that was shown while the line was cut for long opens nothing later")
def _():
    with CutHouse() as d:
        d.man.unplug()
        d.card(NEAR, CARD)
        time.sleep(4.5)  # older than a card may be
        count = d.lock_count(1)
        d.man.plug()
        ensure(d.back() <= BACK_S, "it was not back in time")
        d.open_at(FAR)
        check(d.lock_count(1), count + 1)
        check(len([row for row in records(d) if row["ReaderID"] == "7"]), 0, "records of reader 7")


@test("a reader whose power fails is back, and a daemon that starts anew finds both")
def _():
    with CutHouse() as d:
        d.pds[NEAR].do("power")
        ensure(d.back() <= BACK_S, "the reader was not back in time")
        d.open_at(NEAR)
        d.stop()
        d.start()
        d.back()
        d.open_at(NEAR)
        d.open_at(FAR)


FULL = """lines: simulated
clock: trust
http:
  listen: {http}
osdp:
  - {id: full, port: simulated, baud: 115200}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
  - {index: 1, id: back, unlock: UNLOCK}
readers:
""" + "".join(f"  - {{number: {10 + i}, door: {'front' if i < 4 else 'back'}, formats: [W34], "
              f"osdp: {{line: full, address: {i}}}}}\n" for i in range(8))


@test("eight readers on one line, a card at each of them over and over: every record is there once")
def _():
    with House(config=FULL) as d:
        for reader in range(10, 18):
            wait_until(lambda: d.sim(f"reader {reader}").startswith("secure "), f"reader {reader}")
        shown = []
        before = last_rec_no(d)
        for turn in range(5):
            for reader in range(10, 18):
                number = 1000 * (turn + 1) + reader
                wait_until(lambda: d.sim(f"card {reader} {number}", fail_ok=True) == "",
                           f"a card at reader {reader}")
                shown.append((str(number), str(reader)))
        wait_until(lambda: len(records(d, AfterRecNo=before, count=100)) >= len(shown),
                   "a record of each card")
        time.sleep(0.5)  # one that comes twice would come now
        got = [(row["CardNo"], row["ReaderID"])
               for row in records(d, AfterRecNo=before, count=100)]
        check(sorted(got), sorted(shown), "records")


if __name__ == "__main__":
    main()
