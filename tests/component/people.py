# SPDX-License-Identifier: Apache-2.0
"""People, cards, records and doors of a daemon under test, as short calls.

House is a daemon with an account of its own and quick doors: door 1 (index 0) with readers 1
(entry) and 3 (exit), door 2 (index 1) with readers 2 and 4, all of them reading W34, W26 and W66.
"""
import os
import shutil
import tempfile
import urllib.parse

from harness import Daemon, check, ensure, program, run, wait_until

INSERT = "/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
UPDATE = "/cgi-bin/recordUpdater.cgi?action=update&name=AccessControlCard"
GET = "/cgi-bin/recordUpdater.cgi?action=get&name=AccessControlCard"
REMOVE = "/cgi-bin/recordUpdater.cgi?action=remove&name=AccessControlCard"
CLEAR = "/cgi-bin/recordUpdater.cgi?action=clear&name=AccessControlCard"
FIND_CARDS = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard"
FIND_RECORDS = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
SIZE_CARDS = "/cgi-bin/recordFinder.cgi?action=getQuerySize&name=AccessControlCard"
SIZE_RECORDS = "/cgi-bin/recordFinder.cgi?action=getQuerySize&name=AccessControlCardRec"
SNAP = "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
ATTACH = "/cgi-bin/eventManager.cgi?action=attach"
OPEN = "/cgi-bin/accessControl.cgi?action=openDoor"
CLOSE = "/cgi-bin/accessControl.cgi?action=closeDoor"
STATUS = "/cgi-bin/accessControl.cgi?action=getDoorStatus"
SET_CONFIG = "/cgi-bin/configManager.cgi?action=setConfig"
GET_CONFIG = "/cgi-bin/configManager.cgi?action=getConfig"

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - index: 0
    id: front
    unlock: UNLOCK
    held_open: 600ms
    held_open_warning: 300ms
    forced_grace: 100ms
  - index: 1
    id: back
    unlock: UNLOCK
readers:
  - {number: 1, door: front, formats: [W34, W26, W66]}
  - {number: 2, door: back, formats: [W34, W26, W66]}
  - {number: 3, door: front, side: exit, formats: [W34, W26, W66]}
  - {number: 4, door: back, side: exit, formats: [W34, W26, W66]}
"""
PASSWORD = "correct horse battery"


def claimed(prefix):
    """A new folder, and the state folder in it of a posternd whose admin has PASSWORD."""
    house = tempfile.mkdtemp(prefix=prefix)
    state = os.path.join(house, "state")
    secret = os.path.join(house, "password")
    with open(secret, "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    status, _, err = run([program("posternd"), "init", "--state", state,
                          "--admin-password-file", secret])
    check(status, 0, err)
    os.rename(secret, os.path.join(state, "admin.password"))
    return house, state


class House(Daemon):
    """A claimed daemon; unlock is how long its doors open."""

    def __init__(self, unlock="200ms", config=CONFIG, **options):
        self.house, state = claimed("postern-house-")
        self.state_folder = state
        self.prepare()
        super().__init__(state=state, config=config.replace("UNLOCK", unlock), **options)

    def prepare(self):
        """What is to be done to the state folder before the daemon starts."""

    def close(self):
        super().close()
        shutil.rmtree(self.house, ignore_errors=True)
        for words in ("Sanitizer", "runtime error:"):
            ensure(words not in self.log, self.log)


def encoded(fields):
    """&key=value of a dict: keys as they are, values percent-encoded, None left out."""
    return "".join(f"&{key}={urllib.parse.quote(str(value), safe='')}"
                   for key, value in fields.items() if value is not None)


def insert(daemon, user, card, doors=(0,), **fields):
    """Enrols and gives the row's RecNo. fields: CardStatus=4, ValidDateEnd=..."""
    every = {"UserID": user, "CardNo": card, **{f"Doors[{i}]": d for i, d in enumerate(doors)},
             **fields}
    text = daemon.get(INSERT + encoded(every))
    ensure(text.startswith("RecNo=") and text.endswith("\r\n"), text)
    return int(text[len("RecNo="):])


def rows_of(text):
    """(found, totalCount, rows) of an answer of find; rows are dicts."""
    lines = text.split("\r\n")
    check(lines[-1], "", "the last line's end")
    ensure(lines[0].startswith("found="), f"first line {lines[0]!r}")
    ensure(lines[1].startswith("totalCount="), f"second line {lines[1]!r}")
    rows = []
    for line in lines[2:-1]:
        key, _, value = line.partition("=")
        place, _, name = key.partition("].")
        number = int(place.removeprefix("records["))
        ensure(number in (len(rows) - 1, len(rows)), f"rows out of order at {line!r}")
        if number == len(rows):
            rows.append({})
        ensure(name not in rows[number], f"{key} stands twice")
        rows[number][name] = value
    check(int(lines[0].removeprefix("found=")), len(rows), "found")
    return len(rows), int(lines[1].removeprefix("totalCount=")), rows


def cards(daemon, **conditions):
    """Rows of AccessControlCard. conditions: UserID=..."""
    query = {f"condition.{key}": value for key, value in conditions.items()}
    return rows_of(daemon.get(FIND_CARDS + encoded(query)))[2]


def person(daemon, user):
    found = cards(daemon, UserID=user)
    check(len(found), 1, f"rows of {user}")
    return found[0]


def records(daemon, **parameters):
    """Rows of AccessControlCardRec. parameters as in the URL."""
    return rows_of(daemon.get(FIND_RECORDS + encoded(parameters)))[2]


def size(daemon, target=SIZE_RECORDS):
    values = dict(line.split("=") for line in daemon.get(target).split())
    check(values["Size"], values["count"])
    return int(values["Size"])


def last_rec_no(daemon):
    rows = records(daemon)
    return int(rows[-1]["RecNo"]) if rows else 0


def present(daemon, reader, card, form=None):
    """Shows a card and gives the one record it made."""
    before = last_rec_no(daemon)
    daemon.sim(f"card {reader} {card}" + (f" {form}" if form else ""))
    rows = wait_until(lambda: records(daemon, AfterRecNo=before), f"a record of card {card}")
    check(len(rows), 1, f"records of card {card}")
    return rows[0]


def opens(daemon, door, times=1):
    """The door was opened so many times by now, and is locked (again)."""
    wait_until(lambda: daemon.sim(f"lock {door}") == f"locked {times}",
               f"door {door} opened {times} times, and locked")
