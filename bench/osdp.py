# SPDX-License-Identifier: Apache-2.0
"""How full posternd keeps an OSDP line, and what an exchange costs.

A whole release posternd polls readers in secure channel over a pseudo terminal whose other end is a
wire (osdp_wire.c): it keeps the time of the baud rate, one half-duplex line for commands and
replies, and readers that begin to answer 3 ms after a command's last byte.

The floor of an exchange is what the line itself needs, with 10 bits a byte:

  (command + reply bytes + a mark before each + 2 characters of idle before the command) * 10 / baud
  + 3 ms

The ratio is exchanges a second, divided by how many a line would carry that does nothing but floors
of the same frames; the time by which the wire itself was late, which the kernel takes and no panel
can save, is taken out. The processor's time is that of the bus thread (schedstat), wake-ups are its
voluntary switches. `late` is the wire's own lateness a reply, `turn` the time from there to the next
command, of which 2 characters are idle by rule.

Two floors are measured with it. The lines `bare` are a program that does the same system calls and
nothing else (osdp_bare.c): what a pseudo terminal, the kernel's thread that carries its bytes, and
one wake-up an exchange cost on this machine. `asleep` is what the wake-ups of a row would cost a
program that does nothing at all: behind each row, while its line goes on, one runs that only sleeps,
with the same calls and priority and as often. Where a processor is virtual that may cost more than
all that is done. `own` is the rest: cpu less asleep; `above` is cpu less that of `bare`,
both taken once more in the same seconds. The goal is judged for all three, each under its name.

BENCH_OSDP="9600 230400" runs some rates only; all of them take some eight minutes. On a machine that does
other things meanwhile the kernel's thread waits for a processor: the ratio of `bare` tells.
"""
import concurrent.futures
import os
import shutil
import subprocess
import tempfile
import time

import harness

BAUDS = [int(word) for word in os.environ.get(
    "BENCH_OSDP", "9600 19200 38400 57600 115200 230400").split()]
BARE = 0  # readers: osdp_bare instead of posternd
COUNTS = (BARE, 1, 8, 32)
DEAD_BAUD = 115200
SETTLE_S = 0.5
POLLS_FIRST = 10
POLL_CHARS = 30  # of a secure poll and its answer, with their marks
DEAD_WINDOW_S = 10
PAIR_WINDOW_S = 6
DELAY_S = 0.003
IDLE_CHARS = 2
KEY = bytes.fromhex("9e116cf0237ad548b102ee3d945f80c7")
GOAL_RATIO, GOAL_CPU_US, GOAL_WAKES = 0.95, 20, 4

CONFIG = """\
lines: simulated
clock: trust
http: {listen: "{http}"}
osdp:
  - {id: line, port: PORT, baud: BAUD}
"""
READERS_OF_A_DOOR = 4


class Line:
    """A posternd and a wire with so many readers, all of them in secure channel."""

    def __init__(self, build, baud, count):
        self.baud, self.count = baud, count
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=build)
        port = os.path.join(self.folder, "port")
        self.wire = subprocess.Popen(
            [os.path.join(build, "bench", "osdp_wire"), port, str(baud), str(count or 1),
             KEY.hex()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.daemon = self.panel = self.memory = None
        try:
            if count == BARE:
                self.bare(build, port)
                return
            # Bytes of a bus with one reader, and of each further one.
            self.memory = [int(word) for word in self.wire.stdout.readline().split()]
            self.daemon = self.start(port)
            self.pid = self.daemon.pid("core")
            limit = time.monotonic() + 60
            while self.stats()[-1] < count:
                if time.monotonic() > limit:
                    raise harness.Failed(f"{self.stats()[-1]} of {count} readers are in secure "
                                         f"channel after a minute; posternd said:\n{self.daemon.log}")
                time.sleep(0.1)
            # Each reader was polled often enough for its time to be known.
            time.sleep(max(SETTLE_S, POLLS_FIRST * count / self.floor_rate()))
        except BaseException:
            self.close()
            raise

    def bare(self, build, port):
        self.wire.stdout.readline()
        self.panel = subprocess.Popen([os.path.join(build, "bench", "osdp_bare"), port,
                                       str(self.baud)])
        self.pid = self.panel.pid
        time.sleep(SETTLE_S)

    def start(self, port):
        state = os.path.join(self.folder, "state")
        secret = os.path.join(self.folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("bench-0123456789\n")
        commands = [[harness.program("posternd"), "init", "--state", state,
                     "--admin-password-file", secret],
                    [harness.program("osdp_keys"), state, "ca446c"]]
        for i in range(self.count):
            key = KEY[:-1] + bytes([KEY[-1] ^ i])
            commands[1] += [str(i + 1), key.hex(), str(i + 1)]
        for command in commands:
            status, _, err = harness.run(command)
            harness.check(status, 0, err)
        doors = "doors:\n" + "".join(
            f"  - {{index: {i}, id: door{i}, unlock: 1s, contact: no}}\n"
            for i in range((self.count - 1) // READERS_OF_A_DOOR + 1))
        readers = "readers:\n" + "".join(
            f"  - {{number: {i + 1}, door: door{i // READERS_OF_A_DOOR}, "
            f"osdp: {{line: line, address: {i}}}}}\n" for i in range(self.count))
        config = CONFIG.replace("PORT", port).replace("BAUD", str(self.baud))
        return harness.Daemon(state=state, config=config + doors + readers)

    def close(self):
        if self.daemon:
            self.daemon.close()
        if self.panel:
            self.panel.kill()
            self.panel.wait(10)
        self.wire.stdin.close()
        self.wire.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, words):
        self.wire.stdin.write(words + "\n")
        self.wire.stdin.flush()
        return self.wire.stdout.readline().strip()

    def stats(self):
        """ns, exchanges, characters, unanswered, collisions, ns late, ns of turns, readers secure."""
        return [int(word) for word in self.ask("stats").split()]

    def threads(self):
        """Of core's threads: nanoseconds run and voluntary switches."""
        used = {}
        folder = f"/proc/{self.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat", encoding="ascii") as file:
                run_ns = int(file.read().split()[0])
            with open(f"{folder}/{task}/status", encoding="ascii") as file:
                switches = [int(line.split()[1]) for line in file
                            if line.startswith("voluntary_ctxt_switches")]
            used[task] = (run_ns, switches[0])
        return used

    def core_kb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return [int(line.split()[1]) for line in file if line.startswith("VmRSS")][0]

    def floor_rate(self):
        return 1 / self.floor_s(1, POLL_CHARS)

    def floor_s(self, exchanges, chars):
        return (chars + IDLE_CHARS * exchanges) * 10 / self.baud + DELAY_S * exchanges

    def measure(self, window_s):
        threads, stats = self.threads(), self.stats()
        time.sleep(window_s)
        threads_after, after = self.threads(), self.stats()
        ns, exchanges, chars, unanswered, collisions, late_ns, turn_ns = (
            b - a for a, b in zip(stats[:7], after[:7]))
        used = [tuple(b - a for a, b in zip(threads[task], threads_after[task]))
                for task in threads if task in threads_after]
        cpu_ns, wakes = max(used, key=lambda pair: pair[1])  # the bus thread: nobody else has work
        return {
            "baud": self.baud, "readers": self.count, "rate": exchanges / ns * 1e9,
            "floor": exchanges / self.floor_s(exchanges, chars),
            "ratio": self.floor_s(exchanges, chars) * 1e9 / (ns - late_ns),
            "cpu": cpu_ns / exchanges / 1000, "wakes": wakes / exchanges, "late": late_ns / exchanges / 1000,
            "turn": turn_ns / exchanges / 1000,
            "lost": unanswered, "collisions": collisions, "kb": self.core_kb()}


def used_by(pid):
    """Nanoseconds run and voluntary switches of a program's only thread."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        run_ns = int(file.read().split()[0])
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return run_ns, [int(line.split()[1]) for line in file
                        if line.startswith("voluntary_ctxt_switches")][0]


def empty_wake_us(build, rate, window):
    """What one wake-up costs a program that does nothing in it, so many a second."""
    sleeper = subprocess.Popen([os.path.join(build, "bench", "osdp_bare"), "sleep",
                                str(int(1e6 / rate))])
    try:
        time.sleep(SETTLE_S)
        before = used_by(sleeper.pid)
        time.sleep(window)
        after = used_by(sleeper.pid)
    finally:
        sleeper.kill()
        sleeper.wait(10)
    return (after[0] - before[0]) / max(after[1] - before[1], 1) / 1000


def window_s(baud):
    return 3 if baud < 38400 else 2


def verdict(missed):
    return f"  MISSED: {', '.join(missed)}" if missed else ""


def above_bare_us(build, line):
    """What an exchange of the line takes more than one of the bare program beside it."""
    beside = Line(build, line.baud, BARE)
    try:
        with concurrent.futures.ThreadPoolExecutor() as both:
            rows = [both.submit(one.measure, PAIR_WINDOW_S) for one in (line, beside)]
            return rows[0].result()["cpu"] - rows[1].result()["cpu"]
    finally:
        beside.close()


def row_print(row, empty_us, above):
    """Gives the goals that were missed."""
    asleep = row["wakes"] * empty_us
    own = row["cpu"] - asleep
    missed = []
    if row["readers"] != BARE:
        missed = [name for name, good in (
            ("ratio", row["ratio"] >= GOAL_RATIO), ("cpu", row["cpu"] <= GOAL_CPU_US),
            ("own", own <= GOAL_CPU_US), ("above", above <= GOAL_CPU_US),
            ("wake-ups", row["wakes"] <= GOAL_WAKES)) if not good]
    print(f"{row['baud']:7} {row['readers'] or 'bare':>7} {row['floor']:9.1f} {row['rate']:9.1f} "
          f"{row['ratio']:6.3f} {row['cpu']:6.1f} {asleep:6.1f} {own:6.1f} {above:6.1f} {row['wakes']:8.2f} "
          f"{row['late']:5.0f} {row['turn']:5.0f} {row['lost']:4} {row['collisions']:5} {row['kb']:7}"
          f"{verdict(missed)}", flush=True)
    return missed


def rate_print(build, baud):
    """All rows of a baud rate: the goals that each row of readers missed, and the line's memory."""
    rows, memory = [], None
    for count in COUNTS:
        line = Line(build, baud, count)
        memory = line.memory or memory
        try:
            row = line.measure(window_s(baud))
            empty_us = empty_wake_us(build, row["rate"] * row["wakes"], window_s(baud))
            above = 0 if count == BARE else above_bare_us(build, line)
        finally:
            line.close()
        missed = row_print(row, empty_us, above)
        if count != BARE:
            rows.append(missed)
    return rows, memory


def dead_print(build):
    line = Line(build, DEAD_BAUD, 8)
    try:
        alive = line.measure(DEAD_WINDOW_S)["rate"] * 7 / 8
        line.ask("dead 3")
        first = line.measure(DEAD_WINDOW_S)["rate"]
        later = line.measure(DEAD_WINDOW_S)["rate"]
    finally:
        line.close()
    print(f"\n1 of 8 readers dies, {DEAD_BAUD} baud: exchanges of the other 7, goal {GOAL_RATIO} "
          "of what they had\n"
          f"  before {alive:.1f} a second; the {DEAD_WINDOW_S} s from its death on {first:.1f}: "
          f"{first / alive:.3f}{verdict(['ratio'] * (first < GOAL_RATIO * alive))}; then {later:.1f}: "
          f"{later / alive:.3f}{verdict(['ratio'] * (later < GOAL_RATIO * alive))}")


def run(build):
    print(f"goals: ratio at least {GOAL_RATIO}, at most {GOAL_CPU_US} us and {GOAL_WAKES} wake-ups "
          f"an exchange; windows of 2 or 3 s; asleep: us of so many wake-ups for nothing; own: cpu "
          f"less asleep; above: cpu less that of bare in the same seconds\n"
          f"{'baud':>7} {'readers':>7} {'floor/s':>9} {'exch./s':>9} {'ratio':>6} {'cpu us':>6} "
          f"{'asleep':>6} {'own us':>6} {'above':>6} {'wake-ups':>8} {'late':>5} {'turn':>5} {'lost':>4} "
          f"{'coll.':>5} {'core kB':>7}", flush=True)
    rows, memory = [], None
    for baud in BAUDS:
        missed, memory = rate_print(build, baud)
        rows += missed
    for name, words in (("cpu", "all that the thread used"), ("own", "without its wake-ups' own cost"),
                        ("above", "more than the bare program")):
        held = sum(name not in missed for missed in rows)
        print(f"at most {GOAL_CPU_US} us an exchange, {words} ({name}): holds in {held} of {len(rows)} rows")
    dead_print(build)
    print(f"\nmemory: {memory[0]} bytes a line with one reader, {memory[1]} for each further one")
