# SPDX-License-Identifier: Apache-2.0
"""Somebody on the line between posternd's port and a real OSDP reader: he sees and changes what he likes.

Man makes the port that posternd opens and relays frames between it and the ports of readers
(osdp_pd). Everything that passes is kept in `wire`.
"""
import os
import select
import threading
import time
import tty

POLL, KEYSET, CHLNG = 0x60, 0x75, 0x76
ACK, NAK, PDCAP, RAW, CCRYPT = 0x40, 0x41, 0x46, 0x50, 0x76
SCS_15, SCS_18 = 0x15, 0x18


def _table():
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = crc << 1 ^ (0x1021 if crc & 0x8000 else 0)
        yield crc & 0xffff


CRC = list(_table())


def crc(data):
    value = 0x1d0f
    for byte in data:
        value = (value << 8 & 0xffff) ^ CRC[value >> 8 ^ byte]
    return value.to_bytes(2, "little")


class Frame:
    """A frame with CRC, from SOM to check."""

    def __init__(self, raw):
        self.raw = raw
        self.reply = bool(raw[1] & 0x80)
        self.sequence = raw[4] & 3
        self.block = raw[5:5 + raw[5]] if raw[4] & 8 else b""
        self.at = 5 + len(self.block)  # of the code
        self.code = raw[self.at]

    @property
    def secured(self):
        return bool(self.block) and SCS_15 <= self.block[1] <= SCS_18

    def changed(self, at, value):
        """The same with another byte (at: its place) and a right CRC."""
        raw = bytearray(self.raw)
        raw[at] = value
        return bytes(raw[:-2]) + crc(raw[:-2])


def build(address, sequence, code, data=b""):
    """A frame in clear; address with 0x80 for a reply."""
    length = 6 + len(data) + 2
    head = bytes([0x53, address, length & 255, length >> 8, 4 | sequence, code]) + data
    return head + crc(head)


class Cutter:
    """Bytes to frames; what is no frame is skipped."""

    def __init__(self):
        self.bytes = b""

    def take(self, data):
        self.bytes += data
        while True:
            self.bytes = self.bytes[self.bytes.find(b"\x53"):] if b"\x53" in self.bytes else b""
            if len(self.bytes) < 8:
                return
            length = int.from_bytes(self.bytes[2:4], "little")
            if not 8 <= length <= 1440:
                self.bytes = self.bytes[1:]
                continue
            if len(self.bytes) < length:
                return
            raw = self.bytes[:length]
            if crc(raw[:-2]) != raw[-2:]:
                self.bytes = self.bytes[1:]
                continue
            self.bytes = self.bytes[length:]
            yield Frame(raw)


class Man(threading.Thread):
    """Relays until stop(). attack: None, or an object with command(man, frame) and reply(man, frame).

    Both give what goes on to the other side, a list of frames (bytes); command may also call
    man.to_panel. silent: nothing passes. Who holds `lock` keeps everything waiting.

    cut: (address, bytes, whole): of the next transaction with that reader only so many bytes pass,
    marks counted; then the port is unplugged (whole), or that reader alone is. plug() undoes it.
    """

    def __init__(self, port, *readers):
        super().__init__(daemon=True)
        self.port = port
        self.panel = -1
        self.readers = [os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                        for path in readers]
        self.lock = threading.RLock()
        self.attack = None
        self.silent = False
        self.cut = None
        self.left = None  # bytes of the reply that may still pass
        self.away = set()  # addresses that are unplugged
        self.cut_done = threading.Event()
        self.wire = bytearray()
        self.commands = []  # frames of the panel
        self.times = {}  # address: when its commands came
        self.replies = []  # secured ones of the readers
        self.answers = []  # frames of the readers
        self.both = []  # frames of both, as they came
        self.sent = 0  # frames that were made up
        self.stopping = False
        self.plug()
        self.start()

    def plug(self):
        with self.lock:
            self.away.clear()
            if self.panel >= 0:
                return
            panel, slave = os.openpty()
            tty.setraw(slave)
            os.symlink(os.ttyname(slave), self.port)
            os.close(slave)
            os.set_blocking(panel, False)
            self.panel = panel

    def unplug(self):
        with self.lock:
            os.unlink(self.port)
            os.close(self.panel)
            self.panel = -1

    def stop(self):
        self.stopping = True
        self.join(10)
        for fd in [self.panel] + self.readers:
            if fd >= 0:
                os.close(fd)
        if os.path.islink(self.port):
            os.unlink(self.port)

    def read(self, fd):
        try:
            data = os.read(fd, 4096)
        except BlockingIOError:
            return b""
        except OSError:  # posternd has the port closed
            time.sleep(0.01)
            return b""
        self.wire += data
        return data

    def write(self, fd, data):
        while data and not self.stopping:
            try:
                data = data[os.write(fd, data):]
            except BlockingIOError:
                select.select([], [fd], [], 0.1)
            except OSError:
                return

    def to_panel(self, raw):
        self.wire += raw
        self.write(self.panel, b"\xff" + raw)

    def to_readers(self, raw):
        self.wire += raw
        for fd in self.readers:
            self.write(fd, b"\xff" + raw)

    def cut_now(self, address, whole):
        self.cut = self.left = None
        if whole:
            self.unplug()
        else:
            self.away.add(address)
        self.cut_done.set()

    def cut_command(self, frame):
        address, count, whole = self.cut
        wire = b"\xff" + frame.raw
        if count >= len(wire):
            self.left = count - len(wire)
            self.to_readers(frame.raw)
            return
        for fd in self.readers:
            self.write(fd, wire[:count])
        self.cut_now(address, whole)

    def cut_reply(self, frame):
        address, _, whole = self.cut
        self.write(self.panel, (b"\xff" + frame.raw)[:self.left])
        self.cut_now(address, whole)

    def command(self, frame):
        address = frame.raw[1]
        self.commands.append(frame)
        self.both.append(frame)
        self.times.setdefault(address, []).append(time.monotonic())
        attack = self.attack
        if address in self.away:
            return
        if self.cut and self.left is None and address == self.cut[0]:
            self.cut_command(frame)
            return
        for raw in attack.command(self, frame) if attack else [frame.raw]:
            self.to_readers(raw)

    def forget(self):
        """The recording begins anew."""
        with self.lock:
            for kept in (self.wire, self.commands, self.replies, self.answers, self.both):
                kept.clear()

    def answer(self, frame):
        self.answers.append(frame)
        self.both.append(frame)
        if frame.raw[1] & 0x7f in self.away:
            return
        if frame.secured:
            self.replies.append(frame.raw)
        attack = self.attack
        if self.left is not None:
            self.cut_reply(frame)
            return
        for raw in attack.reply(self, frame) if attack else [frame.raw]:
            self.to_panel(raw)

    def run(self):
        panel = Cutter()
        cutters = [Cutter() for _ in self.readers]
        while not self.stopping:
            fds = [fd for fd in [self.panel] + self.readers if fd >= 0]
            try:
                ready = select.select(fds, [], [], 0.05)[0]
            except OSError:
                continue  # unplugged meanwhile by another thread
            with self.lock:
                if self.panel in ready:
                    for frame in panel.take(self.read(self.panel)):
                        if not frame.reply and not self.silent:
                            self.command(frame)
                for fd, cutter in zip(self.readers, cutters):
                    if fd not in ready:
                        continue
                    for frame in cutter.take(self.read(fd)):
                        if frame.reply and not self.silent and self.panel >= 0:
                            self.answer(frame)


class Attack:
    """Passes everything on; the real ones change something."""

    def command(self, _, frame):
        return [frame.raw]

    def reply(self, _, frame):
        return [frame.raw]
