# SPDX-License-Identifier: Apache-2.0
"""What a million people and ten million records cost, each beside its floor.

  people    a look-up of a random card in the index, hot and cold, beside a bare hash table; reading
            everybody at the start, beside bare SQLite reading the same tables; start and memory of
            a whole daemon
  records   through the CGI, median of several: a page of 1,024, a page far behind by StartTime and
            by offset, and totals with each filter; beside bare SQLite reading as many rows, and
            beside its COUNT(*)
  writes    a record's transaction beside bare SQLite's smallest and a bare write + fdatasync;
            people enrolled a second by 16 connections
  decision  p99 of a card's decision, of its record and of its unlock while 20 clients read the
            whole table of records, while 100,000 people are enrolled from a file, and while all
            people are cleared, beside the same with nothing else going on

BENCH_PARTS="people records" runs some of them. Sizes grow to 1,000,000 people and BENCH_RECORDS records (10,000,000). Rows are written by SQL
(store_rows.py); that many take some minutes, so BENCH_STATES=FOLDER keeps the databases there and
finds them again.
"""
import http.client
import os
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time

import decision
import harness
import store_rows

PASSWORD = "bench-0123456789"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
RECORDS = int(os.environ.get("BENCH_RECORDS", "10000000"))
TIMES = int(os.environ.get("BENCH_TIMES", "21"))
CARD = 7 * 2654435761 & 0xffffffff  # some card with records all over the table
COMMITS = 500
INSERT_CONNECTIONS = 16
INSERTS = 4000
FINDERS = 20
ENROLLED = 100_000
SHOWS = int(os.environ.get("BENCH_SHOWS", "400"))

CONFIG = """\
lines: simulated
clock: trust
http: {listen: "{http}"}
limits: {connections: 256, connections_per_source: 128, persons: %d, records: 20000000, journal: 20000000}
doors:
""" + decision.CONFIG.partition("doors:\n")[2]

FIND = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
PEOPLE = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard"


class States:
    """Databases of so many people and records, made when they are first asked for."""

    def __init__(self, build):
        self.build = build
        kept = os.environ.get("BENCH_STATES")
        self.folder = kept or tempfile.mkdtemp(prefix="bench-", dir=build)
        self.kept = kept is not None
        os.makedirs(self.folder, exist_ok=True)

    def close(self):
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tool(self, *arguments):
        status, out, err = harness.run(
            [os.path.join(self.build, "bench", "store_floor"), *map(str, arguments)],
            timeout_s=3600)
        harness.check(status, 0, f"store_floor {arguments}: {err}")
        return [[int(word) for word in line.split()] for line in out.splitlines()]

    def get(self, people, records):
        state = os.path.join(self.folder, f"{people}-{records}")
        if os.path.exists(os.path.join(state, "whole")):
            return state
        shutil.rmtree(state, ignore_errors=True)
        secret = os.path.join(self.folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        status, _, err = harness.run([harness.program("posternd"), "init", "--state", state,
                                      "--admin-password-file", secret])
        harness.check(status, 0, err)
        print(f"   (writing {people} people and {records} records)", flush=True)
        db = store_rows.open_database(os.path.join(state, "postern.db"))
        if people:
            store_rows.persons_add(db, people)
        if records:
            store_rows.records_add(db, records)
        db.close()
        self.tool("tidy", state)
        with open(os.path.join(state, "whole"), "w", encoding="utf-8"):
            pass
        return state


class Client:
    """One connection that stays open."""

    def __init__(self, daemon):
        self.connection = http.client.HTTPConnection(*daemon.address, timeout=120)
        self.digest = daemon.digest("admin", PASSWORD)

    def get(self, target):
        self.connection.putrequest("GET", target, skip_accept_encoding=True)
        self.connection.putheader("Authorization", self.digest.header("GET", target))
        self.connection.endheaders()
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise harness.Failed(f"{target}: {answer.status} {body[:200]!r}")
        return body

    def median_ms(self, target):
        times = []
        for _ in range(TIMES):
            began = time.perf_counter()
            self.get(target)
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)


def started(state, people):
    """The daemon, and seconds until it was ready."""
    began = time.monotonic()
    daemon = harness.Daemon(state=state, config=CONFIG % max(people, 1000))
    return daemon, time.monotonic() - began


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int([line for line in file if line.startswith("VmRSS")][0].split()[1]) * 1024 / 1e6


def people_print(states):
    print("\nPeople: a look-up (ns: mean, p99); reading everybody and the daemon's start\n"
          f"{'people':>9} {'hot':^11} {'bare hot':^11} {'cold':^13} {'bare cold':^13} "
          f"{'read ms':>8} {'SQLite ms':>9} {'start s':>8} {'core MB':>8}")
    for people in SIZES:
        hot, cold, bare_hot, bare_cold = states.tool("find", people)
        state = states.get(people, 0)
        (load,), (floor,) = states.tool("load", state)
        daemon, start_s = started(state, people)
        rss = memory_mb(daemon.pid("core"))
        daemon.close()
        print(f"{people:9} {hot[0]:5} {hot[1]:5} {bare_hot[0]:5} {bare_hot[1]:5} "
              f"{cold[0]:6} {cold[1]:6} {bare_cold[0]:6} {bare_cold[1]:6} {load / 1000:8.1f} "
              f"{floor / 1000:9.1f} {start_s:8.2f} {rss:8.0f}", flush=True)


def queries(records):
    """Name and target of what is asked of that many records."""
    begin = store_rows.RECORDS_BEGIN_MS // 1000
    third = begin + records  # 3 s a record
    conditions = [
        ("total, all", ""),
        ("total, a third", f"&StartTime={third}&EndTime={third + records}"),
        ("total, card", f"&condition.CardNo={CARD}"),
        ("total, user", "&condition.UserID=101"),
        ("total, door", "&condition.Door=3"),
        ("total, failed", "&condition.Status=0"),
        ("total, method", "&condition.Method=1"),
        ("total, door + failed + time",
         f"&condition.Door=3&condition.Status=0&StartTime={third}&EndTime={third + records}"),
        ("total, card + failed", f"&condition.CardNo={CARD}&condition.Status=0"),
    ]
    return [("page of 1,024", FIND + "&count=1024"),
            ("page, StartTime", FIND + f"&StartTime={third}&count=1024"),
            ("page, offset", FIND + f"&offset={records // 2}&count=1024"),
            ("page of a card", FIND + f"&condition.CardNo={CARD}&count=1024")] + [
                (name, FIND + "&count=1" + text) for name, text in conditions]


def records_print(states):
    sizes = [size for size in SIZES if size < RECORDS] + [RECORDS]
    columns = {}
    for records in sizes:
        state = states.get(0, records)
        column = {"bare SQLite, 1,024 rows": states.tool("page", state, 1024)[0][0] / 1000,
                  "bare SQLite, of a card": states.tool("page", state, 1024, CARD)[0][0] / 1000,
                  "bare SQLite, COUNT(*)": states.tool("count", state)[0][0] / 1000}
        daemon, _ = started(state, 0)
        client = Client(daemon)
        column["an answer without the store"] = client.median_ms(harness.ASK)
        column.update((name, client.median_ms(target)) for name, target in queries(records))
        daemon.close()
        columns[records] = column
    print(f"\nRecords through the CGI (ms, median of {TIMES})\n{'':28} "
          + " ".join(f"{size:>9}" for size in sizes))
    for name in columns[sizes[0]]:
        print(f"{name:28} " + " ".join(f"{columns[size][name]:9.2f}" for size in sizes))


def inserts_run(daemon, first, errors):
    try:
        client = Client(daemon)
        for i in range(first, INSERTS, INSERT_CONNECTIONS):
            client.get("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
                       f"&CardNo={900000000 + i}&UserID=N{i}&Doors[0]=0")
    except (OSError, harness.Failed) as error:
        errors.append(error)


def at_once(function, arguments):
    """Seconds that all of them took."""
    errors = []
    threads = [threading.Thread(target=function, args=(*one, errors)) for one in arguments]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise harness.Failed(str(errors[0]))
    return time.monotonic() - began


def writes_print(states):
    state = states.get(1000, 1000)
    store, bare, write = states.tool("commit", state, COMMITS)
    print("\nWrites (us: p50, p99)\n"
          f"a record's transaction {store[0]:6} {store[1]:6}\n"
          f"bare SQLite            {bare[0]:6} {bare[1]:6}\n"
          f"bare write + fdatasync {write[0]:6} {write[1]:6}")
    folder = tempfile.mkdtemp(dir=states.folder)
    copy = os.path.join(folder, "state")
    shutil.copytree(state, copy, ignore=lambda _, names: [n for n in names if n.endswith("sock")])
    daemon, _ = started(copy, 100_000)
    took = at_once(inserts_run, [(daemon, i) for i in range(INSERT_CONNECTIONS)])
    daemon.close()
    shutil.rmtree(folder)
    print(f"people enrolled by {INSERT_CONNECTIONS} connections: {INSERTS / took:.0f} a second; "
          f"one bare commit after the other: {1e6 / bare[0]:.0f} a second", flush=True)


class Doors:
    """Cards shown at every door, and core's own times of them."""

    def __init__(self, build, daemon):
        self.build, self.daemon = build, daemon
        self.page = decision.Bench.find_page(self)

    def tool(self, name, *arguments):
        status, out, err = harness.run([os.path.join(self.build, "bench", name), *arguments])
        harness.check(status, 0, f"{name}: {err}")
        return [[int(word) for word in line.split()] for line in out.splitlines()]

    def show(self, reader, errors):
        try:
            for i in range(SHOWS // decision.DOORS):
                card = (reader * 1000 + i) * 2654435761 & 0xffffffff
                self.daemon.sim(f"card {reader} {card}")
                time.sleep(0.06)
        except (OSError, harness.Failed) as error:
            errors.append(error)

    def measure(self):
        before = decision.Bench.latencies(self)
        wake = decision.Bench.begin(self, "wake_floor")
        at_once(self.show, [(i + 1,) for i in range(decision.DOORS)])
        time.sleep(0.5)
        row = {name: after - before[name]
               for name, after in decision.Bench.latencies(self).items()}
        row["wake"] = decision.numbers_at_end(wake)
        return row


def clear_on(daemon, times):
    began = time.monotonic()
    Client(daemon).get("/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard")
    times.append(time.monotonic() - began)


class Enrolment:
    """`postern user add --from` with many rows, as a process of its own."""

    def __init__(self, daemon, folder):
        path, secret = os.path.join(folder, "people.csv"), os.path.join(folder, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write("user,card,name,doors\n")
            file.writelines(f'E{i},{5_000_000_000 + i},Person {i},"1,2"\n' for i in range(ENROLLED))
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        self.process = subprocess.Popen(
            [harness.program("postern"), "--device", daemon.url, "--password-file", secret, "user", "add",
             "--from", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.nice(decision.LOAD_NICE))

    def running(self):
        return self.process.poll() is None

    def end(self):
        """Its last line, which says how many a second."""
        said = self.process.communicate(timeout=600)[1]
        harness.check(self.process.returncode, 0, said)
        return said.splitlines()[-1].removeprefix("postern: ")


def decision_print(states):
    folder = tempfile.mkdtemp(dir=states.folder)
    copy = os.path.join(folder, "state")
    records = min(RECORDS, 100_000)
    state = states.get(SIZES[-1], records)
    shutil.copytree(state, copy, ignore=lambda _, names: [n for n in names if n.endswith("sock")])
    daemon, _ = started(copy, SIZES[-1] + ENROLLED)
    doors = Doors(states.build, daemon)
    rows = {"quiet": doors.measure()}
    # In life the clients are other machines, so they give way here.
    load = decision.Bench.begin(doors, "http_load", str(FINDERS),
                                daemon.url + FIND + "&count=1024&condition.Status=1",
                                f"admin:{PASSWORD}", nice=decision.LOAD_NICE)
    time.sleep(1)
    rows[f"{FINDERS} finds"] = doors.measure()
    finds = decision.numbers_at_end(load)
    enrolment = Enrolment(daemon, folder)
    time.sleep(1)
    rows["enrolment"] = doors.measure()
    harness.ensure(enrolment.running(), "the enrolment was over before the last card was shown")
    enrolled = enrolment.end()
    times = []
    clear = threading.Timer(1, clear_on, (daemon, times))
    clear.start()
    rows["clear of all"] = doors.measure()
    clear.join()
    with sqlite3.connect(f"file:{copy}/postern.db?mode=ro", uri=True) as db:
        left = db.execute("SELECT count(*) FROM person").fetchone()[0]
    daemon.close()
    shutil.rmtree(folder)
    print(f"\nThe door meanwhile, {SIZES[-1]} people and {records} records (us: p50, p99, longest)\n"
          f"{'':14} {'n':>5} {'decision':^20} {'wake floor':^20} {'record':^20} {'unlock':^20}")
    for name, row in rows.items():
        print(f"{name:14} {row['decision'].total:5} {decision.times(row['decision'])} "
              + " ".join(f"{value:6}" for value in row["wake"]) +
              f" {decision.times(row['record'])} {decision.times(row['unlock'])}")
    print(f"{finds[0]} pages of 1,024 a second were read by the {FINDERS} clients; the file: {enrolled}; "
          f"the clear was answered after {times[0] * 1000:.0f} ms; {left} rows of people were "
          "left to be taken out when the last card had been shown")


def run(build):
    harness.WAIT_S = 120
    states = States(build)
    parts = {"people": people_print, "records": records_print, "writes": writes_print,
             "decision": decision_print}
    try:
        for part in os.environ.get("BENCH_PARTS", " ".join(parts)).split():
            parts[part](states)
    finally:
        for daemon in list(harness._alive):
            daemon.close()
        states.close()
