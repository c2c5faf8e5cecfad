#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts over the CGI, and the audit of what they do: who may change what, what ends with a change,
and that every act has one row that tells no secret."""
import os
import re
import sqlite3
import threading
import time
import urllib.parse

from harness import Daemon, check, ensure, main, program, run, test, wait_until
from people import (ATTACH, CLEAR, CONFIG, FIND_CARDS, OPEN, PASSWORD, REMOVE, SET_CONFIG, UPDATE,
                    House, insert, rows_of)

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/cgi.md")
USERS = "/cgi-bin/userManager.cgi?action="
AUDIT = "/cgi-bin/recordFinder.cgi?action=find&name=PosternAudit"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ANNA, OTTO = "battery staple one", "battery staple two"


def post(d, action, fields, by=("admin", PASSWORD)):
    user, password = by
    body = "&".join(f"{k}={urllib.parse.quote(v, safe='')}" for k, v in fields.items())
    return d.request(USERS + action, "POST", body.encode(), FORM, user=user, password=password)


def add(d, name, password, group, *by):
    return post(d, "addUser", {"user.Name": name, "user.Password": password, "user.Group": group},
                *by)


def passwd(d, name, password, old=None, *by):
    fields = {"name": name, "pwd": password, **({"pwdOld": old} if old else {})}
    return post(d, "modifyPassword", fields, *by)


def refused(reply, status, words):
    check(reply.status, status, reply.text)
    ensure(words in reply.text, f"{words!r} in {reply.text!r}")


def logs_in(d, user, password):
    return d.request(FIND_CARDS, user=user, password=password).status == 200


def accounts(d):
    lines = dict(line.split("=") for line in d.get(USERS + "getUserInfoAll").split())
    count = sum(key.endswith("].Name") for key in lines)
    return [(lines[f"users[{i}].Name"], lines[f"users[{i}].Group"]) for i in range(count)]


def audit(d, more="", **who):
    return rows_of(d.get(AUDIT + more, **who))[2]


def acts(d):
    return [(row["Act"], row["Target"]) for row in audit(d)]


@test("accounts are made, listed, given another role and removed, and each may what its role may")
def _():
    with House() as d:
        check(add(d, "anna", ANNA, "operator").status, 200)
        check(add(d, "otto@desk-1", OTTO, "Viewer").status, 200)
        check(accounts(d), [("admin", "admin"), ("anna", "operator"), ("otto@desk-1", "viewer")])
        check(d.get(USERS + "getUserInfo&name=anna"), "user.Group=operator\r\nuser.Name=anna\r\n")
        check(d.request(OPEN + "&channel=1", user="anna", password=ANNA).status, 200)
        check(d.request(OPEN + "&channel=1", user="otto@desk-1", password=OTTO).status, 403)
        check(d.request(USERS + "getUserInfoAll", user="anna", password=ANNA).status, 403)
        check(d.request(AUDIT, user="anna", password=ANNA).status, 403)
        check(add(d, "eve", ANNA, "viewer", ("anna", ANNA)).status, 403)
        check(post(d, "modifyUser", {"name": "anna", "user.Group": "viewer"}).status, 200)
        check(d.request(OPEN + "&channel=1", user="anna", password=ANNA).status, 403)
        ensure(logs_in(d, "anna", ANNA), "with the same password")
        check(d.request(USERS + "deleteUser&name=anna").status, 200)
        ensure(not logs_in(d, "anna", ANNA), "a removed account")
        d.stop()
        d.start()
        check(accounts(d), [("admin", "admin"), ("otto@desk-1", "viewer")])
        ensure(not logs_in(d, "anna", ANNA) and logs_in(d, "otto@desk-1", OTTO), "as on the disk")


@test("each operation of docs/cgi.md asks for its role, in the URL and in the body of a POST")
def _():
    with open(PAGE, encoding="utf-8") as file:
        rows = re.findall(r"(?s)\n### (\w+\.cgi [^\n]+).*?\nRole: (\w+)\..*?```\n(/cgi-bin/\S+)\n```",
                          file.read())
    ensure(len(rows) >= 50, f"{len(rows)} rows")
    roles = {name: role for name, role, _ in rows}
    for words in ("userManager.cgi addUser", "accessControl.cgi getOsdpFrames",
                  "accessControl.cgi getReaderFrames", "recordFinder.cgi find, PosternAudit",
                  "accessControl.cgi setReaderKey", "accessControl.cgi addReaderFile",
                  "configManager.cgi setConfig"):
        check(roles[words], "admin", words)
    ranks = ["nobody", "viewer", "operator", "admin"]
    with House() as d:
        for name in ("viewer", "operator"):
            check(add(d, f"a-{name}", ANNA, name).status, 200)
            for row, role, target in rows:
                enough = ranks.index(role) <= ranks.index(name)
                path, _, body = target.partition("?")
                if role == "nobody" or "modifyPassword" in row or (enough and "attach" in target):
                    continue
                for request in ((target,), (path, "POST", body.encode(), FORM)):
                    reply = d.request(*request, user=f"a-{name}", password=ANNA)
                    check(reply.status != 403, enough, f"{name} {request}: {reply.text!r}")
        check({act for act, _ in acts(d)}, {"init", "account_add"}, "what was done")


@test("passwords: one's own with the old one, others' as admin, never in a URL, not the name")
def _():
    with House() as d:
        check(add(d, "anna", ANNA, "viewer").status, 200)
        anna = ("anna", ANNA)
        refused(passwd(d, "admin", "new password", None, anna), 403, "own password")
        refused(passwd(d, "anna", "new password", None, anna), 403, "pwdOld")
        refused(passwd(d, "anna", "new password", "wrong password", anna), 403, "pwdOld")
        check(passwd(d, "anna", "new password", ANNA, anna).status, 200)
        ensure(not logs_in(d, "anna", ANNA) and logs_in(d, "anna", "new password"), "the new one")
        check(passwd(d, "anna", ANNA).status, 200, "an admin needs no old one of others")
        ensure(logs_in(d, "anna", ANNA), "set by an admin")
        refused(passwd(d, "admin", "new password"), 403, "pwdOld")
        refused(passwd(d, "nobody", "new password"), 400, "account")
        for target in ("modifyPassword&name=anna&pwd=new%20password", "addUser&user.Name=eve"
                       "&user.Group=viewer&user.Password=new%20password"):
            refused(d.request(USERS + target), 400, "body of a POST")
            refused(d.request(USERS + target, "POST", b"", FORM), 400, "body of a POST")
        refused(passwd(d, "anna", "short"), 400, "pwd")
        refused(add(d, "longname", "LongName", "viewer"), 400, "the account's name")
        refused(add(d, "anna", OTTO, "viewer"), 400, "there is an account of this name")
        refused(add(d, "a:b", OTTO, "viewer"), 400, "letters, digits")
        refused(add(d, "eve", OTTO, "root"), 400, "admin, operator, viewer")
        check([name for name, _ in accounts(d)], ["admin", "anna"])


@test("old passwords are asked five times, then once a minute: guessed by nobody, no flood of rows")
def _():
    with House() as d:
        for name in ("anna", "otto"):
            check(add(d, name, ANNA, "viewer").status, 200)
        anna, otto = ("anna", ANNA), ("otto", ANNA)
        check([passwd(d, "anna", "new password", f"guess {n}", anna).status for n in range(6)],
              [403] * 5 + [429])
        reply = passwd(d, "anna", "new password", ANNA, anna)
        check(reply.status, 429, "the right one as well")
        ensure(50 < int(reply.headers["retry-after"][0]) <= 60, reply.head)
        ensure(logs_in(d, *anna), "the log-in is not held up")
        check([passwd(d, "otto", ANNA, ANNA, otto).status for _ in range(7)],
              [200] * 5 + [429] * 2)
        check([act for act, _ in acts(d)].count("account_password"), 5)
        check(passwd(d, "anna", "new password").status, 200, "an admin is not held up by it")


@test("the last admin stays, whoever asks, also when two are asked for at once")
def _():
    with House() as d:
        refused(d.request(USERS + "deleteUser&name=admin"), 400, "last admin")
        refused(post(d, "modifyUser", {"name": "admin", "user.Group": "operator"}), 400, "last admin")
        check(add(d, "boss", ANNA, "admin").status, 200)
        check(d.request(USERS + "deleteUser&name=admin").status, 200)
        boss = {"user": "boss", "password": ANNA}
        refused(d.request(USERS + "deleteUser&name=boss", **boss), 400, "last admin")
        refused(d.request(USERS + "deleteUser&name=admin", **boss), 400, "account")
        for _ in range(10):
            check(add(d, "other", OTTO, "admin", ("boss", ANNA)).status, 200)
            answers = []
            threads = [threading.Thread(target=lambda n=n, who=who: answers.append(
                d.request(USERS + f"deleteUser&name={n}", **who).status))
                for n, who in (("boss", boss), ("other", {"user": "other", "password": OTTO}))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ensure(answers.count(200) == 1, f"exactly one goes: {answers}")
            if not logs_in(d, "boss", ANNA):
                check(add(d, "boss", ANNA, "admin", ("other", OTTO)).status, 200)
                check(d.request(USERS + "deleteUser&name=other", user="other",
                                password=OTTO).status, 200)


@test("a change ends the streams of its account within a second, and no others")
def _():
    with House() as d:
        check(add(d, "anna", ANNA, "viewer").status, 200)
        check(add(d, "otto", OTTO, "viewer").status, 200)
        target = ATTACH + "&codes=[All]&heartbeat=1"
        for change in (lambda: passwd(d, "anna", "new password"),
                       lambda: post(d, "modifyUser", {"name": "anna", "user.Group": "operator"}),
                       lambda: d.request(USERS + "deleteUser&name=anna")):
            password = "new password" if not logs_in(d, "anna", ANNA) else ANNA
            with d.stream(target, "anna", password) as first, \
                    d.stream(target, "anna", password) as second, \
                    d.stream(target, "otto", OTTO) as other:
                check(change().status, 200)
                began = time.monotonic()
                for stream in (first, second):
                    ended = False
                    while not ended:
                        try:
                            ended = stream.part() is None
                        except (EOFError, OSError, AssertionError, ValueError):
                            ended = True
                ensure(time.monotonic() - began < 1, "a second is over")
                ensure(other.part() is not None, "another account's stream goes on")
        d.sim("card 1 777")  # core still serves


@test("every act has one row in the audit: who, from where, on what; no secret, no name")
def _():
    with House() as d:
        check(add(d, "anna", ANNA, "admin").status, 200)
        anna = {"user": "anna", "password": ANNA}
        no = insert(d, "canary-user", 98765432, CardName="Canary Name", Password="86420951")
        check(d.request(UPDATE + f"&recno={no}&CardStatus=4", **anna).status, 200)
        for _ in range(2):
            check(d.request(REMOVE + f"&recno={no}", **anna).status, 200)
        insert(d, "1", 1)
        check(d.request(CLEAR, **anna).status, 200)
        check(d.request(SET_CONFIG + "&AccessTimeSchedule[7].Name=Office", **anna).status, 200)
        for words in ("SpecialDayGroup[3].Name=Xmas", "SpecialDaysSchedule[5].Name=Closed"):
            check(d.request(SET_CONFIG + "&" + words, **anna).status, 200)
        check(passwd(d, "anna", OTTO).status, 200)
        check(post(d, "modifyUser", {"name": "anna", "user.Group": "viewer"}).status, 200)
        check(d.request(USERS + "deleteUser&name=anna").status, 200)
        check(d.request(USERS + "deleteUser&name=anna").status, 400, "a refusal has no row")
        rows = audit(d)
        check([(r["Act"], r["Target"], r["Account"], r["Result"], r["Count"]) for r in rows], [
            ("init", "account admin", "", "done", "0"),
            ("account_add", "account anna", "admin", "done", "0"),
            ("person_insert", f"person {no}", "admin", "done", "0"),
            ("person_update", f"person {no}", "anna", "done", "0"),
            ("person_remove", f"person {no}", "anna", "done", "0"),
            ("person_remove", f"person {no}", "anna", "nothing_to_change", "0"),
            ("person_insert", f"person {no + 1}", "admin", "done", "0"),
            ("person_clear", "all persons", "anna", "done", "1"),
            ("schedule_put", "schedule 7", "anna", "done", "0"),
            ("special_group_put", "special-day group 3", "anna", "done", "0"),
            ("special_schedule_put", "special-day schedule 5", "anna", "done", "0"),
            ("account_password", "account anna", "admin", "done", "0"),
            ("account_role", "account anna", "admin", "done", "0"),
            ("account_remove", "account anna", "admin", "done", "0")])
        check([int(r["No"]) for r in rows], list(range(1, len(rows) + 1)))
        check({r["Address"] for r in rows}, {"", "127.0.0.1"})
        check([r["Trusted"] for r in rows[1:]], ["true"] * (len(rows) - 1), "clock: trust")
        ensure(all(abs(int(r["Time"]) - time.time()) < 60 for r in rows), "now")
        check([int(r["No"]) for r in audit(d, "&AfterNo=3&count=2")], [4, 5])
        check(audit(d, f"&EndTime={int(time.time()) - 3600}"), [])
        check(len(audit(d, f"&StartTime={int(time.time()) - 3600}")), len(rows))
        d.stop()
        with sqlite3.connect(f"file:{d.state}/postern.db?mode=ro", uri=True) as db:
            text = repr(db.execute("SELECT * FROM audit").fetchall())
        for secret in ("canary-user", "98765432", "Canary", "86420951", ANNA, OTTO, PASSWORD):
            ensure(secret not in text, f"{secret} stands in the audit")


@test("a source that is locked out is one row, however often it tries on")
def _():
    with House() as d:
        for _ in range(12):
            d.request(FIND_CARDS, password="a wrong one")
        wait_until(lambda: d.request(AUDIT).status == 200, "the source may ask again", 70)
        check([a for a in acts(d) if a[0] == "login_lockout"], [("login_lockout", "")])
        row = audit(d)[-1]
        check((row["Account"], row["Address"], row["Result"], row["Count"]),
              ("", "127.0.0.1", "refused", "5"))


@test("reset-admin is told in the audit, as from the device itself")
def _():
    with House() as d:
        secret = os.path.join(d.folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("another password\n")
        d.stop()
        status, _, err = run([program("posternd"), "reset-admin", "--state", d.state,
                              "--admin-password-file", secret])
        check((status, err), (0, ""))
        with open(d.state + "/admin.password", "w", encoding="utf-8") as file:
            file.write("another password\n")
        d.start()
        row = audit(d)[-1]
        check((row["Act"], row["Target"], row["Account"], row["Address"]),
              ("reset_admin", "account admin", "", ""))


@test("a backup and another configuration file are rows, once each")
def _():
    with House() as d:
        file = os.path.join(d.folder, "backup")
        insert(d, "1", 1)
        check(run([program("posternd"), "backup", file, "--state", d.state])[0], 0)
        check([a for a in acts(d) if a[0] == "backup"], [], "nothing was written since")
        d.stop()
        d.start()
        check(acts(d)[-1], ("backup", "backup up to RecNo 0"))
        ensure("configuration" not in dict(acts(d)), "the same file")
        row = audit(d)[-1]
        check((row["Account"], row["Address"], row["Result"]), ("", "", "done"))
        ensure(abs(int(row["Time"]) - time.time()) < 60, row)
        d.stop()
        wait_until(lambda: time.time() >= int(row["Time"]) + 1, "marks are seconds")
        check(run([program("posternd"), "backup", file, "--state", d.state])[0], 0)
        with Daemon(state=d.state, config=CONFIG.replace("UNLOCK", "300ms")) as again:
            check(acts(again)[-2:], [("configuration", "configuration file"),
                                     ("backup", "backup up to RecNo 0")])
            insert(again, "2", 2)
            check([a[0] for a in acts(again)[-2:]], ["backup", "person_insert"], "once")


main()
