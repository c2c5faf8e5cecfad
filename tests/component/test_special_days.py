#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Special days at a real door: set through the CGI, the library and the command line, they decide over
cards at once, and they are there after a restart, a crash and a restore."""
import datetime
import json
import os
import re
import tempfile

from harness import check, ensure, main, program, run, test
from people import GET_CONFIG, PASSWORD, SET_CONFIG, House, encoded, insert, present

ALWAYS = "00:00-24:00"


def day(d, shift):
    """The device's date and so many days more."""
    text = d.get("/cgi-bin/global.cgi?action=getCurrentTime")
    date = datetime.date(*map(int, re.match(r"result=(\d+)-(\d+)-(\d+)", text).groups()))
    return date + datetime.timedelta(days=shift)


def put(d, table, **fields):
    """setConfig of one row: its fields by the end of their names."""
    check(d.get(SET_CONFIG + encoded({f"{table}.{key}": value for key, value in fields.items()})), "OK\r\n")


def put_day(d, group, place, first, last, **more):
    put(d, f"SpecialDayGroup[{group}].Days[{place}]", StartTime=f"{first} 00:00:00",
        EndTime=f"{last} 23:59:59", **more)


def closed_today(d, **more):
    """Card 50 may enter by schedule 1 at any time; but a special day is around now, with no times."""
    for weekday in range(7):
        put(d, "AccessTimeSchedule[1]", Enable="true",
            **{f"TimeSchedule[{weekday}][0]": "1 00:00:00-24:00:00"})
    insert(d, "t", "50", **{"TimeSections[0]": 1})
    check(said(d), "granted")
    put_day(d, 3, 63, day(d, -1), day(d, 1), **more)
    check(said(d), "granted", "the group is not enabled")
    put(d, "SpecialDayGroup[3]", Enable="true", Name="Closed")
    check(said(d), "granted", "no special schedule says what holds")
    put(d, "SpecialDaysSchedule[9]", Enable="true", GroupNo="3", **{"AccessTimeSchedule[1]": "true"})
    check(said(d), "special_day")


def said(d, card=50):
    row = present(d, 1, card)
    check(row["ErrorCode"], {"granted": "0", "special_day": "33", "outside_schedule": "32"}[row["Reason"]])
    check(row["Status"], "1" if row["Reason"] == "granted" else "0")
    return row["Reason"]


def postern(d, *words, status=0, err=""):
    got, out, said_err = d.postern(*words)
    check(got, status, f"{' '.join(words)}: {out!r} {said_err!r}")
    ensure(err in said_err, f"{' '.join(words)}: {said_err!r}")
    return out


@test("a special day closes and opens a schedule at once, and leaves the others alone")
def _():
    with House() as d:
        closed_today(d)
        insert(d, "other", "51", **{"TimeSections[0]": 255})
        check(said(d, 51), "granted", "schedule 255 has no special days")
        put(d, "SpecialDaysSchedule[9]", **{"TimeSection[0]": "1 00:00:00-24:00:00"})
        check(said(d), "granted", "open all day")
        put(d, "SpecialDaysSchedule[9]", **{"TimeSection[0]": "0 00:00:00-00:00:00"})
        check(said(d), "special_day")
        put(d, "SpecialDaysSchedule[20]", Enable="true", GroupNo="3",
            **{"AccessTimeSchedule[1]": "true", "TimeSection[11]": "1 00:00:00-23:59:59"})
        check(said(d), "granted", "times of both add up")
        put(d, "SpecialDaysSchedule[20]", Enable="false")
        check(said(d), "special_day")
        put(d, "SpecialDaysSchedule[9]", **{"AccessTimeSchedule[1]": "false", "AccessTimeSchedule[2]": "true"})
        check(said(d), "granted", "another schedule")
        put(d, "SpecialDaysSchedule[9]", **{"AccessTimeSchedule[1]": "true"})
        check(said(d), "special_day")
        put(d, "AccessTimeSchedule[1]", Enable="false")
        check(said(d), "outside_schedule", "a schedule that is off is off on any day")
        put(d, "AccessTimeSchedule[1]", Enable="true")
        put_day(d, 3, 63, day(d, 100), day(d, 120))
        check(said(d), "granted", "another day")


@test("a yearly day holds whatever its years are; a dated one only in its own")
def _():
    with House() as d:
        closed_today(d)
        first, last = day(d, -3), day(d, 3)
        years = [(first.replace(year=first.year - back, day=min(first.day, 28)),
                  last.replace(year=last.year - back, day=max(1, min(last.day, 28)))) for back in (0, 5)]
        put_day(d, 3, 63, *years[1])
        check(said(d), "granted", "five years ago")
        put(d, "SpecialDayGroup[3].Days[63]", Yearly="true")
        check(said(d), "special_day")
        put(d, "SpecialDayGroup[3].Days[63]", Yearly="false")
        check(said(d), "granted")


@test("special days are there after a restart, a crash of core and a restore")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        closed_today(d, SpecialDayName="Betriebsferien")
        tables = ("SpecialDayGroup", "SpecialDaysSchedule")
        shown = [d.get(GET_CONFIG + f"&name={table}") for table in tables]
        ensure("Days[63].SpecialDayName=Betriebsferien\r\n" in shown[0], shown)
        d.stop()
        d.start()
        check([d.get(GET_CONFIG + f"&name={table}") for table in tables], shown)
        check(said(d), "special_day", "after a restart")
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        check(said(d), "special_day", "after a crash")
        file = os.path.join(folder, "backup")
        status, out, err = run([program("posternd"), "backup", file, "--state", d.state])
        check((status, err), (0, ""), out)
        put(d, "SpecialDayGroup[3]", Enable="false", Name="")
        put(d, "SpecialDayGroup[3].Days[63]", StartTime="")
        check(d.get(GET_CONFIG + "&name=SpecialDayGroup"), "", "a group that says nothing is gone")
        check(said(d), "granted")
        d.stop()
        status, out, err = run([program("posternd"), "restore", file, "--state", d.state])
        check((status, err), (0, ""), out)
        d.start()
        check([d.get(GET_CONFIG + f"&name={table}") for table in tables], shown)
        check(said(d), "special_day", "after a restore")


@test("postern holiday adds, shows and removes days, and says what holds on them")
def _():
    with House() as d:
        closed = day(d, 0)
        check(postern(d, "holiday", "list"), "")
        postern(d, "holiday", "add", "0", "2026-12-24", "--until", "2027-01-06", "--yearly", "--name", "Winter")
        postern(d, "holiday", "add", "0", str(closed))
        postern(d, "holiday", "group", "0", "--name", "Feiertage")
        postern(d, "holiday", "times", "5", "0", "1,2", "08:00-12:00,13:00-24:00", "--name", "short")
        check(postern(d, "holiday", "list").splitlines(),
              ["group 0 Feiertage:", "  2026-12-24 to 2027-01-06 each year Winter", f"  {closed}",
               "special 5 short: on days of group 0 schedules 1,2: 08:00-12:00,13:00-24:00"])
        check([json.loads(line) for line in postern(d, "holiday", "list", "--json").splitlines()], [
            {"group": 0, "name": "Feiertage", "enabled": True, "days": [
                {"place": 0, "from": "2026-12-24", "to": "2027-01-06", "yearly": True, "name": "Winter"},
                {"place": 1, "from": str(closed), "to": str(closed), "yearly": False, "name": ""}]},
            {"special": 5, "name": "short", "enabled": True, "group": 0, "schedules": [1, 2],
             "times": "08:00-12:00,13:00-24:00"}])
        for weekday in ("sun", "mon", "tue", "wed", "thu", "fri", "sat"):
            postern(d, "schedule", "set", "1", weekday, ALWAYS)
        insert(d, "t", "50", **{"TimeSections[0]": 1})
        postern(d, "holiday", "add", "0", str(day(d, 1)))  # midnight may pass
        postern(d, "holiday", "times", "5", "0", "1", "")
        check(said(d), "special_day")
        ensure("special 5 short: on days of group 0 schedules 1: closed\n" in postern(d, "holiday", "list"), "list")
        postern(d, "holiday", "group", "0", "--enabled", "no")
        check(said(d), "granted")
        postern(d, "holiday", "add", "0", str(day(d, 2)))
        check(said(d), "granted", "a group that was switched off stays so")
        postern(d, "holiday", "group", "0", "--enabled", "yes")
        check(said(d), "special_day")
        postern(d, "holiday", "forget", "5")
        check(said(d), "granted")
        postern(d, "holiday", "remove", "0", "Winter")
        postern(d, "holiday", "remove", "0", str(closed))
        shown = postern(d, "holiday", "list")
        ensure("Winter" not in shown and str(closed) not in shown and "2 days" not in shown, shown)
        postern(d, "holiday", "remove", "0")
        check(postern(d, "holiday", "list"), "")


@test("postern holiday says what is wrong")
def _():
    with House() as d:
        for words, err in ((("add", "128", "2026-05-01"), "GROUP: `128` is not a whole number from 0 to 127"),
                           (("add", "0", "1 May"), "a date that exists, as 2026-12-24"),
                           (("add", "0", "2026-02-29"), "a date that exists"),
                           (("times", "0", "0", "1", "8-9"), "times of a day are"),
                           (("times", "0", "0", "128", ""), "SCHEDULES"),
                           (("times", "0", "0", "1", "", "--enabled", "maybe"), "is not yes or no"),
                           (("group", "0"), "nothing to set"), (("forget", "x"), "NO")):
            postern(d, "holiday", *words, status=2, err=err)
        postern(d, "holiday", "add", "0", "2026-05-02", "--until", "2026-05-01", status=1,
                err="EndTime lies before StartTime")
        postern(d, "holiday", "remove", "0", "Easter", status=1, err="no day that begins on or is named `Easter`")
        check(postern(d, "holiday", "list"), "", "nothing was changed")
        for number in range(64):
            put_day(d, 0, number, "2026-05-01", "2026-05-01")
        postern(d, "holiday", "add", "0", "2026-05-02", status=1, err="group 0 has 64 days and takes no more")


@test("the library reads and changes all of it")
def _():
    with House() as d:
        status, out, err = run([program("sdk_special_days")], env={
            **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": PASSWORD})
        check(status, 0, out + err)


main()
