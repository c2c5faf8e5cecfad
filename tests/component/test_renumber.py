#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""posternd renumber with real databases: a door keeps its rights and records wherever its index goes,
nobody gets a right by it, and a sudden end leaves all as it was or all as it is meant."""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from harness import Daemon, Failed, check, ensure, main, program, run, test
from people import CONFIG, House, cards, insert, present, records

KILLS = 60


def swapped(config):
    return config.replace("index: 0", "index: X").replace("index: 1", "index: 0").replace(
        "index: X", "index: 1")


def config_file(house, text):
    path = os.path.join(house.house, "new.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("{http}", "127.0.0.1:1").replace("UNLOCK", "200ms"))
    return path


def renumber(house, config, *words):
    return run([program("posternd"), "renumber", "--config", config_file(house, config),
                "--state", house.state, *words])


def changed(house, config, *words):
    status, out, err = renumber(house, config, "--yes", *words)
    check((status, err), (0, ""), "renumber")
    ensure("postern.db.before-renumber" in out, out)
    check(rows(house.state, "SELECT account, target FROM audit ORDER BY no DESC LIMIT 1"),
          [("", "doors")], "the act is in the audit")
    return out


def rows(state, sql):
    with sqlite3.connect(os.path.join(state, "postern.db")) as db:
        return db.execute(sql).fetchall()


def meaning(state):
    """Rights, records and totals by the id of their door."""
    named = dict(rows(state, "SELECT idx, id FROM door"))
    rights = sorted((no, named.get(door, door)) for no, door in rows(
        state, "SELECT person_no, door FROM access_rule WHERE door IS NOT NULL"))
    entries = [(seq, named.get(door, door)) for seq, door in rows(
        state, "SELECT seq, door FROM journal ORDER BY seq")]
    totals = sorted((named.get(door, door), count) for door, count in rows(
        state, "SELECT door, sum(records) FROM record_block WHERE kind = 0 GROUP BY door"))
    return rights, entries, totals


def used(config=CONFIG):
    """A house that was used and stopped: 111 has a right at front, 222 at back."""
    house = House(config=config)
    insert(house, "one", 111, [0])
    insert(house, "two", 222, [1])
    present(house, 1, 111)
    present(house, 1, 222)
    present(house, 2, 222)
    house.stop()
    return house


def again_with(house, config):
    """The same state under another configuration."""
    return Daemon(state=house.state, config=config.replace("UNLOCK", "200ms"))


def results(house):
    return [(r["CardNo"], int(r["Door"]), int(r["Status"])) for r in records(house)]


@test("two doors that changed places keep their rights, records and totals")
def _():
    house = used()
    before = meaning(house.state)
    status, out, err = run([program("posternd"), "--config", config_file(house, swapped(CONFIG)),
                            "--state", house.state])
    check(status, 1, "the mismatch is refused")
    ensure("posternd renumber" in err and "`front`" in err, err)
    status, out, err = renumber(house, swapped(CONFIG))
    check(status, 1, "shown, not done: nobody said yes")
    ensure("door `front`: index 0 becomes 1; 1 rights and 2 records go with it" in out, out)
    ensure("door `back`: index 1 becomes 0; 1 rights and 1 records go with it" in out, out)
    ensure("--yes" in err, err)
    check(meaning(house.state), before, "untouched")
    ensure(not os.path.exists(os.path.join(house.state, "postern.db.before-renumber")), "no copy")
    changed(house, swapped(CONFIG))
    check(meaning(house.state), before, "the same doors")
    check(rows(house.state, "SELECT idx, id FROM door ORDER BY idx"), [(0, "back"), (1, "front")])
    check(renumber(house, swapped(CONFIG))[0::2], (0, ""), "nothing to do")
    with again_with(house, swapped(CONFIG)) as again:
        check(results(again), [("111", 1, 1), ("222", 1, 0), ("222", 0, 1)], "records")
        check([r["Doors[0]"] for r in cards(again)], ["1", "0"], "rights")
        present(again, 1, 222)
        present(again, 1, 111)
        check(results(again)[3:], [("222", 1, 0), ("111", 1, 1)], "reader 1 is at front still")
    house.close()


MAIN = CONFIG.replace("id: front", "id: main").replace("door: front", "door: main")


@test("a new id: the same door with --renamed, another one without")
def _():
    house = used()
    out = changed(house, MAIN, "--renamed", "front=main")
    ensure("door `front`, called `main` now: stays index 0; 1 rights" in out, out)
    check(rows(house.state, "SELECT idx, id FROM door ORDER BY idx"), [(0, "main"), (1, "back")])
    check(rows(house.state, "SELECT door FROM access_rule ORDER BY person_no"), [(0,), (1,)])
    house.close()
    house = used()
    out = changed(house, MAIN)
    ensure("door `front`, not in " in out and "index 0 becomes 63" in out, out)
    ensure("door `main`: new at index 0; 0 rights" in out, out)
    check(rows(house.state, "SELECT door FROM access_rule ORDER BY person_no"), [(63,), (1,)])
    with again_with(house, MAIN) as again:
        present(again, 1, 111)
        check(results(again)[-1], ("111", 0, 0), "nobody has a right at the new door")
    changed(house, CONFIG.replace("index: 0", "index: 7"))
    check(rows(house.state, "SELECT door FROM access_rule ORDER BY person_no"), [(7,), (1,)],
          "front is back")
    house.close()


@test("a door that is gone leaves its index, and what is not clear is refused in words")
def _():
    house = used()
    only = CONFIG.split("  - index: 1")[0] + "readers:\n  - {number: 1, door: front}\n"
    status, out, err = renumber(house, only)
    check((status, err), (0, ""), "back stays remembered")
    ensure("nothing to do" in out, out)
    moved = only.replace("index: 0", "index: 1")
    out = changed(house, moved)
    ensure("door `back`, not in " in out and "index 1 becomes 63" in out, out)
    check(rows(house.state, "SELECT idx, id FROM door ORDER BY idx"), [(1, "front"), (63, "back")])
    check(rows(house.state, "SELECT door FROM access_rule ORDER BY person_no"), [(1,), (63,)])
    for words, why in (("front", "OLD=NEW"), ("nobody=front", "knows no door"),
                       ("front=back", "has a door of the first id"),
                       ("back=side", "has no door of the second"),
                       ("back=front", "knows a door of the second id")):
        status, out, err = renumber(house, moved, "--yes", "--renamed", words)
        check((status, out), (1, ""), words)
        ensure(why in err, err)
    house.close()


@test("rights that named no door do not become rights at one that moves there")
def _():
    house = House()
    insert(house, "one", 111, [0])
    insert(house, "dreamer", 333, [1, 5])
    house.stop()
    out = changed(house, CONFIG.replace("index: 0", "index: 5"))
    ensure("index 5 was no door's: 1 rights that name it are taken away" in out, out)
    check(rows(house.state, "SELECT person_no, door FROM access_rule ORDER BY person_no"),
          [(1, 5), (2, 1)])
    house.close()


@test("while posternd runs it is refused, and without a database nothing is made")
def _():
    with House() as house:
        status, _, err = renumber(house, swapped(CONFIG), "--yes")
        check(status, 1)
        ensure("another posternd uses" in err, err)
        nowhere = os.path.join(house.house, "nowhere")
        status, _, err = run([program("posternd"), "renumber", "--config",
                              config_file(house, CONFIG), "--state", nowhere, "--yes"])
        check(status, 1)
        ensure("name the folder of a database" in err and not os.path.exists(nowhere), err)


@test("killed at any instant, all doors are where they were or all where they are meant")
def _():
    house = used()
    with sqlite3.connect(os.path.join(house.state, "postern.db")) as db:
        db.executemany("INSERT INTO access_rule VALUES(?, 0, ?, 255)",
                       ((no, no % 2) for no in range(1000, 21000)))
    good = meaning(house.state)
    away = os.path.join(house.house, "away")
    shutil.copytree(house.state, away)
    path = config_file(house, swapped(CONFIG))
    begin = time.monotonic()
    check(renumber(house, swapped(CONFIG), "--yes")[0], 0)
    whole_s = time.monotonic() - begin
    random.seed(4)
    ends = {"before": 0, "after": 0}
    for _ in range(KILLS):
        shutil.rmtree(house.state)
        shutil.copytree(away, house.state)
        process = subprocess.Popen(
            [program("posternd"), "renumber", "--config", path, "--state", house.state, "--yes"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(whole_s * 0.3, whole_s * 1.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        check(meaning(house.state), good, "every right and record means its door")
        first = rows(house.state, "SELECT id FROM door WHERE idx = 0")[0][0]
        ends["before" if first == "front" else "after"] += 1
        check(rows(house.state, "PRAGMA quick_check"), [("ok",)])
    if min(ends.values()) == 0:
        raise Failed(f"the kills did not reach both sides: {ends}")
    house.close()
    return f"{ends['before']} before, {ends['after']} after"


main()
