#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a clear error and changes nothing: values, bytes, heads, credentials, other sites.

Every request here is signed rightly unless the test is about the signature, and asks for something
that would show: so a refusal that came too late, or not at all, is seen.
"""
import base64
import hashlib
import os
import re
import socket

from harness import Connection, Digest, check, ensure, main, test, wait_until
from people import (ATTACH, CLEAR, CLOSE, CONFIG, FIND_CARDS, FIND_RECORDS, GET, GET_CONFIG, INSERT, OPEN,
                    REMOVE, SET_CONFIG, SIZE_CARDS, SIZE_RECORDS, SNAP, STATUS, UPDATE, House,
                    insert, person, records, size)

INFO = "/cgi-bin/magicBox.cgi?action=getDeviceType"
OPEN_1 = OPEN + "&channel=1"
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/cgi.md")


def digest_of(d):
    """What must not change: rows, records, schedules, and where the locks are."""
    seen = [d.get(t) for t in (FIND_CARDS, FIND_RECORDS, SIZE_CARDS, SIZE_RECORDS,
                               GET_CONFIG + "&name=AccessTimeSchedule")]
    seen += [d.sim(f"lock {door}") for door in (1, 2)]
    return hashlib.sha256("\0".join(seen).encode()).hexdigest()


def furnished():
    """A house with something in it that could be changed: row 1 is person 5 with card 5."""
    d = House()
    insert(d, "5", "5", ValidDateStart="20100101 000000", CardName="Five")
    d.get(CLOSE + "&channel=2")
    d.get(SET_CONFIG + "&AccessTimeSchedule[1].Name=Office&AccessTimeSchedule[1].Enable=true"
          "&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2008:00:00-18:00:00")
    return d


def refused(reply, words, status=400, line="Bad Request!", what=""):
    lines = reply.text.split("\r\n")
    check((reply.status, lines[0], lines[1], lines[-1]), (status, "Error", line, ""),
          f"{what}: {reply.text!r}")
    detail = [text for text in lines if text.startswith("Detail=")]
    ensure(len(detail) == 1 and words in detail[0], f"{what}: {detail} does not say {words!r}")


ROW = INSERT + "&UserID=9&CardNo=9"
CONTROL = "control character"
VALUES = (
    (ROW + "&CardName=" + "a" * 33, "CardName has 33 characters, at most 32"),
    (ROW + "&CardName=" + "%E7%95%8C" * 33, "CardName has 33 characters, at most 32"),
    (ROW + "&ValidDateStart=2015", "ValidDateStart"),
    (ROW + "&ValidDateEnd=20151322%20093811", "ValidDateEnd"),
    (ROW + "&ValidDateEnd=20150230%20093811", "ValidDateEnd"),
    (ROW + "&ValidDateEnd=20150220%20240000", "ValidDateEnd"),
    (ROW + "&ValidDateEnd=2015-02-20T09:38:11", "ValidDateEnd"),
    (ROW + "&ValidDateStart=20160101%20000000&ValidDateEnd=20150101%20000000",
     "ValidDateEnd lies before ValidDateStart"),
    (INSERT + "&UserID=9", "CardNo is missing"),
    (INSERT + "&CardNo=9", "UserID is missing"),
    (INSERT + "&CardNo=9&UserID=", "UserID is empty"),
    (INSERT + "&UserID=9&CardNo=" + "1" * 33, "CardNo has 33 bytes"),
    (INSERT + "&CardNo=9&UserID=" + "u" * 65, "UserID has 65 bytes"),
    (ROW + "&Password=" + "p" * 65, "Password has 65 bytes"),
    (ROW + "&VTOPosition=" + "v" * 33, "VTOPosition has 33 bytes"),
    (ROW + "&DynamicCheckCode=" + "v" * 33, "DynamicCheckCode has 33 bytes"),
    (ROW + "&CitizenIDNo=" + "v" * 33, "CitizenIDNo has 33 bytes"),
    (ROW + "&Doors[128]=0", "Doors[128]"), (ROW + "&Doors[-1]=0", "Doors[-1]"),
    (ROW + "&Doors[4294967296]=0", "Doors[4294967296]"), (ROW + "&Doors[a]=0", "Doors[a]"),
    (ROW + "&Doors[]=1", "Doors[]"), (ROW + "&Doors[0]=x", "Doors[0]"),
    (ROW + "&Doors[0]=-1", "Doors[0]"), (ROW + "&Doors[0]=65535", "Doors[0]"),
    (ROW + "&Doors[0]=1&Doors[0]=2", "Doors[0] is given twice"), (ROW + "&Doors=[1,", "Doors"),
    (ROW + "&TimeSections[0]=256", "TimeSections[0]"),
    (ROW + "&TimeSections[128]=1", "TimeSections[128]"),
    (ROW + "&CardStatus=64", "CardStatus"), (ROW + "&CardStatus=-1", "CardStatus"),
    (ROW + "&CardStatus=", "CardStatus is empty"), (ROW + "&CardStatus=0x1", "CardStatus"),
    (ROW + "&CardType=6", "CardType"), (ROW + "&CardType=254", "CardType"),
    (ROW + "&CardType=256", "CardType"), (ROW + "&UserType=6", "UserType"),
    (ROW + "&IsValid=yes", "IsValid"), (ROW + "&IsValid=2", "IsValid"),
    (ROW + "&IsValid=", "IsValid is empty"), (ROW + "&FirstEnter=true", "FirstEnter"),
    (ROW + "&RepeatEnterRouteTimeout=5", "RepeatEnterRouteTimeout"),
    (ROW + "&UseTime=-1", "UseTime"), (ROW + "&UseTime=4294967296", "UseTime"),
    (ROW + "&Nonsense=1", "Nonsense is not a field"), (ROW + "&UserID=8", "UserID is given twice"),
    (ROW + "&userid=8", "given twice"), (ROW + "&action=clear", "action"),
    (ROW + "&name=AccessControlCardRec", "name is given twice"),
    (ROW + "&CardName=a%00b", "CardName: "), (ROW + "&CardName=a%0ab", "CardName: "),
    (ROW + "&CardName=a%0db", CONTROL), (ROW + "&VTOPosition=%7f", "VTOPosition: "),
    (ROW + "&CardName=%ff", "CardName: "), (ROW + "&CardName=%C2%85", "CardName: "),
    (ROW + "&CardName=%E2%80%A8", "CardName: "), (ROW + "&CardName=a%zz", "CardName: "),
    (ROW + "&CardName=a%4", "CardName: "), (ROW + "&%00=1", CONTROL),
    (ROW + "&CardName=a%0D%0A--myboundary%0D%0AEvents[0].Status=1", "CardName: "),
    (ROW + "&a=1" * 600, "512 parameters"),
    (UPDATE + "&CardName=x", "recno is missing"), (UPDATE + "&recno=1", "no field"),
    (UPDATE + "&recno=0&CardName=x", "recno"), (UPDATE + "&recno=999&CardName=x", "no such row"),
    (UPDATE + "&recno=1&UserID=", "UserID is empty"),
    (UPDATE + "&recno=1&ValidDateEnd=20000101%20000000", "ValidDateEnd lies before"),
    (UPDATE + "&recno=1&CardName=" + "a" * 33, "CardName"),
    (UPDATE + "&recno=1&CardName=x&CardType=6", "CardType"),
    (UPDATE + "&recno=1&recno=2&CardName=x", "recno is given twice"),
    (GET, "recno is missing"), (GET + "&recno=x", "recno"), (GET + "&recno=999", "recno"),
    (REMOVE, "recno is missing"), (REMOVE + "&recno=-1", "recno"),
    (REMOVE + "&recno=1&condition.UserID=9", "condition.UserID"),
    (CLEAR + "&recno=1", "recno"), (CLEAR + "&condition.UserID=9", "condition.UserID"),
    (FIND_RECORDS + "&count=0", "count"), (FIND_RECORDS + "&count=-1", "count"),
    (FIND_RECORDS + "&count=", "count"), (FIND_RECORDS + "&StartTime=2015-10-22", "StartTime"),
    (FIND_RECORDS + "&EndTime=-1", "EndTime"), (FIND_RECORDS + "&AfterRecNo=x", "AfterRecNo"),
    (FIND_RECORDS + "&condition.Type=Entry", "condition.Type is not a filter"),
    (FIND_RECORDS + "&condition.StartTime=1", "condition.StartTime is not a filter"),
    (FIND_RECORDS + "&condition.Status=2", "condition.Status"),
    (FIND_RECORDS + "&condition.Door=64", "condition.Door"),
    (FIND_RECORDS + "&condition.Method=256", "condition.Method"),
    (FIND_CARDS + "&condition.Door=1", "condition.Door is not a filter"),
    (FIND_CARDS + "&StartTime=1", "StartTime is not a filter"),
    (SNAP + "&Events=[All]&heartbeat=0", "heartbeat"),
    (SNAP + "&Events=[All]&heartbeat=61", "heartbeat"),
    (SNAP + "&Events=[All]&heartbeat=", "heartbeat"),
    (SNAP + "&Events=[All]&channel=0", "channel"), (SNAP + "&Events=[All]&channel=2", "channel"),
    (SNAP, "Events is missing"), (SNAP + "&Events=", "Events is empty"),
    (SNAP + "&Events=[]", "Events"), (SNAP + "&Events=[A%0aB]", "Events: "),
    (SNAP.replace("=Event", "=Video") + "&Events=All", "Flags[0]"),
    (SNAP.replace("&Flags[0]=Event", "") + "&Events=All", "Flags[0] is missing"),
    (SNAP + "&Events=[All]&afterSeq=99999999", "afterSeq"),
    (SNAP + "&Events=[All]&afterRecNo=x", "afterRecNo"),
    (ATTACH + "&codes=All&heartbeat=0", "heartbeat"),
    (ATTACH + "&codes=All&heartbeat=61", "heartbeat"), (ATTACH, "codes is missing"),
    (ATTACH + "&codes=[A;B]", "codes"),
    (ATTACH + "&codes=[" + ",".join(f"c{n}" for n in range(65)) + "]", "codes"),
    (OPEN, "channel is missing"), (OPEN + "&channel=", "channel is empty"),
    (OPEN + "&channel=0", "channel"), (OPEN + "&channel=3", "channel"),
    (OPEN + "&channel=65", "channel"), (OPEN + "&channel=-1", "channel"),
    (OPEN + "&channel=1.0", "channel"), (OPEN + "&channel=1%20", "channel"),
    (OPEN + "&channel=1&channel=2", "channel is given twice"),
    (OPEN_1 + "&UserID=" + "u" * 65, "UserID has 65 bytes"),
    (OPEN_1 + "&Type=" + "t" * 33, "Type has 33 bytes"), (OPEN_1 + "&UserID=a%0ab", "UserID: "),
    (CLOSE + "&channel=0", "channel"), (CLOSE, "channel is missing"), (STATUS, "channel"),
    (STATUS + "&channel=9", "channel"),
    (SET_CONFIG, "nothing to set"), (SET_CONFIG + "&NTP.Enable=true", "NTP.Enable"),
    (SET_CONFIG + "&AccessTimeSchedule[128].Name=x", "AccessTimeSchedule[128]"),
    (SET_CONFIG + "&AccessTimeSchedule[1].Foo=1", "AccessTimeSchedule[1].Foo"),
    (SET_CONFIG + "&AccessTimeSchedule[1].Enable=maybe", "AccessTimeSchedule[1].Enable"),
    (SET_CONFIG + "&AccessTimeSchedule[1].Name=" + "n" * 33, "AccessTimeSchedule[1].Name"),
    (SET_CONFIG + "&AccessTimeSchedule[1].TimeSchedule[7][0]=1%2000:00:00-01:00:00",
     "TimeSchedule[7][0]"),
    (SET_CONFIG + "&AccessTimeSchedule[1].TimeSchedule[1][12]=1%2000:00:00-01:00:00",
     "TimeSchedule[1][12]"),
    (SET_CONFIG + "&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2025:00:00-26:00:00",
     "TimeSchedule[1][0]"),
    (SET_CONFIG + "&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2010:00:00-09:00:00",
     "TimeSchedule[1][0]"),
    (SET_CONFIG + "&AccessTimeSchedule[1].Name=x&AccessTimeSchedule[2].Name=y",
     "several schedules"),
    (GET_CONFIG, "name is missing"), (GET_CONFIG + "&name=Nope", "name"),
    (GET_CONFIG + "&name=AccessControl[7]", "no such door"),
    ("/cgi-bin/zzzNotExist.cgi?action=x", "no such CGI"), ("/cgi-bin/", "no such CGI"),
)


@test("every bad value is refused by name, and changes nothing")
def _():
    with furnished() as d:
        before = digest_of(d)
        for target, words in VALUES:
            refused(d.request(target), words, what=target[:120])
            if "attach" not in target and "find" not in target:
                check(digest_of(d), before, f"state after {target[:120]}")
        check(digest_of(d), before)


@test("the same in the body of a POST, and bytes that a URL cannot carry")
def _():
    with furnished() as d:
        before = digest_of(d)

        def post(body, words, target="/cgi-bin/recordUpdater.cgi", **more):
            reply = d.request(target, method="POST", body=body, **more)
            refused(reply, words, what=repr(body[:80]))
            check(digest_of(d), before, f"state after {body[:80]!r}")

        base = b"action=insert&name=AccessControlCard&UserID=9&CardNo=9"
        post(base + b"&CardName=" + b"a" * 33, "CardName has 33")
        post(base + b"&CardName=a\nb", "CardName: ")
        post(base + b"&CardName=a\0b", "CardName: ")
        post(base + b"&CardName=\xff", "CardName: ")
        post(base + b"&CardName=" + b"x" * 60000, "CardName has 60000")
        post(base + b"&Doors[200]=1", "Doors[200]")
        post(b"UserID=8&CardType=77&CardNo=9", "CardType", target=INSERT)
        post(b"UserID=8&CardNo=9", "UserID is given twice", target=ROW)
        post(b"action=clear&UserID=9&CardNo=9", "action", target=INSERT)
        post(b"channel=2", "channel is given twice", target=OPEN_1)
        for kind in ("application/json", "multipart/form-data; boundary=x", "image/jpeg"):
            reply = d.request("/cgi-bin/recordUpdater.cgi", method="POST", body=base,
                              headers={"Content-Type": kind})
            refused(reply, "application/x-www-form-urlencoded", 415, "Unsupported Media Type!")
        check(digest_of(d), before)


@test("unknown tables, actions and paths have their own answers")
def _():
    with furnished() as d:
        before = digest_of(d)
        for target in (FIND_RECORDS + "X", INSERT + "Rec&UserID=9&CardNo=9", CLEAR + "Rec",
                       FIND_CARDS.replace("CardNo", "").replace("AccessControlCard", "AccessFace"),
                       "/cgi-bin/recordFinder.cgi?action=find"):
            reply = d.request(target)
            check((reply.status, reply.text), (400, '{"code":285278242,"message":""}'), target)
        for target in (FIND_CARDS.replace("find&", "startFind&"),
                       OPEN_1.replace("openDoor", "oPenDoor"),
                       "/cgi-bin/magicBox.cgi?action=reboot", "/cgi-bin/magicBox.cgi",
                       "/cgi-bin/accessControl.cgi?action=getRecordList"):
            refused(d.request(target), "no such action", 501, "Not Implemented!", target)
        for target in ("/", "/cgi-bin", "/etc/passwd", "/RPC2", "/cgi-bin/../etc/passwd",
                       "/cgi-bin/../cgi-bin/accessControl.cgi?action=openDoor&channel=1",
                       "//cgi-bin/accessControl.cgi?action=openDoor&channel=1"):
            reply = d.request(target)
            ensure(reply.status in (400, 404) and reply.text.startswith("Error\r\n"),
                   f"{target}: {reply.status} {reply.text!r}")
        check(digest_of(d), before)


# --- bytes of a head ---

def everything(d, data, source="127.0.0.1"):
    """Sends data and reads until the other side closes; the bytes."""
    with socket.create_connection(d.address, timeout=10, source_address=(source, 0)) as sock:
        try:
            sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = b""
        while True:
            try:
                more = sock.recv(65536)
            except ConnectionResetError:
                return got
            if not more:
                return got
            got += more


def signed(d, method, target, head="", host=None, version="HTTP/1.1", sign=None):
    """A request that would be served, but for what `head` adds or `host` says."""
    host = f"Host: {d.host}\r\n" if host is None else host
    proof = d.digest().header(method, sign or target)
    return (f"{method} {target} {version}\r\n{host}Authorization: {proof}\r\n{head}\r\n"
            .encode("latin-1"))


OWN, ANY = True, False  # the error's form is ours, or that of the HTTP library
HEADS = (
    ("no Host", 400, OWN, dict(host="")),
    ("two Hosts", 400, OWN, dict(head="Host: 127.0.0.1\r\n")),
    ("two Hosts of two minds", 400, OWN, dict(head="Host: evil.example\r\n")),
    ("a Host that is none", 400, OWN, dict(host="Host: a:b:c\r\n")),
    ("an empty Host", 400, OWN, dict(host="Host:\r\n")),
    ("a blank in front of the colon", 400, OWN, dict(head="X-Test : 1\r\n")),
    ("a blank in front of Host's colon", 400, OWN, dict(host="Host : HOST\r\n")),
    ("a folded line", 400, OWN, dict(head="X-Test: 1\r\n 2\r\n")),
    ("a folded Host", 400, OWN, dict(host="Host:\r\n HOST\r\n")),
    ("a bare line feed", 400, OWN, dict(head="X-Test: 1\nX-More: 2\r\n")),
    ("a bare carriage return", 400, OWN, dict(head="X-Test: 1\rX-More: 2\r\n")),
    ("a NUL in a header", 400, OWN, dict(head="X-Test: 1\0 2\r\n")),
    ("a control byte in a header", 400, OWN, dict(head="X-Test: \x01\r\n")),
    ("a control byte in a header's name", 400, OWN, dict(head="X\x01: 1\r\n")),
    ("a line without colon", 400, ANY, dict(head="nonsense\r\n")),
    ("a huge header", 431, OWN, dict(head="X-Test: " + "x" * 30000 + "\r\n")),
    ("a header beyond all bounds", 431, ANY, dict(head="X-Test: " + "x" * 300000 + "\r\n")),
    ("150 headers", 431, OWN, dict(head="".join(f"X-{n}: 1\r\n" for n in range(150)))),
    ("two Authorizations", 400, OWN, dict(head="Authorization: Basic YTpi\r\n")),
    ("two Content-Lengths", 400, OWN, dict(head="Content-Length: 0\r\nContent-Length: 0\r\n")),
    ("two lengths that differ", 400, OWN, dict(head="Content-Length: 0\r\nContent-Length: 9\r\n")),
    ("a list of lengths", 400, ANY, dict(head="Content-Length: 0, 0\r\n")),
    ("a signed length", 400, ANY, dict(head="Content-Length: +0\r\n")),
    ("a negative length", 400, ANY, dict(head="Content-Length: -1\r\n")),
    ("a length beyond numbers", 413, ANY, dict(head="Content-Length: 99999999999999999999\r\n")),
    ("a length and chunks", 400, OWN,
     dict(head="Content-Length: 0\r\nTransfer-Encoding: chunked\r\n")),
    ("chunks twice", 400, OWN,
     dict(head="Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
    ("another coding", 400, OWN, dict(head="Transfer-Encoding: gzip, chunked\r\n")),
    ("HTTP/2.0", 505, ANY, dict(version="HTTP/2.0")),
)


@test("doubtful heads are refused and the connection is closed; nothing behind them is served")
def _():
    with furnished() as d:
        before = digest_of(d)
        for method in ("GET", "POST"):
            for what, status, own, how in HEADS:
                how = {key: value.replace("HOST", d.host) for key, value in how.items()}
                data = signed(d, method, OPEN_1, **how) + signed(d, "GET", OPEN + "&channel=2")
                got = everything(d, data).decode("latin-1")
                ensure(got.startswith(f"HTTP/1.1 {status} "), f"{what}: {got[:300]!r}")
                if own:
                    check(len(re.findall(r"HTTP/1\.1 \d{3} ", got)), 1, f"answers to {what}")
                    body = got.split("\r\n\r\n", 1)[1]
                    ensure(body.startswith("Error\r\n") and "\r\nDetail=" in body,
                           f"{what}: {body!r}")
                ensure(" 200 " not in got, f"{what}: {got!r}")
                check(d.sim("lock 1") + d.sim("lock 2"), "locked 0locked 0", what)
        check(digest_of(d), before)


@test("targets of other forms, raw control bytes, and URLs of any length")
def _():
    with furnished() as d:
        cases = (
            (f"http://{d.host}{OPEN_1}", 400, OWN), (f"https://evil.example{OPEN_1}", 400, OWN),
            ("*", 400, OWN), ("evil.example:80", 400, OWN), (OPEN_1 + "#x", 400, OWN),
            (OPEN_1 + "&a=\x01", 400, OWN), (OPEN_1 + "&a=\t", 400, OWN),
            (OPEN_1 + "&a=\0", 400, OWN), (OPEN_1 + "&a=\x7f", 400, OWN),
            (OPEN_1 + "&a= b", 400, OWN), (OPEN_1 + "&a=\xff", 400, OWN),
            (OPEN_1 + "&a=" + "x" * 9000, 414, OWN), (OPEN_1 + "&a=" + "x" * 40000, 414, OWN),
            (OPEN_1 + "&a=" + "x" * 70000, 414, ANY), (OPEN_1 + "&a=" + "x" * 1000000, 414, ANY),
        )
        for target, status, own in cases:
            # The signature names what it can: the digest repeats the URL.
            data = signed(d, "GET", target, sign=OPEN_1 if len(target) > 4000 else None)
            got = everything(d, data + signed(d, "GET", OPEN + "&channel=2",
                                              head="Connection: close\r\n")).decode("latin-1")
            ensure(got.startswith(f"HTTP/1.1 {status} "), f"{target[:80]!r}: {got[:300]!r}")
            if own:
                ensure("\r\n\r\nError\r\n" in got, f"{target[:80]!r}: {got!r}")
            check(d.locked(1), True)
        check(d.lock_count(1), 0)
        d.get(CLOSE + "&channel=2")  # a good request may follow one whose URL alone was bad
        for method in ("DELETE", "PUT", "OPTIONS", "TRACE", "CONNECT", "FOO"):
            got = everything(d, signed(d, method, OPEN_1)).decode("latin-1")
            ensure(got.startswith("HTTP/1.1 40"), f"{method}: {got!r}")
        for data in (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n",
                     b"\r\n" * 50, b"GET / HTTP/1.1\r\nHost", b"\0" * 1000 + b"\r\n\r\n"):
            with socket.create_connection(d.address, timeout=0.2) as sock:
                sock.sendall(data)
                try:
                    got = sock.recv(65536)
                except TimeoutError:  # it waits for more; the deadline for a head is 10 s
                    got = b""
                ensure(not got or got.startswith(b"HTTP/1.1 4"), repr(got))
        check(records(d, **{"condition.Door": 0}), [])
        check(d.sim("lock 1"), "locked 0")


@test("a request hidden in another's body is never served")
def _():
    with furnished() as d:
        hidden = signed(d, "GET", OPEN + "&channel=2")
        for what, head, body in (
                ("CL.TE", f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n",
                 b"0\r\n\r\n" + hidden),
                ("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                 b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)),
                ("TE with a blank", "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
                 b"0\r\n\r\n" + hidden),
                ("TE of two", "Transfer-Encoding: identity\r\n", hidden),
                ("length in front", f"Content-Length: 5\r\nContent-Length: {len(hidden)}\r\n",
                 b"x=yzz" + hidden)):
            got = everything(d, signed(d, "POST", INFO, head=head) + body)
            ensure(got.startswith(b"HTTP/1.1 400 "), f"{what}: {got!r}")
            check(got.count(b"HTTP/1.1 "), 1, what)
            check(d.sim("lock 2"), "locked 0", what)
        whole = signed(d, "POST", INFO, head=f"Content-Length: {len(hidden)}\r\n") + hidden
        got = everything(d, whole + signed(d, "GET", INFO, head="Connection: close\r\n"))
        check((got.count(b"HTTP/1.1 "), d.sim("lock 2")), (2, "locked 0"), repr(got))


@test("a body that is too long or broken is refused")
def _():
    with furnished() as d:
        before = digest_of(d)
        reply = d.request(OPEN_1, method="POST", body=b"x=" + b"y" * 70000)
        refused(reply, "65536 bytes", 413, "Content Too Large!")
        for head, body in (("Transfer-Encoding: chunked\r\n", b"zz\r\n\r\n"),
                           ("Transfer-Encoding: chunked\r\n", b"-1\r\nx\r\n0\r\n\r\n"),
                           ("Transfer-Encoding: chunked\r\n", b"5\r\nchannel")):
            with Connection(d.address, 5) as connection:
                connection.send(signed(d, "POST", OPEN_1, head=head) + body)
                connection.socket.shutdown(socket.SHUT_WR)
                while connection.fill():
                    pass
                ensure(b" 200 " not in connection.buffer, repr(connection.buffer))
        got = everything(d, signed(d, "POST", OPEN_1, head="Content-Length: 1048577\r\n"))
        ensure(got.startswith(b"HTTP/1.1 413 "), repr(got))
        check(digest_of(d), before)


@test("another device's Host is 421, whoever asks; ours in its forms is served")
def _():
    with furnished() as d:
        before = digest_of(d)
        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.0.2.1",
                     "[::1]", "127.0.0.2", "0.0.0.0"):
            got = everything(d, signed(d, "GET", OPEN_1, host=f"Host: {host}\r\n",
                                       head="Connection: close\r\n"))
            ensure(got.startswith(b"HTTP/1.1 421 ") and b"\r\n\r\nError\r\n" in got,
                   f"{host}: {got!r}")
        check(digest_of(d), before)
        port = d.host.rsplit(":", 1)[1]
        for host in (d.host, "127.0.0.1", "localhost", f"localhost:{port}", "LOCALHOST",
                     "127.0.0.1:1"):
            got = everything(d, signed(d, "GET", INFO, host=f"Host: {host}\r\n",
                                       head="Connection: close\r\n"))
            ensure(got.startswith(b"HTTP/1.1 200 "), f"{host}: {got!r}")


# --- credentials ---

def asked(d, target, authorization=None, source="127.0.0.1", method="GET", extra="", body=b""):
    """One request with this Authorization, from this address."""
    proof = f"Authorization: {authorization}\r\n" if authorization else ""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    with socket.create_connection(d.address, timeout=10, source_address=(source, 0)) as sock:
        connection = Connection.__new__(Connection)
        connection.socket, connection.buffer = sock, b""
        connection.send((f"{method} {target} HTTP/1.1\r\nHost: {d.host}\r\n{proof}{extra}{length}"
                         "Connection: close\r\n\r\n").encode() + body)
        return connection.read_reply()


def fresh(d, password=None, user="admin", source="127.0.0.1"):
    reply = asked(d, INFO, source=source)
    return Digest(reply.headers["www-authenticate"][0], user,
                  d.password if password is None else password)


def challenged(reply, what="", stale=False):
    check(reply.status, 401, f"{what}: {reply.text!r}")
    offered = reply.headers["www-authenticate"]
    ensure(all(line.startswith("Digest ") for line in offered), str(offered))
    check(["stale=true" in line.replace('"', "") for line in offered], [stale] * len(offered), what)


OPEN_TO_ALL = "global.cgi claim"  # the one that needs no account: its proof is its code


def example_requests():
    """The example of every row of the method table, as docs/cgi.md has it."""
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    rows = re.findall(r"(?s)\n### (\w+\.cgi \w+)(.*?)```\n(/cgi-bin/\S+)\n```", page)
    ensure(len(rows) >= 24 and len(rows) == page.count("\n### "), f"{len(rows)} rows in cgi.md")
    check([name for name, text, _ in rows if "Role: nobody" in text], [OPEN_TO_ALL])
    return [(name, target, "Changes state" in text) for name, text, target in rows]


@test("every method asks for credentials first, whatever else the request claims")
def _():
    with furnished() as d:
        before = digest_of(d)
        claims = ("", "X-Forwarded-For: 127.0.0.1\r\n", "X-Real-IP: 127.0.0.1\r\n",
                  "Forwarded: for=127.0.0.1\r\n", "Cookie: DhWebClientSessionID=1\r\n",
                  "Authorization: Basic " + base64.b64encode(b"admin:admin").decode() + "\r\n",
                  "Authorization: Digest username=\"admin\"\r\n", "Authorization: Digest\r\n",
                  "Authorization: Bearer x\r\n", "X-Original-URL: /\r\n")
        loopback = b'{"loginType":"Loopback","clientType":"Local","ipAddr":"127.0.0.1"}'
        for number, (name, target, _) in enumerate(example_requests(), 1):
            if name == OPEN_TO_ALL:
                for claim in claims:
                    check(asked(d, target, extra=claim).status, 400, f"{name}, {claim!r}")
                path, _, body = target.partition("&")
                check(asked(d, path, method="POST", body=body.encode()).status, 403, name)
                continue
            for claim in claims:
                challenged(asked(d, target, extra=claim), f"{name}, {claim!r}")
            challenged(asked(d, target, method="POST", body=b"a=" + loopback), name)
            reply = asked(d, target, method="POST", body=loopback,
                          extra="Content-Type: application/json\r\n")
            ensure(reply.status in (401, 415), f"{name}: {reply.status}")
            source = f"127.0.1.{number}"
            for user, password in (("admin", "wrong"), ("nobody", d.password), ("", "")):
                digest = fresh(d, password, user, source)
                challenged(asked(d, target, digest.header("GET", target), source), name)
        check(digest_of(d), before)


@test("an Authorization that was seen is worth nothing: not again, not elsewhere, not otherwise")
def _():
    with furnished() as d:
        digest = fresh(d)
        header = digest.header("GET", OPEN_1)
        check(asked(d, OPEN_1, header).status, 200)
        wait_until(lambda: d.lock_count(1) == 1, "the first opening")
        for source in ("127.0.0.1", "127.0.0.9"):
            challenged(asked(d, OPEN_1, header, source), "repeated")
        second = digest.header("GET", OPEN_1)
        for target in (OPEN + "&channel=2", OPEN_1 + "&UserID=7", CLEAR, INFO):
            challenged(asked(d, target, second), f"signed for another URL, sent to {target}")
        challenged(asked(d, OPEN_1, second, method="POST"), "signed for GET, sent as POST")
        check((d.lock_count(1), d.lock_count(2)), (1, 0))
        # Each from an address of its own: some of them count as wrong passwords.
        for number, change in enumerate((("nc=00000002", "nc=00000003"),
                ("qop=auth, ", ""),
                ("qop=auth", "qop=auth-int"), ('uri="/', 'uri="http://evil/'),
                ('nonce="', 'nonce="0'), ('username="admin', 'username="root')), 10):
            ensure(change[0] in second, str(change))
            challenged(asked(d, OPEN_1, second.replace(*change), f"127.0.0.{number}"),
                       str(change))
        check(asked(d, OPEN_1, second).status, 200, "untouched, it is good once")
        challenged(asked(d, OPEN_1, second), "and once only")
        check(size(d), 3)


@test("counts of one nonce may come in any order near each other, each once")
def _():
    with furnished() as d:
        digest = fresh(d)
        headers = [digest.header("GET", INFO) for _ in range(6)]
        for at in (3, 1, 0, 5, 4, 2):
            check(asked(d, INFO, headers[at]).status, 200, f"nc {at + 1}")
        for header in headers:
            challenged(asked(d, INFO, header), "again")


@test("a nonce from before a restart is stale, which is no wrong log-in")
def _():
    with furnished() as d:
        right, wrong = fresh(d), fresh(d, "wrong")
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        d.wait_answer()
        for _ in range(8):
            challenged(asked(d, INFO, right.header("GET", INFO)), "old nonce", stale=True)
        challenged(asked(d, INFO, wrong.header("GET", INFO)), "old nonce, wrong password")
        check(asked(d, INFO, fresh(d).header("GET", INFO)).status, 200)


@test("guessing is slowed for its source alone, locks nobody, and ends with the right password")
def _():
    with furnished() as d:
        before = digest_of(d)
        status, tries = 401, 0
        while status == 401:
            tries += 1
            ensure(tries < 20, "twenty wrong passwords and no brake")
            digest = fresh(d, f"guess {tries}", source="127.0.0.2")
            reply = asked(d, OPEN_1, digest.header("GET", OPEN_1), "127.0.0.2")
            status = reply.status
        check(status, 429, reply.text)
        check(reply.text.split("\r\n")[0], "Error")
        wait_s = int(reply.headers["retry-after"][0])
        ensure(1 <= wait_s <= 2, reply.text)
        for source in ("127.0.0.1", "127.0.0.3"):
            check(asked(d, INFO, fresh(d, source=source).header("GET", INFO), source).status, 200)
        blocked = asked(d, INFO, fresh(d, source="127.0.0.2").header("GET", INFO), "127.0.0.2")
        check(blocked.status, 429, "the right password, within the wait")
        forged = "X-Forwarded-For: 127.0.0.3\r\nX-Real-IP: 127.0.0.3\r\n"
        check(asked(d, INFO, fresh(d, source="127.0.0.2").header("GET", INFO), "127.0.0.2",
                    extra=forged).status, 429, "X-Forwarded-For")
        check(digest_of(d), before)
        wait_until(lambda: asked(d, INFO, fresh(d, source="127.0.0.2").header("GET", INFO),
                                 "127.0.0.2").status == 200, "the end of the wait", wait_s + 2)
        challenged(asked(d, INFO, fresh(d, "typing error", source="127.0.0.2").header("GET", INFO),
                         "127.0.0.2"), "one wrong try behind a right one")


@test("whoever has an account guesses no other one's password between his own log-ins")
def _():
    with furnished() as d:
        body = b"user.Name=vera&user.Password=vera%20vera%20vera&user.Group=viewer"
        check(d.request("/cgi-bin/userManager.cgi?action=addUser", "POST", body).status, 200)

        def ask(user, password):
            return asked(d, INFO, fresh(d, password, user, "127.0.0.6").header("GET", INFO),
                         "127.0.0.6").status

        answers = []
        for number in range(8):
            answers.append(ask("admin", f"guess {number}"))
            check(ask("vera", "vera vera vera"), 200, "the other account is not held up")
        check(answers[:5] + answers[-1:], [401] * 5 + [429], str(answers))
        check([ask(f"nobody {number}", "guess") for number in range(8)].count(429), 0)
        check(ask("nobody 9", "guess"), 429, "names without number share the wait")
        check(ask("nobody 0", "guess"), 401, "whether a name exists is not told by it")


@test("an algorithm that http.digest leaves out proves nothing")
def _():
    with House(config=CONFIG.replace("{http}", "{http}\n  digest: [sha-256]")) as d:
        offered, = d.challenges()
        ensure("algorithm=SHA-256" in offered, offered)
        digest = d.digest(algorithm="SHA-256")
        check(d.request(INFO, digest=digest).status, 200)
        for other in ("algorithm=MD5", "opaque=x"):
            digest = Digest(offered.replace("algorithm=SHA-256", other), "admin", d.password)
            challenged(d.request(INFO, digest=digest), other)


@test("a first try with Basic is no wrong log-in")
def _():
    with furnished() as d:
        basic = "Basic " + base64.b64encode(f"admin:{d.password}".encode()).decode()
        for _ in range(20):
            challenged(asked(d, INFO, basic, "127.0.0.4"))
            check(asked(d, INFO, fresh(d, source="127.0.0.4").header("GET", INFO),
                        "127.0.0.4").status, 200)


# --- other sites ---

@test("pages of other sites change nothing; plain curl, our own page and readers may ask")
def _():
    with furnished() as d:
        before = digest_of(d)
        foreign = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                   {"Sec-Fetch-Site": "nonsense"}, {"Sec-Fetch-Dest": "image"},
                   {"Sec-Fetch-Dest": "iframe"}, {"Origin": "https://evil.example"},
                   {"Origin": "null"}, {"Origin": f"https://{d.host}.evil.example"},
                   {"Origin": "http://127.0.0.1:1"}, {"Referer": "http://evil.example/page"},
                   {"Referer": f"http://evil.example/{d.url}"},
                   {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
                   # Over plain HTTP browsers leave Sec-Fetch out, and a page can forbid Referer.
                   {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
                   {"User-Agent": "x", "Upgrade-Insecure-Requests": "1"})
        changing = [(name, target) for name, target, changes in example_requests() if changes]
        ensure(len(changing) >= 8, str(changing))
        for name, target in changing:
            for headers in foreign:
                reply = d.request(target, headers=headers)
                refused(reply, "another site", 403, "Authorization Failed!", f"{name} {headers}")
                body = target.partition("?")[2].encode()
                reply = d.request(target.partition("?")[0], method="POST", body=body,
                                  headers=headers)
                refused(reply, "another site", 403, "Authorization Failed!", f"{name} {headers}")
        check(digest_of(d), before)
        for headers in ({}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"},
                        {"Origin": d.url}, {"Referer": d.url + "/console"},
                        {"Sec-Fetch-Dest": "empty"}, {"User-Agent": "okhttp/4.9"},
                        {"User-Agent": "Mozilla/5.0 (X)", "Sec-Fetch-Site": "none"},
                        {"User-Agent": "Mozilla/5.0 (X)", "Referer": d.url + "/console"}):
            check(d.request(CLOSE + "&channel=1", headers=headers).status, 200, str(headers))
        for headers in foreign:
            check(d.request(FIND_CARDS, headers=headers).status, 200, f"reading, {headers}")
        check(d.curl_ok(CLOSE + "&channel=1").strip(), "OK")


# --- texts that would forge lines and parts ---

@test("no text of a person or a command forges a line, a part or a header")
def _():
    with furnished() as d:
        before = digest_of(d)
        for text in ("a%0D%0A--myboundary%0D%0AContent-Type: text/plain%0D%0A",
                     "x%0Arecords[9].Status=1",
                     "x%0D%0ASet-Cookie: a=b", "x%E2%80%A9y", "x%1B[2J"):
            for target in (ROW + f"&CardName={text}", UPDATE + f"&recno=1&CardName={text}",
                           ROW.replace("=9", f"={text}", 1), OPEN_1 + f"&UserID={text}",
                           OPEN_1 + f"&Type={text}", f"/cgi-bin/{text}.cgi?action=x"):
                target = target.replace(" ", "%20")
                reply = d.request(target)
                check(reply.status, 400, target)
                ensure("set-cookie" not in reply.headers, reply.head)
        check(digest_of(d), before)
        forged = '--myboundary Events[0].Status=1;action=Stop;data={} "x" \\'
        with d.stream(SNAP + "&Events=[AccessControl]") as snap, \
                d.stream(ATTACH + "&codes=[AccessControl]") as code:
            d.get(UPDATE + "&recno=1&CardName=--myboundary%20Code=Stop%3Bdata={}")
            d.get(OPEN_1 + "&UserID=" + forged.replace(" ", "%20").replace("\\", "%5C")
                  .replace('"', "%22").replace(";", "%3B"))
            event = snap.event()
            check(event["Events[0].UserID"], forged)
            check(event["Events[0].Status"], "1")
            text = code.part()[1].decode()
            ensure(text.startswith("Code=AccessControl;action=Pulse;"), text)
            check(text.count(";"), 3, text)
            d.get(CLOSE + "&channel=2")
            check(snap.event()["Events[0].Command"], "closeDoor")
            ensure("closeDoor" in code.part()[1].decode(), "the next part")
        check(person(d, "5")["CardName"], "--myboundary Code=Stop;data={}")


main()
