#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtual OSDP readers: a card at one opens the door through the whole path, in clear and in secure channel."""
import time

from harness import check, ensure, main, test, wait_until
from people import ATTACH, House, insert, last_rec_no, records

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
osdp:
  - {id: fast, port: simulated, baud: 115200}
  - {id: slow, port: simulated, baud: 9600}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
  - {index: 1, id: back, unlock: UNLOCK}
readers:
  - {number: 1, door: front, formats: [W26, W34]}
  - {number: 5, door: front, formats: [W26, W34], osdp: {line: fast, address: 0}}
  - {number: 6, door: back, formats: [W26, W34], osdp: {line: slow, address: 3, secure_channel: off}}
  - {number: 7, door: back, formats: [W34], osdp: {line: slow, address: 4}}
"""
# H10301: facility 123, card 45678.
W26 = "10111101110110010011011101"
NUMBER = 123 << 16 | 45678


def w34(number):
    """The bits of a card in W34: 32 bits between an even and an odd parity bit."""
    bits = f"{number:032b}"
    return str(bits[:16].count("1") % 2) + bits + str(1 - bits[16:].count("1") % 2)


class VirtualHouse(House):
    """A house whose readers 5 (secure), 6 (clear) and 7 (secure) are virtual OSDP readers."""

    def __init__(self, **options):
        super().__init__(config=CONFIG, **options)
        for reader, link in ((5, "secure"), (6, "clear"), (7, "secure")):
            self.wait_link(reader, link)

    def wait_link(self, reader, link):
        wait_until(lambda: self.sim(f"reader {reader}").startswith(link + " "),
                   f"reader {reader} is {link}")

    def shown(self, words):
        """Tries until the reader is past its beginning, where it would drop what people do."""
        return wait_until(lambda: self.sim(words, fail_ok=True) == "", words)


@test("cards of 26 and 34 bits open the door, in secure channel and in clear")
def _():
    with VirtualHouse() as d:
        insert(d, "101", NUMBER, doors=(0, 1))
        for reader, door in ((5, 1), (6, 2), (7, 2)):
            for bits in (W26, w34(NUMBER)):
                if reader == 7 and bits == W26:
                    continue
                before, count = last_rec_no(d), d.lock_count(door)
                d.shown(f"bits {reader} {bits}")
                wait_until(lambda: d.lock_count(door) == count + 1,
                           f"door {door} opens for {len(bits)} bits at reader {reader}")
                record = wait_until(lambda: records(d, AfterRecNo=before), "a record")[0]
                check((record["Status"], record["ReaderID"]), ("1", str(reader)))
                d.wait_lock(door, False)


@test("`card` uses the reader's formats; the reader shows grant and denial")
def _():
    with VirtualHouse() as d:
        insert(d, "101", NUMBER)
        d.shown(f"card 5 {NUMBER}")
        wait_until(lambda: d.sim("reader 5").startswith("secure green "), "green for a grant")
        wait_until(lambda: int(d.sim("reader 5").split(" ")[2]) > 0, "a tone for a grant")
        before = last_rec_no(d)
        d.sim("card 5 99 W34")
        record = wait_until(lambda: records(d, AfterRecNo=before), "a record")[0]
        check(record["Status"], "0")


@test("keys and tamper of a virtual OSDP reader arrive")
def _():
    with VirtualHouse() as d, d.stream(ATTACH + "&codes=[ChassisIntruded]") as stream:
        d.shown("keys 5 123456789012#")
        d.sim("tamper 5")
        event = stream.event()
        check((event["action"], event["data"]["ReaderID"]), ("Start", "5"))
        d.sim("tamper 5 off")
        check(stream.event()["action"], "Stop")


@test("a killed sim is back with its readers, and tamper stays as it was")
def _():
    with VirtualHouse() as d, d.stream(ATTACH + "&codes=[ChassisIntruded]") as stream:
        insert(d, "101", NUMBER)
        d.sim("tamper 5")
        check(stream.event()["action"], "Start")
        mark = d.mark()
        d.kill_role("sim")
        d.wait_log("sim is ready", mark)
        d.wait_link(5, "secure")
        count = d.lock_count(1)
        d.shown(f"card 5 {NUMBER}")
        wait_until(lambda: d.lock_count(1) == count + 1, "the door opens")
        d.sim("tamper 5 off")
        check(stream.event()["action"], "Stop")


@test("a killed core finds the virtual readers again, and no card of before opens")
def _():
    with VirtualHouse() as d:
        insert(d, "101", NUMBER)
        mark = d.mark()
        d.kill_role("core")
        d.sim(f"card 5 {NUMBER}", fail_ok=True)
        d.wait_restart("core", mark)
        d.wait_link(5, "secure")
        count = d.lock_count(1)
        time.sleep(1)  # nothing may happen, and nothing tells when
        check(d.lock_count(1), count)
        d.shown(f"card 5 {NUMBER}")
        wait_until(lambda: d.lock_count(1) == count + 1, "the door opens")


@test("requests that an OSDP reader cannot do are refused with words")
def _():
    with VirtualHouse() as d:
        check(d.postern("sim", "install", "--state", d.state, "5"), (0, "", ""))
        check(d.postern("sim", "install", "--state", d.state, "5", "off"), (0, "", ""))
        for words, err in (("install 1", "only OSDP readers"), ("install 5 x", "`on` or `off`"),
                           ("edges 5", "no data lines")):
            ensure(err in d.sim(words, fail_ok=True), words)


main()
