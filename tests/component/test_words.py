#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `postern` says to who is new to it: wrong words are refused with what was wrong and what to do, and
nothing is done at another place than was meant."""
import os
import socket
import tempfile

from harness import check, ensure, main, program, run, test
from people import House, insert

OSDP = """lines: simulated
clock: trust
http:
  listen: {http}
osdp:
  - {id: fast, port: simulated, baud: 115200}
doors:
  - {index: 0, id: front}
readers:
  - {number: 5, door: front, osdp: {line: fast, address: 0}}
"""
DONE, REFUSED, USAGE, UNREACHABLE, UNPROVEN = range(5)


def says(d, *words, status=REFUSED, err=""):
    got, out, said = d.postern(*words)
    check((got, out), (status, ""), f"{words}: {said!r}")
    ensure(said.startswith("postern: ") and err in said, f"{words}: {said!r} does not say {err!r}")
    return said


def bare(*words, **environment):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("POSTERN")}
    return run([program("postern"), *words], env={**clean, "HOME": "/nonexistent", **environment})


@test("status and verify of a controller without records name no RecNo")
def _():
    with House() as d:
        status, out, err = d.postern("status")
        check(status, DONE, err)
        ensure("\nrecords      0 kept of at most 1000000 (0 %)\n" in out, out)
        check(d.postern("records", "verify"), (DONE, "complete: 0 records, totalCount 0\n", ""))
        check(d.postern("records", "pull"),
              (DONE, "", "postern: 0 records in 1 page, 0 overlapping rows dropped: complete\n"))
        check(d.postern("door", "open", "1")[0], DONE)
        ensure("(0 %), RecNo 1 to 1\n" in d.postern("status")[1], "status")
        check(d.postern("records", "verify")[1],
              "complete: 1 record, RecNo 1 to 1 without a gap, totalCount 1\n")


@test("a period that ends before it begins is refused")
def _():
    with House() as d:
        for verb in ("pull", "verify"):
            says(d, "records", verb, "--from", "2027-01-01", "--to", "2026-01-01", status=USAGE,
                 err="--to: `2026-01-01` lies before --from `2027-01-01`")
        check(d.postern("records", "verify", "--from", "2027-01-01", "--to", "2027-01-01")[0], DONE)


@test("who is there already is told how to change it; a card that no reader gives is told")
def _():
    with House() as d:
        insert(d, "1001", "5")
        check(says(d, "user", "add", "1001", "--card", "6"),
              "postern: this UserID is enrolled already: `postern user update` changes who is there\n")
        check(says(d, "user", "add", "1002", "--card", "5"), "postern: this card belongs to somebody else\n")
        for card, noted in (("0012", False), ("18446744073709551615", False), ("18446744073709551616", True),
                            ("4E1F", True), ("", False)):
            user = "u" + card[-8:]
            status, out, err = d.postern("user", "add", user, "--card", card)
            check((status, out.startswith(f"enrolled {user} as RecNo ")), (DONE, True), err)
            check("no reader of postern gives that" in err, noted, f"{card}: {err!r}")


@test("special days that are not there are not taken away")
def _():
    with House() as d:
        before = len(d.postern("audit", "list")[1].splitlines())
        says(d, "holiday", "remove", "7", err="there is no group 7; `postern holiday list`")
        says(d, "holiday", "remove", "7", "2026-12-24", err="group 7 has no day")
        says(d, "holiday", "forget", "9", err="there is no special schedule 9; `postern holiday list`")
        check(len(d.postern("audit", "list")[1].splitlines()), before, "rows of the audit")


@test("the wires of an OSDP reader are not tested")
def _():
    with House(config=OSDP) as d:
        says(d, "reader", "test", "5", "--seconds", "1", err="`postern osdp status 5`")
        says(d, "reader", "test", "128", "--seconds", "1", err="reader names no reader")


@test("one's own password without the old one: the option is named")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        for name in ("first", "second"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(f"the {name} password\n")
        first, second = os.path.join(folder, "first"), os.path.join(folder, "second")
        check(d.postern("account", "add", "bob", "--role", "viewer", "--new-password-file", first)[0], DONE)

        def bob(*words):
            return bare("--device", d.url, "--user", "bob", "--password-file", first, "account", "passwd", *words)
        status, _, err = bob("bob", "--new-password-file", second)
        check((status, err), (REFUSED, "postern: this account may not do that: one's own password is changed with "
                              "the old one: --old-password-file FILE\n"))
        status, _, err = bob("bob", "--new-password-file", second, "--old-password-file", second)
        check((status, "pwdOld is not the password" in err), (REFUSED, True), err)
        status, _, err = bob("admin", "--new-password-file", second)
        check((status, "its own password only" in err), (REFUSED, True), err)
        check(bob("bob", "--new-password-file", second, "--old-password-file", first), (DONE, "", ""))


@test("an address is checked before anybody is asked, and an empty option is not left out")
def _():
    with House() as d, tempfile.TemporaryDirectory() as folder:
        good = os.path.join(d.state, "admin.password")
        with socket.socket() as unheard:  # bound, and nobody listens
            unheard.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{unheard.getsockname()[1]}"
            for url, status, said in (
                    ("http://127.0.0.1:65536", USAGE, "is no device address"),
                    ("http://127.0.0.1:0", USAGE, "is no device address"),
                    ("http://127.0.0.1:", USAGE, "is no device address"),
                    ("http://[::1]:x", USAGE, "is no device address"),
                    ("", USAGE, "--device is empty: give a value, or leave the option out"),
                    (closed, UNREACHABLE, f"cannot be reached: {closed}: Connection refused"),
                    (d.url.replace("http:", "https:"), UNREACHABLE, "does it serve https at this port?")):
                got, out, err = bare("--device", url, "--password-file", good, "door", "list", HOME=folder)
                check((got, out), (status, ""), f"{url}: {err!r}")
                ensure(said in err, f"{url}: {err!r} does not say {said!r}")
        check(bare("--device", d.url + "/", "--password-file", good, "door", "list")[0], DONE)
        check(bare("door", "list", POSTERN_DEVICE=d.url, POSTERN_PASSWORD_FILE=good, POSTERN_USER="")[0], DONE)


@test("unknown options and words too many are named, with those that are known")
def _():
    for words, said in ((("door", "open", "1", "2"), "too many words, from `2` on; usage: postern door open DOOR ["),
                        (("door", "open", "1", "--fast"),
                         "`door open` does not take --fast; it takes: --as --type --json\n"),
                        (("--fast", "door", "list"), "`postern --help` lists those there are")):
        status, out, err = bare(*words)
        check((status, out), (USAGE, ""), f"{words}: {err!r}")
        ensure(said in err, f"{words}: {err!r} does not say {said!r}")
    whole = bare("--help")
    for words in (("help",), ("-h",), ("help", "frobnicate")):
        check(bare(*words), whole, str(words))
    check(bare("help", "door"), bare("door", "--help"))
    ensure("door open" in bare("help", "door")[1] and "user add" not in bare("help", "door")[1], "help door")


main()
