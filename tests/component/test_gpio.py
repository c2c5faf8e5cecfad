#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real daemon on GPIO lines: posternd_gpio is posternd whose GPIO ioctls end at chips that are not there
(fake_gpio.py). What crosses processes is real: requests handed over, duplicates kept, fail states."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from fake_gpio import FakeGpio, w34
from harness import Daemon, Failed, check, ensure, main, program, run, test, wait_until
from people import claimed, insert, records

DATA0, DATA1, TAMPER, LED, BEEPER, LOCK, CONTACT, REX = range(8)
BACK0, BACK1, BACK_LOCK = 10, 11, 12
CARD, UNKNOWN = 4242424, 1
BOUND_MS = 500  # noise of a busy machine, yet before silence alone would tell (test-vm holds the real bounds)

CONFIG = """lines: gpio
clock: trust
http: {listen: {http}}
doors:
  - {index: 0, id: front, unlock: UNLOCK, lock: gpiochip0:5, contact_line: gpiochip0:6 pull-up,
     contact_debounce: 10ms, rex_line: gpiochip0:7 active-low pull-up}
  - {index: 1, id: back, unlock: UNLOCK, contact: no, fail: safe, lock: fake-a:12 active-low}
readers:
  - {number: 1, door: front, data0: gpiochip0:0, data1: gpiochip0:1, tamper: gpiochip0:2,
     led: gpiochip0:3, beeper: gpiochip0:4}
  - {number: 2, door: back, data0: gpiochip0:10, data1: gpiochip0:11}
"""


def at_rest(gpio):
    for offset in (DATA0, DATA1, BACK0, BACK1, REX):
        gpio.line(offset).physical = 1


class Wired(Daemon):
    """A claimed daemon on fake chips, with Ann who may open both doors."""

    def __init__(self, unlock="300ms", **options):
        self.house, state = claimed("postern-gpio-")
        folder = os.path.join(state, "gpio")  # beneath STATE: core may open it in its sandbox
        self.gpio = FakeGpio(folder)
        at_rest(self.gpio)
        super().__init__(state=state, config=CONFIG.replace("UNLOCK", unlock),
                         env={"FAKE_GPIO": folder}, binary="posternd_gpio", **options)
        insert(self, "1", str(CARD), doors=(0, 1))

    def close(self):
        super().close()
        shutil.rmtree(self.house, ignore_errors=True)
        for words in ("Sanitizer", "runtime error:"):
            ensure(words not in self.log, self.log)

    def card(self, number=CARD, **options):
        self.gpio.frame(DATA0, DATA1, w34(number), **options)

    def wait_level(self, offset, level, what):
        wait_until(lambda: self.gpio.level(offset) == level, what)


def boottime_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@test("a card moves the lock line, its light shows it, a record is kept")
def _():
    with Wired() as d:
        check((d.gpio.level(LOCK), d.gpio.level(LED), d.gpio.level(BEEPER)), (0, 0, 0), "at rest")
        check(d.gpio.line(LOCK).consumer, b"posternd")
        d.card()
        d.wait_level(LOCK, 1, "the lock line")
        opened_ns = d.gpio.line(LOCK).moved_ns
        check((d.gpio.level(LED), d.gpio.level(BEEPER)), (1, 1), "light and beeper")
        d.wait_level(LOCK, 0, "the end of the pulse")
        open_ms = (d.gpio.line(LOCK).moved_ns - opened_ns) / 1e6
        ensure(299 <= open_ms <= 300 + BOUND_MS, f"the lock was open for {open_ms} ms")
        check(d.gpio.line(LOCK).moves, 2, "moves of the relay")
        d.wait_level(BEEPER, 0, "the end of the beep")
        row = records(d)[-1]
        check((row["CardNo"], row["Status"], row["ReaderID"]), (str(CARD), "1", "1"))


@test("a card without right moves nothing and beeps three times")
def _():
    with Wired() as d:
        d.card(UNKNOWN)
        wait_until(lambda: d.gpio.line(BEEPER).moves == 6, "three beeps")
        check((d.gpio.line(LOCK).moves, d.gpio.level(BEEPER)), (0, 0))
        check(records(d)[-1]["Status"], "0")


@test("no role sim, no socket and no board of virtual lines")
def _():
    with Wired() as d:
        ensure("sim started" not in d.log, d.log)
        for name in ("sim.sock", "sim.board"):
            ensure(not os.path.exists(os.path.join(d.state, name)), f"{name} was made")


@test("a frame with a dropped edge opens nothing, at its own reader alone")
def _():
    with Wired() as d:
        for lose in (0, 1, 33, 66, 67):
            d.card(lose=lose)
            time.sleep(0.05)  # the silence that ends a frame
        check(d.gpio.line(LOCK).moves, 0, "moves after frames with an edge too few")
        d.gpio.frame(DATA0, DATA1, w34(CARD), lose=20)
        d.gpio.frame(BACK0, BACK1, w34(CARD))
        d.wait_level(BACK_LOCK, 0, "the other door (its lock is active-low)")
        check(d.gpio.line(LOCK).moves, 0)
        time.sleep(0.05)
        d.card()
        d.wait_level(LOCK, 1, "the next whole frame")


@test("the exit button and the contact are read as they are wired")
def _():
    with Wired() as d:
        status = "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1"
        ensure("status=Close" in d.get(status), d.get(status))
        d.gpio.edge(REX, 0)
        d.wait_level(LOCK, 1, "the lock after the exit button")
        d.gpio.edge(CONTACT, 1)
        wait_until(lambda: "status=Open" in d.get(status), "the open door")
        d.gpio.edge(CONTACT, 0)
        d.gpio.edge(REX, 1)
        wait_until(lambda: "status=Close" in d.get(status), "the closed door")


@test("a contact that stands open at the start is known")
def _():
    with Wired() as d:
        d.gpio.line(CONTACT).physical = 1  # without an event: nobody saw it move
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        wait_until(lambda: "status=Open" in
                   d.get("/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1"), "the door")


@test("kill -9 of core during a pulse: its line falls at once, a relay does not click twice")
def _():
    with Wired(unlock="60s") as d:
        d.card()
        d.wait_level(LOCK, 1, "the lock line")
        moves = d.gpio.line(BACK_LOCK).moves
        first = d.mark()
        killed_ns = boottime_ns()
        d.kill_role("core")
        d.wait_level(LOCK, 0, "the fail state")
        late_ms = (d.gpio.line(LOCK).moved_ns - killed_ns) / 1e6
        ensure(late_ms <= BOUND_MS, f"the line fell after {late_ms} ms")
        d.wait_log("door 1 driven to its fail state: locked", first)
        d.wait_log("door 2 driven to its fail state: open", first)  # fail: safe
        d.wait_restart("core", first)
        check((d.gpio.line(LOCK).moves, d.gpio.level(LOCK)), (2, 0), "moves of the front lock")
        check((d.gpio.line(BACK_LOCK).moves - moves, d.gpio.level(BACK_LOCK)), (2, 1),
              "the safe door opened, and core locked it again")
        check((d.gpio.level(LED), d.gpio.level(BEEPER)), (0, 0), "light and beeper")
        d.card()
        d.wait_level(LOCK, 1, "the same lines in the next core")


@test("SIGSTOP of core during a pulse: its line falls within the heartbeat's bound")
def _():
    with Wired(unlock="60s") as d:
        d.card()
        d.wait_level(LOCK, 1, "the lock line")
        first = d.mark()
        stopped_ns = boottime_ns()
        d.kill_role("core", signal.SIGSTOP)
        d.wait_level(LOCK, 0, "the fail state")
        late_ms = (d.gpio.line(LOCK).moved_ns - stopped_ns) / 1e6
        ensure(700 <= late_ms <= 1500 + BOUND_MS, f"the line fell after {late_ms} ms")
        d.wait_log("ALARM: core gives no sign of life", first)
        d.wait_restart("core", first)
        check(d.gpio.line(LOCK).moves, 2)


@test("a pulse ends with the daemon")
def _():
    with Wired(unlock="60s") as d:
        d.card()
        d.wait_level(LOCK, 1, "the lock line")
        check(d.stop(), 0)
        check((d.gpio.level(LOCK), d.gpio.line(LOCK).moves), (0, 2))
        check((d.gpio.level(LED), d.gpio.level(BEEPER)), (0, 0))


@test("a lock that cannot be driven is an alarm")
def _():
    with Wired(unlock="200ms") as d:
        d.card()
        d.wait_level(LOCK, 1, "the lock line")
        d.gpio.state.value_error = 5
        d.wait_log("ALARM: core did not lock door 1: killed")
        d.wait_log("ALARM: door 1 cannot be driven to its fail state (locked): "
                   "Input/output error")
        d.gpio.state.value_error = 0
        d.wait_level(LOCK, 0, "the lock line")


@test("what is wrong with the chips is said before anything runs")
def _():
    with tempfile.TemporaryDirectory() as house:
        state = os.path.join(house, "state")
        os.mkdir(state, 0o700)
        gpio = FakeGpio(os.path.join(state, "gpio"))
        path = os.path.join(house, "posternd.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG.replace("UNLOCK", "3s").replace("{http}", "127.0.0.1:18999"))
        env = {**os.environ, "FAKE_GPIO": gpio.folder}
        gpio.line(LOCK).consumer = b"led0"
        status, _, err = run([program("posternd_gpio"), "--config", path, "--state", state],
                             env=env)
        check(status, 1)
        ensure("cannot use `lock` of door `front` (gpiochip0:5): in use by `led0`" in err, err)
        ensure("started as process" not in err, err)


# --- posternd io ---

class Io:
    """`posternd io` in the background."""

    def __init__(self, *arguments, gpio=None, house=None):
        self.house = house or tempfile.mkdtemp(prefix="postern-io-")
        self.gpio = gpio or FakeGpio(os.path.join(self.house, "gpio"))
        if gpio is None:
            at_rest(self.gpio)
        self.path = os.path.join(self.house, "posternd.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(CONFIG.replace("UNLOCK", "3s").replace("{http}", "127.0.0.1:18999"))
        self.process = subprocess.Popen(
            [program("posternd_gpio"), "io", "--config", self.path, *arguments],
            env={**os.environ, "FAKE_GPIO": self.gpio.folder}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        shutil.rmtree(self.house, ignore_errors=True)

    def wait_requests(self):
        wait_until(lambda: self.gpio.line(LOCK).request, "the requests")
        wait_until(lambda: "door `front`: contact" in self.line(), "the first levels")

    def line(self):
        return self.process.stdout.readline()

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=15)
        return self.process.returncode, out, err


@test("io shows levels, frames by their length, and faults")
def _():
    with Io() as io:
        io.wait_requests()
        io.gpio.edge(CONTACT, 1)
        io.gpio.edge(REX, 0)
        io.gpio.edge(TAMPER, 1)
        io.gpio.frame(DATA0, DATA1, w34(CARD))
        time.sleep(0.1)
        io.gpio.frame(BACK0, BACK1, w34(CARD), lose=9)
        time.sleep(0.1)
        io.gpio.frame(BACK0, BACK1, "1011")
        time.sleep(0.1)
        status, out, err = io.end()
        check((status, err), (0, ""))
        for words in ("door `front`: contact open", "door `front`: exit button pressed",
                      "reader 1: tamper opened", "reader 1: a frame of 34 bits",
                      "reader 2: noise, dropped", "reader 2: an edge is missing",
                      "reader 2: a frame of 4 bits"):
            ensure(words in out, f"io does not say {words!r}:\n{out}")
        ensure(str(CARD) not in out, "io shows a card's number")
        check(io.gpio.line(LOCK).moves, 0)


@test("io --pulse opens one lock for its time and shows the contact")
def _():
    with Io("--pulse", "front", "--ms", "200", "--seconds", "1") as io:
        io.wait_requests()
        wait_until(lambda: io.gpio.level(LOCK), "the lock line")
        opened_ns = io.gpio.line(LOCK).moved_ns
        io.gpio.edge(CONTACT, 1)
        out, err = io.process.communicate(timeout=15)
        check((io.process.returncode, err), (0, ""))
        open_ms = (io.gpio.line(LOCK).moved_ns - opened_ns) / 1e6
        ensure(200 <= open_ms <= 200 + BOUND_MS, f"open for {open_ms} ms")
        check((io.gpio.level(LOCK), io.gpio.line(LOCK).moves), (0, 2))
        ensure("contact open" in out and "door `front`: locked" in out, out)


@test("io ends a pulse when it is interrupted")
def _():
    with Io("--pulse", "1", "--ms", "10000") as io:
        wait_until(lambda: io.gpio.level(LOCK), "the lock line")
        status, out, _ = io.end(signal.SIGTERM)
        check((status, io.gpio.level(LOCK)), (0, 0))
        ensure("door `front`: locked" in out, out)


@test("io says that a data line does not rest")
def _():
    house = tempfile.mkdtemp(prefix="postern-io-")
    gpio = FakeGpio(os.path.join(house, "gpio"))
    at_rest(gpio)
    gpio.line(DATA1).physical = 0
    with Io("--seconds", "1", gpio=gpio, house=house) as io:
        out, _ = io.process.communicate(timeout=15)
        ensure("reader 1: DATA1 does not rest" in out, out)
        ensure("DATA0 does not rest" not in out, out)


@test("io refuses what it cannot do, in words")
def _():
    for arguments, words in (
            (("--pulse", "side"), "--pulse side: there is no such door"),
            (("--pulse", "3"), "--pulse 3: there is no such door"),
            (("--pulse", "front", "--ms", "19"), "--ms 19: write a number from 20 to 10000"),
            (("--seconds", "0"), "--seconds 0: write a number from 1 to 86400")):
        with Io(*arguments) as io:
            _, err = io.process.communicate(timeout=15)
            check(io.process.returncode, 2, err)
            ensure(words in err, err)
            check(io.gpio.state.request_count, 0, "requests")


@test("io and posternd do not share lines")
def _():
    with Wired() as d:
        house = tempfile.mkdtemp(prefix="postern-io-")
        with Io(gpio=d.gpio, house=house) as io:
            _, err = io.process.communicate(timeout=15)
            check(io.process.returncode, 1)
            ensure("posternd holds the lines: stop it first" in err, err)
        d.card()
        d.wait_level(LOCK, 1, "posternd goes on")


main()
