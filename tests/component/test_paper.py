#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the integration paper promises, asked of the real daemon with plain curl: its own example
URLs with the address changed; cards at virtual readers; records; both event streams."""
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse

from harness import Daemon, Failed, check, ensure, main, test, wait_until
from people import (ATTACH, CLEAR, CLOSE, FIND_CARDS, FIND_RECORDS, GET, GET_CONFIG, INSERT, OPEN,
                    REMOVE, SET_CONFIG, SIZE_CARDS, SNAP, STATUS, UPDATE, House, cards, encoded,
                    insert, opens, person, present, records, rows_of, size)

PAPER_INSERT = ("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard&CardName=ZhangSan"
                "&CardNo=12345&UserID=102&CardStatus=0&CardType=0&Password=123456&Doors[0]=1"
                "&Doors[1]=3&Doors[2]=5&VTOPosition=01018001&ValidDateStart=20151022%20093811"
                "&ValidDateEnd=20151222%20093811")
PAPER_STREAM = ("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
                "&Events=[AccessControl]&heartbeat=5")
PAPER_OPEN = "/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID=101&Type=Remote"
PAPER_CLOSE = "/cgi-bin/accessControl.cgi?action=closeDoor&channel=1&UserID=101&Type=Remote"
PAPER_FIND = ("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec&StartTime=123456700"
              "&EndTime=123456800&condition.CardNo=12001&count=100")
PAPER_PAGES = ("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
               "&StartTime=123456700&EndTime=153456800&condition.CardNo=12001&count=100",
               "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
               "&StartTime=140556698&EndTime=140586698&condition.CardNo=12001&count=100")
ALWAYS_PRESENT = {"RecNo", "CreateTime", "CardNo", "UserID", "Method"}
PAPER_KEYS = {"RecNo", "CreateTime", "CardNo", "CardName", "CardType", "UserID", "Type", "Status",
              "Method", "Door", "ReaderID", "ErrorCode"}


# --- the paper's own URLs ---

@test("the paper's insert, openDoor, closeDoor and find, as printed, with plain curl")
def _():
    with House(unlock="5min") as d:
        body = d.curl_ok(PAPER_INSERT)
        ensure(re.fullmatch(r"RecNo=\d+\r?\n", body), body)
        check(d.curl_ok(PAPER_OPEN).strip(), "OK")
        check(d.sim("lock 1"), "unlocked 1", "when openDoor was answered")
        check(d.curl_ok(PAPER_CLOSE).strip(), "OK")
        check(d.sim("lock 1"), "locked 1", "when closeDoor was answered")
        check(d.curl_ok(PAPER_FIND).split(), ["found=0", "totalCount=0"])
        for page in PAPER_PAGES:
            check(d.curl_ok(page).split(), ["found=0", "totalCount=0"])
        rows = records(d)
        check([(r["Command"], r["CommandType"], r["UserID"], r["Method"], r["Status"], r["Door"])
               for r in rows], [("openDoor", "Remote", "101", "4", "1", "0"),
                                ("closeDoor", "Remote", "101", "4", "1", "0")])
        check(d.curl_ok(STATUS + "&channel=1").strip(), "Info.status=Close")


@test("the paper's person is kept whole: doors that are not wired, VTOPosition, dates")
def _():
    with Daemon() as d:
        d.curl_ok(PAPER_INSERT)
        row = person(d, "102")
        for key, value in {"CardName": "ZhangSan", "CardNo": "12345", "CardStatus": "0",
                           "CardType": "0", "Doors[0]": "1", "Doors[1]": "3", "Doors[2]": "5",
                           "VTOPosition": "01018001", "ValidDateStart": "2015-10-22 09:38:11",
                           "ValidDateEnd": "2015-12-22 09:38:11", "IsValid": "false"}.items():
            check(row[key], value, key)
        ensure("Password" not in row, "a stored password came back")
        d.get(UPDATE + f"&recno={row['RecNo']}&ValidDateStart=&ValidDateEnd=")
        check(person(d, "102")["IsValid"], "true")
        check(present(d, 1, 12345)["Reason"], "no_right")
        check(present(d, 2, 12345)["Reason"], "granted")
        d.wait_lock(2, True)


class Curl:
    """A plain `curl` that reads a stream; text is what it has written so far."""

    def __init__(self, daemon, target):
        self.process = subprocess.Popen(
            ["curl", "-sS", "-N", "-g", "--digest", "-u", "admin:" + daemon.password,
             daemon.url + target], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def wait(self, pattern, timeout_s=15):
        def seen():
            self.text += (self.process.stdout.read() or b"").decode()
            return re.search(pattern, self.text)
        return wait_until(seen, f"{pattern!r} in the stream", timeout_s)


@test("the paper's stream, as printed, carries event and Heartbeat to plain curl")
def _():
    with House() as d:
        with Curl(d, PAPER_STREAM) as curl, \
                Curl(d, ATTACH + "&codes=[AccessControl]&heartbeat=1") as other:
            began = time.monotonic()
            other.wait(r"\r\n\r\nHeartbeat\r\n\r\n")
            insert(d, "102", "12345", CardName="ZhangSan")
            record = present(d, 1, 12345)
            event = curl.wait(r"(?s)--myboundary\r\nContent-Type: text/plain\r\n"
                              r"Content-Length: ?(\d+)\r\n\r\n(Events.*?)\r\n\r\n")
            body = event.group(2) + "\r\n"
            check(len(body), int(event.group(1)), "Content-Length")
            lines = dict(line.split("=", 1) for line in body.split("\r\n")[:-1])
            for key, value in {"Code": "AccessControl", "EventBaseInfo.Code": "AccessControl",
                               "EventBaseInfo.Action": "Pulse", "EventBaseInfo.Index": "0",
                               "CountInGroup": "1", "IndexInGroup": "1", "UserID": "102",
                               "CardName": "ZhangSan", "CardNo": "12345", "Status": "1",
                               "RecNo": record["RecNo"]}.items():
                check(lines["Events[0]." + key], value, key)
            ensure(re.fullmatch(r"\d+\.\d+", lines["Events[0].Data.PTS"]), "Data.PTS")
            ensure(int(lines["Events[0].GroupID"]) > 0, "GroupID")
            ensure(int(lines["Events[0].Seq"]) > 0, "Seq")
            event = other.wait(r"(?s)Code=AccessControl;action=Pulse;index=0;data=(\{.*?\n\})")
            data = json.loads(event.group(1))
            check((data["UserID"], data["CardNo"], data["RecNo"], data["Method"]),
                  ("102", "12345", int(record["RecNo"]), 1))
            curl.wait(r"--myboundary\r\nContent-Type: text/plain\r\n"
                      r"Content-Length: ?9\r\n\r\nHeartbeat\r\n\r\n")
            ensure(4.5 < time.monotonic() - began < 9, "Heartbeat after 5 s")


# --- the bytes of a stream ---

def parts_by_recv(d, target, cause, count):
    """Opens a stream, calls cause, and gives the head and what each of count recv calls brought."""
    with socket.create_connection(d.address, timeout=10) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: {d.host}\r\nAuthorization: "
                     f"{d.digest().header('GET', target)}\r\n\r\n".encode())
        head = sock.recv(65536)
        chunks = []

        def receive():
            while len(chunks) < count:
                chunks.append(sock.recv(65536))
        reader = threading.Thread(target=receive, daemon=True)
        reader.start()
        cause()
        reader.join(10)
        check(len(chunks), count, "parts")
        return head, chunks


def part_of(chunk):
    """The payload of a chunk that is exactly one part."""
    lines = chunk.split(b"\r\n", 4)
    check(lines[0], b"--myboundary")
    check(lines[1], b"Content-Type: text/plain")
    ensure(re.fullmatch(rb"Content-Length: ?\d+", lines[2]), repr(lines[2]))
    check(lines[3], b"")
    length = int(lines[2].split(b":")[1])
    check(lines[4][length:], b"\r\n\r\n", "what follows the payload")
    return lines[4][:length]


def one_part_per_recv(d, target, cause, count):
    """A busy machine may hand two parts to one recv, so a few tries; a server that glued or split
    its parts would fail every one."""
    for left in range(4, -1, -1):
        head, chunks = parts_by_recv(d, target, cause, count)
        try:
            return head, [part_of(chunk) for chunk in chunks]
        except (Failed, ValueError, IndexError):
            if left == 0:
                raise


@test("the head is that of devices: no length, no chunks; one part is one write of exact form")
def _():
    with House() as d:
        def cause():
            for channel in (1, 2, 1, 2):
                d.get(OPEN + f"&channel={channel}&UserID=7")
        for target, mark in ((SNAP + "&Events=[AccessControl]&heartbeat=1", b"Events[0]."),
                             (ATTACH + "&codes=[AccessControl]&heartbeat=1", b"Code=Acc")):
            head, payloads = one_part_per_recv(d, target, cause, 5)
            ensure(head.startswith(b"HTTP/1.1 200 OK\r\n"), repr(head))
            ensure(head.endswith(b"\r\n\r\n") and head.count(b"\r\n\r\n") == 1, repr(head))
            low = head.lower()
            ensure(b"content-length" not in low and b"transfer-encoding" not in low, repr(head))
            ensure(b"\r\ncontent-type: multipart/x-mixed-replace; boundary=myboundary\r\n" in low,
                   repr(head))
            for payload in payloads[:4]:
                ensure(payload.startswith(mark), repr(payload))
            check(payloads[4], b"Heartbeat")
            ends = [b"\r\n" if mark[0:1] == b"E" else b"}\n"] * 4
            check([p[-2:] for p in payloads[:4]], ends, "the payload's end")


@test("without heartbeat= none is sent")
def _():
    with House() as d:
        with d.stream(SNAP + "&Events=[AccessControl]") as silent, \
                d.stream(SNAP + "&Events=[AccessControl]&heartbeat=1") as beating:
            for _ in range(2):
                check(beating.next(), "Heartbeat")
            d.get(OPEN + "&channel=1&UserID=9")
            check(silent.next()["Events[0].UserID"], "9")


# --- cards ---

FORMATS = ("W26", "W34", "W66")


def wiegand26(number):
    """H10301: even parity over the first 12 of 24 bits, then the bits, then odd parity."""
    bits = f"{number:024b}"
    return (str(bits[:12].count("1") % 2) + bits + str(1 - bits[12:].count("1") % 2))


def edges(bits):
    """A capture of the frame: 50 us low, one bit every 2 ms."""
    lines = [f"{i * 2000000} {bit} 0\n{i * 2000000 + 50000} {bit} 1\n"
             for i, bit in enumerate(bits)]
    return "".join(lines)


def sim_lines(d, text):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(os.path.join(d.state, "sim.sock"))
        sock.sendall(text.encode())
        return sock.makefile("r").readline().strip()


def rec_no_of(event):
    return event.get("Events[0].RecNo")


def code_event(stream):
    """The next part of an eventManager stream: (code, action, index, data)."""
    text = stream.part()[1].decode()
    found = re.fullmatch(r"(?s)Code=(\w+);action=(\w+);index=(\d+);data=(\{.*\})\n", text)
    ensure(found, text)
    return found.group(1), found.group(2), int(found.group(3)), json.loads(found.group(4))


@test("edges of an enrolled card: lock, five subscribers and one record, all with one RecNo")
def _():
    with House() as d:
        number = 0x123456
        insert(d, "1", str(number), CardName="Zhang San")
        snaps = [d.stream(SNAP + "&Events=[AccessControl]") for _ in range(3)]
        codes = [d.stream(ATTACH + "&codes=[AccessControl]") for _ in range(2)]
        ways = [lambda f=f: d.sim(f"card 1 {number} {f}") for f in FORMATS]
        ways.append(lambda: d.sim(f"bits 1 {wiegand26(number)}"))
        ways.append(lambda: check(
            sim_lines(d, "edges 1\n" + edges(wiegand26(number)) + "end\n"), "ok"))
        for count, show in enumerate(ways, 1):
            show()
            opens(d, 1, count)
            rows = records(d)
            check(len(rows), count, "records")
            got = [rec_no_of(s.event()) for s in snaps]
            got += [str(code_event(s)[3]["RecNo"]) for s in codes]
            check(got, [rows[-1]["RecNo"]] * 5)
            check((rows[-1]["UserID"], rows[-1]["CardName"], rows[-1]["Reason"]),
                  ("1", "Zhang San", "granted"))
        for stream in snaps + codes:
            stream.close()


@test("the demo's readers take cards in all three formats")
def _():
    with Daemon() as d:
        insert(d, "1", "12345", doors=(0, 1))
        for reader in (1, 2, 3, 4):
            for form in FORMATS:
                check(present(d, reader, 12345, form)["Reason"], "granted", f"{reader} {form}")
        check(present(d, 1, 4294967296, "W66")["Reason"], "unknown_card")


def expect(d, events, reader, card, reason, code, status, unlocks, **more):
    """Shows the card; checks record, event, reader light and lock."""
    door = (reader - 1) % 2 + 1
    before = d.lock_count(door)
    row = present(d, reader, card)
    check((row["Reason"], row["ErrorCode"], row["Status"]), (reason, str(code), str(status)),
          f"card {card}")
    check((row["Method"], row["Door"], row["ReaderID"], row["Type"]),
          ("1", str(door - 1), str(reader), "Exit" if reader > 2 else "Entry"), f"card {card}")
    for key, value in more.items():
        check(row[key], value, f"card {card}: {key}")
    name, action, index, data = code_event(events)
    check((name, action, index, data["RecNo"], data["Reason"], data["Status"], data["ErrorCode"]),
          ("AccessControl", "Pulse", door - 1, int(row["RecNo"]), reason, status, code))
    opens(d, door, before + unlocks)
    return row


REFUSED_BY_STATUS = ((1, "card_lost", 17), (2, "card_cancelled", 17), (4, "card_frozen", 17),
                     (8, "card_arrears", 17), (16, "card_overdue", 17), (4 | 32, "card_frozen", 17),
                     (1 | 2 | 4 | 8 | 16, "card_lost", 17))


@test("unknown, lost, cancelled and frozen cards, in arrears or overdue, open nothing")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        expect(d, events, 1, 999, "unknown_card", 16, 0, False, UserID="", CardNo="999")
        check(d.sim("reader 1").split()[0], "denied")
        for number, (bits, reason, code) in enumerate(REFUSED_BY_STATUS, 100):
            insert(d, f"s{number}", str(number), CardStatus=bits, CardName="N")
            expect(d, events, 1, number, reason, code, 0, False, UserID=f"s{number}",
                   CardNo=str(number), CardName="N")


@test("pre-arrears opens and says so at reader, record and event; VIP opens")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        insert(d, "pre", "5", CardStatus=32)
        expect(d, events, 1, 5, "granted_pre_arrears", 0, 1, True)
        check(d.sim("reader 1").split()[0], "granted_pre_arrears")
        insert(d, "vip", "6", CardType=1)
        expect(d, events, 1, 6, "granted", 0, 1, True, CardType="1")
        check(d.sim("reader 1").split()[0], "granted")


@test("patrol, blocklist, mother: recorded, refused, and only the blocklist alarms")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events, \
            d.stream(ATTACH + "&codes=[AlarmLocal,Duress]") as alarms:
        for number, kind, reason, code in ((10, 3, "patrol", 25), (11, 255, "mother_card", 19),
                                           (12, 4, "blocklist", 16)):
            insert(d, reason, str(number), CardType=kind)
            expect(d, events, 1, number, reason, code, 0, False, CardType=str(kind))
        name, action, index, data = code_event(alarms)
        check((name, action, index, data["Kind"], data["UserID"], data["CardNo"]),
              ("AlarmLocal", "Pulse", 0, "blocklist", "blocklist", "12"))


@test("duress opens like any card at the reader, and alarms silently")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events, \
            d.stream(ATTACH + "&codes=[Duress,AlarmLocal]") as alarms:
        insert(d, "u", "20", CardType=5)
        row = expect(d, events, 1, 20, "granted_duress", 0, 1, True)
        check(d.sim("reader 1").split()[0], "granted")
        name, action, _, data = code_event(alarms)
        check((name, action, data["UserID"], data["RefRecNo"]),
              ("Duress", "Pulse", "u", int(row["RecNo"])))


@test("a guest has two uses; then find shows IsValid=false by itself")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        insert(d, "g", "30", CardType=2, UseTime=2)
        for left in (1, 0):
            check(person(d, "g")["IsValid"], "true")
            expect(d, events, 1, 30, "granted", 0, 1, True)
            check(person(d, "g")["UseTime"], str(left))
        check(person(d, "g")["IsValid"], "false")
        expect(d, events, 1, 30, "uses_spent", 20, 0, False)
        check(person(d, "g")["UseTime"], "0")


def local_now(d):
    text = d.get("/cgi-bin/global.cgi?action=getCurrentTime")
    return time.strptime(text.strip(), "result=%Y-%m-%d %H:%M:%S")


def shifted(moment, seconds, form="%Y%m%d %H%M%S"):
    import calendar
    return time.strftime(form, time.gmtime(calendar.timegm(moment) + seconds))


@test("expired, not yet valid, switched off; an end that passes turns IsValid to false")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        insert(d, "old", "40", ValidDateStart="20151022 093811", ValidDateEnd="20151222 093811")
        check(person(d, "old")["IsValid"], "false")
        expect(d, events, 1, 40, "expired", 20, 0, False)
        insert(d, "new", "41", ValidDateStart="2099-01-01 00:00:00")
        expect(d, events, 1, 41, "not_yet_valid", 20, 0, False)
        insert(d, "off", "42", IsValid="false")
        check(person(d, "off")["IsValid"], "false")
        expect(d, events, 1, 42, "not_valid", 20, 0, False)
        insert(d, "soon", "43", ValidDateEnd=shifted(local_now(d), 3))
        check(person(d, "soon")["IsValid"], "true")
        expect(d, events, 1, 43, "granted", 0, 1, True)
        wait_until(lambda: person(d, "soon")["IsValid"] == "false", "the end of validity")
        expect(d, events, 1, 43, "expired", 20, 0, False)


@test("dates are local time of the device's zone")
def _():
    with House(env={"TZ": "XYZ-5"}) as d:
        now = local_now(d)
        hours = (time.mktime(now) - time.mktime(time.gmtime())) / 3600
        check(round(hours), 5, "hours before UTC")
        insert(d, "a", "1", ValidDateStart=shifted(now, -60), ValidDateEnd=shifted(now, 60))
        check(present(d, 1, 1)["Reason"], "granted")
        insert(d, "b", "2", ValidDateStart=shifted(now, -18000), ValidDateEnd=shifted(now, -60))
        check(present(d, 1, 2)["Reason"], "expired")
        check(person(d, "a")["ValidDateStart"], shifted(now, -60, "%Y-%m-%d %H:%M:%S"))


@test("schedules: not now refuses, now opens, not enabled refuses, 255 and none always")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        today = (local_now(d).tm_wday + 1) % 7  # 0 is Sunday
        other = (today + 3) % 7
        row = insert(d, "t", "50", **{"TimeSections[0]": 1})
        base = SET_CONFIG + "&AccessTimeSchedule[1]."
        check(d.get(base + f"Name=Office&AccessTimeSchedule[1].Enable=true&"
                    f"AccessTimeSchedule[1].TimeSchedule[{other}][0]=1%2000:00:00-24:00:00"),
              "OK\r\n")
        expect(d, events, 1, 50, "outside_schedule", 32, 0, False)
        check(d.get(base + f"TimeSchedule[{today}][0]=1%2000:00:00-23:59:59"), "OK\r\n")
        expect(d, events, 1, 50, "granted", 0, 1, True)
        shown = d.get(GET_CONFIG + "&name=AccessTimeSchedule[1]")
        for line in ("Name=Office", "Enable=true", f"TimeSchedule[{today}][0]=1 00:00:00-23:59:59"):
            ensure(f"table.AccessTimeSchedule[1].{line}\r\n" in shown, f"{line} in {shown}")
        check(d.get(base + "Enable=false"), "OK\r\n")
        expect(d, events, 1, 50, "outside_schedule", 32, 0, False)
        for sections in ({"TimeSections[0]": 255}, {"TimeSections": "[0]"}):
            d.get(UPDATE + f"&recno={row}" + encoded(sections))
            expect(d, events, 1, 50, "granted", 0, 1, True)
        insert(d, "n", "51")
        expect(d, events, 1, 51, "granted", 0, 1, True)


@test("a right is for its door; entry and exit readers say so")
def _():
    with House() as d, d.stream(ATTACH + "&codes=[AccessControl]") as events:
        insert(d, "one", "60", doors=(0,))
        insert(d, "two", "61", doors=(1,))
        insert(d, "none", "62", doors=())
        expect(d, events, 1, 60, "granted", 0, 1, True)
        expect(d, events, 3, 60, "granted", 0, 1, True)
        expect(d, events, 2, 60, "no_right", 18, 0, False)
        expect(d, events, 4, 61, "granted", 0, 1, True)
        expect(d, events, 1, 61, "no_right", 18, 0, False)
        expect(d, events, 1, 62, "no_right", 18, 0, False)


@test("a removed, a cleared and a changed card open nothing from the answer on")
def _():
    with House() as d:
        row = insert(d, "a", "70")
        check(present(d, 1, 70)["Reason"], "granted")
        d.wait_lock(1, False)
        check(d.get(UPDATE + f"&recno={row}&CardNo=71"), "OK\r\n")
        check(present(d, 1, 70)["Reason"], "unknown_card")
        check(present(d, 1, 71)["Reason"], "granted")
        d.wait_lock(1, False)
        check(d.get(REMOVE + f"&recno={row}"), "OK\r\n")
        check(present(d, 1, 71)["Reason"], "unknown_card")
        insert(d, "b", "72")
        check(d.get(CLEAR), "OK\r\n")
        check(present(d, 1, 72)["Reason"], "unknown_card")


@test("the same denial again and again is counted, not recorded without end")
def _():
    with House() as d:
        for _ in range(13):
            d.sim("card 2 4711 W26")
        wait_until(lambda: size(d) >= 10, "ten records")
        d.sim("card 1 1 W26")  # another reader is not affected
        wait_until(lambda: records(d)[-1]["Door"] == "0", "the other reader's record")
        check(len([r for r in records(d) if r["CardNo"] == "4711"]), 10)


@test("a frame no format reads is recorded as unreadable, bits with bad parity too")
def _():
    with House() as d:
        good = wiegand26(4711)
        for number, bits in enumerate(("01011", "0" * 25, good[:-1] + str(1 - int(good[-1])),
                                       "1" * 66), 1):
            d.sim("bits 1 1")  # one to three bits are noise
            d.sim("bits 1 0101")  # a keypad's key
            d.sim(f"bits 1 {bits}")
            row = wait_until(lambda: records(d, AfterRecNo=number - 1), f"a record of {bits}")[-1]
            check((row["RecNo"], row["Reason"], row["Status"], row["ErrorCode"], row["UserID"]),
                  (str(number), "unreadable", "0", "16", ""), bits)
        d.sim("bits 1 " + "1" * 67)  # more than any frame has
        insert(d, "1", "4711")
        check(present(d, 1, 4711, "W26")["RecNo"], "5")
        opens(d, 1)


# --- doors ---

@test("the exit button opens and is recorded: Method 5, Exit")
def _():
    with House() as d, d.stream(SNAP + "&Events=[AccessControl]") as events:
        d.sim("rex 2")
        opens(d, 2)
        event = events.event()
        row = records(d)[0]
        check((row["Method"], row["Type"], row["Status"], row["Door"], row["Reason"]),
              ("5", "Exit", "1", "1", "exit_button"))
        check(rec_no_of(event), row["RecNo"])


@test("closeDoor locks at once, before the time is over; both keep UserID and Type")
def _():
    with House(unlock="5min") as d:
        insert(d, "a", "80")
        check(present(d, 1, 80)["Reason"], "granted")
        d.wait_lock(1, True)
        check(d.get(CLOSE + "&channel=1&UserID=Guard%20%C3%A9&Type=Phone"), "OK\r\n")
        check(d.sim("lock 1"), "locked 1")
        row = records(d)[-1]
        check((row["Command"], row["CommandType"], row["UserID"], row["Method"]),
              ("closeDoor", "Phone", "Guard é", "4"))
        check(d.get(OPEN + "&Type=Remote&UserID=80&channel=2"), "OK\r\n")
        check(d.sim("lock 2"), "unlocked 1")
        check(d.get(OPEN.replace("openDoor", "closeDoor") + "&channel=2"), "OK\r\n")
        check(d.sim("lock 2"), "locked 1")
        row = records(d)[-1]
        check((row["CommandType"], row["UserID"]), ("Remote", ""))


@test("getDoorStatus, DoorStatus, BreakIn and DoorNotClosed follow the contact")
def _():
    with House(unlock="1s") as d, d.stream(
            ATTACH + "&codes=[DoorStatus,BreakIn,DoorNotClosed,ChassisIntruded]") as events:
        def status(word):
            wait_until(lambda: d.get(STATUS + "&channel=1") == f"Info.status={word}\r\n", word)

        status("Close")
        d.get(OPEN + "&channel=1")
        d.sim("contact 1 open")
        status("Open")
        check(code_event(events)[3]["Status"], "Open")
        wait_until(lambda: d.sim("reader 1").startswith("held_warning"), "the warning")
        check(code_event(events)[:3], ("DoorNotClosed", "Start", 0))
        check(d.get("/cgi-bin/eventManager.cgi?action=getEventIndexes&code=DoorNotClosed"),
              "channels[0]=0\r\n")
        d.sim("contact 1 closed")
        status("Close")
        check(sorted(code_event(events)[:2] for _ in range(2)),
              [("DoorNotClosed", "Stop"), ("DoorStatus", "Pulse")])
        d.wait_lock(1, False)
        time.sleep(0.2)  # forced_grace
        d.sim("contact 1 open")
        status("Break")
        check(sorted(code_event(events)[:2] for _ in range(2)),
              [("BreakIn", "Start"), ("DoorStatus", "Pulse")])
        d.sim("contact 1 closed")
        status("Close")
        check(("BreakIn", "Stop") in [code_event(events)[:2] for _ in range(2)], True)
        d.sim("tamper 1 on")
        check(code_event(events)[:2], ("ChassisIntruded", "Start"))
        d.sim("tamper 1 off")
        check(code_event(events)[:2], ("ChassisIntruded", "Stop"))
        check(d.get("/cgi-bin/eventManager.cgi?action=getEventIndexes&code=DoorNotClosed"),
              "Error: No Events\r\n")


# --- rows of persons ---

@test("get, update and remove; a second remove is as good; numbers are not used again")
def _():
    with House() as d:
        first = insert(d, "1", "90", CardName="Ivanova Anna")
        text = d.get(GET + f"&recno={first}")
        shown = dict(line.split("=", 1) for line in text.split("\r\n")[:-1])
        check((shown["RecNo"], shown["CardName"], shown["Doors[0]"]),
              (str(first), "Ivanova Anna", "0"))
        check(shown, person(d, "1"), "get and find")
        d.get(UPDATE + f"&recno={first}&CardStatus=4&VTOPosition=0099")
        changed = person(d, "1")
        check({k for k in shown if shown[k] != changed[k]}, {"CardStatus", "VTOPosition"})
        d.get(UPDATE + f"&RECNO={first}&Doors[0]=1&Doors[2]=0")
        changed = person(d, "1")
        check([k for k in changed if k.startswith("Doors")], ["Doors[0]", "Doors[2]"])
        for _ in range(2):
            check(d.get(REMOVE + f"&recno={first}"), "OK\r\n")
        check(d.request(GET + f"&recno={first}").status, 400)
        check(d.request(UPDATE + f"&recno={first}&CardName=x").status, 400)
        second = insert(d, "1", "90")
        ensure(second > first, "a number was used again")
        check(d.get(CLEAR), "OK\r\n")
        check(size(d, SIZE_CARDS), 0)
        ensure(insert(d, "1", "90") > second, "a number was used again after clear")


def refused_with_code(d, target, code):
    reply = d.request(target)
    check((reply.status, reply.text), (400, f'{{"code":{code},"message":""}}'), target)
    check(reply.headers["content-type"], ["application/json"])


@test("one row for a UserID, one person for a card; zeros in front mean the same card")
def _():
    with House() as d:
        first = insert(d, "1", "000123")
        other = insert(d, "2", "77")
        refused_with_code(d, INSERT + "&UserID=1&CardNo=9", 286064929)
        for card in ("000123", "123", "0000000000123"):
            refused_with_code(d, INSERT + f"&UserID=3&CardNo={card}", 286064930)
            refused_with_code(d, UPDATE + f"&recno={other}&CardNo={card}", 286064930)
        refused_with_code(d, UPDATE + f"&recno={other}&UserID=1", 286064929)
        check(size(d, SIZE_CARDS), 2)
        check(person(d, "1")["CardNo"], "000123")
        for card in ("123", "000123", "00000123"):
            check([r["UserID"] for r in cards(d, CardNo=card)], ["1"], card)
        check(d.get(UPDATE + f"&recno={first}&CardNo=0123"), "OK\r\n")
        check(present(d, 1, 123)["CardNo"], "0123")
        for user in ("x", "y"):
            insert(d, user, "")
        check(size(d, SIZE_CARDS), 4)


@test("brackets literal or encoded, names in any case, lists, POST in three ways")
def _():
    with House() as d:
        tail = "UserID={}&CardNo={}&Doors[0]=1&Doors[1]=0&TimeSections[0]=255"
        path = "/cgi-bin/recordUpdater.cgi"
        form = "application/x-www-form-urlencoded"
        query = "?action=insert&name=AccessControlCard&"
        ways = (
            lambda t: d.curl_ok(path + query + t),
            lambda t: d.curl_ok(path + query + t.replace("[", "%5B").replace("]", "%5D")),
            lambda t: d.curl_ok(path + query + t.lower()),
            lambda t: d.curl_ok(path + query + t.upper()),
            lambda t: d.curl_ok(path + "?" + t + "&name=AccessControlCard&action=insert"),
            lambda t: d.curl_ok(path + query + re.sub(
                "Doors.*", "Doors=[1,0]&TimeSections=[255]", t)),
            lambda t: d.curl_ok(path + query + t, "-X", "POST", "-d", ""),
            lambda t: d.curl_ok(path + query[:-1], "-d", t),
            lambda t: d.curl_ok(path, "-d", query[1:] + t),
            lambda t: d.curl_ok(path + "?action=insert", "-H", f"Content-Type: {form}; charset=x",
                                "-d", "name=AccessControlCard&" + t),
        )
        for number, way in enumerate(ways, 1):
            ensure(way(tail.format(number, number)).startswith("RecNo="), f"way {number}")
            row = person(d, str(number))
            check((row["CardNo"], row["Doors[0]"], row["Doors[1]"], row["TimeSections[0]"]),
                  (str(number), "1", "0", "255"), f"way {number}")
        check(d.curl_ok("/cgi-bin/accessControl.cgi?action=openDoor&CHANNEL=2").strip(), "OK")
        check(d.curl_ok("/cgi-bin/accessControl.cgi", "-d", "action=openDoor&channel=1").strip(),
              "OK")
        check(d.get(STATUS + "&Channel=1"), "Info.status=Close\r\n")
        rows = rows_of(d.curl_ok("/cgi-bin/recordFinder.cgi", "-d",
                                 "action=find&name=AccessControlCard&condition.userid=3")
                       .replace("\n", "\r\n"))[2]
        check([r["UserID"] for r in rows], ["3"])


@test("names in UTF-8: 32 characters; a plus is a plus in a URL and a blank in a form")
def _():
    with House() as d:
        longest = "界" * 32
        insert(d, "1", "1", CardName=longest)
        check(person(d, "1")["CardName"], longest)
        d.get(INSERT + "&UserID=2&CardNo=2&CardName=a+b")
        check(person(d, "2")["CardName"], "a+b")
        d.curl_ok("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard", "-d",
                  "UserID=3&CardNo=3&CardName=a+b")
        check(person(d, "3")["CardName"], "a b")
        insert(d, "4", "4", CardName='=;"\\%&<é')
        check(person(d, "4")["CardName"], '=;"\\%&<é')
        with d.stream(ATTACH + "&codes=[AccessControl]") as events:
            present(d, 1, 4)
            text = events.part()[1].decode()
            check(text.count(";"), 3, "the name's `;` would split the line")
            check(json.loads(text.split("data=")[1])["CardName"], '=,"\\%&<é')


@test("every field of a row comes back; what is harmless is kept")
def _():
    with House() as d:
        fields = {"CardName": "Zhang", "CardStatus": "33", "CardType": "255", "UserType": "5",
                  "UseTime": "200", "FirstEnter": "false", "Handicap": "true",
                  "RepeatEnterRouteTimeout": "4294967295", "DynamicCheckCode": "abc",
                  "CitizenIDNo": "342000000000000000", "VTOPosition": "007",
                  "ValidDateStart": "2020-02-29 00:00:00", "ValidDateEnd": "2099-12-31 23:59:59",
                  "Doors[0]": "0", "Doors[127]": "65534", "TimeSections[0]": "255",
                  "TimeSections[127]": "3", "IsValid": "true"}
        insert(d, "all", "0042", doors=(), **fields)
        row = person(d, "all")
        for key, value in fields.items():
            check(row[key], value, key)
        check(set(row) - set(fields), {"CardNo", "UserID", "RecNo"})


CANARY = "86420951-canary"


@test("a password is in no answer, no log line, no banner and no file in clear")
def _():
    with House() as d, d.stream(SNAP + "&Events=[All]&afterSeq=0") as events:
        row = insert(d, "p", "95", Password=CANARY)
        d.get(UPDATE + f"&recno={row}&Password={CANARY}2")
        d.request(INSERT + f"&UserID=q&CardNo=1&Password={CANARY}&CardType=77")
        d.request(INSERT + f"&UserID=q&CardNo=1&Passwort={CANARY}")
        d.request(INSERT + f"&Password={CANARY}%00")
        d.request("/cgi-bin/recordUpdater.cgi", method="POST",
                  body=f"action=insert&name=AccessControlCard&UserID=r&CardNo=3&"
                       f"Password={CANARY}".encode())
        present(d, 1, 95)
        seen = [d.get(FIND_CARDS), d.get(GET + f"&recno={row}"), d.get(FIND_RECORDS)]
        for _ in range(3):
            seen.append(events.part()[1].decode())
        for text in seen:
            ensure("assword" not in text and CANARY not in text, text)
        d.stop()
        for name in os.listdir(d.state):
            path = os.path.join(d.state, name)
            if os.path.isfile(path) and name != "admin.password":
                with open(path, "rb") as file:
                    data = file.read()
                ensure(CANARY.encode() not in data, f"{name} holds a password in clear")
                ensure(b"correct horse" not in data, f"{name} holds the account's password")
        ensure(CANARY not in d.log + d.banner, "the log holds a password")


# --- records ---

def fill(d, count):
    """count records: commands of alternating doors and users; the allowance is 30 a door."""
    for i in range(count):
        d.get((OPEN if i % 3 else CLOSE) + f"&channel={i % 2 + 1}&UserID=u{i % 3}")


@test("records carry every key that is always there, and the paper's keys, in order")
def _():
    with House() as d:
        insert(d, "1", "12001", CardName="ZhangSan")
        present(d, 1, 12001)
        present(d, 3, 999)
        d.get(OPEN + "&channel=1")
        d.sim("rex 1")
        wait_until(lambda: size(d) == 4, "four records")
        rows = records(d)
        for row in rows:
            check(ALWAYS_PRESENT - set(row), set())
            check(list(row), sorted(row), "alphabetical order")
            ensure(abs(int(row["CreateTime"]) - time.time()) < 60, row["CreateTime"])
        check(PAPER_KEYS - set(rows[0]), set(), "the paper's keys")
        check([int(r["RecNo"]) for r in rows], [1, 2, 3, 4])
        now = int(time.time())
        text = d.curl_ok(PAPER_FIND.replace("123456700", str(now - 600))
                         .replace("123456800", str(now + 600)))
        ensure(text.startswith("found=1\r\ntotalCount=1\r\nrecords[0].") or
               text.startswith("found=1\ntotalCount=1\nrecords[0]."), text)
        ensure("records[0].CardNo=12001" in text and "records[0].CardName=ZhangSan" in text, text)


@test("count, StartTime, EndTime, both ends included, oldest first")
def _():
    with House() as d:
        fill(d, 6)
        time.sleep(1.1)
        fill(d, 6)
        every = records(d)
        times = [int(r["CreateTime"]) for r in every]
        keys = [(int(r["CreateTime"]), int(r["RecNo"])) for r in every]
        check(keys, sorted(keys))
        first, last = times[0], times[-1]

        def asked(**parameters):
            found, total, rows = rows_of(d.get(FIND_RECORDS + encoded(parameters)))
            return found, total, [int(r["RecNo"]) for r in rows]

        def those(begin, end):
            return [int(r["RecNo"]) for r, t in zip(every, times) if begin <= t <= end]

        for begin, end in ((first, first), (last, last), (first, last), (first + 1, last),
                           (0, first - 1), (last + 1, 253402300799), (last, first)):
            want = those(begin, end)
            check(asked(StartTime=begin, EndTime=end), (len(want), len(want), want))
            check(asked(StartTime=begin), (len(those(begin, 1 << 60)),) * 2 +
                  (those(begin, 1 << 60),))
            check(asked(EndTime=end), (len(those(0, end)),) * 2 + (those(0, end),))
        check(asked(count=5), (5, 12, [1, 2, 3, 4, 5]))
        check(asked(count=5000), (12, 12, list(range(1, 13))))
        check(asked(AfterRecNo=10), (2, 2, [11, 12]))
        check(asked(AfterRecNo=12), (0, 0, []))
        check(asked(AfterRecNo=0, count=1), (1, 12, [1]))


@test("the conditions of records, alone and together, and getQuerySize with them")
def _():
    with House() as d:
        insert(d, "u1", "0077")
        fill(d, 9)
        present(d, 1, 77)
        present(d, 2, 77)
        every = records(d)

        def holds(row, wish):
            return all(row[key].lstrip("0") == str(value).lstrip("0") for key, value in
                       wish.items())

        for wish in ({"UserID": "u1"}, {"UserID": "u9"}, {"CardNo": "77"}, {"CardNo": "0077"},
                     {"Door": 0}, {"Door": 1}, {"Status": 0}, {"Status": 1}, {"Method": 1},
                     {"Method": 4}, {"Method": 15}, {"UserID": "u1", "Door": 1},
                     {"CardNo": "77", "Status": 0}):
            want = [r["RecNo"] for r in every if holds(r, wish)]
            query = {f"condition.{key}": value for key, value in wish.items()}
            found = records(d, **query)
            check([r["RecNo"] for r in found], want, str(wish))
            check(size(d, "/cgi-bin/recordFinder.cgi?action=getQuerySize&name=AccessControlCardRec"
                       + encoded(query)), len(want), str(wish))
        check(len(records(d, **{"condition.UserID": ""})), len(every), "empty is left out")


@test("doSeekFind pages by offset, and past the end finds nothing")
def _():
    with House() as d:
        fill(d, 10)
        for user in range(5):
            insert(d, f"p{user}", str(user + 1))
        for table, key, every in (
                ("AccessControlCardRec", "RecNo", [str(n) for n in range(1, 11)]),
                ("AccessControlCard", "UserID", [f"p{n}" for n in range(5)])):
            target = f"/cgi-bin/recordFinder.cgi?action=doSeekFind&name={table}"
            got, offset = [], 0
            while True:
                found, total, rows = rows_of(d.get(target + f"&count=3&offset={offset}"))
                check(total, len(every))
                if found == 0:
                    break
                got += [r[key] for r in rows]
                offset += found
            check(got, every)
            check(d.get(target + "&offset=99999&count=1").split()[0], "found=0")


@test("afterSeq and afterRecNo resume a stream where it was left, without gap or double")
def _():
    with House() as d:
        fill(d, 6)
        with d.stream(SNAP + "&Events=[All]&afterSeq=0") as stream:
            seqs = [int(stream.event()["Events[0].Seq"]) for _ in range(8)]
            check(seqs, list(range(1, 9)))
        with d.stream(SNAP + "&Events=[All]&afterSeq=5") as stream:
            check([int(stream.event()["Events[0].Seq"]) for _ in range(3)], [6, 7, 8])
        with d.stream(SNAP + "&Events=[AccessControl]&afterRecNo=2") as stream:
            check([rec_no_of(stream.event()) for _ in range(4)], ["3", "4", "5", "6"])
            d.get(OPEN + "&channel=1&UserID=later")
            event = stream.event()
            check((rec_no_of(event), event["Events[0].UserID"]), ("7", "later"))
        with d.stream(ATTACH + "&codes=[AccessControl]&afterRecNo=6") as stream:
            check(code_event(stream)[3]["RecNo"], 7)
        with d.stream(SNAP + "&Events=[AccessControl]&afterRecNo=7") as stream:
            d.get(OPEN + "&channel=2&UserID=last")
            check(rec_no_of(stream.event()), "8")


@test("a stream goes on behind a restart of its processes by afterSeq")
def _():
    with House() as d:
        fill(d, 4)
        check(d.stop(), 0)
        d.start()
        d.get(OPEN + "&channel=1&UserID=new")
        with d.stream(SNAP + "&Events=[AccessControl]&afterRecNo=3") as stream:
            check([rec_no_of(stream.event()) for _ in range(2)], ["4", "5"])


@test("Events= and codes= select: one, several, All; codes that never occur are accepted")
def _():
    with House() as d:
        wishes = {"[AccessControl]": {"AccessControl"}, "AccessControl": {"AccessControl"},
                  "[DoorStatus]": {"DoorStatus"},
                  "[AccessControl,DoorStatus]": {"AccessControl", "DoorStatus"},
                  "[AccessControl%2CDoorStatus]": {"AccessControl", "DoorStatus"},
                  "%5BDoorStatus%5D": {"DoorStatus"},
                  "[CitizenPictureCompare]": set(), "[VideoMotion,DoorStatus]": {"DoorStatus"},
                  "[All]": {"AccessControl", "DoorStatus", "PosternSystem"},
                  "All": {"AccessControl", "DoorStatus", "PosternSystem"}}
        streams = [(wish, codes, d.stream(SNAP + f"&Events={wish}&heartbeat=1"))
                   for wish, codes in wishes.items()]
        streams += [(wish, codes, d.stream(ATTACH + f"&codes={wish}&heartbeat=1"))
                    for wish, codes in wishes.items()]
        d.get(OPEN + "&channel=2&UserID=1")
        d.sim("contact 2 open")
        wait_until(lambda: "Open" in d.get(STATUS + "&channel=2"), "the contact")
        for wish, codes, stream in streams:
            got, beats = set(), 0
            while beats < 2 or (beats < 10 and not codes <= got):
                text = stream.part()[1].decode()
                if text == "Heartbeat":
                    beats += 1
                else:
                    got.add(re.search(r"(?:^|\.|\n)Code=(\w+)", text).group(1))
            check(got, codes, wish)
            stream.close()


# --- the rest of the device ---

@test("magicBox, global, eventManager and configManager answer as devices do")
def _():
    with House() as d:
        box = "/cgi-bin/magicBox.cgi?action="
        for action, pattern in {
                "getDeviceType": r"type=.+", "getSerialNo": r"sn=\w{8,}",
                "getSoftwareVersion": r"version=.+", "getHardwareVersion": r"version=.+",
                "getMachineName": r"name=.+", "getVendor": r"vendor=.+",
                "getDeviceClass": r"class=\w+"}.items():
            ensure(re.fullmatch(pattern + "\r\n", d.get(box + action)), action)
        info = dict(line.split("=", 1) for line in d.get(box + "getSystemInfo").split("\r\n")[:-1])
        check(d.get(box + "getSerialNo"), f"sn={info['serialNumber']}\r\n")
        reply = d.request(box + "getProductDefinition&name=MaxExtraStream")
        ensure(reply.status == 400 and "no camera" in reply.text, reply.text)
        ensure("Login to " + info["serialNumber"] in d.challenges()[0], "the realm")
        check(abs(time.mktime(local_now(d)) - time.time()) < 5, True)
        reply = d.request("/cgi-bin/global.cgi?action=setCurrentTime&time=2026-08-11%2011:47:40")
        ensure(400 <= reply.status < 600 and reply.text.startswith("Error\r\n"), reply.text)
        ensure(abs(time.mktime(local_now(d)) - time.time()) < 5, "the clock moved")
        for line in d.get("/cgi-bin/eventManager.cgi?action=getCaps").split("\r\n")[:-1]:
            ensure(line.startswith("caps."), line)
        text = d.get(GET_CONFIG + "&name=AccessControl")
        for line in ("table.AccessControl[0].Name=front", "table.AccessControl[1].Name=back",
                     "table.AccessControl[0].UnlockHoldInterval=200"):
            ensure(line + "\r\n" in text, line)
        one = d.get(GET_CONFIG + "&name=AccessControl[1]")
        ensure(all(line.startswith("table.AccessControl[1].")
                   for line in one.split("\r\n")[:-1]) and one, one)
        ensure("table.General.MachineName=" in d.get(GET_CONFIG + "&name=General"), "General")


@test("answers are plain text, with their length, and not to be cached")
def _():
    with House() as d:
        reply = d.request(STATUS + "&channel=1")
        check(reply.headers["content-type"], ["text/plain;charset=utf-8"])
        check(reply.headers["content-length"], [str(len(reply.body))])
        check(reply.headers["cache-control"], ["no-store"])
        check(reply.headers["referrer-policy"], ["no-referrer"])
        ensure("access-control-allow-origin" not in reply.headers, "a CORS header")


@test("SHA-256 digests are as good as MD5; MD5 stands first; a uri may be signed unencoded")
def _():
    with House() as d:
        first, second = d.challenges()
        ensure("algorithm=MD5" in first or "algorithm" not in first, first)
        ensure("SHA-256" in second, second)
        target = STATUS + "&channel=1"
        check(d.request(target, digest=d.digest(algorithm="SHA-256")).status, 200)
        digest = d.digest()
        for _ in range(3):  # nc 1, 2, 3 of one nonce
            check(d.request(target, digest=digest).status, 200)
        sent = SNAP.replace("[", "%5B").replace("]", "%5D") + "&Events=%5BAll%5D"
        signed = urllib.parse.unquote(sent)
        reply = d.raw(f"GET {sent}&channel=2 HTTP/1.1\r\nHost: {d.host}\r\nAuthorization: "
                      f"{d.digest().header('GET', sent, uri=signed + '&channel=2')}\r\n\r\n"
                      .encode())
        check(reply.status, 400, "signed as [All], sent as %5BAll%5D: known, and channel 2 refused")


main()
