#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records, each once and in order, whatever devices and networks do: `postern records pull`, `follow`
and `verify` against a device that is not ours, and against posternd behind connections that are cut.

usage: test_records.py BUILD_FOLDER
"""
import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import WAIT_S, check, ensure, main, program, test, wait_until  # noqa: E402
from people import ATTACH, CONFIG, House, insert, present, records, size  # noqa: E402
from records_device import PASSWORD, Proxy, RecordsDevice  # noqa: E402

DAY = 86400
BEGIN = 1789554000


def command(url, secret, *words):
    return [program("postern"), "--device", url, "--user", "admin", "--password-file", secret, *words]


ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("POSTERN")}


@contextlib.contextmanager
def password_file():
    with tempfile.NamedTemporaryFile("w", suffix=".password") as file:
        file.write(PASSWORD + "\n")
        file.flush()
        yield file.name


def postern(device, *words, timeout_s=120):
    with password_file() as secret:
        return subprocess.run(command(device.url, secret, *words), capture_output=True, text=True,
                              timeout=timeout_s, env=ENVIRONMENT, check=False)


def numbers(text):
    """RecNos of the lines that `records pull` and `follow` print."""
    return [int(line.split(" ", 1)[0]) for line in text.splitlines()]


class Follower:
    """`postern records follow` as a process whose lines are read as they come."""

    def __init__(self, url, secret, *words):
        self.process = subprocess.Popen(command(url, secret, "records", "follow", *words), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        self.lines, self.said = [], []
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in (
            (self.process.stdout, self.lines), (self.process.stderr, self.said))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(pipe, into):
        for line in pipe:
            into.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_S)
        for reader in self.readers:
            reader.join(WAIT_S)

    @property
    def numbers(self):
        return numbers("".join(self.lines))

    def wait_count(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.lines) >= count or self.process.poll() is not None,
                   f"{count} records, {len(self.lines)} came; {''.join(self.said)[-600:]}", timeout_s)

    def wait_live(self, times=1):
        wait_until(lambda: self.said.count("postern: live\n") >= times, "live")


def month():
    """300,000 records over 30 days; second BEGIN + 15 days holds 500 of them."""
    times = [BEGIN + i * 30 * DAY // 299500 for i in range(299500)] + [BEGIN + 15 * DAY] * 500
    return [(when, i + 1) for i, when in enumerate(sorted(times))]


@test("300,000 records of a device that restarts twice while its ring overwrites 5,000: each that "
      "survives once, in order, and the loss named exactly")
def _():
    def before_page(page):
        if page == 4:  # three pages came; what they did not bring of the oldest 5,000 goes
            device.overwrite(5000)
            for i in range(5000):
                device.append(BEGIN + 30 * DAY + i // 3, event=False)
        if page in (60, 61, 200):  # away, and back with other nonces
            device.restart()
            return "close"
        return None

    with RecordsDevice(month(), before_page=before_page) as device:
        began = time.monotonic()
        done = postern(device, "records", "pull")
    got = numbers(done.stdout)
    taken = got.index(5001)
    check(got[:taken], list(range(1, taken + 1)), "before the overwritten ones")
    ensure(2000 < taken <= 3 * 1024, f"{taken} records before")
    check(got[taken:], list(range(5001, 305001)), "behind the overwritten ones")
    check(done.returncode, 1, done.stderr)
    ensure(f"the device overwrote {5000 - taken} records meanwhile, from RecNo {taken + 1} to 5000\n"
           in done.stderr, done.stderr)
    ensure("not complete" in done.stderr and f"missing: RecNo {taken + 1} to 5000\n" in done.stderr, done.stderr)
    return f"{len(got)} records, {device.pages} pages, {time.monotonic() - began:.1f} s"


@test("the same month without loss is complete, with and without totalCount")
def _():
    rows = month()[140000:160000]
    for total in (True, False):
        with RecordsDevice(rows, total=total, before_page=lambda page: "close" if page == 7 else None) as device:
            done = postern(device, "records", "pull", "--count", "200")
        check(numbers(done.stdout), [row[1] for row in rows])
        ensure(done.returncode == 0 and ": complete" in done.stderr, done.stderr)


@test("verify proves a period complete, or names what is missing")
def _():
    rows = [(BEGIN + i // 2, 100 + i) for i in range(3000)]
    with RecordsDevice(rows) as device:
        done = postern(device, "records", "verify", "--from", str(BEGIN), "--to", str(BEGIN + 999))
        check((done.returncode, done.stdout),
              (0, "complete: 2000 records, RecNo 100 to 2099 without a gap, totalCount 2000\n"), done.stderr)
    holes = [row for row in rows if row[1] not in (500, 1200, 1201, 1202)]
    for total, words in ((True, "totalCount 2996"), (False, "no totalCount")):
        with RecordsDevice(holes, total=total) as device:
            done = postern(device, "records", "verify")
            check((done.returncode, done.stdout), (
                1, "missing: RecNo 500 to 500\nmissing: RecNo 1200 to 1202\n"
                f"not complete: 2996 records, RecNo 100 to 3099, {words}\n"), done.stderr)
    with RecordsDevice(holes, total=False) as device:
        done = postern(device, "records", "pull")
        ensure(done.returncode == 0 and "missing: RecNo 1200 to 1202" in done.stderr, done.stderr)
    with RecordsDevice(holes) as device:
        told = json.loads(postern(device, "records", "verify", "--json").stdout)
    check((told["complete"], told["records"], told["gaps"]), (False, 2996, [[500, 500], [1200, 1202]]))
    sparse = [(BEGIN + i, 7 * i + 1) for i in range(40)]
    with RecordsDevice(sparse, total=False) as device:
        done = postern(device, "records", "verify")
        ensure(done.returncode == 1 and "nothing proves" in done.stderr, done.stderr)
    with RecordsDevice(sparse) as device:
        check(postern(device, "records", "verify").returncode, 0)
    with RecordsDevice([(BEGIN, i + 1) for i in range(1500)]) as device:
        done = postern(device, "records", "verify")
        check(done.returncode, 1)
        ensure(f"1 seconds hold more records than a page of 1024, the first is {BEGIN}\n" in done.stdout, done.stdout)


@test("a state file resumes where the last pull ended, also within a second")
def _():
    with RecordsDevice([(BEGIN, 1), (BEGIN + 5, 2)]) as device, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "place")

        def pull(*words):
            return postern(device, "records", "pull", "--state-file", path, *words)

        check(numbers(pull().stdout), [1, 2])
        device.append(BEGIN + 5)
        device.append(BEGIN + 6)
        check(numbers(pull().stdout), [3, 4])
        check(numbers(pull().stdout), [])
        device.overwrite(4)
        device.append(BEGIN + 9, 9)
        done = pull()
        check((numbers(done.stdout), done.returncode), ([9], 1))
        ensure("lost: RecNo 5 to 8: the device has them no more" in done.stderr, done.stderr)
        device.append(BEGIN + 20, 1)  # set up anew
        device.append(BEGIN + 20, 2)
        done = pull()
        check(numbers(done.stdout), [1, 2])
        ensure("behind RecNo 9 before it was reset" in done.stderr, done.stderr)
        check(pull("--card", "1").returncode, 2)
        with open(path, "w", encoding="utf-8") as file:
            file.write("something else\n")
        done = pull()
        ensure(done.returncode != 0 and "postern_follow_state" in done.stderr, done.stderr)


@test("an output that is full loses no record: what was not written comes with the next run, each line whole")
def _():
    rows = [(BEGIN + i, 1 + i) for i in range(50)]

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))

    for words in ((), ("--json",)):
        with RecordsDevice(rows) as device, password_file() as secret, tempfile.TemporaryDirectory() as folder:
            pull = command(device.url, secret, "records", "pull", "--state-file", folder + "/place", *words)
            out = folder + "/out"
            for limit, statuses in ((small, (2,)), (None, (0,))):
                with open(out, "ab") as file:
                    done = subprocess.run(pull, stdout=file, stderr=subprocess.PIPE, env=ENVIRONMENT,
                                          preexec_fn=limit, timeout=60, check=False)
                ensure(done.returncode in statuses, done.stderr)
            with open(out, encoding="utf-8") as file:
                lines = file.read().splitlines()
            whole = [line for line in lines if line.endswith('"102"}' if words else "method -")]
            got = [int(json.loads(line)["RecNo"]) for line in whole] if words else numbers("\n".join(whole))
            check(got, [row[1] for row in rows])
            ensure(len(lines) == 51, f"the half line alone is more: {len(lines)} lines")
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(command(device.url, secret, "records", "pull", *words), stdout=full,
                                      stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=60, check=False)
            ensure(done.returncode == 2 and ": complete" not in done.stderr, done.stderr)


@test("one record of a wrong date does not hide those behind it from a state file")
def _():
    with RecordsDevice([(BEGIN, 1), (4000000000, 2)]) as device, tempfile.TemporaryDirectory() as folder:
        def pull():
            return numbers(postern(device, "records", "pull", "--state-file", folder + "/place").stdout)

        check(pull(), [1, 2])
        for number in range(3, 6):
            with device.lock:
                device.times.insert(number - 2, BEGIN + number)
                device.numbers.insert(number - 2, number)
            check(pull(), [number])
        check(pull(), [])


@test("two runs do not share a state file")
def _():
    with RecordsDevice([(BEGIN, 1)]) as device, password_file() as secret, tempfile.TemporaryDirectory() as folder:
        words = ("--state-file", folder + "/place")
        with Follower(device.url, secret, *words) as first:
            first.wait_live()
            done = postern(device, "records", "pull", *words)
            check((done.returncode, done.stdout), (2, ""))
            ensure("another postern is at work on it" in done.stderr, done.stderr)
        check(postern(device, "records", "pull", *words).returncode, 0)


@test("a device whose events carry no RecNo is followed over 20 drops and a kill of the program")
def _():
    rows = [(BEGIN + i // 4, 50 + i) for i in range(10)]
    with RecordsDevice(rows) as device, password_file() as secret, tempfile.TemporaryDirectory() as folder, \
            Proxy(device.server_address) as proxy:
        words = ("--state-file", os.path.join(folder, "place"), "--retry-ms", "20", "--heartbeat", "1")
        with Follower(proxy.url, secret, *words) as first:
            first.wait_count(10)
            for drop in range(20):
                device.append(BEGIN + 10 + drop // 3)
                if drop % 2:
                    first.wait_count(len(device.numbers))
                proxy.cut()
                device.append(BEGIN + 10 + drop // 3)
            first.wait_count(50)
            first.stop()
            got = first.numbers
        device.append(BEGIN + 100)
        with Follower(proxy.url, secret, *words) as second:
            second.wait_count(1)
            second.wait_live()
            device.append(BEGIN + 101)
            second.wait_count(2)
            check(got + second.numbers, device.numbers)


@test("records come as they happen, also while the clock of the device is set back")
def _():
    with RecordsDevice([(BEGIN + i, 1 + i) for i in range(10)]) as device, password_file() as secret, \
            Follower(device.url, secret, "--retry-ms", "20", "--heartbeat", "1") as follower:
        follower.wait_live()
        for number in range(11, 14):
            with device.lock:  # kept by time, as devices find them
                device.times.insert(number - 11, BEGIN - 3600 + number)
                device.numbers.insert(number - 11, number)
            for stream in list(device.streams):
                stream.put(BEGIN - 3600 + number)
            follower.wait_count(number)
        device.append(BEGIN + 20, 14)
        follower.wait_count(14)
        check(follower.numbers, list(range(1, 15)))
        ensure(not any("lost" in line for line in follower.said), "".join(follower.said))


@test("a device that answers one connection at a time is followed too")
def _():
    with RecordsDevice([(BEGIN, 1)], one_connection=True) as device, password_file() as secret:
        with Follower(device.url, secret, "--retry-ms", "20", "--heartbeat", "1") as follower:
            follower.wait_count(1)
            for number in range(2, 6):
                wait_until(lambda: device.streams, "a stream")
                device.append(BEGIN + number)
                follower.wait_count(number)
            check(follower.numbers, [1, 2, 3, 4, 5])


@test("posternd is followed over 100 forced drops while cards are presented: nothing lost, nothing doubled")
def _():
    with House(unlock="1s") as d, Proxy(d.address) as proxy:
        insert(d, "102", "0077")
        secret = os.path.join(d.state, "admin.password")
        with Follower(proxy.url, secret, "--retry-ms", "20", "--heartbeat", "1") as follower:
            follower.wait_live()
            drops = cuts = 0
            while drops < 100:
                present(d, 1 + drops % 2, 77 + drops % 3)  # granted and refused
                if drops % 3 == 0:
                    follower.wait_count(drops + 1)
                if proxy.accepted > 0:
                    cuts += proxy.cut()
                drops += 1
                if drops in (33, 66):  # the process dies, and with it the nonces
                    role, mark = "gate" if drops == 33 else "core", d.mark()
                    d.kill_role(role)
                    d.wait_restart(role, mark)
                if drops % 4 == 0:  # often enough in the middle of the connecting
                    follower.wait_live(min(1 + drops // 4, 20))
            present(d, 1, 77)
            wait_until(lambda: size(d) == 101, "101 records")
            follower.wait_count(101)
            check(follower.numbers, [int(row["RecNo"]) for row in records(d)])
            ensure(not any("lost" in line for line in follower.said), "".join(follower.said[-5:]))
            ensure(cuts >= 100, f"{cuts} connections were cut")
            return f"{drops} drops, {cuts} connections cut"


@test("the ring of records is told once at nine tenths, once when it overwrites, and not again after a restart")
def _():
    with House(config=CONFIG + "limits:\n  records: 1000\n  journal: 20000\n") as d:
        insert(d, "1", 77)

        def told():
            days = []
            with d.stream(ATTACH + "&codes=[PosternSystem]&heartbeat=1&afterSeq=0") as stream:
                for event in stream:
                    if event == "Heartbeat":
                        return days
                    if event["data"]["Kind"] == "retention":
                        days.append(event["data"]["DaysLeft"])

        def places(count):
            """So many more are taken, as by numbers given out before a restore."""
            d.stop()
            with contextlib.closing(sqlite3.connect(d.state + "/postern.db")) as db, db:
                db.execute("UPDATE counter SET value = value + ? WHERE name = 'rec_no'", (count,))
            d.start()

        present(d, 1, 77)
        places(897)
        present(d, 1, 77)
        check(told(), [], "899 of 1000")
        present(d, 1, 77)
        check(told(), [0], "900 of 1000: all of today came within a day")
        places(98)
        present(d, 1, 77)
        check(told(), [0])
        present(d, 1, 77)
        check(told(), [0, 0], "the next one overwrites")
        places(0)
        present(d, 1, 77)
        check(told(), [0, 0])


if __name__ == "__main__":
    main()
