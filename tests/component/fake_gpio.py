# SPDX-License-Identifier: Apache-2.0
"""The chips of posternd_gpio (tests/unit/drivers/fake_gpio.h) from outside: a shared file with every
line's level, and a FIFO for each line request."""
import ctypes
import mmap
import os
import struct
import time

CHIPS, LINES, REQUESTS = 2, 32, 64
ACTIVE_LOW, EDGE_RISING = 1 << 1, 1 << 4  # GPIO_V2_LINE_FLAG_...
RISING, FALLING = 1, 2  # GPIO_V2_LINE_EVENT_..._EDGE


class Line(ctypes.Structure):
    _fields_ = [("request", ctypes.c_uint32), ("moves", ctypes.c_uint32),
                ("writes", ctypes.c_uint32), ("physical", ctypes.c_uint8),
                ("pad", ctypes.c_uint8 * 3), ("flags", ctypes.c_uint64),
                ("consumer", ctypes.c_char * 32), ("moved_ns", ctypes.c_int64)]


class Request(ctypes.Structure):
    _fields_ = [("inode", ctypes.c_uint64), ("chip", ctypes.c_uint32), ("count", ctypes.c_uint32),
                ("offset", ctypes.c_uint32 * 64), ("seqno", ctypes.c_uint32),
                ("event_buffer_size", ctypes.c_uint32), ("line_seqno", ctypes.c_uint32 * 64)]


class State(ctypes.Structure):
    _fields_ = [("line", (Line * LINES) * CHIPS), ("request", Request * REQUESTS),
                ("request_count", ctypes.c_uint32), ("open_error", ctypes.c_int32),
                ("request_error", ctypes.c_int32), ("value_error", ctypes.c_int32),
                ("same_labels", ctypes.c_int32), ("gone", ctypes.c_uint32),
                ("read_back_error", ctypes.c_int32)]


class FakeGpio:
    """Two chips in a folder: gpiochip0 [fake-a] with 32 lines, gpiochip1 [fake-b] with 8."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        for name in ("gpiochip0", "gpiochip1"):
            with open(os.path.join(folder, name), "w", encoding="ascii"):
                pass
        with open(os.path.join(folder, "state"), "w+b") as file:
            file.truncate(ctypes.sizeof(State))
            self.state = State.from_buffer(mmap.mmap(file.fileno(), 0))

    def line(self, offset, chip=0):
        return self.state.line[chip][offset]

    def level(self, offset, chip=0):
        return self.line(offset, chip).physical

    def event(self, offset, physical, at_ns, lost, chip):
        """Moves an input as a wire would. (the FIFO of its request, the kernel's event)"""
        line = self.line(offset, chip)
        line.physical = physical
        if line.request == 0 or not line.flags & EDGE_RISING:
            return None, b""
        request = self.state.request[line.request - 1]
        position = list(request.offset[:request.count]).index(offset)
        request.line_seqno[position] += 1
        request.seqno += 1
        active = bool(physical) != bool(line.flags & ACTIVE_LOW)
        event = struct.pack("=QIIII24x", at_ns, RISING if active else FALLING, offset,
                            request.seqno, request.line_seqno[position])
        return os.path.join(self.folder, f"request-{line.request}"), b"" if lost else event

    def queue(self, path, events):
        """At one time: a reader of the queue never sees a part."""
        if not events:
            return
        fifo = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fifo, events)
        os.close(fifo)

    def edge(self, offset, physical, chip=0):
        self.queue(*self.event(offset, physical, time.monotonic_ns(), False, chip))

    def frame(self, data0, data1, bits, lose=None, interval_ns=1_000_000, chip=0):
        """A frame that has just ended; lose: the number of an edge that the queue drops."""
        at_ns = time.monotonic_ns() - len(bits) * interval_ns
        events, path = b"", None
        for number in range(2 * len(bits)):
            offset = data1 if bits[number // 2] == "1" else data0
            path, event = self.event(offset, number % 2, at_ns, lose == number, chip)
            events += event
            at_ns += interval_ns - 50_000 if number % 2 else 50_000
        self.queue(path, events)


def w34(card):
    """34 bits: even parity, the number, odd parity."""
    bits = f"{card:032b}"
    even = bits[:16].count("1") % 2
    odd = 1 - bits[16:].count("1") % 2
    return f"{even}{bits}{odd}"
