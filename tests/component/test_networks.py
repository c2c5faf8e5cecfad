#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who gets answers over plain HTTP: this machine, the networks of compat_http, nobody else.

The whole program runs in a network namespace of its own, where 10.1.0.0/16 is a network that the
configuration names and 10.2.0.0/16 one that it does not.
"""
import contextlib
import os
import re
import socket

from harness import ASK, Connection, Digest, Failed, Skip, check, ensure, free_port, main, test
from people import CLOSE, CONFIG, FIND_CARDS, INSERT, OPEN, STATUS, House, encoded
from secure import context_of, more_address, own_network, wrap

try:
    own_network()
    REFUSED = None
except (Skip, OSError) as error:
    REFUSED = f"this needs a network namespace of its own: {error}"

CARD = INSERT + encoded({"UserID": "7", "CardNo": "7", "Doors[0]": 0})


def house(http, https=None, compat=None, open_door=None):
    """listen addresses of a family: the port is any free one."""
    if REFUSED:
        raise Skip(REFUSED)
    lines = [f"  listen: '{http}'"]
    lines += [f"  compat_http: [{compat}]"] if compat else []
    lines += [f"  open_door: {open_door}"] if open_door else []
    text = CONFIG.replace("  listen: {http}", "\n".join(lines))
    if https:
        text += f"https:\n  listen: '{https}'\n"
    return House(config=text)


class Client:
    """Requests from one address to another, over TLS when a context is given."""

    def __init__(self, daemon, source, target, port, context=None):
        self.daemon, self.source, self.port, self.context = daemon, source, port, context
        self.target = target
        self.name = f"[{target}]" if ":" in target else target

    def raw(self, method, target, header=None):
        family = socket.AF_INET6 if ":" in self.target else socket.AF_INET
        sock = socket.socket(family)
        sock.settimeout(15)
        sock.bind((self.source, 0))
        sock.connect((self.target, self.port))
        connection = Connection.__new__(Connection)
        connection.socket, connection.buffer = sock, b""
        if self.context:
            wrap(connection, self.context, self.target)
        with connection:
            lines = [f"{method} {target} HTTP/1.1", f"Host: {self.name}:{self.port}"]
            lines += [f"Authorization: {header}"] if header else []
            connection.send("\r\n".join(lines).encode() + b"\r\n\r\n")
            reply = connection.read_reply()
            if "close" in reply.headers.get("connection", []):
                check(connection.fill(), False, "the connection goes on")
            return reply

    def ask(self, target):
        reply = self.raw("GET", target)
        if reply.status != 401:
            return reply
        digest = Digest(reply.headers["www-authenticate"][0], "admin", self.daemon.password)
        return self.raw("GET", target, digest.header("GET", target))

    def detail(self, target):
        reply = self.ask(target)
        check(reply.status, 403, f"{self.source}: {reply.text!r}")
        check(reply.text.splitlines()[:2], ["Error", "Authorization Failed!"])
        return re.search(r"Detail=(.*)\r\n", reply.text).group(1)


def answered(client, *targets):
    for target in targets:
        reply = client.ask(target)
        check(reply.status, 200, f"{client.source} {target}: {reply.text!r}")


DOOR = (OPEN + "&channel=1", CLOSE + "&channel=1")


@test("plain HTTP without compat_http answers this machine and nobody else")
def _():
    port, https = free_port(), free_port()
    with house(f"0.0.0.0:{port}", f"0.0.0.0:{https}") as d:
        own = Client(d, "127.0.0.1", "127.0.0.1", port)
        answered(own, ASK, CARD, STATUS + "&channel=1", *DOOR)
        answered(Client(d, "127.9.9.9", "127.0.0.1", port), ASK)
        for source, target in (("10.1.0.9", "10.1.0.1"), ("10.2.0.9", "10.2.0.1")):
            far = Client(d, source, target, port)
            words = far.detail(ASK)
            ensure(f"use https://, port {https}" in words and "http.compat_http" in words, words)
            before = own.ask(STATUS + "&channel=1").text
            far.detail(DOOR[0])
            far.detail("/nothing/here")
            check(own.ask(STATUS + "&channel=1").text, before)
        # what is refused is not read further: no challenge that somebody could answer
        reply = Client(d, "10.2.0.9", "10.2.0.1", port).raw("GET", ASK)
        ensure("www-authenticate" not in reply.headers, reply.head)


@test("https answers every network, and moves doors for it")
def _():
    port, https = free_port(), free_port()
    with house(f"127.0.0.1:{port}", f"0.0.0.0:{https}") as d:
        context = context_of(os.path.join(d.state, "tls.crt"))
        client = Client(d, "10.2.0.9", "10.2.0.1", https, context)
        answered(client, ASK, CARD, *DOOR)


@test("a network of compat_http gets answers, and doors only with open_door")
def _():
    port = free_port()
    with house(f"0.0.0.0:{port}", compat="10.1.4.0/22") as d:
        near = Client(d, "10.1.5.9", "10.1.0.1", port)
        answered(near, ASK, CARD, STATUS + "&channel=1")
        for target in DOOR:
            words = near.detail(target)
            ensure("doors are not moved over plain HTTP" in words, words)
        locked = d.lock_count(1)
        for source in ("10.1.3.255", "10.1.8.0", "10.2.0.9"):
            words = Client(d, source, "10.1.0.1", port).detail(ASK)
            ensure("https is off" in words and "compat_http" in words, words)
        answered(Client(d, "10.1.4.0", "10.1.0.1", port), ASK)
        answered(Client(d, "10.1.7.255", "10.1.0.1", port), ASK)
        check(d.lock_count(1), locked, "a door was moved")
    with house(f"0.0.0.0:{port}", compat="10.1.4.0/22", open_door="yes") as d:
        answered(Client(d, "10.1.5.9", "10.1.0.1", port), ASK, *DOOR)
        Client(d, "10.2.0.9", "10.1.0.1", port).detail(DOOR[0])


@test("the body of a POST cannot hide that it opens a door")
def _():
    port = free_port()
    with house(f"0.0.0.0:{port}", compat="10.1.0.0/16") as d:
        near = Client(d, "10.1.5.9", "10.1.0.1", port)
        target = "/cgi-bin/accessControl.cgi"
        digest = Digest(near.raw("GET", ASK).headers["www-authenticate"][0], "admin", d.password)
        sock = socket.create_connection(("10.1.0.1", port), 15, ("10.1.5.9", 0))
        body = b"action=openDoor&channel=1"
        with sock:
            sock.sendall(f"POST {target} HTTP/1.1\r\nHost: 10.1.0.1:{port}\r\n"
                         f"Authorization: {digest.header('POST', target)}\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head = sock.recv(4096)
        ensure(head.startswith(b"HTTP/1.1 403 "), head)


@test("IPv6 networks are their own")
def _():
    port = free_port()
    with house(f"[::]:{port}", compat="0.0.0.0/0, fd01::/64") as d:
        answered(Client(d, "::1", "::1", port), ASK, *DOOR)
        near = Client(d, "fd01::1", "fd01::1", port)
        answered(near, ASK)
        near.detail(DOOR[0])
        Client(d, "fd02::1", "fd02::1", port).detail(ASK)


@test("one IPv6 network takes no more connections than one source may, however many its addresses")
def _():
    port = free_port()
    for number in () if REFUSED else range(2, 8):
        more_address(f"fd01::{number}", 64)
    with house("{http}", f"[::]:{port}") as d, contextlib.ExitStack() as held:
        def connected(address):
            sock = held.enter_context(socket.socket(socket.AF_INET6))
            sock.settimeout(15)
            sock.bind((address, 0))
            sock.connect(("fd01::1", port))
            return sock

        socks = [connected(f"fd01::{2 + number % 6}") for number in range(64)]
        for number in range(6):
            try:
                check(connected(f"fd01::{2 + number}").recv(1), b"", "closed at once")
            except ConnectionResetError:
                pass
        for sock in socks:  # these wait for our half of the handshake
            sock.setblocking(False)
            try:
                raise Failed(f"an earlier one was ended: {sock.recv(1)!r}")
            except BlockingIOError:
                pass
        client = Client(d, "fd02::1", "fd02::1", port, context_of(d.state + "/tls.crt"))
        client.context.check_hostname = False
        answered(client, ASK)


@test("a client that takes nothing leaves the others their answers")
def _():
    if REFUSED:
        raise Skip(REFUSED)
    try:
        with open("/proc/sys/net/ipv4/tcp_wmem", "w", encoding="ascii") as file:
            file.write("4096 16384 32768")  # else the kernel holds a whole answer
    except OSError as error:
        raise Skip(f"buffers of sockets stay as they are: {error}") from error
    account = {"user.Name": "vera", "user.Password": "vera vera", "user.Group": "viewer"}
    with house("{http}") as d, contextlib.ExitStack() as held:
        d.get("/cgi-bin/userManager.cgi?action=addUser", method="POST",
              body=encoded(account)[1:].encode())
        digest = d.digest()
        doors = encoded({f"Doors[{n}]": n % 2 for n in range(128)})
        for number in range(350):
            d.get(INSERT + encoded({"UserID": number, "CardNo": 9000 + number}) + doors,
                  digest=digest)
        whole = len(d.get(FIND_CARDS))
        ensure(whole > 1 << 20, whole)
        vera = d.digest("vera", "vera vera")
        for _ in range(24):
            sock = held.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(d.address)
            sock.sendall(f"GET {FIND_CARDS} HTTP/1.1\r\nHost: {d.host}\r\nAuthorization: "
                         f"{vera.header('GET', FIND_CARDS)}\r\n\r\n".encode())
            ensure(sock.recv(1) == b"H", "an answer begins")
        check(len(d.get(FIND_CARDS)), whole, "another account's answer")
        check(d.get(STATUS + "&channel=1"), "Info.status=Close\r\n")
        check(d.get(STATUS + "&channel=1", user="vera", password="vera vera"),
              "Info.status=Close\r\n", "small answers are there for it, too")
        late = d.get(FIND_CARDS, user="vera", password="vera vera")
        ensure(len(late) < whole / 2 and late.startswith("found="), late[:100])


@test("who is not answered hears why, with whatever body")
def _():
    port = free_port()
    with house(f"0.0.0.0:{port}") as d:
        for size in (1, 1000, 60000):
            for _ in range(5):
                sock = socket.create_connection(("10.1.0.1", port), 15, ("10.2.5.9", 0))
                with sock:
                    sock.sendall(f"POST {ASK} HTTP/1.1\r\nHost: 10.1.0.1:{port}\r\n"
                                 f"Content-Length: {size}\r\n\r\n".encode() + b"x" * size)
                    data = b""
                    while part := sock.recv(65536):
                        data += part
                ensure(data.startswith(b"HTTP/1.1 403 ") and b"Detail=plain HTTP" in data,
                       f"{size}: {data!r}")
        Client(d, "10.2.5.9", "10.1.0.1", port).detail(ASK)


main()
