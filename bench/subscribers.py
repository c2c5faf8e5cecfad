# SPDX-License-Identifier: Apache-2.0
"""How late the last of many event streams has an event.

One process holds the streams, each with a heartbeat a second, and causes an event every now and
then (a closeDoor on a connection of its own). A delay begins before that request is sent, so that
the command and its commit are in it, and ends when the stream's event has been read. The floor: the
same process reading from one that writes as many bytes to as many bare sockets.

BENCH_STREAMS="100 1000" changes the sizes.
"""
import os
import shutil
import statistics
import subprocess
import tempfile

import harness

PASSWORD = "bench-0123456789"
SIZES = [int(size) for size in os.environ.get("BENCH_STREAMS", "100 1000 10000").split()]
EVENTS = 50
PART_BYTES = 900  # of an event of this kind; the floor writes as many
CLOSE = "/cgi-bin/accessControl.cgi?action=closeDoor&channel=1&UserID=bench"
ATTACH = ("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[AccessControl]"
          "&heartbeat=1")
CONFIG = """\
lines: simulated
clock: trust
http: {listen: "{http}"}
limits: {connections: 12000, connections_per_source: 12000, streams: 11000}
doors:
  - {index: 0, id: front}
readers:
  - {number: 1, door: front}
"""


def memory_kb(pid):
    """What of the process's memory is its own."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


class Subscribers:
    """The process with the streams; see subscribers.c."""

    def __init__(self, build, daemon, password=PASSWORD):
        self.daemon, self.digest = daemon, daemon.digest("admin", password)
        address, port = daemon.address
        self.process = subprocess.Popen(
            [os.path.join(build, "bench", "subscribers"), address, str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, verb, target):
        self.say(f"{verb} {target}\t{self.digest.header('GET', target)}")

    def numbers(self):
        line = self.process.stdout.readline()
        harness.ensure(line, "subscribers ended: see above")
        return [int(word) for word in line.split()]

    def event(self):
        """(microseconds to the first stream, to the last)."""
        self.ask("event", CLOSE)
        return self.numbers()

    def end(self):
        self.say("end")
        found = self.numbers()
        self.process.communicate(timeout=60)
        return found


def floor_us(build, count):
    status, out, err = harness.run([os.path.join(build, "bench", "subscribers"), "floor",
                                    str(count), str(PART_BYTES), str(EVENTS)], timeout_s=300)
    harness.check(status, 0, err)
    return sorted(int(line.split()[1]) for line in out.splitlines())


def quantiles(values):
    values = sorted(values)
    return (f"{statistics.median(values) / 1000:9.1f} "
            f"{values[min(len(values) - 1, len(values) * 99 // 100)] / 1000:9.1f}")


def measure(build, state, count):
    daemon = harness.Daemon(state=state, config=CONFIG)
    try:
        before_kb = memory_kb(daemon.pid("gate"))
        streams = Subscribers(build, daemon)
        for _ in range(count):
            streams.ask("open", ATTACH)
        streams.event()
        streams.say("wait 1500")
        times = []
        for i in range(EVENTS):
            times.append(streams.event())
            streams.say(f"wait {7 * i % 40}")
        each_kb = (memory_kb(daemon.pid("gate")) - before_kb) / count
        opened, fewest, most, faults, ended, _, _ = streams.end()
        harness.check((opened, fewest, most, faults, ended), (count, EVENTS + 1, EVENTS + 1, 0, 0),
                      "streams, events of each, faults, streams that ended")
    finally:
        daemon.close()
    print(f"{count:9} {quantiles([first for first, _ in times])} "
          f"{quantiles([last for _, last in times])} {quantiles(floor_us(build, count))} "
          f"{each_kb:8.1f}", flush=True)


def run(build):
    harness.WAIT_S = 120
    folder = tempfile.mkdtemp(prefix="bench-", dir=build)
    state, secret = os.path.join(folder, "state"), os.path.join(folder, "password")
    with open(secret, "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    status, _, err = harness.run([harness.program("posternd"), "init", "--state", state,
                                  "--admin-password-file", secret])
    harness.check(status, 0, err)
    print(f"\nAn event for every stream, {EVENTS} times (ms: p50, longest)\n"
          f"{'streams':>9} {'first has it':^19} {'last has it':^19} {'floor':^19} {'KB each':>8}")
    try:
        for count in SIZES:
            measure(build, state, count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
