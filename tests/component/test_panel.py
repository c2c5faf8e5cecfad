#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wiegand output: cards go on to the panels of other makers, as `postern sim panel` sees them arrive."""
import json
import re

from harness import check, ensure, main, program, run, test, wait_until
from people import ATTACH, House, insert, last_rec_no, opens, present, records

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
  - {index: 1, id: back, unlock: UNLOCK}
readers:
  - {number: 1, door: front, formats: [W26, W34]}
  - {number: 2, door: back, formats: [W34]}
panels:
  - {number: 1, reader: 1, when: granted, format: W34, interval: 1ms}
  - {number: 2, reader: 1, when: read, interval: 1ms}
  - {number: 3, reader: 1, when: granted, pulse: 20us, interval: 200us}
  - {number: 4, reader: 2, when: read, format: W26, pulse: 100us, interval: 500us}
  - {number: 5, reader: 2, when: read, interval: 20ms}
"""
# H10301 with facility code 123 and card 45678 is the card of number 8106606.
W26 = "10111101110110010011011101"
NUMBER = 123 << 16 | 45678


def w34(number):
    """The bits of a card in W34: 32 bits between an even and an odd parity bit."""
    bits = f"{number:032b}"
    return str(bits[:16].count("1") % 2) + bits + str(1 - bits[16:].count("1") % 2)


def w26(number):
    bits = f"{number:024b}"
    return str(bits[:12].count("1") % 2) + bits + str(1 - bits[12:].count("1") % 2)


def wait_panel(daemon, panel, count, bits):
    """The panel has seen so many frames, and these bits last."""
    wait_until(lambda: daemon.sim(f"panel {panel}").split(" ")[0] == str(count),
               f"{count} frames at panel {panel}, now {daemon.sim(f'panel {panel}')}")
    check(daemon.sim(f"panel {panel}"), f"{count} {bits}" if bits else str(count))


@test("the helpers of this test know the worked example")
def _():
    check(w26(NUMBER), W26)
    check(w34(305419896), "1000100100011010001010110011110001")


@test("a granted card arrives in the panel's format, a read one as it was received")
def _():
    with House(config=CONFIG) as d:
        insert(d, "101", NUMBER)
        for panel in (1, 2, 3, 4):
            check(d.sim(f"panel {panel}"), "0")
        check(present(d, 1, NUMBER, "W26")["Status"], "1")
        wait_panel(d, 2, 1, W26)
        wait_panel(d, 1, 1, w34(NUMBER))
        wait_panel(d, 3, 1, W26)
        opens(d, 1)
        # The same card from a reader of 34 bits.
        check(present(d, 1, NUMBER, "W34")["Status"], "1")
        wait_panel(d, 2, 2, w34(NUMBER))
        wait_panel(d, 1, 2, w34(NUMBER))
        wait_panel(d, 3, 2, w34(NUMBER))
        check(d.sim("panel 4"), "0", "the panel of another reader")


@test("a denied card goes to the panel that is told what was read, and to no other")
def _():
    with House(config=CONFIG) as d:
        check(present(d, 1, 4711, "W26")["Status"], "0")
        wait_panel(d, 2, 1, w26(4711))
        d.sim("bits 1 0101")  # a key
        wait_panel(d, 2, 2, "0101")
        before = last_rec_no(d)
        d.sim("bits 1 " + "01" * 20)  # no format of the reader
        wait_until(lambda: records(d, AfterRecNo=before), "a record of what cannot be read")
        wait_panel(d, 2, 3, "01" * 20)
        check(d.sim("panel 1"), "0")
        check(d.sim("panel 3"), "0")


@test("a number too large for the panel is not sent, and told once a minute")
def _():
    with House(config=CONFIG) as d, d.stream(ATTACH + "&codes=[PosternSystem]") as stream:
        for _ in range(3):
            check(present(d, 2, 1 << 24)["Status"], "0")
        check(present(d, 2, (1 << 24) - 1)["Status"], "0")
        wait_panel(d, 4, 1, w26((1 << 24) - 1))
        event = stream.event()
        check(event["data"]["Kind"], "panel_skipped")
        check(event["data"]["Reason"], "panel_format")
        check(event["data"]["CardNo"], str(1 << 24))
        check(event["data"]["Count"], 1)
        check(event["data"]["Door"], 1)
        check(event["index"], "1")
        d.wait_log("panel 4 did not get 1 of the frames of reader 2: "
                   "the card's number does not fit into the panel's format")
        check(len(re.findall("panel 4 did not get", d.log)), 1)


@test("what a killed core had begun to send is not completed, and the panel works again")
def _():
    with House(config=CONFIG) as d:
        d.sim("card 2 1")
        wait_panel(d, 4, 1, w26(1))  # panel 5 takes 34 bits every 20 ms: it is amid them
        check(d.sim("panel 5"), "0")
        mark = d.mark()
        d.kill_role("core")
        d.wait_restart("core", mark)
        d.sim("card 2 2")
        wait_panel(d, 5, 1, w34(2))


@test("postern sim panel prints what the panel saw")
def _():
    with House(config=CONFIG) as d:
        def sim(*words):
            return run([program("postern"), "sim", "--state", d.state, *words])

        check(sim("panel", "2"), (0, "0\n", ""))
        status, _, err = sim("card", "1", str(NUMBER))
        check((status, err), (0, ""))
        wait_panel(d, 2, 1, W26)
        check(sim("panel", "2"), (0, f"1 {W26}\n", ""))
        status, out, _ = sim("panel", "2", "--json")
        check((status, json.loads(out)), (0, {"reply": f"1 {W26}"}))
        status, out, err = sim("panel", "6")
        check((status, out), (1, ""))
        ensure("panel 6 is not configured" in err, err)


@test("a configuration with a bad panel is refused with its place")
def _():
    with House(config=CONFIG) as d:
        path = f"{d.folder}/bad.yaml"
        for words, place in (("reader: 9", "12:25: panel 1 gets the cards of reader 9"),
                             ("reader: 1, format: W33", "12:36: `W33` is no value for `format`"),
                             ("reader: 1, pulse: 10us", "12:35: `10us` is no value for `pulse`")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(CONFIG.replace("{http}", "127.0.0.1:8080").replace("UNLOCK", "1s")
                           .replace("reader: 1, when: granted, format: W34", words))
            status, _, err = run([program("posternd"), "check", "--config", path])
            ensure(status != 0 and place in err, err)


main()
