#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many event subscribers at once: each has every event, once and in order; those who never read are
ended, cost little, and delay nobody. What a process costs is measured, so this needs a build without
sanitizers. The sizes of life are `./dev bench subscribers`."""
import os
import resource
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "component"), os.path.join(HERE, "..", "..", "bench")]
from harness import BUILD, check, ensure, main, test, wait_until  # noqa: E402
from people import CONFIG, House, PASSWORD, SNAP, size  # noqa: E402
from subscribers import Subscribers, memory_kb  # noqa: E402

READERS, STALLED, WARM, EVENTS = 200, 20, 50, 250
COST_KB = 256
LATE_MS = 1000  # a heartbeat
SOFT_FILES = 128
CODES = "&Events=[AccessControl]&heartbeat=1"
LIMITS = CONFIG.replace("http:\n", "limits: {streams: 512, connections: 600, connections_per_source: 600}\nhttp:\n")


def queued_bytes(daemon):
    """Of each connection of the daemon's that somebody has: bytes that wait in the kernel to be taken."""
    port = f":{daemon.address[1]:04X}"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return [int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(port) and row[3] == "01"]


class FewFiles:
    """Processes begin with a soft limit that is far below what subscribers need, as a login shell may give."""

    def __enter__(self):
        self.limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_FILES, self.limits[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)


@test("200 subscribers have every event once and in order, beside 20 that never read")
def _():
    with FewFiles(), House(config=LIMITS) as d:
        streams = Subscribers(BUILD, d, PASSWORD)
        for _ in range(READERS):
            streams.ask("open", SNAP + CODES)
        times = [streams.event() for _ in range(WARM)]
        first_kb = memory_kb(d.pid("gate"))
        for _ in range(STALLED):
            streams.ask("stall", SNAP + CODES)
        queued, grown_kb = 0, 0
        for at in range(EVENTS):
            times.append(streams.event())
            if at % 25 == 24:  # those who do not read have all that they will ever get
                queued = max([queued, *queued_bytes(d)])
                grown_kb = max(grown_kb, memory_kb(d.pid("gate")) - first_kb)
        ensure(queued > 30_000, f"nobody was behind: {queued} bytes")
        cost_kb = queued / 1024 + grown_kb / STALLED
        ensure(cost_kb <= COST_KB, f"one who never reads costs {queued / 1024:.0f} KB in the kernel and {grown_kb / STALLED:.0f} KB in gate")
        late_ms = max(last for _, last in times) / 1000
        ensure(late_ms < LATE_MS, f"the last subscriber had an event after {late_ms:.0f} ms")
        # 3 heartbeats without a byte taken, and a second until somebody looks.
        streams.say("wait 6000")
        streams.event()
        every = WARM + EVENTS + 1
        wait_until(lambda: max(queued_bytes(d), default=0) < 10_000, "nobody is behind any more")
        check(streams.end(), [READERS, every, every, 0, 0, STALLED, STALLED])
        check(size(d), every)
        return (f"the last subscriber at most {late_ms:.0f} ms late; one who never reads: {queued / 1024:.0f} KB in "
                f"the kernel, {grown_kb / STALLED:.0f} KB in gate")


if __name__ == "__main__":
    main()
