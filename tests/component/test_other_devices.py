#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`postern` against devices that are not ours: a small device here speaks as captures and the
integration paper show (no totalCount, LF, keys in other case, several events in a part, lock-outs).

usage: test_other_devices.py BUILD_FOLDER
"""
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import main, program, test  # noqa: E402

REALM, USER, PASSWORD = "Login to 7J0A8D6PAJ00001", "admin", "admin123"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Device(http.server.ThreadingHTTPServer):
    """Answers GETs with what `answer(path, query)` returns: (status, content type, bytes)."""
    daemon_threads = True

    def __init__(self, answer, challenge_extra=', algorithm="MD5"', locked=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.extra, self.locked = answer, challenge_extra, locked
        self.requests = []
        self.open_end = False  # no Content-Length: the connection's end is the answer's
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def postern(self, *words, password=PASSWORD):
        with tempfile.NamedTemporaryFile("w", suffix=".password") as file:
            file.write(password + "\n")
            file.flush()
            environment = {k: v for k, v in os.environ.items() if not k.startswith("POSTERN")}
            return subprocess.run(
                [program("postern"), "--device",
                 f"http://127.0.0.1:{self.server_address[1]}", "--user", USER, "--password-file", file.name,
                 *words], capture_output=True, text=True, timeout=60, env=environment, check=False)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, kind, body, extra=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 200 or not self.server.open_end:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def proven(self):
        header = self.headers.get("Authorization", "")
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        if not header.startswith("Digest ") or fields.get("uri") != self.path:
            return False
        ha1, ha2 = md5(f"{USER}:{REALM}:{PASSWORD}"), md5("GET:" + self.path)
        wanted = md5(":".join([ha1, fields["nonce"], fields["nc"], fields["cnonce"], "auth", ha2]))
        return fields.get("response") == wanted

    def do_GET(self):
        device = self.server
        device.requests.append(self.path)
        if device.locked:
            self.reply(403, "text/plain", b"Error\r\nUser Locked! Please try again after 30 minutes.\r\n")
        elif not self.proven():
            self.reply(401, "text/plain", b"Error\r\nInvalid Authority!\r\n", [(
                "WWW-Authenticate", f'Digest realm="{REALM}",qop="auth",nonce="{len(device.requests)}",'
                f'opaque="9a206a55e922ee7900769ec61ae49bf0c1f30242"{device.extra}')])
        else:
            path, _, query = self.path.partition("?")
            self.reply(*device.answer(path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True))))


def records_device(rows, total=True, line_end="\r\n", key=str, count_max=1024):
    """A record table [(rec_no, create_time)] that answers find as devices do: oldest first, inclusive."""
    def answer(_, query):
        begin, end = int(query.get("StartTime", 0)), int(query.get("EndTime", 1 << 40))
        count = min(int(query.get("count", 1024)), count_max)
        match = [row for row in rows if begin <= row[1] <= end]
        lines = [f"totalCount={len(match)}"] if total else []
        lines.append(f"found={len(match[:count])}")
        for i, (rec_no, when) in enumerate(match[:count]):
            lines += [key(f"records[{i}].") + key("RecNo") + f"={rec_no}",
                      key(f"records[{i}].") + key("CreateTime") + f"={when}",
                      key(f"records[{i}].") + key("CardNo") + "=12001",
                      key(f"records[{i}].") + key("UserID") + "=102"]
        return 200, "text/plain;charset=utf-8", (line_end.join(lines) + line_end).encode()
    return answer


def pulled(done):
    return [int(json.loads(line).get("RecNo") or json.loads(line).get("recno"))
            for line in done.stdout.splitlines()]


# 250 records; every seventh second holds three of them.
ROWS = [(1000 + i, 1789554000 + (i // 3 if i % 21 < 3 else i)) for i in range(250)]
ROWS.sort(key=lambda row: (row[1], row[0]))
ALL = [row[0] for row in ROWS]


@test
def a_period_is_pulled_once_each_with_total_count():
    with Device(records_device(ROWS)) as device:
        done = device.postern("records", "pull", "--count", "20", "--json")
    assert done.returncode == 0, done.stderr
    assert pulled(done) == ALL
    assert "250 records" in done.stderr and ": complete" in done.stderr, done.stderr


@test
def a_period_is_pulled_once_each_without_total_count():
    with Device(records_device(ROWS, total=False)) as device:
        done = device.postern("records", "pull", "--count", "20", "--json")
    assert done.returncode == 0, done.stderr
    assert pulled(done) == ALL


@test
def lines_with_lf_and_lower_case_keys_are_understood():
    with Device(records_device(ROWS, line_end="\n", key=str.lower)) as device:
        done = device.postern("records", "pull", "--count", "50", "--json")
    assert done.returncode == 0, done.stderr
    assert pulled(done) == ALL


@test
def a_second_that_holds_more_than_a_page_is_pulled_with_larger_pages():
    rows = [(1, 100)] + [(2 + i, 200) for i in range(30)] + [(40, 300)]
    with Device(records_device(rows, total=False)) as device:
        done = device.postern("records", "pull", "--count", "10", "--json")
    assert done.returncode == 0, done.stderr
    assert pulled(done) == [row[0] for row in rows]


@test
def a_second_no_page_can_hold_is_said_and_not_looped_on():
    rows = [(1 + i, 200) for i in range(1500)]
    with Device(records_device(rows, total=False)) as device:
        done = device.postern("records", "pull", "--count", "100", "--json")
        asked = len(device.requests)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "second 200 holds more records" in done.stderr, done.stderr
    assert len(pulled(done)) == 1024 and asked < 20, asked


@test
def a_ring_that_overwrites_meanwhile_ends_and_is_called_incomplete():
    rows = [(1 + i, 100 + i) for i in range(100)]

    def answer(path, query):
        reply = records_device(rows)(path, query)
        del rows[0:10]  # the oldest ten go with every page
        return reply
    with Device(answer) as device:
        done = device.postern("records", "pull", "--count", "30", "--json")
    numbers = pulled(done)
    assert len(numbers) == len(set(numbers)) and numbers == sorted(numbers)
    assert numbers[-1] == 100 and done.returncode in (0, 1), done.stderr


@test
def an_answer_that_is_cut_off_is_asked_for_again():
    whole = records_device(ROWS, total=False)
    for keep in (0.0, 0.3, 0.5, 0.97, 0.9999):  # a cut line, and cut between lines
        asked = []

        def answer(path, query, keep=keep, asked=asked):
            status, kind, body = whole(path, query)
            asked.append(query)
            return status, kind, body[:int(len(body) * keep)] if len(asked) == 2 else body
        with Device(answer) as device:
            device.open_end = True
            done = device.postern("records", "pull", "--count", "20", "--json")
        assert (done.returncode, pulled(done)) == (0, ALL), (keep, done.stderr)
        assert [json.loads(line)["UserID"] for line in done.stdout.splitlines()] == ["102"] * len(ALL)


@test
def what_is_no_page_of_records_is_no_empty_one():
    for body, words in ((b"<html><body>Log in</body></html>", "is no page of records"), (b"", "do not prove"),
                        (b"found=2\r\nrecords[0].RecNo=1\r\nrecords[0].CreateTime=7\r\n"
                         b"records[1].CreateTime=8\r\n", "records[1] of 2 has no RecNo")):
        with Device(lambda *_, b=body: (200, "text/plain", b)) as device:
            for command in ("pull", "verify"):
                done = device.postern("records", command)
                assert done.returncode == 1 and not done.stdout.startswith("complete"), (body, done)
                assert words in done.stderr + done.stdout, (body, done)
    with Device(lambda *_: (200, "text/plain", b"found=0\r\n")) as device:
        assert device.postern("records", "verify").returncode == 0


@test
def what_a_row_does_not_say_is_not_made_up():
    rows = b"found=1\r\nrecords[0].RecNo=7\r\nrecords[0].UserID=102\r\n"
    with Device(lambda *_: (200, "text/plain", rows)) as device:
        done = device.postern("records", "pull")
    assert done.stdout == "7 - - - door - card - user 102 method -\n", done.stdout


@test
def a_name_in_another_encoding_spoils_no_json():
    body = b"found=1\r\nrecords[0].RecNo=7\r\nrecords[0].CreateTime=9\r\nrecords[0].CardName=\xd5\xc5 San\r\n"
    with Device(lambda *_: (200, "text/plain", body)) as device:
        done = device.postern("records", "pull", "--json")  # is decoded as UTF-8
    assert json.loads(done.stdout)["CardName"] == "\ufffd\ufffd San", done.stdout


@test
def everybody_is_listed_whatever_pages_a_device_makes():
    for cap, total, offset in ((100, False, True), (100, True, True), (100, True, False), (1000, False, False)):
        def answer(_, query, cap=cap, total=total, offset=offset):
            begin = int(query.get("offset", 0)) if offset else 0
            rows = range(begin, min(250, begin + min(cap, int(query["count"]))))
            lines = ["totalCount=250"] if total else []
            lines += [f"found={len(rows)}"]
            for i, user in enumerate(rows):
                lines += [f"records[{i}].CardNo={user}", f"records[{i}].RecNo={user + 1}", f"records[{i}].UserID={user}"]
            return 200, "text/plain", ("\r\n".join(lines) + "\r\n").encode()
        with Device(answer) as device:
            done = device.postern("user", "list", "--json")
        if total and not offset:
            assert done.returncode == 1 and "not all" in done.stderr, done.stderr
            continue
        users = [json.loads(line)["UserID"] for line in done.stdout.splitlines()]
        assert (done.returncode, users) == (0, [str(i) for i in range(250)]), (cap, total, done.stderr, len(users))
    with Device(lambda _, q: (501, "text/plain", b"Error\r\n") if q["action"] == "doSeekFind" else (
            200, "text/plain", b"found=1\r\nrecords[0].RecNo=1\r\nrecords[0].UserID=8\r\n")) as device:
        done = device.postern("user", "list", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["UserID"] == "8", done.stderr


@test
def condition_and_period_go_out_as_the_paper_writes_them():
    with Device(records_device([])) as device:
        done = device.postern("records", "pull", "--from", "123456700", "--to", "2026-01-02T03:04:05Z",
                              "--card", "12001", "--count", "100")
        target = device.requests[-1]
    assert done.returncode == 0, done.stderr
    assert target == ("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec&StartTime=123456700"
                      "&EndTime=1767323045&condition.CardNo=12001&count=100"), target


@test
def an_insert_keeps_brackets_literal_and_encodes_blanks():
    with Device(lambda *_: (200, "text/plain", b"RecNo=12345\r\n")) as device:
        done = device.postern("user", "add", "102", "--card", "12345", "--name", "Zhang San", "--doors", "2,4,6",
                              "--status", "0", "--type", "ordinary", "--vto-position", "01018001",
                              "--valid-from", "20151022 093811", "--valid-to", "20151222 093811", "--json")
        target = device.requests[-1]
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"RecNo": 12345}
    for part in ("CardName=Zhang%20San", "Doors[0]=1&Doors[1]=3&Doors[2]=5", "VTOPosition=01018001",
                 "ValidDateStart=20151022%20093811", "UserID=102", "CardNo=12345"):
        assert part in target, (part, target)


def stream(parts):
    """A multipart answer as devices send it, closed by the device behind the last part."""
    def answer(*_):
        body = b""
        for kind, content in parts:
            body += (f"--myboundary\r\nContent-Type: {kind}\r\nContent-Length:{len(content)}\r\n\r\n".encode() +
                     content + b"\r\n\r\n")
        return 200, "multipart/x-mixed-replace; boundary=myboundary", body
    return answer


PAPER_PART = (b"Events[0].Code=TrafficJunction\r\nEvents[0].CountInGroup=1\r\nEvents[0].IndexInGroup=1\r\n"
              b"Events[0].Lane=1\r\nEvents[0].Data.PTS= 42949485818.0\r\nEvents[0].TrafficCar.PlateNumber=Z A12345\r\n"
              b"Events[1].Code=TrafficJunction\r\n")


@test
def the_papers_stream_gives_its_events_one_by_one():
    parts = [("text/plain", b"Heartbeat"), ("text/plain", PAPER_PART), ("image/jpeg", b"\xff\xd8" * 2000),
             ("text/plain", b"Events[0].EventBaseInfo.Code=AccessControl\r\nEvents[0].UserID=AB0000001\r\n")]
    with Device(stream(parts)) as device:
        done = device.postern("events", "watch", "--count", "3", "--codes", "AccessControl,TrafficJunction",
                              "--channel", "1", "--heartbeat", "5", "--json")
        target = device.requests[-1]
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e.get("Code") or e.get("EventBaseInfo.Code") for e in events] == [
        "TrafficJunction", "TrafficJunction", "AccessControl"]
    assert events[0]["Data.PTS"] == "42949485818.0" and events[0]["TrafficCar.PlateNumber"] == "Z A12345"
    assert events[2]["UserID"] == "AB0000001"
    assert target == ("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
                      "&Events=[AccessControl%2CTrafficJunction]&channel=1&heartbeat=5"), target


@test
def the_event_managers_stream_is_read_too():
    body = (b'Code=AccessControl;action=Pulse;index=0;data={\n   "CardName" : "Ivanova A",\n'
            b'   "CreateTime" : 1786431765,\n   "UserID" : "108"\n}\r\n')
    with Device(stream([("text/plain", body)])) as device:
        done = device.postern("events", "watch", "--count", "1", "--event-manager", "--json")
        target = device.requests[-1]
    assert done.returncode == 0, done.stderr
    event = json.loads(done.stdout)
    assert event["Code"] == "AccessControl" and event["UserID"] == "108", event
    assert target.startswith("/cgi-bin/eventManager.cgi?action=attach&codes=[All]"), target


@test
def a_stream_that_ends_is_said():
    with Device(stream([("text/plain", b"Heartbeat")])) as device:
        done = device.postern("events", "watch", "--count", "1")
    assert done.returncode == 3 and "event stream ended" in done.stderr, (done.returncode, done.stderr)


@test
def a_wrong_password_is_tried_once():
    with Device(records_device(ROWS)) as device:
        done = device.postern("user", "list", password="wrong-password")
        asked = len(device.requests)
    assert done.returncode == 4 and "password is wrong" in done.stderr, done.stderr
    assert asked == 2, asked


@test
def a_locked_account_is_not_tried_again():
    with Device(records_device(ROWS), locked=True) as device:
        done = device.postern("door", "open", "1")
        asked = len(device.requests)
    assert done.returncode == 4 and "too many wrong log-ins" in done.stderr, done.stderr
    assert asked == 1, asked


@test
def challenges_of_many_forms_are_answered():
    for extra in ("", ", algorithm=MD5", ', algorithm="MD5"', ', stale="false"', ",algorithm=MD5,charset=UTF-8"):
        with Device(lambda *_: (200, "text/plain", b"OK\r\n"), challenge_extra=extra) as device:
            done = device.postern("door", "open", "1")
        assert done.returncode == 0, (extra, done.stderr)


@test
def refusals_keep_their_words_and_exit_status():
    cases = [((400, "text/plain", b"Error\nBad Request!"), 1, "Bad Request!"),
             ((400, "application/json", b'{"code":286064929,"message":""}'), 1, "enrolled already"),
             ((400, "application/json", b'{"code":286064930,"message":""}'), 1, "belongs to somebody else"),
             ((501, "text/plain", b"Error\r\nNot Implemented!\r\n"), 1, "does not have this function"),
             ((500, "text/plain", b"Error\r\nInternal Error"), 1, "the device has a fault"),
             ((200, "text/plain", b"Error\r\n"), 1, "the device refused"),
             ((200, "text/html", b"<html>hello</html>"), 1, "no RecNo=")]
    for reply, status, words in cases:
        with Device(lambda *_, r=reply: r) as device:
            done = device.postern("user", "add", "7", "--card", "1")
        assert done.returncode == status and words in done.stderr, (reply, done.returncode, done.stderr)


FORGED = "\x1b]0;title\x07\x1b[2J\u009b31m\x7f\r"  # what terminals obey, and a line that overwrites its own


def tamed(answer, *words, lines):
    with Device(answer) as device:
        done = device.postern(*words)
    shown = done.stdout + done.stderr
    bad = [c for c in shown if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert not bad and len(shown.splitlines()) == lines and "]0;title" in shown, (words, shown)


@test
def no_word_of_a_device_commands_the_terminal_or_forges_a_line():
    row = {"RecNo": 5, "CreateTime": 1789554000, "CardNo": "12" + FORGED, "CardName": "A" + FORGED + "B", "UserID": 1}
    rows = "found=1\r\ntotalCount=1\r\n" + "".join(f"records[0].{k}={v}\r\n" for k, v in row.items())
    info = "".join(f"{key}=x{FORGED}y\r\n" for key in ("type", "sn", "version", "vendor", "name", "result"))
    refusal = f"Error\r\nBad Request!\r\nDetail=no{FORGED}postern: done\r\n"
    for text, status, words, lines in ((rows, 200, ("records", "pull"), 2), (rows, 200, ("user", "list"), 1),
                                       (info, 200, ("device", "info"), 6), (refusal, 400, ("door", "open", "1"), 1),
                                       ("\n\nso" + FORGED + "\npostern: done", 200, ("door", "open", "1"), 1)):
        tamed(lambda *_, r=(status, "text/plain", text.encode()): r, *words, lines=lines)
    data = json.dumps({"UserID": FORGED + "\nforged 1", "Card" + FORGED: 1, "More": {"x": FORGED}})
    for part in (f"Code=AccessControl{FORGED};action=Pulse{FORGED};index=0;data={data}\r\n",
                 f"Events[0].Code=AccessControl\r\nEvents[0].UserID=x{FORGED}y\r\n"):
        for form in ((), ("--json",)):
            tamed(stream([("text/plain", part.encode())]), "events", "watch", "--count", "1",
                                   "--event-manager", *form, lines=1)
    names = "records[0].UserID=1\r\nrecords[0].CardName=\xd0\xc3\u4e2d\tx\r\n"
    with Device(lambda *_: (200, "text/plain", ("found=1\r\n" + names).encode("utf-8"))) as device:
        assert "\xd0\xc3\u4e2d\tx" in device.postern("user", "list").stdout


@test
def people_without_recno_who_come_again_are_listed_once():
    with Device(lambda *_: (200, "text/plain", b"found=1\r\nrecords[0].UserID=7\r\n")) as device:
        done = device.postern("user", "list")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1, done


@test
def nobody_at_the_address_is_exit_status_3():
    with Device(records_device(ROWS)) as device:
        pass
    done = device.postern("device", "info")
    assert done.returncode == 3 and "cannot be reached" in done.stderr, done.stderr


if __name__ == "__main__":
    main()
