#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""posternd backup and posternd restore with real files: a backup of a database in use is an instant
of it, numbers go on above both after a restore, and a restore that is killed leaves one of the two."""
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time

from harness import Daemon, check, ensure, main, program, run, test, wait_until
from people import FIND_CARDS, REMOVE, cards, insert, last_rec_no, present, records

KILLS = int(os.environ.get("POSTERN_RESTORE_KILLS", "100"))
BACKUP_KILLS = int(os.environ.get("POSTERN_BACKUP_KILLS", "50"))
MIGRATION_KILLS = int(os.environ.get("POSTERN_MIGRATION_KILLS", "60"))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../unit/store/data")


def posternd(*words):
    return run([program("posternd"), *words])


def backup(state, file):
    status, out, err = posternd("backup", file, "--state", state)
    check((status, err), (0, ""), "backup")
    return out


def restore(state, file, *words):
    status, out, err = posternd("restore", file, "--state", state, *words)
    check((status, err), (0, ""), "restore")
    return out


def refused(words, *command):
    status, out, err = posternd(*command)
    check((status, out), (1, ""), " ".join(command) + err)
    ensure(words in err, f"{words!r} in {err!r}")


def rows_in(path, sql):
    how = "immutable=1" if path.startswith(DATA) else "mode=ro"  # nothing is made beside a fixture
    with sqlite3.connect(f"file:{path}?{how}", uri=True) as db:
        return db.execute(sql).fetchall()


def counters(path):
    return dict(rows_in(path, "SELECT name, value FROM counter"))


def fold(state, sql=None):
    """The database of a folder nobody uses, its log read with it; the folder stays as it is. With what sql asks for."""
    with tempfile.TemporaryDirectory() as copy:
        for name in os.listdir(state):
            if name.startswith("postern.db") and not name.endswith("-shm"):
                shutil.copy(os.path.join(state, name), copy)
        db = sqlite3.connect(os.path.join(copy, "postern.db"))
        check(db.execute("PRAGMA quick_check").fetchall(), [("ok",)], "pages")
        users = [row[0] for row in db.execute("SELECT user_id FROM person ORDER BY no")]
        numbers = dict(db.execute("SELECT name, value FROM counter"))
        asked = () if sql is None else db.execute(sql).fetchone()
        db.close()
        return users, numbers, *asked


@test("a backup while cards are shown is the records up to one instant, and holds up nobody")
def _():
    with Daemon() as d:
        folder = tempfile.mkdtemp(dir=d.folder)
        insert(d, "1", 111)
        done = threading.Event()
        shown = []

        def show():
            while not done.is_set():
                d.sim(f"card {1 + len(shown) % 2} {1000 + len(shown)}")
                shown.append(1)

        thread = threading.Thread(target=show)
        thread.start()
        files = []
        try:
            for i in range(8):
                wait_until(lambda: last_rec_no(d) >= 10 * i, "more records")
                before = last_rec_no(d)
                files.append((os.path.join(folder, f"b{i}"), before))
                backup(d.state, files[-1][0])
        finally:
            done.set()
            thread.join()
        all_rows = [int(r["RecNo"]) for r in records(d, count=100000)]
        seen = []
        for path, before in files:
            check(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
            numbers = [row[0] for row in rows_in(
                path, "SELECT rec_no FROM journal WHERE rec_no > 0 ORDER BY rec_no")]
            check(numbers, all_rows[:len(numbers)], "a prefix")
            ensure(len(numbers) >= before, f"{len(numbers)} records, {before} were told before")
            check(counters(path)["rec_no"], len(numbers), "the counter of the same instant")
            check(rows_in(path, "PRAGMA quick_check"), [("ok",)])
            seen.append(len(numbers))
        ensure(seen[-1] >= 70 and seen[-1] > seen[0], f"records came while backups were made: {seen}")
        check(sorted(os.listdir(folder)), [f"b{i}" for i in range(8)], "nothing else is left")
        return f"{seen[0]} to {seen[-1]} records"


@test("after a restore numbers go on above both, and the people of the backup are there")
def _():
    with Daemon() as d:
        file = os.path.join(d.folder, "backup")
        kept = insert(d, "kept", 111)
        present(d, 1, 111)
        out = backup(d.state, file)
        ensure("RecNo 1\n" in out and d.state + "/device.key" in out, out)
        gone = insert(d, "gone", 222)
        d.curl_ok(REMOVE + f"&recno={kept}")
        for _ in range(3):
            present(d, 1, 222)
        refused("stop it first", "restore", file, "--state", d.state)
        check([r["UserID"] for r in cards(d)], ["gone"], "nothing was restored")
        d.stop()
        now = fold(d.state)[1]
        out = restore(d.state, file)
        ensure("up to RecNo 1; the next one gets RecNo 5\n" in out, out)
        check(stat.S_IMODE(os.stat(d.state + "/postern.db").st_mode), 0o600, "mode")
        after = counters(d.state + "/postern.db")
        for name in ("seq", "rec_no", "person_no", "account_no", "ticket"):
            check(after[name], now[name], name)
        check(after["persons"], 0, "who was removed since stays so")
        ensure("1 of the backup's people were removed since and stay so" in out, out)
        d.start()
        check(cards(d), [])
        check(present(d, 1, 111)["Reason"], "unknown_card")
        d.stop()
        ensure("who was removed since is back" in restore(d.state, file, "--bring-back"), "told")
        d.start()
        check([r["UserID"] for r in cards(d)], ["kept"])
        check([int(r["RecNo"]) for r in records(d)], [1])
        check(int(present(d, 1, 111)["RecNo"]), 6)
        ensure(insert(d, "new", 333) > gone, "a person's number was given out again")
        d.stop()
        check(fold(d.state)[0], ["kept", "new"])
        acts = [row[0] for row in rows_in(d.state + "/postern.db",
                                          "SELECT target FROM audit WHERE act = 12 ORDER BY no")]
        check(acts, ["backup up to RecNo 1", "backup up to RecNo 1, --bring-back"])
        ensure(fold(d.state)[1]["seq"] > now["seq"], "Seq goes on")


@test("an older backup of a newer database, and the newer one back: numbers never fall")
def _():
    with Daemon() as d:
        old, new = (os.path.join(d.folder, name) for name in ("old", "new"))
        insert(d, "1", 111)
        backup(d.state, old)
        for _ in range(4):
            present(d, 1, 111)
        backup(d.state, new)
        d.stop()
        restore(d.state, old)
        check(counters(d.state + "/postern.db")["rec_no"], 4)
        restore(d.state, new)
        check(counters(d.state + "/postern.db")["rec_no"], 4)
        d.start()
        check(int(present(d, 1, 111)["RecNo"]), 5)
        check(len(records(d)), 5)


@test("a restore into a new folder with the key works, with no key or another's it does not")
def _():
    with Daemon() as d, Daemon() as other:
        file = os.path.join(d.folder, "backup")
        insert(d, "1", 111)
        backup(d.state, file)
        other.stop()
        before = fold(other.state)
        refused("not the key of this backup", "restore", file, "--state", other.state)
        check(fold(other.state), before)
        fresh = os.path.join(d.folder, "fresh")
        refused("device.key", "restore", file, "--state", fresh)
        check("postern.db" in os.listdir(fresh), False)
        shutil.copy(d.state + "/device.key", fresh)
        shutil.copy(other.state + "/postern.db", fresh + "/postern.db-wal")  # of a database moved away
        ensure("nobody knows who was removed" in restore(fresh, file), "told")
        check(fold(fresh)[0], ["1"])
        check([n for n in os.listdir(fresh) if n.startswith("postern.db")], ["postern.db"])
        shutil.copy(d.state + "/admin.password", fresh)  # where the tests read it
        with Daemon(state=fresh) as again:
            check(present(again, 1, 111)["Reason"], "granted")


@test("what is no whole backup is refused, and the database stays as it is")
def _():
    with Daemon() as d:
        insert(d, "1", 111)
        file = os.path.join(d.folder, "backup")
        backup(d.state, file)
        refused("lies in STATE", "backup", d.state + "/x", "--state", d.state)
        refused("name the file", "backup", d.folder + "/", "--state", d.state)
        empty = tempfile.mkdtemp(dir=d.folder)
        refused("No such file", "backup", file, "--state", empty)
        check(os.listdir(empty), [], "a backup makes nothing in STATE")
        d.stop()
        before = fold(d.state)
        whole = open(file, "rb").read()

        def put(data):
            path = os.path.join(d.folder, "bad")
            with open(path, "wb") as out:
                out.write(data)
            return path

        refused("damaged", "restore", put(whole[:len(whole) // 2]), "--state", d.state)
        refused("damaged", "restore", put(b"hello" * 1000), "--state", d.state)
        refused("not a database of posternd", "restore", put(b""), "--state", d.state)
        page = len(whole) // 4096 // 2 * 4096
        refused("backup", "restore", put(whole[:page] + os.urandom(4096) + whole[page + 4096:]),
                "--state", d.state)
        for sql, words in (("PRAGMA user_version = 999", "has schema 999"),
                           ("CREATE TABLE more(x)", "damaged"),
                           ("PRAGMA application_id = 1", "not a database of posternd")):
            with sqlite3.connect(put(whole)) as db:
                db.execute(sql)
            db.close()
            refused(words, "restore", os.path.join(d.folder, "bad"), "--state", d.state)
        put(whole)
        with open(os.path.join(d.folder, "bad-wal"), "wb") as log:
            log.write(b"x")
        refused("log beside it", "restore", os.path.join(d.folder, "bad"), "--state", d.state)
        check(fold(d.state), before)
        ensure("postern.db.restore" not in os.listdir(d.state), "a half restore is left")
        d.start()
        check(present(d, 1, 111)["Reason"], "granted")


@test("reset-admin: the new password works, the old one does not, nothing else changes")
def _():
    with Daemon() as d:
        insert(d, "1", 111)
        secret = os.path.join(d.folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("another password\n")
        words = ("reset-admin", "--state", d.state, "--admin-password-file", secret)
        refused("stop it first", *words)
        old = d.password
        check(d.request(FIND_CARDS).status, 200, "nothing was changed")
        d.stop()
        before = fold(d.state)
        status, out, err = posternd(*words)
        check((status, err), (0, ""), out)
        after = fold(d.state)
        check(after[1].pop("audit_no"), before[1].pop("audit_no") + 1, "a row of the audit")
        check(after, before)
        ensure(not os.path.exists(d.state + "/admin.password"), "the old password is still told")
        with open(d.state + "/admin.password", "w", encoding="utf-8") as file:
            file.write("another password\n")  # where the tests read it
        d.start()
        check(d.request(FIND_CARDS, password=old).status, 401)
        check([r["UserID"] for r in cards(d)], ["1"])
        empty = tempfile.mkdtemp(dir=d.folder)
        refused("No such file", "reset-admin", "--state", empty, "--admin-password-file", secret)
        check(os.listdir(empty), [], "no database is made")


@test("backups of every older schema are taken, with the key of their device only")
def _():
    data = DATA
    for schema in (1, 2, 3, 4):
        with tempfile.TemporaryDirectory() as state:
            shutil.copy(f"{data}/schema-{schema}.key", state + "/device.key")
            shutil.copy(f"{data}/schema-{schema}.db", state + "/was")
            restore(state, state + "/was")
            check(rows_in(state + "/postern.db", "PRAGMA user_version"), [(4,)])
            after = fold(state)[1]
            for name, number in counters(state + "/was").items():
                told = 1 if name == "audit_no" else 0  # the restore itself
                check(after[name], number + told, name)
            shutil.copy(f"{data}/schema-{2 if schema == 1 else 1}.key", state + "/device.key")
            refused("not the key", "restore", f"{data}/schema-{schema}.db", "--state", state)


@test(f"a restore killed {KILLS} times leaves the old database or the new one, whole")
def _():
    with Daemon() as d:
        file = os.path.join(d.folder, "backup")
        insert(d, "new", 111)
        backup(d.state, file)
        insert(d, "old", 222)
        present(d, 1, 222)
        d.stop(9)  # the old one has its log beside it
        now = fold(d.state)
        check(now[0], ["new", "old"])
        work = os.path.join(d.folder, "work")
        outcomes = {"old": 0, "new": 0}

        def attempt(after_s):
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(d.state, work, ignore=shutil.ignore_patterns("*.sock", "*-shm"))
            began = time.monotonic()
            process = subprocess.Popen([program("posternd"), "restore", file, "--state", work],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(after_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return time.monotonic() - began

        took = min(attempt(60) for _ in range(3))
        check(fold(work)[0], ["new"])
        for _ in range(KILLS):
            attempt(random.uniform(0, 1.3 * took))
            users, numbers = fold(work)
            ensure(users in (["new"], ["new", "old"]), users)
            for name in ("seq", "rec_no", "person_no"):
                check(numbers[name], now[1][name], name)
            outcomes["new" if users == ["new"] else "old"] += 1
        ensure(outcomes["old"] > 0 and outcomes["new"] > 0, f"kills came at all times: {outcomes}")
        restore(work, file)  # over whatever the last kill left
        check(fold(work)[0], ["new"])
        with Daemon(state=work) as again:
            check(int(present(again, 1, 111)["RecNo"]), now[1]["rec_no"] + 1)
        return f"{outcomes['old']} old, {outcomes['new']} new"


def killed_after(after_s, *words):
    """Seconds that the command ran before it ended or was killed."""
    began = time.monotonic()
    process = subprocess.Popen([program("posternd"), *words], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # it may work in a child
        process.wait()
    return time.monotonic() - began


def wait_free(state):
    """Until no process has the folder: one that was killed may take a moment to end."""
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    os.close(folder)


@test(f"a backup killed {BACKUP_KILLS} times leaves the earlier one or its own, whole, and the next one is made")
def _():
    with Daemon() as d:
        folder = tempfile.mkdtemp(dir=d.folder)
        file = os.path.join(folder, "backup")
        made = {"earlier": 0, "own": 0}
        insert(d, "0", 1000)
        backup(d.state, file)
        took = min(killed_after(60, "backup", file, "--state", d.state) for _ in range(3))
        for number in range(1, BACKUP_KILLS + 1):
            before = rows_in(file, "SELECT count(*) FROM person")
            insert(d, str(number), 1000 + number)
            killed_after(random.uniform(0, 1.3 * took), "backup", file, "--state", d.state)
            check(rows_in(file, "PRAGMA integrity_check"), [("ok",)])
            people = rows_in(file, "SELECT count(*) FROM person")
            ensure(people in (before, [(number + 1,)]), f"{people} people; {before} or {number + 1}")
            made["own" if people != before else "earlier"] += 1
        ensure(made["earlier"] > 0 and made["own"] > 0, f"kills came at all times: {made}")
        backup(d.state, file)
        check(rows_in(file, "SELECT count(*) FROM person"), [(BACKUP_KILLS + 1,)])
        check(os.listdir(folder), ["backup"], "nothing else is left")
        check(len(cards(d)), BACKUP_KILLS + 1)
        return f"{made['earlier']} earlier, {made['own']} own"


@test(f"a migration killed {MIGRATION_KILLS} times leaves the old schema or the new one, and is done by the next start")
def _():
    with tempfile.TemporaryDirectory() as folder:
        state, secret = os.path.join(folder, "state"), os.path.join(folder, "secret")
        words = ("reset-admin", "--state", state, "--admin-password-file", secret)
        with open(secret, "w", encoding="utf-8") as file:
            file.write("correct horse, staple\n")
        database = os.path.join(state, "postern.db")

        def attempt(schema, after_s):
            shutil.rmtree(state, ignore_errors=True)
            os.mkdir(state, 0o700)
            shutil.copy(f"{DATA}/schema-{schema}.db", database)
            shutil.copy(f"{DATA}/schema-{schema}.key", state + "/device.key")
            return killed_after(after_s, *words)

        schemas = sorted(int(name.removeprefix("schema-").removesuffix(".db"))
                         for name in os.listdir(DATA) if name.endswith(".db"))
        newest = max(schemas)
        found = {"old": 0, "new": 0}
        for number in range(MIGRATION_KILLS):
            schema = schemas[number % len(schemas)]
            if number < len(schemas):
                took = min(attempt(schema, 60) for _ in range(3))
                newest = max(newest, rows_in(database, "PRAGMA user_version")[0][0])
            attempt(schema, random.uniform(0, 1.1 * took))
            wait_free(state)
            users, numbers, version = fold(state, "PRAGMA user_version")
            check(users, [row[0] for row in rows_in(f"{DATA}/schema-{schema}.db",
                                                    "SELECT user_id FROM person ORDER BY no")])
            was = counters(f"{DATA}/schema-{schema}.db")
            check({name: numbers[name] for name in was if name in ("seq", "rec_no", "person_no")},
                  {name: was[name] for name in ("seq", "rec_no", "person_no")})
            ensure(version in (schema, newest), f"schema {version} between {schema} and {newest}")
            found["old" if version == schema and schema < newest else "new"] += 1
            status, _, err = posternd(*words)  # the next start
            check((status, err), (0, ""))
            check(rows_in(database, "PRAGMA user_version"), [(newest,)])
            check(rows_in(database, "PRAGMA integrity_check"), [("ok",)])
            if schema < newest:
                kept = f"{database}.schema-{schema}"
                check(rows_in(kept, "PRAGMA integrity_check"), [("ok",)])
                check(rows_in(kept, "PRAGMA user_version"), [(schema,)])
        ensure(found["old"] > 0 and found["new"] > 0, f"kills came at all times: {found}")
        return f"{found['old']} old, {found['new']} new"


main()
