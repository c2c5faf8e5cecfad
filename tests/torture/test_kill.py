#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 and SIGSTOP of every process at random instants, while people are enrolled and removed, cards
shown, doors opened remotely and events watched. What was acknowledged must hold afterwards.

usage: test_kill.py BUILD_FOLDER [FAULTS] [SEED]     (200 faults by default; the seed is printed)

Whoever plays init here starts the supervisor again when it was killed, as systemd would.
"""
import mmap
import multiprocessing
import os
import random
import signal
import re
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "component"))
from harness import Daemon, Failed, ensure, main, program, run, test, wait_until  # noqa: E402

FAULTS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(os.urandom(4), "big")
UNLOCK_MS, LATE_MS, ALIVE_S = 300, 100, 2.0
VALID_CARD = 4242424
BOARD_DOORS_AT, BOARD_DOOR_BYTES = 8, 24  # src/drivers/include/drivers/board.h
STALL_NS = 15_000_000
CAUSE_NS = 2_500_000_000
GAP_NS = 25_000_000  # the silence that ends a frame
CARD_NS = 68_000_000 + GAP_NS  # 34 bits at 2 ms before it

CONFIG = """lines: simulated
clock: trust
http: {listen: {http}}
doors:
  - {index: 0, id: door1, unlock: UNLOCKms}
  - {index: 1, id: door2, unlock: UNLOCKms}
readers:
  - {number: 1, door: door1, side: entry}
  - {number: 2, door: door2, side: entry}
""".replace("UNLOCK", str(UNLOCK_MS))
AWAY = (OSError, EOFError, Failed, AttributeError, ValueError, IndexError)  # what a dying peer looks like


def boottime_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Board:
    """The relays, read straight from STATE/sim.board: (is open, openings, time of the latest move)."""

    def __init__(self, state):
        with open(os.path.join(state, "sim.board"), "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)

    def door(self, index):
        lock, changed_ns = struct.unpack_from("<Qq", self.memory, BOARD_DOORS_AT + index * BOARD_DOOR_BYTES)
        return bool(lock & 1), lock >> 1, changed_ns


class Watchman:
    """Looks at door 1's relay every millisecond and notes each opening by the relay's own times. A process of
    its own: the threads of the load would keep it from looking."""

    def __init__(self, board):
        self.board, self.openings = board, []
        self.ours, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.look, args=(theirs,), daemon=True)

    def look(self, told):
        opened_ns, stalled, last_ns = None, False, boottime_ns()
        while not told.poll():
            time.sleep(0.001)
            now_ns = boottime_ns()
            is_open, _, changed_ns = self.board.door(0)
            # A machine that keeps us from running keeps the supervisor from running too.
            stalled = stalled or now_ns - last_ns > STALL_NS
            last_ns = now_ns
            if is_open and opened_ns is None:
                opened_ns, stalled = changed_ns, False
            elif not is_open and opened_ns is not None:
                self.openings.append((opened_ns, changed_ns, stalled))
                opened_ns = None
        told.send(self.openings)

    def begin(self):
        self.process.start()

    def end(self):
        self.ours.send("over")
        self.openings = self.ours.recv()
        self.process.join()


def judge_openings(openings, triggers_ns):
    """(longest opening in ms, how many a stalled machine left unjudged). An opening ends UNLOCK_MS after what
    opened it; one that was shown a second card meanwhile ends as long after that one."""
    longest_ms, unjudged = 0.0, 0
    for opened_ns, closed_ns, stalled in openings:
        if stalled:
            unjudged += 1
            continue
        again = [t for t in triggers_ns if opened_ns < t < closed_ns]
        began_ns = max([opened_ns] + again)
        open_ms = (closed_ns - began_ns) / 1e6
        longest_ms = max(longest_ms, open_ms)
        ensure(open_ms <= UNLOCK_MS + LATE_MS, f"door 1 stayed open for {open_ms:.1f} ms")
    return longest_ms, unjudged


def match_causes(openings, triggers_ns):
    """Each opening has a card or command of its own before it: a relay that clicks again after a restart has none."""
    left = sorted(triggers_ns)
    for opened_ns, _, _ in openings:
        causes = [t for t in left if opened_ns - CAUSE_NS < t < opened_ns + STALL_NS]
        ensure(causes, f"door 1 opened without cause; causes near: "
               f"{[(t - opened_ns) / 1e6 for t in triggers_ns if abs(t - opened_ns) < 5e9]}")
        left.remove(causes[0])


class Client:
    """Requests one after the other, each on a connection of its own, with a short bound."""

    def __init__(self, daemon):
        self.daemon, self.digest = daemon, None

    def try_get(self, target):
        """The reply, or None when the daemon was away: then nothing is known."""
        try:
            if self.digest is None:
                self.digest = self.daemon.digest()
            reply = self.daemon.request(target, digest=self.digest, timeout_s=3)
        except AWAY:
            self.digest = None
            return None
        if reply.status == 401:
            self.digest = None
        return reply


class Load:
    """Threads that act on the daemon and remember what it acknowledged."""

    def __init__(self, daemon, seed):
        self.daemon, self.random = daemon, random.Random(seed)
        self.over, self.threads, self.lock = threading.Event(), [], threading.Lock()
        self.enrolled, self.maybe, self.removed = {}, set(), set()
        self.commands, self.commands_tried = set(), 0
        self.seen, self.stream_faults, self.last_seq = {}, [], 0
        self.triggers_ns = []  # when a card or command at door 1 took effect, or would have

    def begin(self):
        for work in (self.enrol, self.remove, self.show_removed, self.watch):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self.threads.append(thread)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def enrol(self):
        client, number = Client(self.daemon), 0
        while not self.over.wait(0.03):
            number += 1
            reply = client.try_get("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
                                   f"&UserID=w{number}&CardNo={1000000 + number}&Doors[0]=1")
            with self.lock:
                if reply is not None and reply.status == 200:
                    self.enrolled[number] = int(reply.values["RecNo"])
                else:
                    self.maybe.add(number)

    def remove(self):
        client = Client(self.daemon)
        while not self.over.wait(0.09):
            with self.lock:
                left = [n for n in self.enrolled if n not in self.removed]
            if len(left) < 5:
                continue
            number = self.random.choice(left)
            reply = client.try_get("/cgi-bin/recordUpdater.cgi?action=remove&name=AccessControlCard"
                                   f"&recno={self.enrolled[number]}")
            with self.lock:
                if reply is not None and reply.status == 200:
                    self.removed.add(number)
                else:
                    self.enrolled.pop(number)
                    self.maybe.add(number)

    def show_removed(self):
        """Removed people's cards at door 2, which nobody else uses: its relay must never move."""
        while not self.over.wait(0.05):
            with self.lock:
                removed = sorted(self.removed)
            if removed:
                self.try_card(2, 1000000 + self.random.choice(removed))

    def try_card(self, reader, number):
        began_ns = boottime_ns()
        try:
            self.daemon.sim(f"card {reader} {number}", timeout_s=3)
            shown = True
        except AWAY:
            shown = False
        if reader == 1:
            # The reply comes with the last bit, which may have waited for another card's frame.
            self.triggers_ns.append(boottime_ns() + GAP_NS if shown else began_ns + CARD_NS)
        return shown

    def watch(self):
        """One subscriber that comes back behind the last Seq it saw: each once, in order."""
        while not self.over.wait(0.05):
            try:
                with self.daemon.stream("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[All]"
                                        f"&heartbeat=1&afterSeq={self.last_seq}", timeout_s=3) as stream:
                    while not self.over.is_set():
                        event = stream.next()
                        if event != "Heartbeat":
                            self.take(event)
            except AWAY:
                pass

    def take(self, event):
        seq = int(event["Events[0].Seq"])
        if seq != self.last_seq + 1:
            self.stream_faults.append(f"Seq {seq} behind {self.last_seq}")
        self.last_seq = seq
        rec_no = int(event.get("Events[0].RecNo") or 0)
        if rec_no > 0 and event["Events[0].Code"] == "AccessControl":
            self.seen[rec_no] = (event.get("Events[0].UserID", ""), event.get("Events[0].CardNo", ""))


class Torture:
    def __init__(self, daemon):
        self.daemon, self.random = daemon, random.Random(SEED)
        self.load = Load(daemon, SEED + 1)
        self.board = Board(daemon.state)
        self.watchman = Watchman(self.board)
        self.client = Client(daemon)
        self.slowest_alive_s, self.slowest_after, self.counts = 0.0, "", {}
        self.command_waits = False

    def open_once(self):
        """A card or a command at door 1."""
        if self.random.random() < 0.5:
            self.load.try_card(1, VALID_CARD)
            return
        self.load.commands_tried += 1
        name = f"op{self.load.commands_tried}"
        self.load.triggers_ns.append(boottime_ns())
        self.command_waits = True
        reply = self.client.try_get(f"/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID={name}")
        self.command_waits = False
        if reply is not None and reply.status == 200 and reply.text == "OK\r\n":
            self.load.commands.add(name)

    def fault(self):
        role = self.random.choice(["core", "core", "gate", "sim", "supervisor"])
        stop = self.random.random() < 0.4
        pid = self.daemon.process.pid if role == "supervisor" else self.daemon.pid(role)
        self.counts[role, stop] = self.counts.get((role, stop), 0) + 1
        first_line = self.daemon.mark()
        opener = threading.Thread(target=self.open_once, daemon=True)
        opener.start()
        time.sleep(self.random.uniform(0, 0.15))
        send_signal(pid, signal.SIGSTOP if stop else signal.SIGKILL)
        if stop:
            time.sleep(self.random.choice([0.02, 0.2, 0.6, 1.3]))
            send_signal(pid, signal.SIGCONT)
        elif role == "supervisor":
            self.daemon.wait_end(5)
            self.restart()
        fault_over = time.monotonic()
        if self.command_waits:  # it may have waited for this moment to take effect
            self.load.triggers_ns.append(boottime_ns())
        alive_s = self.must_live(fault_over)
        if alive_s > self.slowest_alive_s:
            self.slowest_alive_s = alive_s
            self.slowest_after = f"after {'SIGSTOP' if stop else 'SIGKILL'} of {role}:\n" + "\n".join(
                self.daemon.lines[first_line:])
        opener.join(10)

    def restart(self):
        """What init does. The roles of the dead supervisor end by themselves, and free the state folder."""
        def started():
            try:
                self.daemon.start()
                return True
            except Failed:
                self.daemon.wait_end(5)
                return False
        wait_until(started, "posternd starts again", timeout_s=10)

    def must_live(self, since):
        """Shows a valid card until it opens its door; returns how long after the fault that was."""
        while True:
            before = self.board.door(0)[1]
            shown = time.monotonic()
            if self.load.try_card(1, VALID_CARD):
                while self.board.door(0)[1] == before and time.monotonic() < shown + 0.4:
                    time.sleep(0.002)
                if self.board.door(0)[1] > before:
                    break
            ensure(time.monotonic() - since < 8, "no valid card opens the door any more:\n" +
                   "\n".join(self.daemon.lines[-30:]))
            time.sleep(0.01)
        alive_s = time.monotonic() - since
        wait_until(lambda: not self.board.door(0)[0], "door 1 is shut again", timeout_s=3)
        return alive_s


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it was replaced this very moment


def all_rows(daemon, table):
    rows = []
    while True:
        text = daemon.get(f"/cgi-bin/recordFinder.cgi?action=doSeekFind&name={table}&count=1000"
                          f"&offset={len(rows)}")
        page = {}
        for line in text.split("\r\n"):
            match = re.match(r"records\[(\d+)\]\.([^=]+)=(.*)$", line)
            if match:
                page.setdefault(int(match.group(1)), {})[match.group(2)] = match.group(3)
        rows += [page[i] for i in sorted(page)]
        if len(page) < 1000:
            return rows


def check_people(daemon, load):
    rows = [row for row in all_rows(daemon, "AccessControlCard") if row["UserID"].startswith("w")]
    users = [row["UserID"] for row in rows]
    ensure(len(users) == len(set(users)), "a person is doubled")
    numbers = [int(row["RecNo"]) for row in rows] + [load.enrolled[n] for n in load.removed]
    ensure(len(numbers) == len(set(numbers)), "a RecNo was given twice")
    by_user = {row["UserID"]: int(row["RecNo"]) for row in rows}
    for number, rec_no in load.enrolled.items():
        if number in load.removed:
            ensure(f"w{number}" not in by_user, f"w{number} was removed and is back")
        else:
            ensure(by_user.get(f"w{number}") == rec_no, f"w{number} was acknowledged as {rec_no} and is lost")
    for user in by_user:
        number = int(user[1:])
        ensure(number in load.enrolled or number in load.maybe, f"{user} was never enrolled")


def check_records(daemon, load):
    rows = all_rows(daemon, "AccessControlCardRec")
    numbers = sorted(int(row["RecNo"]) for row in rows)
    ensure(numbers == list(range(1, len(rows) + 1)), "RecNo is not dense")
    commands = [row["UserID"] for row in rows if row["Method"] == "4" and row["Status"] == "1"]
    for name in load.commands:
        ensure(commands.count(name) == 1, f"{name} was answered OK and has {commands.count(name)} records")
    by_number = {int(row["RecNo"]): (row["UserID"], row["CardNo"]) for row in rows}
    for rec_no, who in load.seen.items():
        ensure(by_number[rec_no] == who, f"RecNo {rec_no} was streamed as {who}, is {by_number[rec_no]}")
    return len(rows)


def first_start(folder):
    """A daemon with the configuration above and an account whose password its harness finds."""
    state, secret = os.path.join(folder, "state"), os.path.join(folder, "secret")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("admin-of-the-tests\n")
    status, _, text = run([program("posternd"), "init", "--state", state, "--admin-password-file", secret])
    ensure(status == 0, text)
    os.rename(secret, os.path.join(state, "admin.password"))
    return Daemon(state=state, config=CONFIG)


def judge(daemon, torture):
    load, openings = torture.load, torture.watchman.openings
    check_people(daemon, load)
    records = check_records(daemon, load)
    ensure(not load.stream_faults, f"the stream: {load.stream_faults[:5]}")
    ensure(torture.board.door(1)[1] == 0, "a removed person's card opened door 2")
    longest_ms, unjudged = judge_openings(openings, load.triggers_ns)
    match_causes(openings, load.triggers_ns)
    ensure(torture.slowest_alive_s <= ALIVE_S, f"a valid card waited {torture.slowest_alive_s:.2f} s {torture.slowest_after}")
    ensure(len(openings) >= FAULTS and load.commands and load.removed and load.seen, "there was no load")
    faults = ", ".join(f"{'stop' if stop else 'kill'} {role} {n}" for (role, stop), n in sorted(torture.counts.items()))
    return (f"{faults}; {len(load.enrolled)} enrolments, {len(load.removed)} removals, {len(load.commands)} commands, "
            f"{records} records, {load.last_seq} events; {len(openings)} openings ({unjudged} unjudged: the machine "
            f"stalled), longest {longest_ms:.0f} ms of {UNLOCK_MS} + {LATE_MS}; slowest next card "
            f"{torture.slowest_alive_s:.2f} s")


@test
def nothing_acknowledged_is_lost_and_no_door_stays_open():
    print(f"# seed {SEED}, {FAULTS} faults", flush=True)
    with tempfile.TemporaryDirectory(prefix="postern-kill-") as folder, first_start(folder) as daemon:
        daemon.get("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&UserID=valid"
                   f"&CardNo={VALID_CARD}&Doors[0]=0")
        torture = Torture(daemon)
        torture.watchman.begin()
        torture.load.begin()
        for _ in range(FAULTS):
            torture.fault()
        torture.load.end()
        torture.watchman.end()
        daemon.stop()
        daemon.start()
        return judge(daemon, torture)


if __name__ == "__main__":
    main()
