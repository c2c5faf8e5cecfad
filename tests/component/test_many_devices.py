#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One libpostern context against 200 devices on this machine, some slow, dead, refusing, closing or
with another password (sdk_many.c), and examples/many_devices.c against a few of them.

usage: test_many_devices.py BUILD_FOLDER
"""
import asyncio
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import check, ensure, main, program, test  # noqa: E402

REALM, USER, PASSWORD = "Login to many", "admin", "admin123"
KINDS = ["good"] * 120 + ["slow"] * 20 + ["dead"] * 20 + ["refusing"] * 20 + ["closing"] * 10 + ["password"] * 10


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def proven(head):
    authorization = re.search(r"(?mi)^Authorization: Digest (.*)$", head)
    if authorization is None:
        return False
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization[1]))
    ha1, ha2 = md5(f"{USER}:{REALM}:{PASSWORD}"), md5("GET:" + head.split(" ")[1])
    return fields["response"] == md5(":".join([ha1, fields["nonce"], fields["nc"], fields["cnonce"], "auth", ha2]))


def body_of(target):
    if "getQuerySize" in target:
        return "Size=7\r\n"
    if "recordFinder" in target:
        return "found=1\r\nrecords[0].RecNo=1\r\nrecords[0].UserID=102\r\nrecords[0].CardNo=9\r\n"
    if "getSerialNo" in target:
        return "sn=7J0A8D6PAJ00001\r\n"
    if "getDeviceType" in target:
        return "type=ASI7213\r\n"
    return "OK\r\n"


def reply(status, body, extra=""):
    return f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{extra}\r\n{body}".encode()


PART = "Events[0].Code=AccessControl\r\nEvents[0].UserID=102\r\n"
STREAM = ("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n"
          f"Content-Length: {len(PART)}\r\n\r\n{PART}\r\n").encode()


class Devices:
    """One event loop in a thread; a port for each device. tries: proofs each port was offered."""

    def __init__(self, kinds):
        self.kinds, self.ports, self.tries, self.connections = kinds, [], {}, {}
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        ensure(self.ready.wait(20), "the devices did not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listen())
        self.ready.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def listen(self):
        for kind in self.kinds:
            server = await asyncio.start_server(
                lambda r, w, kind=kind: self.serve(kind, r, w), "127.0.0.1", 0)
            self.ports.append(server.sockets[0].getsockname()[1])
            if kind == "refusing":
                server.close()
                await server.wait_closed()

    async def serve(self, kind, reader, writer):
        port = writer.get_extra_info("sockname")[1]
        self.connections[port] = self.connections.get(port, 0) + 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if kind == "closing":
                    break
                if kind == "dead":
                    await asyncio.sleep(3600)
                if kind == "slow":
                    await asyncio.sleep(0.15)
                self.tries[port] = self.tries.get(port, 0) + ("Authorization:" in head)
                await self.answer(head, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        writer.close()

    @staticmethod
    async def answer(head, writer):
        target = head.split(" ")[1]
        if not proven(head):
            writer.write(reply("401 Unauthorized", "Error\r\nInvalid Authority!\r\n",
                               f'WWW-Authenticate: Digest realm="{REALM}",qop="auth",nonce="12",algorithm="MD5"\r\n'))
        elif "attach" in target:
            writer.write(STREAM)
            await asyncio.sleep(3600)
        else:
            writer.write(reply("200 OK", body_of(target)))
        await writer.drain()

    def urls(self):
        return [f"http://127.0.0.1:{port}" for port in self.ports]


def tell(text):
    for line in text.splitlines():
        print("# " + line)


@test
def two_hundred_devices_in_one_context():
    with Devices(KINDS) as devices:
        names = "".join(f"{kind} {url}\n" for kind, url in zip(KINDS, devices.urls()))
        done = subprocess.run([program("sdk_many")], input=names, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}, check=False)
        tell(done.stdout + done.stderr)
        check(done.returncode, 0)
        ensure("ok 2 - streams_run_beside_calls" in done.stdout, done.stdout)
        wrong = [devices.tries[port] for kind, port in zip(KINDS, devices.ports) if kind == "password"]
        check(wrong, [1] * 10, "tries of a wrong password, five calls each")
        used = [devices.connections[port] for kind, port in zip(KINDS, devices.ports) if kind == "good"]
        check(used, [2] * 120, "connections of a healthy device: its stream's and its calls'")


@test
def the_example_watches_all_its_devices():
    with Devices(["good", "closing", "good"]) as devices, tempfile.NamedTemporaryFile("w") as file:
        urls = devices.urls()
        file.write(PASSWORD + "\n")
        file.flush()
        with subprocess.Popen([program("many_devices"), USER, file.name, *urls], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as example:
            lines = {example.stdout.readline() for _ in range(5)}
            example.stdin.write("\n")
            example.stdin.close()
            rest = example.stdout.read()
            check(example.wait(20), 0)
        check(rest, "")
        for url in (urls[0], urls[2]):
            ensure({f"{url}: ASI7213 7J0A8D6PAJ00001\n", f"{url}: AccessControl 102\n"} < lines, str(lines))
        ensure(any(line.startswith(f"{urls[1]}: the device cannot be reached: ") for line in lines), str(lines))


if __name__ == "__main__":
    main()
