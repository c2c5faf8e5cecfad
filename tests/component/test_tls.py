#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""https: what it serves, what it refuses, and the key it makes itself."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

from harness import (ASK, WAIT_S, Daemon, Skip, check, ensure, free_port, main, program, run, test,
                     wait_until)
from people import CONFIG, SNAP, House, insert, records
from secure import PIN, context_of, https_line, secure

HANDSHAKE_S = 10  # a client has so long from its first byte to its first request


def house(names=None, extra="", **options):
    text = CONFIG
    if names:
        text = text.replace("  listen: {http}", "  listen: {http}\n  names: [%s]" % names)
    return House(config=text + f"https:\n  listen: 127.0.0.1:{free_port()}\n{extra}", **options)


def tool(name):
    if shutil.which(name) is None:
        raise Skip(f"{name} is not installed")
    return name


def handshake(d, *arguments):
    """openssl s_client: (exit status, what it said)."""
    done = subprocess.run([tool("openssl"), "s_client", "-connect", secure(d).host, *arguments],
                          input="", capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def certificate_of(state, *arguments):
    return run([program("posternd"), "certificate", "--state", state, *arguments])


@test("everything of plain HTTP is there over TLS")
def _():
    with house() as d:
        s = secure(d)
        insert(s, "1", "1")
        s.get("/cgi-bin/accessControl.cgi?action=openDoor&channel=1")
        with s.stream(SNAP + "&Events=[AccessControl]&heartbeat=1") as stream:
            check(stream.next(), "Heartbeat")
            d.sim("card 1 1")
            check(stream.event()["Events[0].CardNo"], "1")
            for _ in range(3):
                check(stream.next(), "Heartbeat")
        check([row["Method"] for row in records(s)], ["4", "1"])
        names = {f"{i}": "n" * 32 for i in range(100, 180)}
        for user, name in names.items():
            insert(s, user, user, CardName=name)
        reply = s.request("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard")
        ensure(len(reply.body) > 30000 and reply.text.count("CardName=" + "n" * 32) == 80,
               f"{len(reply.body)} bytes")


@test("the start lines, the command and the certificate say the same fingerprints")
def _():
    with house(names="door.example.org") as d:
        _, pin, sha256 = https_line(d)
        status, out, err = certificate_of(d.state)
        check((status, err), (0, ""))
        check(re.findall(r"(sha256//\S+|(?:[0-9A-F]{2}:){31}..)", out),
              [pin, sha256])
        path = os.path.join(d.state, "tls.crt")
        check(os.stat(os.path.join(d.state, "tls.key")).st_mode & 0o777, 0o400)
        _, out, _ = run([tool("openssl"), "x509", "-in", path, "-noout", "-fingerprint",
                         "-sha256"])
        ensure(sha256 in out, out)
        _, out, _ = run(["openssl", "x509", "-in", path, "-noout", "-text"])
        for words in ("ASN1 OID: prime256v1", "DNS:localhost", "DNS:door.example.org",
                      "IP Address:127.0.0.1", "CA:FALSE", "Not After : Dec 31 23:59:59 9999"):
            ensure(words in out, f"no {words} in\n{out}")
        _, serial, _ = d.postern("--json", "device", "info")
        ensure("DNS:" + re.search(r'"serial": ?"(\w+)"', serial).group(1) in out, out)
        for name in ("127.0.0.1", "localhost"):
            port = secure(d).address[1]
            status, out, err = run([tool("curl"), "-sS", "--cacert", path, "--pinnedpubkey", pin,
                                    "--digest", "-u", f"admin:{d.password}",
                                    f"https://{name}:{port}{ASK}"])
            check((status, out), (0, "type=Postern\n"), err)
        wrong = "sha256//" + "A" * 43 + "="
        status, _, _ = run(["curl", "-sS", "--cacert", path, "--pinnedpubkey", wrong,
                            secure(d).url + ASK])
        check(status, 90, "another key than the pinned one")


@test("the key outlives restarts, a lost certificate, and is changed by command only")
def _():
    with house() as d:
        first = https_line(d)[1:]
        status, _, err = certificate_of(d.state, "--renew")
        check(status, 1, "a pair in use")
        ensure("another posternd uses" in err, err)
        d.stop()
        d.start()
        check(https_line(d)[1:], first, "after a restart")
        d.stop()
        os.remove(os.path.join(d.state, "tls.crt"))
        d.start()
        check(https_line(d)[1], first[0], "the key, with another certificate")
        ensure(https_line(d)[2] != first[1], "the certificate was not made anew")
        secure(d).get(ASK)
        d.stop()
        status, out, err = certificate_of(d.state, "--renew")
        check(status, 0, err)
        d.start()
        pin = https_line(d)[1]
        ensure(pin != first[0] and pin in out, f"{pin} is not in {out!r}")
        rows = d.get("/cgi-bin/recordFinder.cgi?action=find&name=PosternAudit")
        check([line.split("=")[1] for line in rows.splitlines() if ".Act=" in line],
              ["init", "certificate_renew"], "one row of the renewal")
        secure(d).get(ASK)
        d.stop()
        os.remove(os.path.join(d.state, "tls.key"))
        d.start(wait_ready=False)
        check(d.wait_end(), 1)
        ensure("cannot read STATE/tls.key: No such file or directory; put it back" in d.log, d.log)
        check(sorted(os.listdir(d.state)).count("tls.key"), 0)


@test("a certificate of a CA, with its key, from the configuration")
def _():
    openssl = tool("openssl")
    with house() as d:
        folder = d.folder

        def made(*arguments):
            status, _, err = run([openssl, *arguments], cwd=folder)
            check(status, 0, err)
        made("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
             "-days", "2", "-subj", "/CN=test CA")
        made("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr",
             "-subj", "/CN=door")
        with open(os.path.join(folder, "names"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:door.example.org,IP:127.0.0.1")
        made("x509", "-req", "-in", "own.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
             "-CAcreateserial", "-out", "own.crt", "-days", "2", "-extfile", "names")
        made("genrsa", "-out", "other.key", "2048")
        lines = f"  certificate: {folder}/own.crt\n  key: {folder}/%s\n"
        with house(extra=lines % "own.key", names="door.example.org") as e:
            s = secure(e, os.path.join(folder, "ca.crt"))
            check(s.get(ASK), "type=Postern\r\n")
            port = s.address[1]
            status, out, err = run([tool("curl"), "-sS", "--cacert", f"{folder}/ca.crt",
                                    "--resolve", f"door.example.org:{port}:127.0.0.1", "--digest",
                                    "-u", f"admin:{e.password}",
                                    f"https://door.example.org:{port}{ASK}"])
            check((status, out), (0, "type=Postern\n"), err)
            ensure(not os.path.exists(os.path.join(e.state, "tls.key")), "made a key of its own")
        for key, words in (("other.key", "certificate and key of the configuration cannot be used for https, "),
                           ("none.key", "none.key: No such file"),
                           ("own.crt", "cannot be used for https")):
            e = house(extra=lines % key, wait_ready=False)
            check(e.wait_end(), 1, key)
            ensure(words in e.log, e.log)
            e.close()


@test("TLS 1.2 and 1.3 with forward secrecy, nothing older or weaker")
def _():
    with house() as d:
        low = ("-cipher", "ALL:@SECLEVEL=0")
        for version, words in (("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")):
            status, said = handshake(d, version)
            check(status, 0, said)
            ensure(f"Protocol  : {words}" in said or f"New, {words}" in said, said)
        for arguments in (("-tls1_1", *low), ("-tls1", *low),
                          ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
                          ("-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0")):
            status, said = handshake(d, *arguments)
            ensure(status != 0 and "Cipher is (NONE)" in said, f"{arguments}: {said}")
        secure(d).get(ASK)


@test("plain HTTP at the https port and TLS at the http port end, and disturb nobody")
def _():
    with house() as d:
        s = secure(d)
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 300, b"\x16\x03\x01\xff\xff" * 99,
                     b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"):
            with socket.create_connection(s.address, WAIT_S) as sock:
                sock.sendall(data)
                try:
                    sock.shutdown(socket.SHUT_WR)
                except OSError:  # it was ended at once, with a reset
                    continue
                got = b"".join(iter(lambda: _receive(sock), b""))
            ensure(not got.startswith(b"HTTP/") and len(got) < 100, f"{data[:20]}: {got!r}")
        hello = context_of(os.path.join(d.state, "tls.crt"))
        try:
            hello.wrap_socket(socket.create_connection(d.address, WAIT_S),
                              server_hostname="127.0.0.1").close()
            ensure(False, "TLS at the http port")
        except (ssl.SSLError, ConnectionError):
            pass
        s.get(ASK)
        d.get(ASK)
        ensure(not re.search(r"gate .*(ended|killed)", d.log), d.log)


def _receive(sock):
    try:
        return sock.recv(4096)
    except ConnectionError:
        return b""


@test("64 handshakes that never end hold up nobody and are ended after 10 s")
def _():
    with house() as d:
        s = secure(d)
        begin = time.monotonic()
        half = []
        for _ in range(64):  # as many as one source may have; the rest of the world is elsewhere
            sock = socket.socket()
            sock.bind(("127.0.0.2", 0))
            sock.connect(s.address)
            sock.sendall(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03")
            half.append(sock)
        trickle = half[0]
        ended = threading.Event()

        def drip():
            while not ended.is_set():
                try:
                    trickle.sendall(b"\0")
                except OSError:
                    return
                time.sleep(0.2)
        thread = threading.Thread(target=drip)
        thread.start()
        worst = 0
        for _ in range(20):
            at = time.monotonic()
            s.get(ASK)
            worst = max(worst, time.monotonic() - at)
        try:
            for sock in half:
                sock.settimeout(max(0.1, begin + HANDSHAKE_S + 5 - time.monotonic()))
                check(_receive(sock)[:1] in (b"", b"\x15"), True, "an answer")
                sock.close()
        finally:
            ended.set()
            thread.join()
        took = time.monotonic() - begin
        ensure(HANDSHAKE_S - 2 < took < HANDSHAKE_S + 5, f"ended after {took:.1f} s")
        ensure(worst < 2, f"a request took {worst:.2f} s meanwhile")
        return f"slowest request meanwhile {worst * 1000:.0f} ms"


@test("a stream whose client said farewell gives its place back")
def _():
    for politely in (True, False):
        with house(extra="limits:\n  streams: 1\n") as d:
            s = secure(d)
            with s.stream(SNAP + "&Events=[All]") as stream:
                check(s.request(SNAP + "&Events=[All]").status, 503, "one too many")
                if politely:  # close_notify lies unread in the socket of gate
                    stream.connection.socket.settimeout(0.1)
                    try:
                        stream.connection.socket.unwrap()
                    except (ssl.SSLError, OSError):
                        pass
            wait_until(lambda: _opens(s), "the place of a stream that ended")


def _opens(view):
    digest = view.digest()
    target = SNAP + "&Events=[All]"
    with view.connect() as connection:
        connection.send(f"GET {target} HTTP/1.1\r\nHost: {view.host}\r\n"
                        f"Authorization: {digest.header('GET', target)}\r\n\r\n".encode())
        return b" 200 " in connection.read_until(b"\r\n")


@test("gate starts again with the same key, and opens no file for it")
def _():
    with house() as d:
        s = secure(d)
        pin = https_line(d)
        first = d.mark()
        d.kill_role("gate")
        d.wait_restart("gate", first)
        check(s.get(ASK), "type=Postern\r\n")
        check(https_line(d), pin)
        for role in ("core", "sim"):
            names = [os.readlink(f"/proc/{d.pid(role)}/fd/{fd}")
                     for fd in os.listdir(f"/proc/{d.pid(role)}/fd")]
            ensure(not any("tls" in name for name in names), f"{role} holds {names}")
        names = [os.readlink(f"/proc/{d.pid('gate')}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{d.pid('gate')}/fd")]
        ensure(not any(d.state in name for name in names), f"gate holds {names}")


@test("the demo serves https beside http and shows its fingerprints")
def _():
    with Daemon(arguments=("--https", "127.0.0.1:0")) as d:
        banner = d.wait_banner("Ctrl-C ends")
        address, pin, sha256 = https_line(d)
        for words in (f"https://{address}", pin, sha256):
            ensure(words in banner, banner)
        check(secure(d).get(ASK), "type=Postern\r\n")
        check(d.get(ASK), "type=Postern\r\n")
    with Daemon() as d:
        ensure(not PIN.search(d.log) and "tls.key" not in os.listdir(d.state), d.log)

def cli(d, known, *arguments, url=None, **environment):
    """postern over https: (exit status, stdout, stderr)."""
    env = {**os.environ, "POSTERN_KNOWN_DEVICES": known, **environment}
    return run([program("postern"), "--device", url or secure(d).url, "--password-file",
                os.path.join(d.state, "admin.password"), *arguments], env=env)


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


@test("the command line keeps the first key, and refuses another one until it is trusted")
def _():
    with house() as d:
        known = os.path.join(d.folder, "known")
        address, pin, _ = https_line(d)
        wrong = os.path.join(d.folder, "wrong")
        with open(wrong, "w", encoding="ascii") as file:
            file.write("not the password\n")
        status, _, err = run([program("postern"), "--device", "https://" + address,
                              "--password-file", wrong, "device", "info"],
                             env={**os.environ, "POSTERN_KNOWN_DEVICES": known})
        check(status, 4, err)
        ensure(not os.path.exists(known), "kept a key that took no password")
        status, out, err = cli(d, known, "device", "info")
        check(status, 0, err)
        ensure("Postern" in out and f"its key is {pin}" in err and known in err, err)
        check(lines_of(known), [f"{address} {pin}"])
        check(os.stat(known).st_mode & 0o777, 0o600)
        with open(known, "a", encoding="ascii") as file:
            file.write("other.example:443 " + pin + "\n# a note\n")
        status, _, err = cli(d, known, "user", "list")
        check((status, err), (0, ""), "a known key")
        d.stop()
        check(certificate_of(d.state, "--renew")[0], 0)
        d.start()
        new = https_line(d)[1]
        for command in (("device", "info"), ("events", "watch", "--count", "1"),
                        ("door", "open", "1")):
            status, out, err = cli(d, known, *command)
            check((status, out), (4, ""), err)
            for words in (pin, new, "postern device trust", known, "posternd certificate"):
                ensure(words in err, f"no {words} in {err!r}")
        check(lines_of(known)[0], f"{address} {pin}", "kept as it was")
        check(d.lock_count(1), 0, "the door was opened")
        status, out, err = cli(d, known, "device", "trust")
        check(status, 0, err)
        ensure(new in out and f"is believed from now on by the key {new}, kept in" in err, out + err)
        check(sorted(lines_of(known)), sorted([f"{address} {new}", f"other.example:443 {pin}",
                                               "# a note"]))
        check(cli(d, known, "device", "info")[::2], (0, ""))


@test("a pin or a CA takes the place of the known keys")
def _():
    with house() as d:
        known = os.path.join(d.folder, "known")
        address, pin, _ = https_line(d)
        crt = os.path.join(d.state, "tls.crt")
        other = "sha256//" + "A" * 43 + "="
        check(cli(d, known, "--pin", pin, "device", "info")[0], 0)
        check(cli(d, known, "device", "info", POSTERN_PIN=pin)[0], 0)
        check(cli(d, known, "--ca", crt, "device", "info")[0], 0)
        check(cli(d, known, "--ca", crt, "--pin", pin, "device", "info")[0], 0)
        ensure(not os.path.exists(known), "kept a key that nobody asked to keep")
        status, _, err = cli(d, known, "--pin", other, "device", "info")
        check(status, 4, err)
        ensure(pin in err and other in err and "pin the new one" in err, err)
        check(cli(d, known, "--ca", crt, "--pin", other, "device", "info")[0], 4)
        status, _, err = cli(d, known, "--ca", "/etc/ssl/certs/ca-certificates.crt", "device",
                             "info") if os.path.exists("/etc/ssl/certs/ca-certificates.crt") else (
                                 4, "", "is none of")
        check(status, 4, err)
        ensure("is none of" in err, err)
        port = secure(d).address[1]
        status, _, err = cli(d, known, "--ca", crt, "device", "info",
                             url=f"https://127.0.0.2:{port}")
        check(status, 3, "nobody listens there")
        status, _, err = cli(d, known, "--ca", "/nowhere", "device", "info")
        check(status, 2, err)
        for arguments in (("--pin", "sha256//short"), ("--pin", pin[:-1] + "A")):
            check(cli(d, known, *arguments, "device", "info")[0], 2)
        check(cli(d, known, "--pin", pin, "device", "info", url=d.url)[0], 2, "a pin without TLS")
        check(cli(d, known, "device", "info", url=d.url)[::2], (0, ""), "plain HTTP")
        check(cli(d, known, "device", "trust", url=d.url)[0], 2, "nothing to trust")


@test("known devices that cannot be read or kept are told, and trust nobody by accident")
def _():
    with house() as d:
        known = os.path.join(d.folder, "known")
        address, pin, _ = https_line(d)
        for line in (f"{address} {pin[:-2]}", f"{address}", f"{address} sha1//{pin[8:]}"):
            with open(known, "w", encoding="ascii") as file:
                file.write(line + "\n")
            status, _, err = cli(d, known, "device", "info")
            check(status, 4, f"{line}: {err}")
            ensure("mend or remove that line" in err, err)
        os.remove(known)
        status, _, err = cli(d, os.path.join(d.folder, "no", "folder"), "device", "info")
        check(status, 0, err)
        ensure("could not be kept" in err and pin in err, err)
        with open(known, "w", encoding="ascii") as file:
            file.write(f"{address.upper()}   {pin} \r\n")
        check(cli(d, known, "device", "info")[::2], (0, ""), "blanks and case")
        home = os.path.join(d.folder, "home")
        os.mkdir(home)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("POSTERN", "XDG"))}
        for _ in range(2):
            status, _, err = run([program("postern"), "--device", secure(d).url, "--password-file",
                                  os.path.join(d.state, "admin.password"), "device", "info"],
                                 env={**env, "HOME": home})
            check(status, 0, err)
        check((lines_of(home + "/.config/postern/known_devices"), err), ([f"{address} {pin}"], ""))

@test("the library: claim, CA, pin, first key")
def _():
    with Daemon(config=CONFIG.replace("UNLOCK", "200ms") +
                f"https:\n  listen: 127.0.0.1:{free_port()}\n") as d:
        code = re.search(r"claim code (\S+)", d.log).group(1)
        status, out, err = run([program("sdk_tls")], env={
            **os.environ, "SDK_TEST_URL": secure(d).url, "SDK_TEST_PLAIN": d.url,
            "SDK_TEST_CODE": code, "SDK_TEST_PIN": https_line(d)[1],
            "SDK_TEST_CA": os.path.join(d.state, "tls.crt"),
            "SDK_TEST_KNOWN": os.path.join(d.folder, "known"), "CMOCKA_MESSAGE_OUTPUT": "STDOUT"})
        check(status, 0, f"{out}\n{err}")
        check(out.count("[       OK ]"), 5, out)


main()
