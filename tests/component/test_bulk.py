#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`postern user add --from FILE`: what a file may say, what is refused where, and that a run which was
cut off goes on."""
import json
import os
import pty
import signal
import subprocess
import tempfile
import time

from harness import check, ensure, free_port, main, program, run, test, wait_until
from people import CONFIG, House, PASSWORD, insert, person, present, records
from secure import secure

DONE, REFUSED, USAGE, UNREACHABLE, UNPROVEN = range(5)
HEADER = "user,card,name,doors\n"


class Folder:
    """Files of people in a folder that goes away."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def write(self, text, name="people.csv"):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path


def command(d, *words):
    return [program("postern"), "--device", d.url, "--password-file",
            os.path.join(d.state, "admin.password"), "user", "add", *words]


def add(d, *words, status=DONE, text=None):
    """(standard output, standard error) of a run that ends so."""
    done = subprocess.run(command(d, *words), input=text, capture_output=True, text=True,
                          timeout=120, check=False)
    check(done.returncode, status, f"{words}: {done.stdout!r} {done.stderr!r}")
    return done.stdout, done.stderr


def results(text):
    """{UserID: (row, result)} of the lines of a run."""
    lines = [line.split(None, 3) for line in text.splitlines()]
    return {words[1]: (int(words[0]), words[2]) for words in lines}


def everybody(d):
    """Rows as `user list --json` prints them, by UserID."""
    status, out, err = d.postern("user", "list", "--json")
    check(status, DONE, err)
    rows = [json.loads(line) for line in out.splitlines()]
    found = {row["UserID"]: row for row in rows}
    check(len(found), len(rows), "a person is doubled")
    return found


def many(count, first=0):
    return HEADER + "".join(f'p{i},{5000000 + i},Person {i},"1,2"\n'
                            for i in range(first, first + count))


@test("a CSV file enrols everybody with every column; repeated, all are there before")
def _():
    with House() as d, Folder() as f:
        path = f.write('\ufeffUser,CardNo,name,doors,schedules,status,type,valid_from,Valid to,valid,'
                       'uses,user-type,citizen-id,vto-position,pin,duress-pin\r\n'
                       '102,0012345,"Zhang ""Z"" San","1,2",255 1,"frozen,pre-arrears",vip,'
                       '20151022 093811,2099-12-22 09:38:11,no,7,5,342,01018001,86420951,2468\r\n'
                       '\r\n103,5,J\u00f6rg,2,,4,255,,,,,,,,,\r\n104,,,,,,,,,,,,,,,')
        out, err = add(d, "--from", path)
        check(sorted(out.splitlines()), [f"{row:<8} {user:<16} done RecNo {person(d, user)['RecNo']}"
                                         for row, user in ((1, "102"), (2, "103"), (3, "104"))])
        ensure("postern: 3 rows: 3 done, 0 there before, 0 refused in " in err, err)
        row = person(d, "102")
        for key, value in {"CardNo": "0012345", "CardName": 'Zhang "Z" San', "Doors[0]": "0",
                           "Doors[1]": "1", "TimeSections[0]": "255", "TimeSections[1]": "1",
                           "CardStatus": "36", "CardType": "1", "IsValid": "false",
                           "UseTime": "7", "VTOPosition": "01018001", "UserType": "5",
                           "ValidDateStart": "2015-10-22 09:38:11", "CitizenIDNo": "342",
                           "ValidDateEnd": "2099-12-22 09:38:11"}.items():
            check(row[key], value, key)
        check((person(d, "103")["CardName"], person(d, "103")["Doors[0]"]), ("J\u00f6rg", "1"))
        before = everybody(d)
        out, err = add(d, "--from", path)
        check({user: word for user, (_, word) in results(out).items()},
              {"102": "exists", "103": "exists", "104": "exists"})
        ensure(": 0 done, 3 there before, 0 refused" in err, err)
        check(everybody(d), before)


@test("a card written with a blank behind the separator opens its door")
def _():
    with House() as d, Folder() as f:
        add(d, "--from", f.write("user, card, name, doors, pin\n 102, 77\t, Ann , 1, 86420951\n"))
        row = d.curl_ok("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard")
        for value in ("UserID=102\n", "CardNo=77\n", "CardName=Ann\n"):
            ensure(value in row, row)
        present(d, 1, 77)
        check(wait_until(lambda: records(d), "a record")[0]["Status"], "1")


@test("a person who is there with something else is refused by place and column, the rest is done")
def _():
    with House() as d, Folder() as f:
        insert(d, "1", "11", doors=(0,), CardName="Ann")
        insert(d, "2", "22", doors=(0,))
        insert(d, "3", "33")
        insert(d, "7", "44")
        # Each row but the last two differs from what is there in one column.
        rows = ["1,11,Bob,1", "2,22,,2", "4,44,Dan,1", "5,55,Eve,1", "3,033,,"]
        out, err = add(d, "--from", f.write(HEADER + "\n".join(rows)), status=REFUSED)
        check({user: word for user, (_, word) in results(out).items()},
              {"1": "refused:", "2": "refused:", "4": "refused:", "5": "done", "3": "exists"})
        said = dict(line.split("refused: ") for line in out.splitlines() if "refused" in line)
        said = {key.split()[1]: value for key, value in said.items()}
        ensure("people.csv:2:1: this UserID is enrolled already: with another name: " in said["1"], out)
        ensure("people.csv:3:1: " in said["2"] and "another doors" in said["2"], out)
        ensure("people.csv:4:1: this card belongs to somebody else" in said["4"], out)
        ensure(": 1 done, 1 there before, 3 refused" in err, err)
        check(sorted(everybody(d)), ["1", "2", "3", "5", "7"])
        check(person(d, "1")["CardName"], "Ann")
        out, err = add(d, "--from", "-", "--quiet", text=HEADER + "1,11,Bob,1\n6,66,,\n", status=REFUSED)
        ensure(out.count("\n") == 1 and "standard input:2:1:" in out, out)
        check(err, "")


@test("what one controller lists as JSON, another enrols, and JSON lines may have lists")
def _():
    with House() as d, House() as other, Folder() as f:
        insert(d, "102", "0012345", doors=(1, 0), CardName="Zhang, \"S\" & Co",
               **{"TimeSections[0]": 255, "TimeSections[1]": 3}, CardStatus=4, CardType=2, UseTime=9, VTOPosition="007",
               ValidDateEnd="2099-12-22 09:38:11")
        insert(d, "7", "77")
        listed = d.postern("user", "list", "--json")[1]
        rows = [json.loads(line) for line in add(other, "--from", "-", "--json", text=listed)[0].splitlines()]
        check(sorted((r["row"], r["line"], r["UserID"], r["result"]) for r in rows),
              [(1, 1, "102", "done"), (2, 2, "7", "done")])
        check(sorted(r["RecNo"] for r in rows), [1, 2])

        def without_number(all_rows):
            return {user: {k: v for k, v in row.items() if k != "RecNo"} for user, row in all_rows.items()}
        check(without_number(everybody(other)), without_number(everybody(d)))
        path = f.write('{"user": "8", "card": 88, "doors": [1, 2], "valid": true, "name": null}\n'
                       '\r\n{"UserID":"9","doors":"2","schedules":[],"card":""}', "people.jsonl")
        check({u: w for u, (_, w) in results(add(other, "--from", path)[0]).items()},
              {"8": "done", "9": "done"})
        check([person(other, "8")[k] for k in ("CardNo", "Doors[0]", "Doors[1]")], ["88", "0", "1"])


@test("a file that is wrong is told by line and column, and nothing of it is sent")
def _():
    with House() as d, Folder() as f:
        for text, place, what in (
                ("", ":1:1", "the file is empty"),
                ("user,colour\n1,red\n", ":1:6", "`colour` is no column; there are: user card name"),
                ("user,card,CardNo\n", ":1:11", "stands twice"),
                (HEADER + "1,1,Ann\n", ":2:1", "3 fields, but the first line names 4 columns"),
                (HEADER + "1,1,Ann,1,2\n", ":2:11", "a field with separators needs quotes"),
                (HEADER + "1,1,Ann,65\n", ":2:9", "doors: `65` is not a list like 1,2 of numbers from 1 to 64"),
                (HEADER + f"1,1,{'n' * 33},1\n", ":2:5", "at most 32 characters"),
                (HEADER + f"{'n' * 65},1,,1\n", ":2:1", "at most 64 bytes"),
                (HEADER + ",1,Ann,1\n", ":2:1", "the row has no user"),
                (HEADER + '1,1,"Ann,1\n2,2,,\n', ":2:5", "this quote is never closed"),
                (HEADER + '1,1,An"n,1\n', ":2:7", "a quote inside a field"),
                (HEADER + '1,1,"An\nn",1\n', ":2:5", "without control characters"),
                (HEADER + '1,1,"\u00e4\u00f6\u00fc",0\n', ":2:11", "numbers from 1"),
                ((HEADER + "1,1,Ann,1\n").encode() + b"2,2,\xff,1\n", ":3:5", "UTF-8"),
                (HEADER + "1,1,a,1\n2,001,b,1\n", ":3:1", "card `001` belongs to the person of line 2"),
                (HEADER + "1,1,a,1\n1,2,b,1\n", ":3:1", "user `1` stands in line 2 already"),
                ("user,card\n1,1.23457E+11\n", ":2:3", "make the column text there"),
                ('{"user":"1","card":1023.0}', ":1:13", "make the column text there"),
                ("user,card\n\" \",7\n", ":2:1", "the row has no user"),
                ("user,card\n1, 7\n2,7 \n", ":3:1", "card `7` belongs to the person of line 2"),
                ("user,valid-to\n1,soon\n", ":2:3", "valid-to: `soon` is not a time"),
                ("user,status\n1,\"lost,away\"\n", ":2:3", "one of normal lost cancelled"),
                ("user,valid\n1,maybe\n", ":2:3", "yes or no"),
                ("user,pin\n1,\"12\t34\"\n", ":2:3", "pin: what stands here is not at most 64 bytes"),
                ('{"user":"1","card":"1"}\n{"user":"2",\n', ":2:13", "no end in its line"),
                ('{"user":"1","doors":[0]}', ":1:13", "numbers from 1"),
                ('{"user":"1","x":[[[[1]]]]}', ":1:19", "nesting too deep"),
                ('{"user":"1"} {}', ":1:14", "unexpected character"),
                ('{"user":"1"}\n[1]', ":2:4", "one JSON object a line"),
                ('{"user":"1","UserID":"2"}', ":1:13", "given twice")):
            path = f.write(text)
            out, err = add(d, "--from", path, status=REFUSED)
            ensure(f"postern: {path}{place}: " in err and what in err, f"{text!r}: {err!r}")
            ensure(err.endswith("nothing was sent: mend what is named above and repeat the command\n"), err)
            check(out, "")
        check(everybody(d), {})
        bad = f.write(HEADER + "".join(f"{i},{i},,99\n" for i in range(50)))
        err = add(d, "--from", bad, status=REFUSED)[1]
        check((err.count("doors:"), "there may be more" in err), (20, True))
        for words, said in ((("--from", "/nowhere/people"), "cannot read /nowhere/people"),
                            (("--from", bad, "7"), "`7` does not go with --from"),
                            (("--from", bad, "--name", "x"), "--name does not go with --from"),
                            (("--from", bad, "--connections", "65"), "--connections"),
                            (("7", "--card", "1", "--dry-run"), "--dry-run goes with --from FILE only"),
                            ((), "usage: postern user add USERID")):
            ensure(said in add(d, *words, status=USAGE)[1], str(words))


@test("a dry run needs no device, and sends nothing")
def _():
    with Folder() as f:
        def dry(path):
            return run([program("postern"), "--device", "http://127.0.0.1:1", "user", "add", "--from",
                        path, "--dry-run"])
        path = f.write(many(1000))
        check(dry(path), (DONE, "", f"postern: {path}: 1000 rows, none is wrong; nothing was sent\n"))
        status, out, err = dry(f.write(HEADER + "1,1,,x\n"))
        check((status, out), (REFUSED, ""))
        ensure(":2:6: doors: `x` is not" in err, err)


def settled(d):
    """How many there are, once the last requests of a killed program are through."""
    before, there = -1, len(everybody(d))
    while there != before:
        time.sleep(0.3)
        before, there = there, len(everybody(d))
    return there


@test("killed at any place it goes on, and everybody is enrolled once")
def _():
    with House() as d, Folder() as f:
        path = f.write(many(600))
        for kill_at in (1, 40, 200):
            with subprocess.Popen(command(d, "--from", path, "--json"), stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True) as one:
                for _ in range(kill_at):
                    one.stdout.readline()
                one.send_signal(signal.SIGKILL)
            ensure(one.returncode == -signal.SIGKILL, str(one.returncode))
        there = settled(d)
        ensure(0 < there < 600, str(there))
        out, err = add(d, "--from", path)
        check(len(results(out)), 600)
        ensure(f": {600 - there} done, {there} there before, 0 refused" in err, err)
        check(set(everybody(d)), {f"p{i}" for i in range(600)})


@test("a controller that restarts meanwhile is waited for; one that stays away is said")
def _():
    with House() as d, Folder() as f:
        path = f.write(many(900))
        with subprocess.Popen(command(d, "--from", path), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as one:
            for role, lines in (("gate", 100), ("core", 200)):
                for _ in range(lines):
                    one.stdout.readline()
                os.kill(d.pid(role), signal.SIGKILL)
            out, err = one.communicate(timeout=90)
        check(one.returncode, DONE, err)
        ensure("900 rows: " in err and " 0 refused" in err, err)
        check(set(everybody(d)), {f"p{i}" for i in range(900)})
        d.stop()
        err = add(d, "--from", path, "--connections", "1", status=UNREACHABLE)[1]
        ensure("postern: 0 of 900 rows were answered; repeat the command to go on" in err, err)


@test("a wrong password is tried once, whatever the number of connections")
def _():
    with House() as d, Folder() as f:
        with open(os.path.join(d.state, "admin.password"), "w", encoding="utf-8") as file:
            file.write("wrong\n")
        path = f.write(many(100))
        for _ in range(3):  # five wrong ones would lock the account
            err = add(d, "--from", path, "--connections", "64", status=UNPROVEN)[1]
            ensure("user or password is wrong" in err, err)
        with open(os.path.join(d.state, "admin.password"), "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        check(len(results(add(d, "--from", path)[0])), 100)


@test("a bar on a terminal, lines elsewhere; a full table refuses what does not fit")
def _():
    config = CONFIG.replace("http:\n", "limits: {persons: 150}\nhttp:\n")
    with House(config=config) as d, Folder() as f:
        path = f.write(many(200))
        ours, theirs = pty.openpty()
        with subprocess.Popen(command(d, "--from", path), stdout=subprocess.PIPE, stderr=theirs,
                              text=True) as one:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    shown += os.read(ours, 4096)
                except OSError:  # the other end is closed
                    break
            out = one.stdout.read()
        os.close(ours)
        check(one.returncode, REFUSED, shown)
        ensure(b"200 rows: 150 done, 0 there before, 50 refused" in shown, shown)
        lines = out.splitlines()
        check(len(lines), 50)
        ensure(all("raise limits.persons" in line for line in lines), out)
        check(len(everybody(d)), 150)
        ensure("\r" not in add(d, "--from", path, status=REFUSED)[1], "a bar in a file")


@test("over https every connection has the key that the first one learnt")
def _():
    config = CONFIG + f"https:\n  listen: 127.0.0.1:{free_port()}\n"
    with House(config=config) as d, Folder() as f:
        known = os.path.join(d.house, "known")
        env = {**os.environ, "POSTERN_KNOWN_DEVICES": known}
        words = [program("postern"), "--device", secure(d).url, "--password-file",
                 os.path.join(d.state, "admin.password"), "user", "add", "--from", f.write(many(200))]
        for done, there in ((200, 0), (0, 200)):
            status, _, err = run(words, env=env)
            check(status, DONE, err)
            ensure(f"200 rows: {done} done, {there} there before, 0 refused" in err, err)
            check("was never used before" in err, done == 200, err)
        with open(known, encoding="utf-8") as file:
            lines = file.read().splitlines()
        check(len(lines), 1, lines)
        with open(known, "w", encoding="utf-8") as file:  # another device's key
            file.write(lines[0].partition("sha256//")[0] + "sha256//" + "A" * 43 + "=\n")
        status, out, err = run(words, env=env)
        check((status, out), (UNPROVEN, ""), err)
        ensure("0 of 200 rows were answered" in err, err)


if __name__ == "__main__":
    main()
