#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""postern osdp scan and trace at ports of this machine: real readers, bad ones, other panels, files."""
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
import tty

from harness import check, ensure, main, program, run, test, wait_until
from people import House

POLL, ID, CAP, KEYSET = 0x60, 0x61, 0x62, 0x75
PDID = bytes.fromhex("3c2b1a010278563412010203")
CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
readers:
  - number: 1
    door: front
    osdp: {line: east, address: 3, secure_channel: off}
osdp:
  - {id: east, port: PORT, baud: 9600}
"""


def crc(data):
    value = 0x1D0F
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value


def frame(address, code, data=b"", sequence=0, reply=False, block=b"", mac=b""):
    """A frame with CRC; block: security block with its length and type."""
    inside = block + bytes([code]) + data + mac
    head = struct.pack("<BBHB", 0x53, address | (0x80 if reply else 0), 7 + len(inside),
                       sequence | 4 | (8 if block else 0))
    return head + inside + struct.pack("<H", crc(head + inside))


check(frame(5, POLL, sequence=1).hex(), "5305080005608dba")  # the vector


def postern(*words, status=0, err=None):
    got, out, said = run([program("postern"), "osdp", *words])
    check(got, status, f"{words}: {out!r} {said!r}")
    if err is not None:
        ensure(err in said, f"{words}: {said!r} does not say {err!r}")
    return out


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


class Line:
    """The other end of a port: calls answer(code, address, frame) for each command, writes what it gives."""

    def __init__(self, answer=None, baud=None):
        self.wire, self.port = os.openpty()
        tty.setraw(self.port)
        self.path = os.ttyname(self.port)
        self.answer = answer
        self.speed = getattr(termios, f"B{baud}") if baud else None
        self.heard = []  # commands
        self.bytes = b""  # all that was sent to it
        self.stop = os.pipe()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.write(self.stop[1], b"x")
        self.thread.join()
        for fd in (self.wire, self.port, *self.stop):
            os.close(fd)

    def listen(self):
        got = b""
        while self.stop[0] not in (ready := select.select([self.wire, self.stop[0]], [], [])[0]):
            if self.wire in ready:
                got += (more := os.read(self.wire, 4096))
                self.bytes += more
            got = got[got.find(b"\x53"):] if b"\x53" in got else b""
            while len(got) >= 8 and len(got) >= (size := got[2] | got[3] << 8):
                self.take(got[:size])
                got = got[size:].lstrip(b"\xff")

    def take(self, command):
        if self.speed and termios.tcgetattr(self.wire)[5] != self.speed:
            return  # at another speed a reader hears noise
        check(crc(command[:-2]), command[-2] | command[-1] << 8)
        self.heard.append(command)
        if self.answer:
            os.write(self.wire, self.answer(command[5], command[1], command))


def polite(*addresses, capabilities="080100090100"):
    def answer(code, address, _):
        if address not in addresses:
            return b""
        return (frame(address, 0x45, PDID, reply=True) if code == ID
                else frame(address, 0x46, bytes.fromhex(capabilities), reply=True))
    return answer


@test("scan finds a real reader, says what it is and warns of the default key")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "port")
        with subprocess.Popen([program("osdp_pd"), path, "3"], text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as reader:
            check(reader.stdout.readline(), "ready\n")
            found = objects(postern("scan", path, "--baud", "115200", "--addresses", "2-4", "--json"))
            check(len(found), 1)
            one = found[0]
            check({key: one[key] for key in ("address", "baud", "vendor", "model", "version", "serial",
                                             "firmware", "secure_channel", "default_key",
                                             "receive_size")},
                  {"address": 3, "baud": 115200, "vendor": "ca446c", "model": 1, "version": 2,
                   "serial": 0x0badcafe + 3, "firmware": "1.2.3", "secure_channel": True,
                   "default_key": True, "receive_size": 256})
            ensure({"function": 9, "compliance": 1, "number": 1} in one["capabilities"], one)
            ensure("default key, which everybody knows" in one["warnings"][0], one)
            out = postern("scan", path, "--baud", "9600", "--addresses", "127")
            ensure(out.startswith("address 127, 9600 baud: vendor ca:44:6c, model 1"), out)
            ensure("its own address is not known by this" in out, out)
            reader.stdin.close()


@test("scan asks at each baud rate, each address, and sends nothing but ID and CAP in clear")
def _():
    with Line(polite(0, 5, 126), baud=19200) as line:
        found = objects(postern("scan", line.path, "--wait", "10", "--baud", "9600,19200", "--json"))
        check([(one["address"], one["baud"]) for one in found],
              [(0, 19200), (5, 19200), (126, 19200)])
        check([one["warnings"] for one in found], [[]] * 3)
        check({command[5] for command in line.heard}, {ID, CAP})
        check({command[4:7] for command in line.heard}, {b"\x04\x61\x00", b"\x04\x62\x00"})
        check([command[1] for command in line.heard if command[5] == ID], list(range(127)))
    with Line(polite(1, capabilities="090000"), baud=38400) as line:
        out = postern("scan", line.path, "--wait", "10", "--addresses", "1")
        ensure("address 1, 38400 baud: vendor 3c:2b:1a, model 1, version 2, serial 305419896, "
               "firmware 1.2.3\n    secure channel no, frames of 128 bytes" in out, out)
        ensure("low assurance" in out and "CRC" in out, out)


@test("scan tells silence, disturbed answers, refusals and echoes apart")
def _():
    with Line() as line:
        postern("scan", line.path, "--wait", "5", "--baud", "9600", status=1, err="no reader answered")
    with Line(lambda code, address, _: b"\x53\x81\x99garbage" if address == 1 else b"") as line:
        postern("scan", line.path, "--wait", "5", "--baud", "9600", "--addresses", "0-2", status=1,
                err="address 1 at 9600 baud: bytes come, but no frame: two readers with this address")
        check([command[1] for command in line.heard], [0, 1, 1, 1, 2])
    with Line(lambda code, address, _: frame(address, 0x41, b"\x03", reply=True)) as line:
        out = postern("scan", line.path, "--baud", "9600", "--addresses", "7")
        ensure("address 7, 9600 baud: refuses to say who it is (" in out, out)
    with Line(lambda code, address, sent: sent + polite(2)(code, address, sent)) as line:
        got, out, said = run([program("postern"), "osdp", "scan", line.path, "--wait", "5", "--baud",
                              "9600", "--addresses", "1-3"])
        check((got, out.count("address ")), (0, 1))
        ensure("hears what it sends itself" in said, said)


@test("scan stays silent where another panel talks")
def _():
    with Line() as line:
        process = subprocess.Popen([program("postern"), "osdp", "scan", line.path, "--baud", "9600"],
                                   text=True, stderr=subprocess.PIPE)
        while process.poll() is None:
            os.write(line.wire, frame(9, POLL, sequence=1))
            time.sleep(0.02)
        check(process.returncode, 1)
        said = process.stderr.read()
        ensure("another panel talks to readers on this line at 9600 baud" in said, said)
        check(line.bytes, b"")


@test("scan and trace refuse wrong words, and ports that are none or that somebody has")
def _():
    for words, err in ((("--baud", "1200"), "--baud: 1200 is none of 9600"),
                       (("--baud", "x"), "--baud"), (("--addresses", "5-2"), "--addresses"),
                       (("--addresses", "0-128"), "--addresses"), (("--wait", "0"), "--wait")):
        postern("scan", "/dev/null", *words, status=2, err=err)
    postern("scan", "/dev/null", status=1, err="/dev/null: it is no serial port")
    postern("scan", "/dev/none", status=1, err="there is no such port")
    postern("trace", "/dev/null", status=2, err="--baud N")
    postern("trace", "/dev/null", "--baud", "1200", status=2, err="baud rates are 9600")
    postern("trace", "/dev/null", "--baud", "9600", status=1, err="it is no serial port")
    postern("trace", status=2, err="name a serial port, --line LINE or --read FILE")
    postern("trace", "/dev/null", "--read", "x", status=2, err="one of them")
    postern("trace", "--read", "x", "--pcap", "x", status=2, err="would overwrite")
    postern("trace", "--read", "/nothing/here", status=2, err="cannot read /nothing/here")
    with Line() as line, House(config=CONFIG.replace("PORT", line.path)) as d:
        wait_until(lambda: line.bytes, "posternd has the port")
        postern("scan", line.path, status=1, err="posternd or another program has this port; stop")
        check(d.raw(b"GET / HTTP/1.0\r\n\r\n").status > 0, True)


class Reader:
    """A real reader behind a pseudo terminal; KEY: it wants a secure channel."""

    def __init__(self, folder, *key):
        self.path = os.path.join(folder, "port")
        self.process = subprocess.Popen([program("osdp_pd"), self.path, "3", *key], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.process.stdout.readline(), "ready\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def ask(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def firmware(self, *words, **options):
        where = ("--port", self.path, "--baud", "115200", "--address", "3")
        status = options.pop("status", 0)
        got, out, said = run([program("postern"), "osdp", "firmware", *words, *where])
        check(got, status, f"{words}: {out!r} {said!r}")
        return out, said


KEY = "8d40a4bb1f5b6c0e93d27f61c85a3e19"


@test("firmware sends a file whole, in clear and in a secure channel, and tells each end in words")
def _():
    data = bytes(i * 7 % 251 for i in range(9001))
    whole = f"9001 {sum((i + 1) * byte for i, byte in enumerate(data)) % 2**32}"
    with tempfile.TemporaryDirectory() as folder:
        file, key = (os.path.join(folder, name) for name in ("file", "key"))
        for path, text in ((file, data), (key, KEY.encode() + b"\n")):
            with open(path, "wb") as out:
                out.write(text)
        with Reader(folder) as reader:
            check(reader.ask("file 10000 1"), "ok")
            out, said = reader.firmware(file)
            check((out, reader.ask("taken")), ("taken and processed\n", whole))
            ensure("vendor ca:44:6c" in said and "in clear" in said and "50 % sent" in said, said)
            check(reader.ask("file 10000 2"), "ok")
            out, said = reader.firmware(file, "--json")
            ensure("the reader restarts; this waits for it" in said, said)
            got = objects(out)[0]
            check((got["result"], got["bytes"]), ("restarted", len(data)))
            ensure("serial 195939073, firmware 1.2.3" in got["text"], got)
            for status, words in ((-1, "gives up the transfer"), (-2, "does not know this kind"),
                                  (-3, "malformed"), (-77, "of the vendor's own")):
                check(reader.ask(f"file 10000 {status}"), "ok")
                ensure(words in reader.firmware(file, status=1)[1], words)
            check(reader.ask("file 9000 1"), "ok")
            ensure("refused" in reader.firmware(file, status=1)[1], "too large a file")
            check(reader.ask("file 0 1"), "ok")
            ensure("refused the file (" in reader.firmware(file, status=1)[1], "no files at all")
        with Reader(folder, KEY) as reader:
            check(reader.ask("file 10000 1"), "ok")
            out, said = reader.firmware(file, "--key-file", key)
            check((out, reader.ask("taken")), ("taken and processed\n", whole))
            ensure("in a secure channel" in said and KEY not in said, said)


@test("firmware ends at an interrupt, and says what it needs")
def _():
    with tempfile.TemporaryDirectory() as folder, Reader(folder) as reader:
        file, weak = (os.path.join(folder, name) for name in ("file", "weak"))
        for path, text in ((file, bytes(3000000)), (weak, b"303132333435363738393a3b3c3d3e3f\n")):
            with open(path, "wb") as out:
                out.write(text)
        check(reader.ask("file 4000000 1"), "ok")
        process = subprocess.Popen([program("postern"), "osdp", "firmware", file, "--port", reader.path,
                                    "--baud", "115200", "--address", "3"], text=True,
                                   stderr=subprocess.PIPE)
        wait_until(lambda: int(reader.ask("taken").split()[0]) > 1000, "the file is on its way")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[1]
        check(process.returncode, 1)
        ensure(re.search(r"ended after [1-9]\d+ of 3000000 bytes", said), said)
        where = ("--port", reader.path, "--baud", "115200", "--address", "3")
        for words, err in (((file, *where[:2]), "--port PORT"), ((file, file, *where), "READER FILE"), ((file, *where[:5], "127"), "--address"),
                           (("/none", *where), "cannot read /none"),
                           ((os.devnull, *where), "has 1 to"),
                           ((file, *where, "--key-file", "/none"), "cannot read /none"),
                           ((file, *where, "--key-file", file), "32 hexadecimal digits"),
                           ((file, *where, "--key-file", weak), "known or a simple one")):
            postern("firmware", *words, status=2, err=err)


TRACED = (
    (frame(5, POLL, sequence=1), "to     5  1 crc       -       60 POLL"),
    (frame(5, 0x40, sequence=1, reply=True), "from   5  1 crc       -       40 ACK"),
    (frame(5, 0x45, PDID, reply=True), "45 PDID  vendor 3c2b1a, model 1, version 2, serial 305419896"),
    (frame(5, 0x50, bytes.fromhex("00011a00bd7c9bc0"), 2, True),
     "50 RAW  head 0, Wiegand, 26 bits 10111101011111001001101111"),
    (frame(5, 0x53, b"\x00\x04\x31\x32\x33\x0d", 3, True), "53 KEYPAD  head 0, 4 keys, hidden"),
    (frame(5, KEYSET, b"\x01\x10" + bytes(range(0x40, 0x50)), 1),
     "75 KEYSET  key of type 1: 16 bytes, hidden"),
    (frame(5, KEYSET, bytes(range(0x60, 0x80)), 1, block=b"\x02\x17", mac=b"abcd"),
     "SCS_17  75 KEYSET  32 bytes encrypted"),
    (frame(5, 0x76, bytes(8), block=b"\x03\x11\x00"), "SCS_11  76 CHLNG  default key"),
    (frame(5, 0x41, b"\x06", 1, True), "41 NAK  6: "),
    (frame(5, 0x69, bytes.fromhex("000002020202001e0001010001000"[:28]), 1), "69 LED  light 0: for "),
    (frame(5, 0x6b, b"\x00\x03\x05\x01\x02\x03a\x1bc", 1), '6B TEXT  "a.c" row 1 column 2 for 5 s'),
)


def bare(record):
    """Seconds, nanoseconds, event and frame of a record; all of its lengths are judged."""
    s, ns, held, length = struct.unpack("<IIII", record[:16])
    check(held, length)
    s_again, us, event, lines, end = struct.unpack(">IIBBH", record[16:28])
    check((s_again, us, lines, end), (s, ns // 1000, 0, 0))
    return s, ns, event, record[28:16 + length], 16 + length


def records(data):
    check(data[:24].hex(), "4d3cb2a1020004000000000000000000ffff0000fa000000")
    data, out = data[24:], []
    while data:
        s, ns, event, inside, size = bare(data)
        ensure(abs(s + ns / 1e9 - time.time()) < 300, "the time of a record")
        out.append((event, inside))
        data = data[size:]
    return out


def traced(line, frames, *words):
    """Lines of a trace that ends with the last frame."""
    process = subprocess.Popen([program("postern"), "osdp", "trace", line.path, "--baud", "9600",
                                "--count", str(len(frames)), *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    flags = wait_until(lambda: termios.tcgetattr(line.wire)[5] == termios.B9600 or None, "the port")
    ensure(flags, "")
    time.sleep(0.1)  # the port's queue is emptied when its speed is set
    for one in frames:
        os.write(line.wire, b"\xff" + one)
    out, said = process.communicate(timeout=20)
    check((process.returncode, said), (0, b""))
    return out


@test("trace says what each frame is, hides keys and digits, and never sends")
def _():
    with Line() as line, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "line.pcap")
        frames = [one for one, _ in TRACED]
        out = traced(line, frames, "--pcap", path).decode()
        lines = out.splitlines()
        check(len(lines), len(TRACED))
        for got, (_, wanted) in zip(lines, TRACED):
            ensure(wanted in got, f"{got!r} has no {wanted!r}")
        check(line.bytes, b"")
        check(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, "rb") as file:
            data = file.read()
        for secret in (b"\x31\x32\x33\x0d", bytes(range(0x40, 0x50)), bytes(range(0x60, 0x80))):
            ensure(secret not in data, f"{secret!r} is in the file")
        got = records(data)
        check([event for event, _ in got], [2 if one[1] & 0x80 else 1 for one in frames])
        for (_, inside), sent in zip(got, frames):
            check(crc(inside[:-2]), inside[-2] | inside[-1] << 8)
            check(len(inside), len(sent))
        check([inside == sent for (_, inside), sent in zip(got, frames)],
              [one[5:8] != b"\x02\x17\x75" and one[5] not in (0x53, KEYSET) for one in frames])
        again = postern("trace", "--read", path)
        check(again, out)
        if shutil.which("tshark"):
            plugin = os.path.join(folder, "osdp.lua")
            with open(plugin, "w", encoding="utf-8") as file:
                file.write(postern("dissector"))
            status, text, said = run(["tshark", "-X", f"lua_script:{plugin}", "-r", path, "-T", "fields",
                                      "-e", "osdp.command", "-e", "osdp.answer", "-e",
                                      "osdp.check.good"])
            check(status, 0, said)
            check([row.split() for row in text.splitlines()],
                  [[f"0x{(one[5] if not one[4] & 8 else one[5 + one[5]]):02x}", "1"]
                   for one in frames])


@test("trace --line shows the line of a running controller; keys and digits never leave it")
def _():
    with tempfile.TemporaryDirectory() as folder, Reader(folder) as reader, \
            House(config=CONFIG.replace("PORT", reader.path)) as d:
        d.wait_log("OSDP reader 1 is online")
        path = os.path.join(folder, "pcap")

        def postern(*words):
            status, out, said = d.postern("osdp", "trace", *words)
            return status, out, said

        status, out, said = postern("--line", "east", "--count", "6")
        lines = out.splitlines()
        check((status, len(lines), said), (0, 6, ""))
        ensure(re.search(r"to     3  [1-3] crc       -       60 POLL", out), out)
        ensure(re.search(r"from   3  [1-3] crc       -       40 ACK", out), out)
        person_keys = "4711#"
        thread = threading.Thread(target=lambda: [reader.ask(words) or time.sleep(0.1) for words in
                                                  ["card 10111101011111001001101111",
                                                   "keys " + person_keys] * 20])
        thread.start()
        status, out, said = postern("--line", "east", "--count", "300", "--pcap", path)
        thread.join()
        check(status, 0, said)
        ensure("50 RAW  head 0, Wiegand, 26 bits 10111101011111001001101111" in out, out[-2000:])
        ensure("53 KEYPAD  head 0, 5 keys, hidden" in out, out[-2000:])
        with open(path, "rb") as file:
            data = file.read()
        check(len(records(data)), 300)
        ensure(b"4711" not in data and b"471" not in data, "keys in the file")
        check(globals()["postern"]("trace", "--read", path), out)
        times = [line[:27] for line in out.splitlines()]
        check(times, sorted(times))
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("battery staple\n")
        check(d.postern("account", "add", "anna", "--role", "operator", "--new-password-file",
                        secret)[0], 0)
        got, out, said = d.postern("--password-file", secret, "osdp", "trace", "--line", "east",
                                   "--count", "1", user="anna")
        check((got, out), (1, ""), said)
        for words, status, err in ((("--line", "west"), 1, "names no OSDP line"),
                                   (("--line", "east", "--show-secrets"), 2, "gives no secrets away"),
                                   (("/dev/null", "--line", "east"), 2, "one of them"),
                                   (("--line", "x" * 33), 2, "1 to 32 bytes")):
            got, _, said = postern(*words)
            check(got, status, words)
            ensure(err in said, said)


@test("trace --show-secrets shows and keeps what came; --pcap - is standard output; --json is lines")
def _():
    with Line() as line:
        frames = [one for one, _ in TRACED]
        shown = traced(line, frames, "--show-secrets").decode()
        ensure("KEYPAD  head 0, 123#" in shown and bytes(range(0x40, 0x50)).hex() in shown, shown)
        data = traced(line, frames, "--show-secrets", "--pcap", "-")
        check([inside for _, inside in records(data)], frames)
        rows = objects(traced(line, frames, "--json").decode())
        check([row["name"] for row in rows[:5]], ["POLL", "ACK", "PDID", "RAW", "KEYPAD"])
        check((rows[0]["address"], rows[0]["sequence"], rows[0]["direction"], rows[0]["bytes"]),
              (5, 1, "command", frames[0].hex()))
        ensure("3132330d" not in rows[4]["bytes"], rows[4])


@test("trace finds frames in noise, tells what is none, and says how much was lost")
def _():
    with Line() as line:
        process = subprocess.Popen([program("postern"), "osdp", "trace", line.path, "--baud", "19200",
                                    "--count", "3"], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        wait_until(lambda: termios.tcgetattr(line.wire)[5] == termios.B19200, "the port")
        time.sleep(0.1)
        good = frame(5, POLL, sequence=1)
        hurt = bytearray(frame(5, 0x53, b"\x00\x02\x37\x38", 1, True))
        hurt[-1] ^= 1
        os.write(line.wire, b"\x00\x53\x53noise" + good + bytes(hurt) + good)
        out, said = process.communicate(timeout=20)
        lines = out.splitlines()
        check((process.returncode, len(lines)), (0, 3))
        ensure("60 POLL" in lines[0] and "60 POLL" in lines[2], out)
        ensure("from no frame: wrong check, 12 bytes" in lines[1], lines[1])
        ensure("bytes were no part of a good frame; is 19200 the line's baud rate?" in said, said)


@test("trace --read takes files of other machines and refuses what is no capture of a line")
def _():
    def capture(order, magic, link, *payloads, part=5):
        out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link)
        for payload in payloads:
            out += struct.pack(order + "IIII", 1700000000, part, len(payload), len(payload)) + payload
        return out

    head = struct.pack(">IIBBH", 1700000000, 5, 2, 0, 0)
    ack = frame(5, 0x40, sequence=1, reply=True)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")

        def read(data, **options):
            with open(path, "wb") as file:
                file.write(data)
            return postern("trace", "--read", path, **options)

        for data in (capture("<", 0xA1B2C3D4, 250, head + b"\xff" + ack),
                     capture(">", 0xA1B23C4D, 250, head, head + ack, part=5000),
                     capture(">", 0xA1B2C3D4, 147, ack)):
            out = read(data)
            check(out, "2023-11-14T22:13:20.000005Z  from   5  1 crc       -       40 ACK\n")
        out = read(capture("<", 0xA1B2C3D4, 250, head + bytes(3000)))
        ensure("no frame: does not begin like a frame, 1440 bytes" in out, out)
        check(read(capture("<", 0xA1B2C3D4, 250)), "")
        whole = capture("<", 0xA1B2C3D4, 250, head + ack)
        read(whole[:-1], status=2, err="the file ends within a frame")
        read(whole[:20], status=2, err="the file ends within a frame")
        for data in (b"", b"abc", b"\x0a\x0d\x0d\x0a" + bytes(40)):
            read(data, status=2, err="this is no pcap file")
        read(capture("<", 0xA1B2C3D4, 1, ack), status=2, err="not of a serial line")


main()
