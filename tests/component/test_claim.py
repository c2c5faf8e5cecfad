#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first account: by the one-time code of the log, once, and never half."""
import os
import random
import re
import socket
import tempfile
import threading
import time
import urllib.parse

from harness import (ASK, Connection, Daemon, check, ensure, free_port, main, program, run, test)
from people import CONFIG
from secure import secure

PASSWORD = "correct horse, staple"
TARGET = "/cgi-bin/global.cgi?action=claim"
CODE = re.compile(r"claim code ([A-Z2-7]{5}-[A-Z2-7]{5}) ")
UNCLAIMED = CONFIG.replace("UNLOCK", "200ms")
OK, CLAIMED, WRONG, THROTTLED = "OK", "claimed", "wrong", "throttled"
KILLS = int(os.environ.get("POSTERN_CLAIM_KILLS", "50"))


def code_of(d):
    found = CODE.findall(d.log)
    ensure(found, f"no code in the log:\n{d.log}")
    return found[-1]


def post(d, target, body):
    with d.connect() as connection:
        connection.send(f"POST {target} HTTP/1.1\r\nHost: {d.host}\r\nConnection: close\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return connection.read_reply()


def form(code, password=PASSWORD):
    return f"code={urllib.parse.quote(code)}&password={urllib.parse.quote(password)}"


def claim(d, code, password=PASSWORD):
    """What became of it, in one word."""
    reply = post(d, TARGET, form(code, password))
    for status, words, meaning in ((200, "OK", OK), (403, "claimed", CLAIMED),
                                   (403, "not the claim code", WRONG),
                                   (429, "try again after", THROTTLED)):
        if reply.status == status and words in reply.text:
            return meaning
    return f"{reply.status} {reply.text!r}"


def logs_in(d, password):
    digest = d.digest("admin", password)
    with d.connect() as connection:
        connection.send(f"GET {ASK} HTTP/1.1\r\nHost: {d.host}\r\n"
                        f"Authorization: {digest.header('GET', ASK)}\r\n\r\n".encode())
        return connection.read_reply().status == 200


@test("the code of the log makes the account, once")
def _():
    with Daemon(config=UNCLAIMED) as d:
        code = code_of(d)
        ensure("nobody can log in yet" in d.log, d.log)
        check(logs_in(d, PASSWORD), False)
        check(claim(d, code, "another password"), OK)
        check(logs_in(d, "another password"), True)
        check(claim(d, code), CLAIMED, "a second time")
        check(claim(d, "AAAAA-AAAAA"), CLAIMED, "a wrong code")
        check(logs_in(d, PASSWORD), False)
        d.stop()
        first = d.mark()
        d.start()
        check(logs_in(d, "another password"), True, "after a restart")
        ensure(not CODE.search("\n".join(d.lines[first:])), "a code for a claimed device")
        check(claim(d, code), CLAIMED)
        ensure("another password" not in d.log, "the password is in the log")


@test("the code is new at each start and for each core")
def _():
    with Daemon(config=UNCLAIMED) as d:
        codes = [code_of(d)]
        d.stop()
        d.start()
        codes.append(code_of(d))
        first = d.mark()
        d.kill_role("core")
        d.wait_restart("core", first)
        codes.append(code_of(d))
        check(len(set(codes)), 3, codes)
        check(claim(d, codes[0]), WRONG)
        check(claim(d, codes[1]), WRONG)
        check(claim(d, " " + codes[2].lower().replace("-", " ")), OK)


@test("what is no claim is refused and changes nothing")
def _():
    with Daemon(config=UNCLAIMED) as d:
        code = code_of(d)
        cases = ((TARGET + "&" + form(code), "", "a claim is a POST"),
                 (TARGET + "&code=" + code, f"password={PASSWORD.replace(' ', '+')}",
                  "a claim is a POST"),
                 (TARGET, f"code={code}", "password is missing"),
                 (TARGET, f"password={'p' * 12}", "code is missing"),
                 (TARGET, form(code, "1234567"), "password has 7 bytes"),
                 (TARGET, form(code, "p" * 129), "password has 129 bytes"),
                 (TARGET, form(code, "tab\there it is"), "control character"),
                 (TARGET, form(code) + "&user=root", "user"),
                 (TARGET, form(code) + "&code=AAAAA-AAAAA", "twice"))
        for target, body, words in cases:
            reply = post(d, target, body)
            check(reply.status, 400, f"{target} {body}: {reply.text}")
            ensure(words in reply.text, f"{body}: {reply.text!r} does not say {words!r}")
        reply = d.raw(f"GET {TARGET}&{form(code)} HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
        check(reply.status, 400)
        reply = post(d, "/cgi-bin/global.cgi?action=getCurrentTime", "")
        check(reply.status, 401, "what needs an account")
        with d.connect() as connection:
            body = form(code)
            connection.send(f"POST {TARGET} HTTP/1.1\r\nHost: {d.host}\r\n"
                            "Origin: http://evil.example\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            check(connection.read_reply().status, 403, "another site's page")
        check(claim(d, code), OK, "the code is still good")


@test("guesses are slowed down, for their source alone")
def _():
    with Daemon(config=UNCLAIMED) as d:
        code = code_of(d)
        wrong = ("A" if code[0] != "A" else "B") + code[1:]
        check([claim(d, wrong) for _ in range(7)], [WRONG] * 5 + [THROTTLED] * 2)
        check(claim(d, code), THROTTLED, "the right one too")
        elsewhere = Connection.__new__(Connection)
        elsewhere.buffer = b""
        elsewhere.socket = socket.create_connection(d.address, 15, ("127.0.0.2", 0))
        with elsewhere:
            body = form(code)
            elsewhere.send(f"POST {TARGET} HTTP/1.1\r\nHost: {d.host}\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            check(elsewhere.read_reply().text, "OK\r\n", "somebody else")


@test("after a hundred wrong codes there is none until the next start")
def _():
    with Daemon(config=UNCLAIMED) as d:
        code = code_of(d)
        for number in range(100):
            with socket.create_connection(d.address, 15, (f"127.0.1.{number // 4 + 1}", 0)) as sock:
                body = form("AAAAA-AAAAA")
                sock.sendall(f"POST {TARGET} HTTP/1.1\r\nHost: {d.host}\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
                head = sock.recv(4096)
            ensure(b" 403 " in head, f"{number}: {head!r}")
        reply = post(d, TARGET, form(code))
        check(reply.status, 400, reply.text)
        ensure("restart posternd for a new one" in reply.text, reply.text)
        d.stop()
        d.start()
        check(claim(d, code_of(d)), OK)


@test("of 100 parallel claims exactly one wins")
def _():
    with Daemon(config=UNCLAIMED + f"https:\n  listen: 127.0.0.1:{free_port()}\n"
                "limits:\n  connections_per_source: 128\n") as d:
        code = code_of(d)
        ways = (d, secure(d))
        results = [None] * 100
        gate = threading.Barrier(100)

        def one(number):
            try:
                gate.wait()
                for _ in range(50):
                    results[number] = claim(ways[number % 2], code, f"password {number}")
                    if not results[number].startswith("503"):
                        return
                    time.sleep(0.05)
            except (OSError, EOFError) as error:
                results[number] = repr(error)
        threads = [threading.Thread(target=one, args=(n,)) for n in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [number for number, result in enumerate(results) if result == OK]
        check(len(winners), 1, results)
        check({r for r in results if r != OK}, {CLAIMED})
        check(logs_in(d, f"password {winners[0]}"), True)
        check(logs_in(d, f"password {(winners[0] + 1) % 100}"), False)
        d.stop()
        d.start()
        check(logs_in(d, f"password {winners[0]}"), True, "after a restart")


@test("killed at any instant, it is claimed with that password or not claimed")
def _():
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    made = told = 0
    for number in range(KILLS):
        with Daemon(config=UNCLAIMED) as d:
            code = code_of(d)
            answer = []

            def ask():
                try:
                    answer.append(claim(d, code))
                except (OSError, EOFError):
                    answer.append(None)
            thread = threading.Thread(target=ask)
            victim = chance.choice(("core", "core", "core", "gate", "all"))
            thread.start()
            time.sleep(chance.uniform(0, chance.choice((0.002, 0.005, 0.015))))
            if victim == "all":
                for role in ("core", "gate"):
                    d.kill_role(role)
                d.process.kill()
            else:
                d.kill_role(victim)
            thread.join()
            d.stop()
            first = d.mark()
            d.start()
            claimed = logs_in(d, PASSWORD)
            code_again = CODE.search("\n".join(d.lines[first:]))
            check(claimed, code_again is None, f"seed {seed}, {number}: half claimed")
            ensure(claimed or answer != [OK], f"seed {seed}, {number}: told OK and not claimed")
            if not claimed:
                check(claim(d, code_again.group(1), "the next one"), OK)
                check(logs_in(d, "the next one"), True)
            made += claimed
            told += answer == [OK]
    return f"{made} of {KILLS} claimed, {told} told so"


@test("the command line claims, and keeps the key of the device")
def _():
    with Daemon(config=UNCLAIMED + f"https:\n  listen: 127.0.0.1:{free_port()}\n") as d:
        secret = os.path.join(d.folder, "secret")
        known = os.path.join(d.folder, "known")
        url = secure(d).url

        def postern(*arguments):
            return run([program("postern"), "--device", url, *arguments],
                       env={**os.environ, "POSTERN_KNOWN_DEVICES": known})
        with open(secret, "w", encoding="utf-8") as file:
            file.write("päss & wörd=%41+\n")
        ask = ("device", "claim", "--password-file", secret, "--code")
        status, _, err = postern("--password-file", secret, "device", "info")
        check(status, 4, err)
        status, out, err = postern(*ask, "AAAAA-AAAAA")
        check((status, out), (1, ""), err)
        ensure("not the claim code" in err and not os.path.exists(known), err)
        check(postern("device", "claim", "--password-file", secret)[0], 2, "no code")
        check(postern("--user", "root", *ask, code_of(d))[0], 2, "another name")
        status, out, err = postern(*ask, code_of(d).lower())
        check((status, out), (0, "claimed: log in as admin with this password\n"), err)
        ensure("its key is sha256//" in err and os.path.exists(known), err)
        check(logs_in(d, "päss & wörd=%41+"), True)
        check(postern("--password-file", secret, "device", "info")[::2], (0, ""))
        status, _, err = postern(*ask, code_of(d))
        check(status, 1, err)
        ensure("this device is claimed" in err, err)
        with open(secret, "w", encoding="utf-8") as file:
            file.write("short\n")
        status, _, err = postern(*ask, code_of(d))
        check(status, 2, err)
        ensure("8 to 128 bytes" in err, err)


@test("init and the demo make the account as ever, and then there is nothing to claim")
def _():
    with Daemon() as d:
        ensure(not CODE.search(d.log), "the demo shows a code")
        check(post(d, TARGET, form("AAAAA-AAAAA")).status, 403)
        check(d.get(ASK), "type=Postern\r\n")
    with tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "password")
        with open(secret, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        status, _, err = run([program("posternd"), "init", "--state", folder + "/state",
                              "--admin-password-file", secret])
        check(status, 0, err)
        with Daemon(state=folder + "/state", config=UNCLAIMED) as d:
            check(logs_in(d, PASSWORD), True)
            ensure(not CODE.search(d.log), "a code for a claimed device")


main()
