#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OSDP readers over pseudo terminals: cards, keys, tamper, lights, and ports that come and go."""
import os
import re
import time

from harness import check, ensure, main, test, wait_until
from osdp_reader import Reader, presented, w26, w34
from people import ATTACH, House, insert, last_rec_no, opens, records

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK, open_by: card_or_pin}
  - {index: 1, id: back, unlock: UNLOCK}
pin:
  rule: with_card
  alone_digits: 4
readers:
  - {number: 1, door: front, formats: [W34]}
  - number: 7
    door: front
    formats: [W26, W34, long]
    osdp: {line: east, address: 3, secure_channel: off}
formats:
  - {name: long, bits: 128, card: 64-127}
osdp:
  - {id: east, port: PORT, baud: 115200}
"""


class OsdpHouse(House):
    """A house whose reader 7 is an OSDP reader at port `path`."""

    def __init__(self, present=True, **options):
        self.port = f"/tmp/postern-osdp-{os.getpid()}-{time.monotonic_ns()}"
        self.reader = Reader(self.port) if present else None
        super().__init__(config=CONFIG.replace("PORT", self.port), **options)

    def close(self):
        super().close()
        if self.reader:
            self.reader.close()

    def online(self, timeout_s=15, first=0):
        self.wait_log("OSDP reader 7 is online", first, timeout_s)
        # What waited in the reader before its first empty answer is dropped as old.
        asked = int(self.reader.ask("commands"))
        wait_until(lambda: int(self.reader.ask("commands")) > asked + 10, "polls of the reader")

    def offline(self, words, first=0):
        self.wait_log(f"OSDP reader 7 is offline: {words}", first)


def last_bits(daemon):
    """The bits of the newest frame that the raw view has of reader 7."""
    reply = daemon.get("/cgi-bin/accessControl.cgi?action=getReaderFrames&reader=7")
    return re.findall(r"frames\[\d+\]\.Data=([01]*)", reply)[-1]


@test("cards of 26 and 34 bits open the door in clear, where that is configured")
def _():
    with OsdpHouse() as d:
        d.online()
        check(presented(d, w34(4711))["Status"], "0")
        insert(d, "101", 4711)
        for bits in (w34(4711), w26(4711)):
            count = d.lock_count(1)
            record = presented(d, bits)
            check((record["Status"], record["ReaderID"]), ("1", "7"))
            wait_until(lambda: d.lock_count(1) == count + 1, "the door opens")
            d.wait_lock(1, False)


@test("a card of 128 bits opens by a format of the file")
def _():
    with OsdpHouse() as d:
        d.online()
        insert(d, "101", 0x123456789abcdef0)
        bits = "01" * 32 + f"{0x123456789abcdef0:064b}"
        record = presented(d, bits)
        check((record["Status"], record["CardNo"]), ("1", str(0x123456789abcdef0)))
        opens(d, 1)
        check(last_bits(d), bits)


@test("a frame that no format reads is told with its bits, and opens nothing")
def _():
    with OsdpHouse() as d:
        d.online()
        count = d.lock_count(1)
        record = presented(d, "0110" * 25)
        check((record["Status"], record["Reason"]), ("0", "unreadable"))
        check(last_bits(d), "0110" * 25)
        check(d.lock_count(1), count)


@test("a PIN typed at an OSDP keypad opens, a wrong one is denied")
def _():
    with OsdpHouse() as d:
        d.online()
        insert(d, "101", 4711, Password="246810")
        before = last_rec_no(d)
        d.reader.do("keys 246810#")
        record = wait_until(lambda: records(d, AfterRecNo=before), "a record of the PIN")[0]
        check((record["Status"], record["Method"], record["ReaderID"]), ("1", "0", "7"))
        before = last_rec_no(d)
        d.reader.do("keys 246811#")
        record = wait_until(lambda: records(d, AfterRecNo=before), "a record of the PIN")[0]
        check(record["Status"], "0")


@test("the reader shows grant and denial: green and a tone, red and tones")
def _():
    with OsdpHouse() as d:
        d.online()
        insert(d, "101", 4711)
        wait_until(lambda: d.reader.ask("led") == "1", "red at rest")
        beeps = int(d.reader.ask("beeps"))
        d.reader.do(f"card {w34(4711)}")
        wait_until(lambda: d.reader.ask("led") == "2", "green for a grant")
        wait_until(lambda: int(d.reader.ask("beeps")) > beeps, "a tone for a grant")
        wait_until(lambda: d.reader.ask("led") == "1", "red again")
        beeps = int(d.reader.ask("beeps"))
        d.reader.do(f"card {w34(99)}")
        wait_until(lambda: int(d.reader.ask("beeps")) > beeps, "tones for a denial")
        ensure(d.reader.ask("led") in ("0", "1"), "no green for a denial")


@test("tamper at the reader is an event, and ends")
def _():
    with OsdpHouse() as d, d.stream(ATTACH + "&codes=[ChassisIntruded]") as stream:
        d.online()
        d.reader.do("tamper on")
        event = stream.event()
        check((event["action"], event["data"]["ReaderID"]), ("Start", "7"))
        d.reader.do("tamper off")
        check(stream.event()["action"], "Stop")
        ended = time.monotonic()
        for _ in range(10):  # a loose contact is no flood of events
            d.reader.do("tamper on")
            d.reader.do("tamper off")
        d.reader.do("tamper on")
        check(stream.event()["action"], "Start")
        ensure(9 < time.monotonic() - ended < 14, "the next one is told after 10 s")


@test("a port that is unplugged and plugged in again comes back within 3 s")
def _():
    with OsdpHouse() as d, d.stream(ATTACH + "&codes=[PosternSystem]") as stream:
        d.online()
        insert(d, "101", 4711)
        mark = d.mark()
        d.reader.do("unplug")
        d.offline("the serial port of its line is gone", mark)
        check(d.raw(b"GET / HTTP/1.0\r\n\r\n").status > 0, True)
        kinds = []
        while "reader_offline" not in kinds:
            event = stream.event()
            kinds.append(event["data"]["Kind"])
        check(event["data"]["Reason"], "reader_port")
        d.reader.do("plug")
        plugged = time.monotonic()
        wait_until(lambda: d.reader.ask("link") == "clear", "the panel talks to it again")
        count = d.lock_count(1)
        check(presented(d, w34(4711))["Status"], "1")
        ensure(time.monotonic() - plugged < 3, "it took longer than 3 s")
        wait_until(lambda: d.lock_count(1) == count + 1, "the door opens")


@test("a port that is not there at the start is an alarm, and other readers work meanwhile")
def _():
    with OsdpHouse(present=False) as d:
        d.wait_log("ALARM: OSDP line east: cannot open " + d.port)
        d.offline("the serial port of its line is gone")
        insert(d, "101", 4711)
        d.sim("card 1 4711")
        opens(d, 1)
        d.reader = Reader(d.port)
        d.online()
        check(presented(d, w34(4711))["Status"], "1")


@test("a killed core finds its readers again")
def _():
    with OsdpHouse() as d:
        d.online()
        insert(d, "101", 4711)
        mark = d.mark()
        d.kill_role("core")
        d.wait_restart("core", mark)
        d.online(first=mark)
        check(presented(d, w34(4711))["Status"], "1")


if __name__ == "__main__":
    main()
