#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PINs of the real daemon: every way to open a door and what its record says over CGI, CLI and
library; duress; who may have which PIN; lock-outs over kills; and that digits are nowhere."""
import json
import os
import signal
import tempfile
import time

from harness import Daemon, check, ensure, main, program, run, test, wait_until
from people import (ATTACH, CONFIG, FIND_CARDS, GET, INSERT, OPEN, SET_CONFIG, SNAP, UPDATE, House,
                    cards, insert, last_rec_no, person, present, records)

PIN = "580317"
DURESS = "946120"
WORDS = {"0": "pin", "1": "card", "2": "card+pin", "3": "pin+card", "4": "remote", "5": "button"}

# Doors that ask for other things than a card; both sides have a reader.
MODES = CONFIG.replace("    id: front\n", """    id: front
    open_by: card_then_pin
""").replace("    id: back\n    unlock: UNLOCK\n", """    id: back
    unlock: UNLOCK
    open_by: pin_then_card
  - {index: 2, id: pin, unlock: UNLOCK, open_by: pin}
  - {index: 3, id: card, unlock: UNLOCK}
""") + """  - {number: 5, door: pin}
  - {number: 6, door: pin, side: exit}
  - {number: 7, door: card}
"""


def next_record(d, action, what):
    """The one record that action makes."""
    before = last_rec_no(d)
    action()
    rows = wait_until(lambda: records(d, AfterRecNo=before), f"a record of {what}")
    check(len(rows), 1, f"records of {what}")
    return rows[0]


def keys(d, reader, typed, bits=4):
    return next_record(d, lambda: d.sim(f"keys {reader} {typed} {bits}"), f"keys at {reader}")


def card_and_keys(d, reader, card, typed):
    def both():
        d.sim(f"card {reader} {card}")
        wait_until(lambda: d.sim(f"reader {reader}").startswith("waiting"), "the reader to wait")
        d.sim(f"keys {reader} {typed}")
    return next_record(d, both, "card and PIN")


def keys_and_card(d, reader, typed, card):
    def both():
        d.sim(f"keys {reader} {typed}")
        wait_until(lambda: d.sim(f"reader {reader}").startswith("waiting"), "the reader to wait")
        d.sim(f"card {reader} {card}")
    return next_record(d, both, "PIN and card")


def said(row, method, side, status="1", reason="granted", user="7"):
    """What the record says of how it came."""
    check((row["Method"], row["Type"], row["Status"], row["Reason"], row["UserID"]),
          (str(method), side, status, reason, user))
    return row


def everywhere(d, rows):
    """The same records by the library in C, by the CLI in JSON and in words, and as events."""
    after = str(int(rows[0]["RecNo"]) - 1)
    check(records(d, AfterRecNo=after), rows, "CGI")
    status, out, err = d.postern("records", "pull", "--json", "--after", after)
    check(status, 0, err)
    check([json.loads(line) for line in out.splitlines()], rows, "records pull --json")
    status, out, err = d.postern("records", "pull", "--after", after)
    check(status, 0, err)
    lines = out.splitlines()
    check(len(lines), len(rows))
    for line, row in zip(lines, rows):
        ensure(f" {row['Type']} door {int(row['Door']) + 1} " in line and
               f" method {WORDS[row['Method']]} {row['Reason']}" in line, line)
    status, out, err = d.postern("events", "watch", "--codes", "AccessControl", "--after", after,
                                 "--count", str(len(rows)))
    check(status, 0, err)
    for line, row in zip(out.splitlines(), rows):
        ensure(f" RecNo={row['RecNo']} " in line and f" Method={WORDS[row['Method']]} " in line and
               f" Type={row['Type']} " in line, line)
    for stream in (SNAP + "&Events=[AccessControl]", ATTACH + "&codes=[AccessControl]"):
        with d.stream(stream + f"&afterRecNo={after}") as events:
            for row in rows:
                event = events.event()
                data = event.get("data") or {key.removeprefix("Events[0]."): value
                                             for key, value in event.items()}
                check((str(data["RecNo"]), str(data["Method"]), data["Type"], str(data["Status"])),
                      (row["RecNo"], row["Method"], row["Type"], row["Status"]), stream)
    status, out, err = run([program("sdk_device")], env={
        **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": d.password,
        "CMOCKA_MESSAGE_OUTPUT": "TAP", "SDK_TEST_RECORDS": " ".join(
            f"{row['RecNo']}:{row['Method']}:{row['Type']}:{row['ErrorCode']}" for row in rows)})
    ensure(status == 0 and "ok 1 -" in out, out + err)


def schedule(d, number, on):
    """Switches a schedule on for the whole week, or off."""
    base = f"AccessTimeSchedule[{number}]."
    days = "".join(f"&{base}TimeSchedule[{day}][0]=1%2000:00:00-24:00:00" for day in range(7))
    check(d.get(SET_CONFIG + f"&{base}Enable={'true' if on else 'false'}{days}"), "OK\r\n")


@test("the demo opens by PIN, card, command and button; schedule 100 makes it card and PIN")
def _():
    with Daemon() as d:
        insert(d, "7", "12345678", doors=(0, 1), Password=PIN)
        d.get(OPEN + "&channel=2")  # the records looked at are those behind this one
        rows = [said(keys(d, 1, PIN + "#"), 0, "Entry"),
                said(keys(d, 3, PIN + "#", 8), 0, "Exit"),
                said(keys(d, 2, PIN + "#", 6), 0, "Entry"),
                said(present(d, 1, 12345678), 1, "Entry"),
                said(present(d, 4, 12345678), 1, "Exit")]
        before = last_rec_no(d)
        d.get(OPEN + "&channel=1&UserID=7&Type=Remote")
        rows.append(said(records(d, AfterRecNo=before)[0], 4, "Entry", reason="command"))
        rows.append(said(next_record(d, lambda: d.sim("rex 2"), "the button"), 5, "Exit",
                         reason="exit_button", user=""))
        schedule(d, 100, True)
        rows += [said(card_and_keys(d, 1, 12345678, PIN + "#"), 2, "Entry"),
                 said(keys_and_card(d, 1, PIN + "#", 12345678), 3, "Entry"),
                 said(card_and_keys(d, 3, 12345678, PIN + "#"), 2, "Exit"),
                 said(keys_and_card(d, 4, PIN + "#", 12345678), 3, "Exit")]
        check([row["CardNo"] for row in rows], ["", "", "", "12345678", "12345678", "", ""] +
              4 * ["12345678"], "the card that was read")
        everywhere(d, rows)
        schedule(d, 100, False)
        said(keys(d, 1, PIN + "#"), 0, "Entry")


@test("each door asks for what its configuration says, and refuses the rest with its reason")
def _():
    with House(config=MODES + "pin: {alone_digits: 4}\n") as d:
        every = (0, 1, 2, 3)
        insert(d, "7", "777", doors=every, Password=PIN)
        insert(d, "8", "888", doors=every)
        insert(d, "9", "", doors=every, Password="4711")
        present(d, 7, 1)  # the records looked at are those behind this one
        rows = [said(card_and_keys(d, 1, 777, PIN + "#"), 2, "Entry"),
                said(card_and_keys(d, 3, 777, PIN + "#"), 2, "Exit"),
                said(keys_and_card(d, 2, PIN + "#", 777), 3, "Entry"),
                said(keys_and_card(d, 4, PIN + "#", 777), 3, "Exit"),
                said(keys(d, 5, PIN + "#"), 0, "Entry"),
                said(keys(d, 6, "4711#"), 0, "Exit", user="9"),
                said(present(d, 7, 777), 1, "Entry"),
                said(card_and_keys(d, 1, 777, "0000#"), 2, "Entry", "0", "wrong_pin")]
        refused = [present(d, 1, 888), keys(d, 1, PIN + "#"), present(d, 2, 777),
                   present(d, 5, 777), keys(d, 7, PIN + "#")]
        check([row["Reason"] for row in refused],
              ["no_pin", "wrong_order", "wrong_order", "card_refused", "pin_refused"])
        ensure(all(row["Status"] == "0" and row["ErrorCode"] == "19" for row in refused), refused)
        check(rows[-1]["ErrorCode"], "64")
        everywhere(d, rows + refused)
        said(present(d, 7, 888), 1, "Entry", user="8")
        for door, times in ((1, 2), (2, 2), (3, 2), (4, 2)):
            check(d.lock_count(door), times, f"door {door}")


@test("a PIN of fixed length needs no #; * and a pause clear what was typed")
def _():
    config = CONFIG.replace("    id: front\n", "    id: front\n    open_by: pin\n")
    with House(config=config + "pin: {digits: 6, key_gap: 500ms}\n") as d:
        insert(d, "7", "777", Password=PIN)
        said(keys(d, 1, PIN), 0, "Entry")
        said(keys(d, 1, "99*" + PIN), 0, "Entry")
        d.sim("keys 1 99")
        time.sleep(0.7)
        said(keys(d, 1, PIN), 0, "Entry")


@test("every key shows the same, and a duress PIN shows what a PIN shows")
def _():
    with House(config=CONFIG.replace("    id: front\n", "    id: front\n    open_by: pin\n")) as d, \
            d.stream(SNAP + "&Events=[Duress]&afterSeq=0") as events:
        insert(d, "7", "777", Password=PIN, DuressPassword=DURESS)
        for key in "0123456789**":
            shown = int(d.sim("reader 1").split(" ")[1])
            d.sim(f"keys 1 {key}")
            wait_until(lambda: d.sim("reader 1") == f"key {shown + 1}", f"the light of {key}")
        lights = []
        for typed in (PIN, DURESS):
            before = int(d.sim("reader 1").split(" ")[1])
            row = keys(d, 1, typed + "#")
            wait_until(lambda: d.sim("reader 1").startswith("granted "), "the light of a grant")
            lights.append(int(d.sim("reader 1").split(" ")[1]) - before)
            wait_until(lambda: d.locked(1), "the lock")
        check(lights[0], lights[1], "lights shown")
        said(row, 0, "Entry", reason="granted_duress")
        check(row["ErrorCode"], "0")
        event = events.event()
        check((event["Events[0].Code"], event["Events[0].UserID"], event["Events[0].RefRecNo"]),
              ("Duress", "7", row["RecNo"]))
        check(d.lock_count(1), 2)


def refusal(d, target):
    reply = d.request(target)
    check(reply.status, 400, reply.text)
    lines = reply.text.split("\r\n")
    check(lines[:2], ["Error", "Bad Request!"])
    return lines[2].removeprefix("Detail=")


@test("PINs that may not open alone are refused in words, over CGI and CLI")
def _():
    config = CONFIG.replace("    id: front\n", "    id: front\n    open_by: card_or_pin\n")
    with House(config=config) as d, tempfile.TemporaryDirectory() as folder:
        def file_of(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            return path

        status, out, err = d.postern("user", "add", "7", "--card", "777", "--doors", "1",
                                     "--pin-file", file_of("pin", PIN),
                                     "--duress-pin-file", file_of("duress", DURESS))
        check((status, out), (0, "enrolled 7 as RecNo 1\n"), err)
        said(keys(d, 1, PIN + "#"), 0, "Entry")
        said(keys(d, 1, DURESS + "#"), 0, "Entry", reason="granted_duress")
        new = INSERT + "&UserID=8&CardNo=888&Doors[0]=0"
        ensure("is taken" in refusal(d, new + f"&Password={PIN}"), "taken")
        ensure("is taken" in refusal(d, new + f"&Password={DURESS}"), "a duress PIN is taken")
        ensure("at least 6 digits" in refusal(d, new + "&Password=12345"), "short")
        ensure("is taken" in refusal(d, new + f"&Password=222222&DuressPassword={PIN}"), "duress")
        ensure("is taken" in refusal(d, new + "&Password=222222&DuressPassword=222222"), "own")
        ensure("DuressPassword" in refusal(d, new + "&DuressPassword=222222"), "no PIN")
        ensure("DuressPassword" in refusal(d, new + "&Password=222222&DuressPassword=22x222"), "x")
        ensure("DuressPassword" in refusal(d, new + "&DuressPassword=1234567890123"), "too long")
        check(len(cards(d)), 1, "nobody came in")
        for words, file in (("is taken", file_of("taken", PIN)),
                            ("6 digits", file_of("short", "4711"))):
            status, _, err = d.postern("user", "add", "8", "--card", "888", "--pin-file", file)
            check(status, 1, err)
            ensure(words in err and PIN not in err, err)
        status, _, err = d.postern("user", "update", "7", "--pin-file", file_of("odd", PIN + " "))
        ensure("no keypad" in err and PIN not in err, err)
        status, _, err = d.postern("user", "update", "7", "--pin-file", file_of("pin", PIN))
        check((status, err), (0, ""))
        row = insert(d, "8", "888", Password="222222")
        ensure("is taken" in refusal(d, UPDATE + f"&recno={row}&Password={PIN}"), "update")
        status, _, err = d.postern("user", "update", "7", "--pin-file", file_of("new", "333333"))
        check(status, 0, err)
        check(d.get(UPDATE + f"&recno={row}&Password={PIN}"), "OK\r\n")  # it is free now
        said(keys(d, 1, PIN + "#"), 0, "Entry", user="8")
        check(d.get(UPDATE + "&recno=1&DuressPassword="), "OK\r\n")
        check(keys(d, 1, DURESS + "#")["Reason"], "wrong_pin")
        for text in (d.get(FIND_CARDS), d.get(GET + f"&recno={row}"), person(d, "7")):
            ensure("assword" not in str(text), text)


@test("ten PINs of four digits may be had where four are enough, the eleventh not")
def _():
    config = CONFIG.replace("    id: front\n", "    id: front\n    open_by: pin\n")
    with House(config=config + "pin: {alone_digits: 4}\n") as d:
        for number in range(10):
            insert(d, str(number), "", Password=f"100{number}")
        words = refusal(d, INSERT + "&UserID=10&CardNo=&Password=4711")
        ensure("fewer than 1000 possible PINs" in words, words)
        said(keys(d, 1, "1009#"), 0, "Entry", user="9")


@test("the demo enrols many people with the paper's password; it is theirs together with a card")
def _():
    with Daemon() as d:
        for number in range(12):
            insert(d, str(number), str(1000 + number), Password="123456")
        said(keys(d, 1, "123456#"), 0, "Entry", user="0")
        schedule(d, 100, True)
        said(card_and_keys(d, 1, 1011, "123456#"), 2, "Entry", user="11")


def wrong(d, reader, times):
    for number in range(times):
        row = keys(d, reader, f"11111{number}#")
        check((row["Reason"], row["Status"], row["ErrorCode"]), ("wrong_pin", "0", "64"))


@test("five wrong PINs lock the reader's PINs with an alarm; kills and restarts do not free it")
def _():
    with Daemon() as d:
        with d.stream(ATTACH + "&codes=[PosternPinLockout]&afterSeq=0") as events:
            insert(d, "7", "12345678", doors=(0, 1), Password=PIN)
            wrong(d, 1, 5)
            event = events.event()
            check((event["Code"], event["action"], event["index"]),
                  ("PosternPinLockout", "Pulse", "0"))
            check((event["data"]["Kind"], event["data"]["Count"], event["data"]["ReaderID"]),
                  ("pin_lockout", 60, "1"))

        def locked():
            row = keys(d, 1, PIN + "#")
            check((row["Reason"], row["Method"], row["Status"], row["ErrorCode"]),
                  ("pin_locked", "0", "0", "64"))
        locked()
        said(present(d, 1, 12345678), 1, "Entry")  # a card is no guess
        said(keys(d, 3, PIN + "#"), 0, "Exit")  # nor is another reader
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        locked()
        d.stop(signal.SIGKILL)
        d.start()
        locked()
        check(d.stop(), 0)
        d.start()
        locked()
        said(keys(d, 3, PIN + "#"), 0, "Exit")


@test("wrong PINs behind a card lock that person at every reader")
def _():
    with House(config=MODES) as d:
        insert(d, "7", "777", Password=PIN, **{"Doors[1]": 1})
        insert(d, "8", "888", Password="222222")
        for number in range(5):
            reader = 1 if number < 3 else 3
            check(card_and_keys(d, reader, 777, f"11111{number}#")["Reason"], "wrong_pin")
        check(keys_and_card(d, 2, PIN + "#", 777)["Reason"], "pin_locked")
        said(card_and_keys(d, 1, 888, "222222#"), 2, "Entry", user="8")


@test("digits of PINs are in no file, no log, no answer, no stream and no event")
def _():
    pin, duress, other = "580317246", "946120735", "731905824"  # no time or number looks like them
    with Daemon() as d, d.stream(SNAP + "&Events=[All]&afterSeq=0") as snap, \
            d.stream(ATTACH + "&codes=[All]&afterSeq=0") as attach:
        row = insert(d, "7", "12345678", doors=(0, 1), Password=pin, DuressPassword=duress)
        seen = []
        reasons = [keys(d, 1, typed + "#")["Reason"] for typed in (pin, duress, other)]
        check(reasons, ["granted", "granted_duress", "wrong_pin"])
        d.sim(f"keys 2 {pin}")  # never ended
        present(d, 3, 12345678)
        d.request(INSERT + f"&UserID=8&CardNo=1&Password={pin}&CardType=77")
        d.request(INSERT + f"&UserID=8&CardNo=1&Password=222222&DuressPassword={pin}")
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        last = last_rec_no(d)
        for stream in (snap, attach):
            try:
                while True:
                    seen.append(stream.part()[1].decode())
            except EOFError:
                pass
        seen += [d.get(FIND_CARDS), d.get(GET + f"&recno={row}"), str(records(d)), d.banner]
        for words in (("user", "show", "7"), ("records", "pull"), ("records", "pull", "--json"),
                      ("events", "watch", "--after", str(last - 3), "--count", "3")):
            status, out, err = d.postern(*words)
            check(status, 0, err)
            seen.append(out + err)
        ensure(len(seen) > 12, "streams were read")
        d.stop()
        seen.append(d.log)
        for digits in (pin, duress, other):
            for text in seen:
                ensure(digits not in text, f"{digits} in {text!r}")
            for folder, _, names in os.walk(d.state):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        with open(path, "rb") as file:
                            ensure(digits.encode() not in file.read(), f"{digits} in {path}")


main()
