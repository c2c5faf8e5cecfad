#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of `postern` against a real controller: what it does, prints and exits with; and a
program built against the installed library."""
import glob
import json
import os
import re
import select
import shutil
import subprocess
import tempfile

from harness import BUILD, Skip, check, ensure, main, program, run, test, wait_until
from people import CLOSE, GET_CONFIG, REMOVE, House, insert, person, present, records, size

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
DONE, REFUSED, USAGE, UNREACHABLE, UNPROVEN = range(5)
tried = set()


def postern(d, *words, status=DONE, err=None, **options):
    """Standard output of a command that ends with this status and says err."""
    tried.update(" ".join(words[i:i + 2]) for i in range(len(words) - 1))
    tried.add(words[0])  # a command of one word
    got, out, said = d.postern(*words, **options)
    check(got, status, f"{' '.join(words)}: {out!r} {said!r}")
    if err is not None:
        ensure(err in said, f"{' '.join(words)}: {said!r} does not say {err!r}")
    if status != DONE:
        ensure(said.startswith("postern: ") and said.endswith("\n"), f"{words}: {said!r}")
    return out


def objects(text):
    """One JSON object a line."""
    found = [json.loads(line) for line in text.splitlines()]
    ensure(all(isinstance(one, dict) for one in found), text)
    return found


@test("user add takes every option of a person, and says the row")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        pin = os.path.join(folder, "pin")
        with open(pin, "w", encoding="utf-8") as file:
            file.write("86420951\n")
        out = postern(d, "user", "add", "102", "--card", "0012345", "--name", "Zhang San",
                      "--doors", "1,2", "--schedules", "255,1", "--status", "pre-arrears,frozen",
                      "--type", "vip", "--valid-from", "20151022 093811", "--valid-to",
                      "2099-12-22 09:38:11", "--valid", "no", "--uses", "7", "--pin-file", pin,
                      "--vto-position", "01018001", "--user-type", "5", "--citizen-id", "342")
        row = person(d, "102")
        check(out, f"enrolled 102 as RecNo {row['RecNo']}\n")
        for key, value in {"CardNo": "0012345", "CardName": "Zhang San", "Doors[0]": "0",
                           "Doors[1]": "1", "TimeSections[0]": "255", "TimeSections[1]": "1",
                           "CardStatus": "36", "CardType": "1", "IsValid": "false",
                           "UseTime": "7", "VTOPosition": "01018001", "UserType": "5",
                           "ValidDateStart": "2015-10-22 09:38:11", "CitizenIDNo": "342",
                           "ValidDateEnd": "2099-12-22 09:38:11"}.items():
            check(row[key], value, key)
        out = postern(d, "user", "add", "103", "--card", "5", "--status", "4", "--type", "255",
                      "--json")
        check(objects(out), [{"RecNo": int(person(d, "103")["RecNo"])}])
        check((person(d, "103")["CardStatus"], person(d, "103")["CardType"]), ("4", "255"))
        postern(d, "user", "add", "102", "--card", "9", status=REFUSED, err="enrolled already")
        postern(d, "user", "add", "104", "--card", "12345", status=REFUSED,
                err="belongs to somebody else")
        postern(d, "user", "add", "104", "--card", "9", "--valid-to", "soon", status=REFUSED,
                err="ValidDateEnd")
        for words, err in ((("--name", "a" * 33), "CardName: at most 32 characters"),
                           (("--doors", "0"), "--doors"), (("--doors", "1,x"), "--doors"),
                           (("--schedules", "256"), "--schedules"), (("--uses", "-1"), "--uses"),
                           (("--status", "lots"), "lost cancelled frozen"),
                           (("--type", "visitor"), "ordinary vip guest"),
                           (("--valid", "maybe"), "not yes or no"),
                           (("--user-type", "9"), "--user-type"),
                           (("--pin-file", folder + "/none"), "cannot read"),
                           (("--colour", "red"), "does not take --colour"),
                           (("--name",), "--name needs a value"),
                           (("--name", "a", "--name", "b"), "stands twice"),
                           (("again",), "too many words")):
            postern(d, "user", "add", "104", "--card", "9", *words, status=USAGE, err=err)
        check(len(postern(d, "user", "list").splitlines()), 2)


@test("user show and list print rows, as lines and as JSON")
def _():
    with House() as d:
        insert(d, "102", "0012345", doors=(1, 0), CardName="Zhang San")
        insert(d, "103", "7", CardStatus=1, IsValid="false")
        row = person(d, "102")
        check(objects(postern(d, "user", "show", "102", "--json")), [row])
        shown = dict(line.split(None, 1) if " " in line.strip() else (line.strip(), "")
                     for line in postern(d, "user", "show", "102").splitlines())
        check({key: value.strip() for key, value in shown.items()}, row)
        check(objects(postern(d, "--json", "user", "list")), [row, person(d, "103")])
        lines = postern(d, "user", "list").splitlines()
        ensure(re.fullmatch(r"1 +102 +Zhang San +card 0012345 +valid +doors 2,1", lines[0]),
               lines[0])
        ensure(re.fullmatch(r"2 +103 +- +card 7 +invalid +doors 1", lines[1]), lines[1])
        check(postern(d, "user", "list", "--card", "12345").splitlines(), lines[:1])
        check(postern(d, "user", "list", "--card", "99"), "")
        postern(d, "user", "show", "nobody", status=REFUSED, err="nobody has UserID nobody")


@test("user update changes what is given; user remove takes one out, or all")
def _():
    with House() as d:
        insert(d, "102", "5", doors=(0, 1), CardName="Zhang San", VTOPosition="007")
        before = person(d, "102")
        check(postern(d, "user", "update", "102", "--status", "lost", "--card", "6"), "")
        after = person(d, "102")
        check({key for key in after if after[key] != before[key]}, {"CardStatus", "CardNo"})
        check(present(d, 1, 6)["Reason"], "card_lost")
        postern(d, "user", "update", "102", "--status", "normal", "--doors", "2", "--json")
        check([key for key in person(d, "102") if key.startswith("Doors")], ["Doors[0]"])
        check((present(d, 1, 6)["Reason"], present(d, 2, 6)["Reason"]), ("no_right", "granted"))
        postern(d, "user", "update", "102", "--doors", "", "--name", "")
        check([key for key in person(d, "102") if key.startswith("Doors")], [])
        check(person(d, "102")["CardName"], "")
        check(present(d, 2, 6)["Reason"], "no_right")
        postern(d, "user", "update", "102", status=REFUSED, err="no field to change")
        postern(d, "user", "update", "nobody", "--name", "x", status=REFUSED, err="nobody has")
        postern(d, "user", "remove", "102")
        check(present(d, 2, 6)["Reason"], "unknown_card")
        postern(d, "user", "remove", "102", status=REFUSED, err="nobody has UserID 102")
        insert(d, "1", "1")
        insert(d, "2", "2")
        for words in (("--all",), ("--all", "1", "--yes"), ()):
            postern(d, "user", "remove", *words, status=USAGE)
        check(len(postern(d, "user", "list").splitlines()), 2)
        check(postern(d, "user", "remove", "--all", "--yes"), "")
        check(postern(d, "user", "list"), "")


@test("door open, close, status and list move and show the doors")
def _():
    with House(unlock="5min") as d:
        check(postern(d, "door", "open", "1", "--as", "Guard 7", "--type", "Phone"), "")
        check(d.sim("lock 1"), "unlocked 1")
        check(postern(d, "door", "close", "1", "--json"), "")
        check(d.sim("lock 1"), "locked 1")
        check([(r["Command"], r["UserID"], r["CommandType"]) for r in records(d)],
              [("openDoor", "Guard 7", "Phone"), ("closeDoor", "", "Remote")])
        check(postern(d, "door", "status", "2"), "door 2: closed, low assurance\n")
        postern(d, "door", "open", "2")
        d.sim("contact 2 open")
        wait_until(lambda: postern(d, "door", "status", "2") == "door 2: open, low assurance\n", "open")
        check(objects(postern(d, "door", "status", "2", "--json")),
              [{"channel": 2, "status": "open", "low_assurance": True}])
        d.sim("contact 1 open")
        wait_until(lambda: postern(d, "door", "status", "1") ==
                   "door 1: forced open, low assurance\n", "forced")
        check(postern(d, "door", "list"), "door 1: forced open, low assurance\ndoor 2: open, low assurance\n")
        check(objects(postern(d, "door", "list", "--json")),
              [{"channel": 1, "status": "forced open", "low_assurance": True},
               {"channel": 2, "status": "open", "low_assurance": True}])
        for verb in ("open", "close", "status"):
            postern(d, "door", verb, "3", status=REFUSED, err="channel names no door")
            for word in ("0", "65", "front", "-1"):
                postern(d, "door", verb, word, status=USAGE, err="whole number from 1 to 64")
            postern(d, "door", verb, status=USAGE, err="usage: postern door")
        check(size(d), 3)


@test("schedule set writes one day")
def _():
    with House() as d:
        def day(number):
            text = d.get(GET_CONFIG + "&name=AccessTimeSchedule[3]")
            return [line.split("=")[1] for line in text.split("\r\n")
                    if f"TimeSchedule[{number}][" in line and "=1 " in line]

        check(postern(d, "schedule", "set", "3", "mon", "08:00-12:00,13:00-17:30"), "")
        check(postern(d, "schedule", "set", "3", "sun", "00:00-24:00"), "")
        check(day(1), ["1 08:00:00-12:00:00", "1 13:00:00-17:30:00"])
        check(len(day(0)), 1)
        postern(d, "schedule", "set", "3", "mon", "")
        check((day(1), len(day(0))), ([], 1))
        for words in (("128", "mon", ""), ("3", "someday", ""), ("3", "mon", "8-9"),
                      ("3", "mon", "12:00-08:00"), ("3", "mon", "08:00-25:00"), ("3", "mon")):
            postern(d, "schedule", "set", *words, status=USAGE)


@test("holidays are written and shown")
def _():
    with House() as d:
        postern(d, "holiday", "add", "7", "2026-12-24", "--until", "2026-12-26", "--yearly", "--name", "Winter")
        postern(d, "holiday", "group", "7", "--name", "Holidays", "--enabled", "no")
        postern(d, "holiday", "times", "3", "7", "1", "08:00-12:00", "--enabled", "no")
        check(postern(d, "holiday", "list").splitlines(),
              ["group 7 Holidays (not enabled):", "  2026-12-24 to 2026-12-26 each year Winter",
               "special 3 (not enabled): on days of group 7 schedules 1: 08:00-12:00"])
        postern(d, "holiday", "forget", "3")
        postern(d, "holiday", "remove", "7", "2026-12-24")
        postern(d, "holiday", "remove", "7")
        check(postern(d, "holiday", "list", "--json"), "")


@test("events watch prints what was asked for, as lines and as JSON, and ends by count")
def _():
    with House() as d:
        insert(d, "102", "5", CardName="Zhang San")
        for _ in range(3):
            d.get(CLOSE + "&channel=1&UserID=7")
        present(d, 1, 5)
        lines = postern(d, "events", "watch", "--count", "3", "--after", "1", "--codes",
                        "AccessControl,VideoMotion").splitlines()
        check(len(lines), 3)
        ensure(re.fullmatch(r"20\S+Z AccessControl Pulse RecNo=4 Kind=access UserID=102 CardNo=5 "
                            r"CardName=Zhang San Door=0 Status=1 Method=card Type=Entry "
                            r"Reason=granted", lines[2]), lines[2])
        for way in ((), ("--event-manager",)):
            events = objects(postern(d, "events", "watch", "--count", "2", "--after", "2",
                                     "--codes", "AccessControl", "--json", *way))
            check([(e["RecNo"], e["UserID"], e["Code"]) for e in events],
                  [("3", "7", "AccessControl"), ("4", "102", "AccessControl")])
        for words, err in ((("--heartbeat", "0"), "--heartbeat"), (("--heartbeat", "61"), "61"),
                           (("--count", "0"), "--count"), (("--channel", "0"), "--channel"),
                           (("--after", "x"), "--after")):
            postern(d, "events", "watch", *words, status=USAGE, err=err)
        postern(d, "events", "watch", "--channel", "2", status=REFUSED, err="no camera")


@test("events watch follows live events, and says when the stream ends")
def _():
    with House() as d:
        def watch(*words):
            return subprocess.Popen(
                [program("postern"), "--device", d.url, "--password-file",
                 os.path.join(d.state, "admin.password"), "events", "watch", *words],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        live = watch("--count", "2", "--heartbeat", "1", "--channel", "1", "--json")
        wait_until(lambda: d.get(CLOSE + "&channel=1&UserID=live") and
                   live.poll() is not None, "two events")
        out, err = live.communicate()
        check(live.returncode, DONE, err)
        check(len(objects(out)), 2)
        cut = watch()

        def seen():
            d.get(CLOSE + "&channel=1&UserID=cut")
            return select.select([cut.stdout], [], [], 0.1)[0]
        wait_until(seen, "an event")
        ensure("UserID=cut" in cut.stdout.readline(), "the event's line")
        d.stop()
        _, err = cut.communicate(timeout=20)
        check(cut.returncode, UNREACHABLE, err)


@test("records pull gives every record once, in small pages, also when one second holds many")
def _():
    with House() as d:
        for user in range(40):
            d.get(CLOSE + f"&channel={user % 2 + 1}&UserID=u{user % 4}")
        insert(d, "102", "0077")
        present(d, 1, 77)
        wanted = [int(r["RecNo"]) for r in records(d)]
        for count in ("3", "1024"):
            got, out, err = d.postern("records", "pull", "--count", count, "--json")
            check(got, DONE, err)
            check([int(o["RecNo"]) for o in objects(out)], wanted)
            ensure("postern: 41 records in " in err and ": complete" in err, err)
        row = objects(out)[-1]
        check(row, records(d)[-1])
        lines = postern(d, "records", "pull").splitlines()
        ensure(re.fullmatch(r"41 20\S+Z ok Entry door 1 card 0077 user 102 method card granted",
                            lines[40]), lines[40])

        def pulled(*words):
            return [int(o["RecNo"]) for o in objects(
                postern(d, "records", "pull", "--json", "--count", "4", *words))]

        every = records(d)
        check(pulled("--user-id", "u1"), [int(r["RecNo"]) for r in every if r["UserID"] == "u1"])
        check(pulled("--door", "2"), [int(r["RecNo"]) for r in every if r["Door"] == "1"])
        check(pulled("--card", "77"), [41])
        check(pulled("--after", "38"), [39, 40, 41])
        last = every[-1]["CreateTime"]
        check(pulled("--from", last),
              [int(r["RecNo"]) for r in every if r["CreateTime"] == last])
        check(pulled("--to", "2015-10-22T09:38:11Z"), [])
        check(pulled("--from", "2015-10-22", "--to", "2099-01-01 00:00:00"), wanted)
        for words in (("--from", "yesterday"), ("--count", "0"), ("--count", "1025"),
                      ("--door", "0"), ("--after", "-1")):
            postern(d, "records", "pull", *words, status=USAGE, err=words[0])


@test("records verify and follow, and pull with a state file: test_records.py has the rest")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        for user in range(5):
            d.get(CLOSE + f"&channel=1&UserID=u{user}")
        check(postern(d, "records", "verify"),
              "complete: 5 records, RecNo 1 to 5 without a gap, totalCount 5\n")
        postern(d, "records", "verify", "--to", "soon", status=USAGE, err="--to")
        place = os.path.join(folder, "place")
        words = ("records", "pull", "--json", "--state-file", place)
        check([int(o["RecNo"]) for o in objects(postern(d, *words))], [1, 2, 3, 4, 5])
        d.get(CLOSE + "&channel=1&UserID=u5")
        check([int(o["RecNo"]) for o in objects(postern(d, *words))], [6])
        check(postern(d, *words), "")
        postern(d, *words, "--door", "1", status=USAGE, err="--state-file")
        check(len(postern(d, "records", "follow", "--count", "6").splitlines()), 6)
        postern(d, "records", "follow", "--heartbeat", "61", status=USAGE, err="--heartbeat")
        postern(d, "records", "follow", "--state-file", folder, status=USAGE, err=folder)


@test("device info tells who it is")
def _():
    with House() as d:
        info = objects(postern(d, "device", "info", "--json"))[0]
        check(list(info), ["type", "serial", "software", "vendor", "name", "time"])
        ensure(all(info.values()), str(info))
        lines = dict(line.split(None, 1) for line in postern(d, "device", "info").splitlines())
        check(lines["serial"], info["serial"])


@test("sim acts at readers, doors and contacts")
def _():
    with House(unlock="1s") as d, tempfile.TemporaryDirectory() as folder:
        insert(d, "102", "305419896")

        def sim(*words, **options):
            return postern(d, "sim", words[0], "--state", d.state, *words[1:], **options)

        def newest(count, reason, openings):
            wait_until(lambda: size(d) == count, f"{count} records")
            check(records(d)[-1]["Reason"], reason)
            wait_until(lambda: sim("lock", "1") == f"locked {openings}\n", "open, and locked again")

        check(sim("lock", "1"), "locked 0\n")
        check(objects(sim("lock", "1", "--json")), [{"reply": "locked 0"}])
        check(sim("card", "1", "305419896"), "")
        wait_until(lambda: sim("lock", "1") == "unlocked 1\n", "open")
        newest(1, "granted", 1)
        sim("card", "1", "4711", "--format", "W26")
        newest(2, "unknown_card", 1)
        number = f"{305419896:032b}"
        frame = (str(number[:16].count("1") % 2) + number + str(1 - number[16:].count("1") % 2))
        sim("bits", "1", frame)
        newest(3, "granted", 2)
        capture = os.path.join(folder, "capture")
        with open(capture, "w", encoding="utf-8") as file:
            for at, bit in enumerate(frame):
                file.write(f"{at * 2000000} {bit} 0\n{at * 2000000 + 50000},{bit},1\n")
        sim("edges", "1", capture)
        newest(4, "granted", 3)
        ensure(re.fullmatch(r"granted \d+\n", sim("reader", "1")), "the reader's light")
        sim("keys", "1", "12*")
        ensure(sim("reader", "1").startswith("key "), "the key's light")
        sim("keys", "1", "34*", "--bits", "8")
        sim("rex", "2")
        d.wait_lock(2, True)
        sim("contact", "2", "open")
        wait_until(lambda: postern(d, "door", "status", "2") == "door 2: open, low assurance\n", "open")
        sim("contact", "2", "closed")
        sim("tamper", "1")
        sim("tamper", "1", "off")
        events = objects(postern(d, "events", "watch", "--count", "2", "--after", "1", "--codes",
                                 "ChassisIntruded", "--json"))
        check([e["EventBaseInfo.Action"] for e in events], ["Start", "Stop"])
        for words, err in ((("card", "9", "1"), "reader 9 is not configured"),
                           (("card", "1", "x"), "decimal"),
                           (("keys", "1", "12a"), "0 to 9"), (("bits", "1", "012"), "0 and 1"),
                           (("card", "1", "99999999", "--format", "W26"), "does not fit"),
                           (("panel", "1"), "panel 1 is not configured"),
                           (("install", "1"), "only OSDP readers"),
                           (("rex", "9"), "door 9"), (("contact", "1", "ajar"), "open")):
            sim(*words, status=REFUSED, err=err)
        sim("card", "1", status=USAGE)
        sim("edges", "1", folder + "/none", status=USAGE, err="cannot read")
        postern(d, "sim", "--state", folder, "lock", "1", status=UNREACHABLE, err="is `posternd")
        check(d.postern("sim", "lock", "1", env={**os.environ, "POSTERN_STATE": d.state})[1],
              "locked 3\n")


def local(*words, status=DONE, err=None, text=None):
    """As postern() for a command that asks no device; text: its standard input."""
    tried.add(" ".join(words[:2]))
    done = subprocess.run([program("postern"), *words], input=text or "", capture_output=True,
                          text=True, timeout=60, check=False)
    said = done.stderr
    check(done.returncode, status, f"{' '.join(words)}: {done.stdout!r} {said!r}")
    if err is not None:
        ensure(err in said, f"{' '.join(words)}: {said!r} does not say {err!r}")
    if status != DONE:
        ensure(said.startswith("postern: ") and said.endswith("\n"), f"{words}: {said!r}")
    return done.stdout


def edges(bits, at_ns):
    return "".join(f"{at_ns + i * 2000000} {bit} 0\n{at_ns + i * 2000000 + 50000} {bit} 1\n"
                   for i, bit in enumerate(bits))


def encode(form, card, facility=None):
    out = local("format", "test", form, "--encode", "--card", str(card), "--json",
                *(() if facility is None else ("--facility", str(facility))))
    return objects(out)[0]["bits"]


@test("format list names the built-in formats, and test reads what it has made by each of them")
def _():
    lines = local("format", "list").splitlines()
    rows = objects(local("format", "list", "--json"))
    check([line.split()[0] for line in lines], [row["name"] for row in rows])
    ensure(len(rows) >= 30, str(len(rows)))
    check(lines[1], 'W26              26 bits  card=9-24 facility=1-8 parity="0 even 1-12; '
                    '25 odd 13-24"  also H10301')
    check(rows[1], {"name": "W26", "aliases": ["H10301"], "bits": 26, "card": "9-24",
                    "facility": "1-8", "description": 'name=W26 bits=26 card=9-24 facility=1-8 '
                                                      'parity="0 even 1-12; 25 odd 13-24"'})
    for row in rows:
        made = objects(local("format", "test", row["description"], "--encode", "--card", "999",
                             "--json"))[0]
        check(len(made["bits"]), row["bits"])
        for word in ("bits", "hex", "osdp"):
            read = objects(local("format", "test", row["name"], made[word], "--json"))[0]
            check((read["card"], read["fits"], read["enrolled"]), (999, True, 999), row["name"])


@test("format test reads frames check by check, and makes them in each form")
def _():
    frame = "10111101110110010011011101"
    with tempfile.TemporaryDirectory() as folder:
        described = os.path.join(folder, "acme")
        with open(described, "w", encoding="utf-8") as file:
            file.write("# the old readers\n\nname=acme bits=26 card=9-24 facility=1-8 "
                       "parity=\"0 even 1-12; 25 odd 13-24\" facilities=123,7\r\n")
        for form, name, more in (("W26", "W26", ""), ("h10301", "W26", ""),
                                 ("@" + described, "acme",
                                  "filter    the facility code is one of `facilities`: right\n")):
            for bits in (frame, "2F764DD:26", "02f764dd:26", "BDD93740:26:left"):
                check(local("format", "test", form, bits),
                      f"format    {name}\nfacility  123\ncard      45678\nenrolled  8106606\n"
                      "parity    bit 0, even over 1-12: right\n"
                      "parity    bit 25, odd over 13-24: right\n" + more)
        out = local("format", "test", "@" + described, encode("W26", 45678, 124), status=REFUSED,
                    err="does not fit acme: the facility code is none that is taken")
        ensure("filter    the facility code is one of `facilities`: WRONG\n" in out, out)
        local("format", "test", "@" + folder + "/none", frame, status=USAGE, err="cannot read")
        local("format", "test", "@" + folder, frame, status=USAGE, err="Is a directory")
        local("format", "test", "@/dev/null", frame, status=USAGE, err="holds no description")
    out = local("format", "test", "W26", frame[:-1] + "0", status=REFUSED,
                err="does not fit W26: a parity bit is wrong")
    ensure("card      45678\n" in out and "1-12: right\n" in out and "13-24: WRONG\n" in out, out)
    read = objects(local("format", "test", "P10001", "E1234567E0:40", "--json", status=REFUSED))[0]
    check([(c["kind"], c["text"]) for c in read["checks"] if not c["right"]],
          [("constant", "bit 3 must be 1")])
    out = local("format", "test", "bits=40 card=16-31 xor=\"32-39 over 0-31\"", "F1234567F1:40",
                status=REFUSED, err="the XOR of the data is wrong")
    ensure("xor       bits 32-39 over 0-31: WRONG\n" in out, out)
    ensure(re.search(r"(?m)^remark    bits 0-15: in no field", out), out)
    check(local("format", "test", "C1000-35", "--encode", "--card", "567890", "--facility",
                "1234"),
          "format    C1000-35\nbits      11010011010010100010101010010100100\n"
          "hex       69A5154A4:35\nosdp      D34A2A9480:35:left\nenrolled  1294510674\n")
    check(objects(local("format", "test", "C15001", "--encode", "--card", "3456", "--facility",
                        "12", "--oem", "900", "--json"))[0]["osdp"], "708181B010:36:left")
    for words, err in ((("W26", "2F764DD:25"), "the number has more bits"),
                       (("W26", "BDD93741:26:left"), "behind the last bit there are ones"),
                       (("W26", "2F764DD:26:right"), "is not `left`"),
                       (("W26", "2F764DD:"), "not 1 to 128"), (("W26", "FF:26"), "fewer digits"),
                       (("W26", "2G764DD:26"), "not hexadecimal"), (("W26", "0121"), "0 and 1"),
                       (("W26", ""), "1 to 128"), (("W27", frame), "no built-in format `W27`"),
                       (("bits=26 card=9-30", frame), "the last bit is 25"), (("W26",), "BITS"),
                       (("W26", frame, "--encode", "--card", "1"), "leave BITS out"),
                       (("W26", frame, "--card", "1"), "--card is for --encode"),
                       (("W26", "--encode"), "--card N"),
                       (("W26", "--encode", "--card", "65536"), "from 0 to 65535"),
                       (("W26", "--encode", "--card", "x"), "`x` is not a whole number"),
                       (("W34", "--encode", "--card", "1", "--facility", "1"), "no such field")):
        local("format", "test", *words, status=USAGE, err=err)
    local("format", "test", "W34", frame, status=REFUSED, err="has 26 bits, the format 34")


@test("format learn finds a format from words, a capture and typed lines; its YAML is a setting")
def _():
    made = ('bits=47 card=9-24,30-40 facility=1-8 parity="0 even 1-22; 46 odd 23-45" '
            "ignore=25-29,41-45")
    cards = [(200, 93481217), (17, 130277001), (131, 41529770), (90, 77191500)]
    frames = [encode(made, card, facility) for facility, card in cards]
    words = [f"{bits}={facility}/{card}" for bits, (facility, card) in zip(frames, cards)]
    best = objects(local("format", "learn", *words[:3], "--json"))[0]
    check((best["name"], best["built_in"], best["fits"], best["reading"], best["check_bits"]),
          ("learned-47", False, [1, 2, 3], "facility_and_card", 2))
    read = objects(local("format", "test", best["description"], frames[3], "--json"))[0]
    check((read["facility"], read["card"]), cards[3])

    typed = "".join(f"{bits}\n{facility}-{card}\n" for bits, (facility, card) in
                    zip(frames, cards))
    check(local("format", "learn", text=typed), local("format", "learn", *words))
    check(local("format", "learn", text="\n".join(words).replace("=", " ")),
          local("format", "learn", *words))

    with House() as d, tempfile.TemporaryDirectory() as folder:
        capture, config = os.path.join(folder, "capture"), os.path.join(folder, "posternd.yaml")
        with open(capture, "w", encoding="utf-8") as file:
            file.write("# reader 1\n")
            for at, (bits, (facility, card)) in enumerate(zip(frames, cards)):
                file.write(f"# number {facility}/{card}\n" + edges(bits, at * 200000000))
        check(local("format", "learn", capture), local("format", "learn", *words))
        check(postern(d, "sim", "--state", d.state, "edges", "1", capture), "")
        with open(config, "w", encoding="utf-8") as file:
            file.write(local("format", "learn", capture) + "lines: simulated\ndoors:\n"
                       "  - {index: 0, id: front}\nreaders:\n"
                       "  - {number: 1, door: front, formats: [learned-47]}\n")
        status, out, err = run([program("posternd"), "check", "--config", config])
        check(status, 0, out + err)

        with open(capture, "a", encoding="utf-8") as file:
            file.write("# number 7\n" + edges("10", 2 * 10**9) + "# number 8\n")
        lost = "the card 7 is left out: its frame is spoiled"
        local("format", "learn", capture, err=f"{capture}:{3 + 4 * 95}: {lost}")
        local("format", "learn", capture, err="the card 8 is left out: no frame")


@test("format learn says which built-in format it is, what else it may be, and what it cannot use")
def _():
    cards = [(123, 45678), (7, 1), (200, 60001), (99, 31000)]
    words = [f"{encode('W26', card, facility)}={facility}/{card}" for facility, card in cards]
    out = local("format", "learn", *words[:3])
    check(out.splitlines()[:6],
          ["# learned from 3 cards of 26 bits", "#",
           "# proposal 1 of 1, 99 %: built in, to be named at the reader: formats: [W26]",
           "#   facility code and card number are printed as they are sent",
           "#   2 check bits are right in 3 samples"])
    out = local("format", "learn", *words[:3], words[3] + "0")
    ensure("sample 4 is not read as printed" in out, out)
    number = [objects(local("format", "test", "W26", word.split("=")[0], "--json"))[0]["enrolled"]
              for word in words]
    rows = objects(local("format", "learn", "--json", *(
        f"{word.split('=')[0]}={n}" for word, n in zip(words, number))))
    check([(row["name"], row["reading"]) for row in rows[:2]],
          [("W26-24", "card"), ("W26", "enrolled")])
    check(rows[1]["tell"], ["proposal 1 and proposal 2 read every card alike"])
    local("format", "learn", words[0], "0" * 26 + "=77/4711", "1" * 26 + "=9/65000",
          status=REFUSED, err="no format reads these frames")
    frame = words[0].split("=")[0]
    for more, err in (((words[0], f"{frame}=1/2"), "one frame is given with two"),
                      ((words[0], "0" * 34 + "=1/2"), "different lengths"),
                      ((words[0], words[1].split("/")[0]), "some without"),
                      (("0" * 23 + "=1",), "24 to 66 bits, this one 23"),
                      ((frame + "=12x",), "`12x`: a printed number is decimal"),
                      (("/nonexistent",), "BITS=NUMBER"), (("/dev/null",), "nothing to learn"),
                      ((), "nothing to learn")):
        local("format", "learn", *more, status=USAGE, err=err)
    local("format", "learn", status=USAGE, err="`hello`", text=f"{frame}\nhello\n")
    for text in (f"{frame}\n", f"{frame}\n\n"):
        local("format", "learn", status=USAGE, err="no printed number follows", text=text)
    with tempfile.NamedTemporaryFile("w", suffix=".capture") as file:
        file.write("100 0 0\n99 0 1\n")
        file.flush()
        local("format", "learn", file.name, status=USAGE, err=":2: the time goes back")


@test("format learn asks a person card by card, and says when it is enough")
def _():
    leader, terminal = os.openpty()
    with subprocess.Popen([program("postern"), "format", "learn"], stdin=terminal,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        os.close(terminal)
        os.write(leader, b"10111101110110010011011101\n123/45678\n1011\n"
                         b"10000000100000000000000010\n1/1\n\n")
        out, err = asked.communicate(timeout=60)
        os.close(leader)
    check(asked.returncode, DONE, err)
    ensure("formats: [W26]" in out, out)
    check(err.count("bits of card 1: "), 1)
    check(err.count("bits of card 2: "), 2, "asked again after a wrong one")
    ensure("24 to 66 bits, this one 4" in err, err)
    ensure("the best W26 (9" in err, err)


@test("wrong password, nobody there, wrong words: each its exit status, each in words")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        postern(d, "device", "info", user="nobody", status=UNPROVEN, err="password is wrong")
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("not the password\n")
        bare = {key: value for key, value in os.environ.items() if not key.startswith("POSTERN")}

        def plain(*words, **environment):
            return run([program("postern"), *words], env={**bare, "HOME": folder, **environment})

        got, _, err = plain("--device", d.url, "--password-file", secret, "user", "list")
        check(got, UNPROVEN, err)
        good = os.path.join(d.state, "admin.password")
        got, out, err = plain("device", "info", POSTERN_DEVICE=d.url, POSTERN_USER="admin",
                              POSTERN_PASSWORD_FILE=good)
        check(got, DONE, err)
        ensure("Postern" in out, out)
        got, _, err = plain("--device", "http://127.0.0.1:1", "--password-file", good, "door",
                            "list")
        check(got, UNREACHABLE, err)
        for words, said in (((), "no command"), (("frobnicate",), "no command `frobnicate`"),
                            (("user",), "needs one of: add show list"),
                            (("user", "frob"), "not `frob`"), (("--colour", "x"), "--colour"),
                            (("--device",), "--device needs a value"),
                            (("device", "info"), "--password-file"),
                            (("--password-file", folder + "/none", "device", "info"),
                             "cannot read"),
                            (("--password-file", "/dev/null", "device", "info"), "no password"),
                            (("--device", "ftp://x", "--password-file", good, "device", "info"),
                             "no device address")):
            got, out, err = plain(*words)
            check((got, out), (USAGE, ""), f"{words}: {err}")
            ensure(said in err, f"{words}: {err!r} does not say {said!r}")
        d.stop()
        postern(d, "door", "open", "1", status=UNREACHABLE, err="cannot be reached")


@test("guessing with the command ends in a wait that is told")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("not the password\n")

        def guess():
            return run([program("postern"), "--device", d.url, "--password-file", secret, "door",
                        "open", "1"])
        said = [guess() for _ in range(6)]
        check({status for status, _, _ in said}, {UNPROVEN})
        ensure("too many wrong log-ins" in said[-1][2], said[-1][2])
        check(d.lock_count(1), 0)


@test("the compiled example enrols, opens and pulls")
def _():
    with House() as d:
        example(d, os.path.join(BUILD, "examples/enrol_open_pull"), {})


def example(d, path, environment):
    before = d.lock_count(1)
    status, out, err = run([path, d.url, "admin", os.path.join(d.state, "admin.password")],
                           env={**os.environ, **environment})
    check(status, 0, err)
    lines = out.splitlines()
    ensure(re.fullmatch(r"\d+ \d+ 102 ok", lines[-2]), out)
    check(lines[-1], f"{size(d)} records, complete")
    check((person(d, "102")["CardNo"], d.lock_count(1)), ("12345", before + 1))


def sanitizers():
    with open(os.path.join(BUILD, "meson-info/intro-buildoptions.json"), encoding="utf-8") as file:
        options = {one["name"]: one["value"] for one in json.load(file)}
    chosen = options["b_sanitize"]
    chosen = chosen if isinstance(chosen, str) else ",".join(chosen)
    return [] if chosen in ("", "none") else [f"-fsanitize={chosen}"], options["prefix"]


@test("a program builds with pkg-config against what `meson install` puts in place")
def _():
    for tool in ("meson", "pkg-config", "cc"):
        if shutil.which(tool) is None:
            raise Skip(f"{tool} is not installed")
    flags, prefix = sanitizers()
    with House() as d, tempfile.TemporaryDirectory() as root:
        status, out, err = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root,
                                "--tags", "devel,runtime"])
        check(status, 0, out + err)
        files = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
        headers = [name for name in files if name.endswith(".h")]
        check(sorted(os.path.basename(name) for name in headers), ["accounts.h", "doors.h",
              "events.h", "osdp.h", "osdp_frames.h", "people.h", "postern.h", "reader_frames.h",
              "records.h", "special_days.h", "status.h"], "public headers")
        pkgconfig = [name for name in files if name.endswith("/postern.pc")]
        check(len(pkgconfig), 1, "postern.pc")
        library = os.path.join(root, os.path.dirname(os.path.dirname(pkgconfig[0])))
        environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": root,
                       "PKG_CONFIG_PATH": os.path.join(root, os.path.dirname(pkgconfig[0]))}
        status, words, err = run(["pkg-config", "--cflags", "--libs", "postern"], env=environment)
        check(status, 0, err)
        ensure(f"{root}{prefix}" in words, words)
        for name in ("many_devices", "enrol_open_pull"):
            built = os.path.join(root, name)
            status, out, err = run(["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                    *flags, os.path.join(SOURCE, f"examples/{name}.c"),
                                    *words.split(), "-o", built])
            check(status, 0, err)
        example(d, built, {"LD_LIBRARY_PATH": library})
        names = [name for name in os.listdir(library) if name.startswith("libpostern.so")]
        ensure("libpostern.so.0" in names, str(names))
        status, out, _ = run(["nm", "-D", "--defined-only", os.path.join(library, "libpostern.so")])
        check(status, 0)
        symbols = {line.split()[2].split("@")[0] for line in out.splitlines()
                   if line.split()[1] == "T"}
        text = ""
        for header in headers:
            with open(os.path.join(root, header), encoding="utf-8") as file:
                text += file.read()
        declared = set(re.findall(r"POSTERN_API [^;]*?\b(postern_\w+)\(", text))
        check(symbols, declared, "exported and declared")
        for name in declared:
            if name.endswith("_start"):
                ensure(f" {name}@@POSTERN_0.2\n" in out, f"{name} is not of POSTERN_0.2")
        ensure(" postern_records_pull@@POSTERN_0.1\n" in out, "postern_records_pull changed its version")
        used = set()
        for tests in glob.glob(os.path.join(SOURCE, "tests/component/sdk_*.c")):
            with open(tests, encoding="utf-8") as file:
                used |= set(re.findall(r"\b(postern_\w+)\(", file.read()))
        check(declared - used, set(), "functions without a test in sdk_*.c")
        if shutil.which("c++") is not None:
            header = os.path.join(root, next(name for name in headers if name.endswith("postern.h")))
            status, out, err = run(["c++", "-fsyntax-only", "-Wall", "-Werror", "-x", "c++", header,
                                    "-I", os.path.dirname(os.path.dirname(header))])
            check(status, 0, err)


@test("reader watch shows frames, and reader test what is wrong: test_reader.py has the rest")
def _():
    with House() as d:
        d.sim("bits 1 10111101110110010011011101")
        out = postern(d, "reader", "watch", "1", "--past", "--count", "1")
        ensure("26 bits" in out and "W26: card number 8106606" in out, out)
        out = postern(d, "reader", "test", "2", "--seconds", "1", "--json", status=REFUSED)
        check([one["name"] for one in objects(out)[0]["findings"]], ["silent"])
        postern(d, "reader", "watch", "0", status=USAGE, err="READER: `0` is not a whole number")
        postern(d, "reader", "watch", "9", status=REFUSED, err="names no reader")


@test("status tells how the controller does: test_status.py has the rest")
def _():
    with House() as d:
        out = postern(d, "status")
        ensure(out.startswith("clock        trusted, ") and out.endswith("\ngood\n"), out)
        check(objects(postern(d, "status", "--json"))[0]["good"], True)


@test("claim and trust say what they need: test_claim.py and test_tls.py have the rest")
def _():
    with House() as d:
        secret = os.path.join(d.state, "admin.password")
        postern(d, "device", "claim", "--password-file", secret, status=USAGE, err="--code CODE")
        postern(d, "device", "claim", "--password-file", secret, "--code", "AAAAA-AAAAA",
                status=REFUSED, err="this device is claimed")
        postern(d, "device", "trust", status=USAGE, err="only devices with https://")


@test("account makes, lists, changes and removes; audit list says what was done")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        one, two = (os.path.join(folder, name) for name in ("one", "two"))
        for path, text in ((one, "battery staple\n"), (two, "second battery\n")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        postern(d, "account", "add", "anna", "--role", "operator", "--new-password-file", one)
        check(postern(d, "account", "list").split(), ["admin", "admin", "anna", "operator"])
        check(objects(postern(d, "account", "list", "--json")),
              [{"name": "admin", "role": "admin"}, {"name": "anna", "role": "operator"}])
        anna = {"user": "anna"}
        words = ("--password-file", one, "account", "passwd", "anna", "--new-password-file", two)
        postern(d, *words, status=REFUSED, err="--old-password-file FILE", **anna)
        postern(d, *words, "--old-password-file", one, **anna)
        postern(d, "--password-file", two, "user", "list", **anna)
        postern(d, "--password-file", one, "user", "list", status=UNPROVEN, **anna)
        postern(d, "account", "role", "anna", "viewer")
        postern(d, "account", "role", "admin", "viewer", status=REFUSED, err="last admin")
        postern(d, "account", "remove", "anna")
        postern(d, "account", "remove", "anna", status=REFUSED, err="account")
        lines = postern(d, "audit", "list").splitlines()
        check([line.split(" ", 2)[2] for line in lines], [
            "init account admin by - from the device itself",
            "account_add account anna by admin from 127.0.0.1",
            "account_password account anna by anna from 127.0.0.1",
            "account_role account anna by admin from 127.0.0.1",
            "account_remove account anna by admin from 127.0.0.1"])
        check([row["Act"] for row in objects(postern(d, "audit", "list", "--json"))][1:3],
              ["account_add", "account_password"])
        check(postern(d, "audit", "list", "--to", "2026-01-01"), "")
        for _ in range(1030 - len(lines)):  # more than a page
            d.get(REMOVE + "&recno=99")
        numbers = [line.split()[0] for line in postern(d, "audit", "list").splitlines()]
        check(numbers, [str(n) for n in range(1, 1031)])
        for words, err in ((("account", "add", "eve"), "--new-password-file FILE"),
                           (("account", "add", "eve", "--role", "root", "--new-password-file", one),
                            "viewer, operator, admin"),
                           (("account", "add", "eve", "--role", "viewer", "--new-password-file",
                             folder + "/none"), "cannot read"),
                           (("account", "passwd", "eve"), "--new-password-file FILE"),
                           (("account", "role", "admin", "root"), "viewer, operator, admin"),
                           (("audit", "list", "--from", "soon"), "is not a UTC time")):
            postern(d, *words, status=USAGE, err=err)


@test("the help is narrow, and a command or a group of commands has its own")
def _():
    status, out, err = run([program("postern"), "--help"])
    check((status, err), (0, ""))
    texts = [line for line in out.splitlines() if line.startswith("        ")]
    check([line for line in texts if len(line) > 100], [], "lines of the help")
    for words, commands in ((("account",), ["list", "add", "passwd", "role", "remove"]),
                            (("account", "add"), ["add"]), (("status",), ["[--max-offset"])):
        status, out, err = run([program("postern"), *words, "--help"])
        check((status, err), (0, ""))
        check([line.split()[1] for line in out.splitlines() if line.startswith("  " + words[0])], commands)
    status, out, err = run([program("postern"), "account", "stroke", "--help"])
    check((status, out), (2, ""))
    ensure("`account` needs one of: list add" in err, err)


@test("osdp scan, trace, firmware and dissector: test_osdp_tools.py has the rest")
def _():
    local("osdp", "scan", "/dev/null", status=REFUSED, err="it is no serial port")
    local("osdp", "trace", "/dev/null", "--baud", "9600", status=REFUSED, err="no serial port")
    local("osdp", "firmware", "/dev/null", "--port", "/dev/null", status=USAGE,
          err="--port PORT --baud N --address A")
    out = local("osdp", "dissector")
    ensure('[0x60] = "POLL"' in out and 'Proto("osdp"' in out, out)


@test("osdp status, pair, rotate, unpair, key and firmware: test_osdp_keys.py and test_osdp_file.py")
def _():
    with House() as d:
        postern(d, "osdp", "firmware", "1", "/etc/hostname", status=REFUSED, err="no OSDP reader")
        postern(d, "osdp", "firmware", "1", "/dev/null", status=USAGE, err="1 to 1048576 bytes")
        postern(d, "osdp", "firmware", "1", "--cancel", status=REFUSED, err="no file of yours")
        check(postern(d, "osdp", "status"), "")
        ensure("low assurance" in postern(d, "osdp", "status", "1"), "a Wiegand reader")
        for words in (("pair", "1"), ("rotate", "1"), ("unpair", "1")):
            postern(d, "osdp", *words, status=REFUSED, err="no OSDP reader")
        postern(d, "osdp", "key", "1", status=USAGE, err="--key-file FILE")
        postern(d, "osdp", "key", "1", "--key-file", "/dev/null", status=USAGE,
                err="32 hexadecimal digits")


@test("every command of the help was tried here")
def _():
    status, out, _ = run([program("postern"), "--help"])
    check(status, 0)
    commands = set(re.findall(r"(?m)^  ([a-z]+ [a-z]+|status)\b(?! {2})", out))
    ensure(len(commands) >= 21, str(commands))
    check(commands - tried, set(), "commands that no test runs")
    check(run([program("postern"), "--version"])[1], "postern 0.1.0\n")


main()
