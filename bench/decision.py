# SPDX-License-Identifier: Apache-2.0
"""Latency of the real-time thread, quiet and with HTTP saturated.

Three times, from the histograms core keeps itself (platform/heartbeat.h):

  decision  from the end of a frame, which is the due time of the reader's gap timer, to the commit
            request in the store's ring (the store is woken by then)
  record    from a decision to its record being on disk
  unlock    from the moment the store has the record on disk to the lock line moved

and two floors, which belong to the machine:

  disk      a bare write + fdatasync of 4 KiB in the same folder, before each phase, while nothing
            else runs
  wake      how late the kernel wakes a thread of the same priority whose timer is due, all through
            the phase

Cards are shown at all readers in parallel through role sim. The load is one process that keeps 64
connections busy; it runs with nice 10, because in life the clients are other machines. Its share of
the processors is printed beside those of gate and core.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import harness

DOORS = 4  # one reader each, all in use at once
PEOPLE = 300  # enrolling them also brings the database's log to its usual length
SHOWS = int(os.environ.get("BENCH_SHOWS", "1000"))  # cards a phase
CONNECTIONS = 64
LOAD_NICE = 10
PASSWORD = "bench-0123456789"

CONFIG = """\
lines: simulated
clock: trust
http: {listen: "{http}"}
limits: {connections: 256, connections_per_source: 128}
doors:
""" + "".join(f"  - {{index: {i}, id: door{i}, name: Door {i}, unlock: 100ms, contact: no}}\n"
              for i in range(DOORS)) + "readers:\n" + "".join(
    f"  - {{number: {i + 1}, door: door{i}, side: entry}}\n" for i in range(DOORS))

TIMES = ("decision", "record", "unlock")
CPU_USERS = ("core", "gate", "load", "rest", "stolen")  # rest: the benchmark itself and strangers

# Phase and what its load asks for: an answer core's serving thread makes, and one that reads the
# database as well.
PHASES = [
    ("quiet", None),
    ("getDeviceType", "/cgi-bin/magicBox.cgi?action=getDeviceType"),
    ("find 20 records", "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec&count=20"),
]


class Histogram:
    """Counts of buckets; begins: from which microsecond on each counts."""

    def __init__(self, begins, counts):
        self.begins, self.counts = begins, counts

    def __sub__(self, before):
        return Histogram(self.begins, [a - b for a, b in zip(self.counts, before.counts)])

    @property
    def total(self):
        return sum(self.counts)

    def end(self, bucket):
        """Microseconds below which all of a bucket lies; infinite for the last."""
        return self.begins[bucket + 1] if bucket + 1 < len(self.begins) else float("inf")

    def quantile(self, part):
        """Upper end of the bucket that holds the quantile: never too small."""
        wanted, seen = part * self.total, 0
        for bucket, count in enumerate(self.counts):
            seen += count
            if count > 0 and seen >= wanted:
                return self.end(bucket)
        return 0

    def max(self):
        return self.quantile(1)


class Bench:
    """A release posternd in a folder of the build directory, with people enrolled."""

    def __init__(self, build):
        self.build = build
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=build)
        state = os.path.join(self.folder, "state")
        secret = os.path.join(self.folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        status, _, err = harness.run([harness.program("posternd"), "init", "--state", state,
                                      "--admin-password-file", secret])
        harness.check(status, 0, err)
        self.daemon = harness.Daemon(state=state, config=CONFIG)
        self.page = self.find_page()
        for i in range(PEOPLE):
            doors = "".join(f"&Doors[{door}]={door}" for door in range(DOORS))
            reply = self.daemon.request(
                "/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
                f"&CardNo={10000 + i}&UserID={i + 1}{doors}", password=PASSWORD)
            harness.check(reply.status, 200, reply.text)

    def close(self):
        self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def find_page(self):
        folder = f"/proc/{self.daemon.process.pid}/fd"
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.readlink(path).startswith("/memfd:heartbeat"):
                return path
        raise harness.Failed("the supervisor has no heartbeat page")

    def tool(self, name, *arguments):
        status, out, err = harness.run([os.path.join(self.build, "bench", name), *arguments])
        harness.check(status, 0, f"{name}: {err}")
        return [[int(word) for word in line.split()] for line in out.splitlines()]

    def latencies(self):
        """The histograms of TIMES by name."""
        begins, *counts = self.tool("read_latency", self.page)
        return {name: Histogram(begins, part) for name, part in zip(TIMES, counts)}

    def floor_us(self):
        """p50 and p99 of a bare write + fdatasync."""
        return self.tool("sync_floor", self.folder)[0]

    def show(self, reader, count, errors):
        chance = random.Random(reader)
        try:
            for _ in range(count):
                self.daemon.sim(f"card {reader} {10000 + chance.randrange(PEOPLE)}")
                time.sleep(chance.uniform(0.05, 0.1))  # not in step; the door locks meanwhile
        except (OSError, harness.Failed) as error:
            errors.append(error)

    def show_all(self):
        errors = []
        readers = [threading.Thread(target=self.show, args=(i + 1, SHOWS // DOORS, errors))
                   for i in range(DOORS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        if errors:
            raise harness.Failed(f"a card could not be shown: {errors[0]}")
        time.sleep(0.5)  # the last locks

    def begin(self, name, *arguments, nice=0):
        """A tool that runs until it is told to end."""
        return subprocess.Popen(
            [os.path.join(self.build, "bench", name), *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(nice))

    def load(self, target):
        process = self.begin("http_load", str(CONNECTIONS), self.daemon.url + target,
                             f"admin:{PASSWORD}", nice=LOAD_NICE)
        time.sleep(1)  # every connection has its nonce
        return process


def cpu_s(pids):
    """Processor seconds used so far: by each role, by all processes, and stolen by the host."""
    tick = os.sysconf("SC_CLK_TCK")
    used = {}
    for role, pid in pids.items():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        used[role] = (int(fields[11]) + int(fields[12])) / tick
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, stolen = map(int, file.readline().split()[1:9])
    used["all"] = (user + nice + system + irq + softirq) / tick
    used["stolen"] = stolen / tick
    return used


def numbers_at_end(process):
    """The whole numbers a tool prints when it is told to end."""
    out, _ = process.communicate("x", timeout=30)
    found = re.findall(r"\d+", out)
    if process.returncode != 0 or not found:
        raise harness.Failed(f"{process.args[0]} ended with {process.returncode}: {out!r}")
    return [int(number) for number in found]


def phase_run(bench, name, target):
    row = {"phase": name, "disk": bench.floor_us(), "http": None}
    load = bench.load(target) if target else None
    wake = bench.begin("wake_floor")
    pids = {"gate": bench.daemon.pid("gate"), "core": bench.daemon.pid("core")}
    if load:
        pids["load"] = load.pid
    before = bench.latencies()
    cpu = cpu_s(pids)
    began = time.monotonic()
    bench.show_all()
    took_s = time.monotonic() - began
    row["cpu"] = {role: (used - cpu[role]) / took_s for role, used in cpu_s(pids).items()}
    row["cpu"]["rest"] = row["cpu"]["all"] - sum(row["cpu"][role] for role in pids)
    row.update({name: after - before[name] for name, after in bench.latencies().items()})
    row["wake"] = numbers_at_end(wake)
    if load:
        row["http"] = numbers_at_end(load)
    return row


def privileges(bench):
    """What the system granted core, in words."""
    pid = bench.daemon.pid("core")
    tasks = [int(task) for task in os.listdir(f"/proc/{pid}/task")]
    fifo = any(os.sched_getscheduler(task) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
               for task in tasks)
    nice = min(os.getpriority(os.PRIO_PROCESS, task) for task in tasks)
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        kb = dict(re.findall(r"(VmLck|VmRSS):\s*(\d+)", file.read()))
    scheduling = "granted" if fifo else f"refused, highest priority is nice {nice}"
    return (f"real-time priority (SCHED_FIFO): {scheduling}; memory: "
            f"{int(kb['VmLck']) // 1024} of {int(kb['VmRSS']) // 1024} MiB locked")


def us(value):
    return ">56000" if value == float("inf") else f"{value:.0f}"


def times(histogram):
    """p50, p99 and longest, in 20 columns."""
    return " ".join(f"{us(histogram.quantile(part)):>6}" for part in (.5, .99, 1))


def both_p99(row):
    return row["decision"].quantile(.99) + row["unlock"].quantile(.99)


def tables_print(rows):
    print("\nThe real-time thread (us: p50, p99, longest)\n"
          f"{'phase':16} {'n':>5} {'decision':^20} {'wake floor':^20} {'p99s':>5} {'n':>5} "
          f"{'unlock':^20} {'both p99':>8}")
    for row in rows:
        wake = " ".join(f"{value:6}" for value in row["wake"])
        ratio = row["decision"].quantile(.99) / row["wake"][1]
        print(f"{row['phase']:16} {row['decision'].total:5} {times(row['decision'])} {wake} "
              f"{ratio:5.2f} {row['unlock'].total:5} {times(row['unlock'])} "
              f"{us(both_p99(row)):>8}")
    print("\nThe disk (us: p50, p99, longest), and parts of its floor's p99\n"
          f"{'phase':16} {'record':^20} {'disk floor':^13} {'both / floor':>13} "
          f"{'record / floor':>14}")
    for row in rows:
        floor = row["disk"][1]
        print(f"{row['phase']:16} {times(row['record'])} {row['disk'][0]:6} {floor:6} "
              f"{both_p99(row) / floor:13.2f} {row['record'].quantile(.99) / floor:14.2f}")
    print("\nHTTP, and processors used by each\n"
          f"{'phase':16} {'200 a second':>12} {'others':>7} "
          + " ".join(f"{user:>6}" for user in CPU_USERS))
    for row in rows:
        good, others, *latest = row["http"] or ("-", "-")
        used = " ".join(f"{row['cpu'].get(user, 0):6.2f}" for user in CPU_USERS)
        print(f"{row['phase']:16} {good:>12} {others:>7} {used}"
              + (f"  the latest other: {latest[0]}" if latest else ""))


def run(build):
    bench = Bench(build)
    try:
        print(f"{privileges(bench)}; {os.cpu_count()} processors\n"
              f"{SHOWS} cards a phase at {DOORS} readers; the load: {CONNECTIONS} connections, "
              f"at nice {LOAD_NICE}", flush=True)
        tables_print([phase_run(bench, name, target) for name, target in PHASES])
        print("\nCore's times are the upper ends of buckets that are at most a quarter wide.")
    except Exception:
        print("posternd said:\n" + bench.daemon.log, file=sys.stderr)
        raise
    finally:
        bench.close()
