#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""We are the OSDP reader of another maker's panel: cards, the key it sets, and what it does not get."""
import os
import subprocess
import tempfile
import time

from harness import check, ensure, main, program, run, test, wait_until
from people import House, insert

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
readers:
  - {number: 1, door: front, formats: [W26, W34]}
osdp:
  - {id: other, port: PORT, baud: 115200}
panels:
  - {number: 3, reader: 1, when: WHEN, format: W34, osdp: {line: other, address: 9OPTIONS}}
"""
# H10301: facility 123, card 45678.
W26 = "10111101110110010011011101"
NUMBER = 123 << 16 | 45678
KEY = "9c41027704b506e808190adb0c3d0ef0"
OTHER = "5d41a27704b506e8081933db0c3d77f1"


def w34(number):
    """The bits of a card in W34: 32 bits between an even and an odd parity bit."""
    bits = f"{number:032b}"
    return str(bits[:16].count("1") % 2) + bits + str(1 - bits[16:].count("1") % 2)


class Panel:
    """Another maker's panel, whose line's port is `path`."""

    def __init__(self, path, how):
        self.process = subprocess.Popen([program("osdp_cp"), path, "9", how], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.process.stdout.readline(), "ready\n")

    def ask(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def wait(self, words, wanted):
        wait_until(lambda: self.ask(words) == wanted, f"{words} is {wanted}, now {self.ask(words)}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class PanelHouse(House):
    """A house that is the reader of a panel at address 9."""

    def __init__(self, how, when="granted", options=""):
        self.port = f"/tmp/postern-panel-{os.getpid()}-{time.monotonic_ns()}"
        self.panel = Panel(self.port, how)
        super().__init__(config=CONFIG.replace("PORT", self.port).replace("WHEN", when)
                         .replace("OPTIONS", options))

    def close(self):
        super().close()
        self.panel.close()


@test("in clear, where the settings say so: a granted card arrives in the panel's format")
def _():
    with PanelHouse("clear", options=", secure_channel: off") as d:
        insert(d, "101", NUMBER)
        d.panel.wait("state", "clear")
        d.sim(f"bits 1 {W26}")
        d.panel.wait("cards", f"1 {w34(NUMBER)}")
        d.sim("card 1 99 W34")
        d.sim(f"bits 1 {w34(NUMBER)}")
        d.panel.wait("cards", f"2 {w34(NUMBER)}")


@test("a panel that wants no secure channel gets nothing where it is required")
def _():
    with PanelHouse("clear", when="read") as d:
        d.wait_log("panel 3 talks to us, without a secure channel")
        d.sim(f"bits 1 {W26}")
        d.wait_log("panel 3 did not poll 1 frames in time")
        check(d.panel.ask("cards").split(" ")[0], "0")


@test("a panel pairs us: the key is kept over our restarts, and set once")
def _():
    with PanelHouse("none", when="read") as d:
        d.wait_log("panel 3 talks to us, without a secure channel")
        check(d.panel.ask("pair " + KEY), "ok")
        d.panel.wait("paired", "ok")
        d.wait_log("panel 3 has set our OSDP key")
        d.panel.wait("state", "secure")
        d.wait_log("panel 3 talks to us in a secure channel")
        d.sim(f"bits 1 {W26}")
        d.panel.wait("cards", f"1 {w34(NUMBER)}")
        mark = d.mark()
        d.kill_role("core")
        d.wait_restart("core", mark)
        d.wait_log("panel 3 talks to us in a secure channel", mark)
        d.sim(f"bits 1 {W26}")
        d.panel.wait("cards", f"2 {w34(NUMBER)}")
        d.panel.close()
        # Another panel comes: without the key it can neither read nor pair.
        mark = d.mark()
        d.panel = Panel(d.port, "none")
        d.wait_log("panel 3 talks to us, without a secure channel", mark)
        check(d.panel.ask("pair " + OTHER), "ok")
        d.panel.wait("paired", "failed")
        check(d.panel.ask("state"), "offline")
        d.panel.close()
        d.panel = Panel(d.port, KEY)
        d.panel.wait("state", "secure")


@test("`install: open` lets it be paired anew")
def _():
    with PanelHouse("none", options=", install: open") as d:
        for key in (KEY, OTHER):
            d.wait_log("panel 3 talks to us, without a secure channel")
            check(d.panel.ask("pair " + key), "ok")
            d.panel.wait("paired", "ok")
            d.panel.close()
            mark = d.mark()
            d.panel = Panel(d.port, "none")
            if key == OTHER:
                break
            # A key closes it; the next start opens it again.
            d.kill_role("core")
            d.wait_restart("core", mark)
        d.panel.close()
        d.panel = Panel(d.port, OTHER)
        d.panel.wait("state", "secure")


@test("what the settings must not say is refused with its place")
def _():
    good = CONFIG.replace("{http}", "127.0.0.1:0").replace("UNLOCK", "3s").replace("PORT", "/dev/x")
    good = good.replace("WHEN", "read").replace("OPTIONS", "").replace("127.0.0.1:0", "127.0.0.1:1")
    reader = "  - {number: 2, door: front, osdp: {line: other, address: 9}}\nosdp:"
    for old, new, words in ((", format: W34", ", format: W34, pulse: 50us", "`pulse` is of a panel with"),
                            ("line: other", "line: othre", "did you mean `other`?"),
                            ("osdp:\n  - {id", reader + "\n  - {id", "is the line of reader 2 already"),
                            ("panels:", "panels:\n  - {number: 1, reader: 1, osdp: {line: other, "
                             "address: 1}}", "is the line of panel 1 already")):
        ensure(old in good, old)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(good.replace(old, new, 1))
            file.flush()
            status, _, err = run([program("posternd"), "check", "--config", file.name])
            ensure(status != 0 and words in err, err)


main()
