# SPDX-License-Identifier: Apache-2.0
"""A house with an OSDP reader and a man on its line (osdp_man.py), and what such men do."""
import os
import re
import threading
import time

import osdp_man as man
from harness import check, ensure, program, run, wait_until
from osdp_reader import Reader, w34
from people import ATTACH, House, insert, records

ADDRESS = 3
KEY = bytes.fromhex("9e116cf0237ad548b102ee3d945f80c7")
SCBK_D = bytes(range(0x30, 0x40))
VENDOR, SERIAL = "ca446c", 0x0badcafe + ADDRESS  # as osdp_pd says
CARD = 4711
REPLAYS = 100_000

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
readers:
  - {number: 7, door: front, formats: [W34], osdp: {line: east, address: 3}}
osdp:
  - {id: east, port: PORT, baud: 115200}
"""


class ManHouse(House):
    """A house with reader 7 and a man on its line. paired: else the reader has no key yet."""

    def __init__(self, paired=True, **options):
        self.paired = paired
        self.port = f"/tmp/postern-man-{os.getpid()}-{time.monotonic_ns()}"
        self.reader = Reader(self.port + "-reader", ADDRESS, KEY.hex() if paired else "none")
        self.man = man.Man(self.port, self.port + "-reader")
        self.events = []
        super().__init__(config=CONFIG.replace("PORT", self.port), **options)
        insert(self, "101", CARD)
        self.events_stream = self.stream(ATTACH + "&codes=[PosternSystem]")
        threading.Thread(target=self.listen, daemon=True).start()
        if paired:
            self.works()

    def prepare(self):
        if not self.paired:
            return
        status, _, err = run([program("osdp_keys"), self.state_folder, VENDOR, "7", KEY.hex(),
                              str(SERIAL)])
        check(status, 0, err)

    def listen(self):
        for event in self.events_stream:
            if event != "Heartbeat":
                self.events.append((event["data"]["Kind"], event["data"].get("Reason")))

    def close(self):
        super().close()
        self.man.stop()
        self.reader.close()

    def shown(self):
        """Shows the card until the door opens: what waits at a reader that comes back is dropped."""
        count = self.lock_count(1)
        if self.reader.ask("link") != "secure":
            return False
        self.reader.do(f"card {w34(CARD)}")
        limit = time.monotonic() + 1
        while self.lock_count(1) == count and time.monotonic() < limit:
            time.sleep(0.01)
        return self.lock_count(1) > count

    def works(self, timeout_s=20):
        wait_until(self.shown, "a card at the reader opens the door", timeout_s)
        self.wait_lock(1, False)

    def reconnect(self, attack):
        """Cuts the line until the reader is offline, so that the man sees a new beginning."""
        first = self.mark()
        self.man.silent = True
        self.wait_log("OSDP reader 7 is offline: the reader does not answer", first)
        self.man.attack = attack
        self.man.silent = False

    def row(self):
        """What getReaders says of the reader."""
        body = self.get("/cgi-bin/accessControl.cgi?action=getReaders&reader=7")
        return dict(re.findall(r"readers\[0\]\.(\w+)=(.*?)\r?\n", body))

    def insecure(self):
        return [reason for kind, reason in self.events if kind == "reader_insecure"]

    def holds(self, attack, reason, begin, goes_on_s=3):
        """The attack gets one alarm (reason, or one of them) and nothing else; when it ends the reader works."""
        reasons = reason if isinstance(reason, tuple) else (reason,)
        granted = [row for row in records(self) if row["Status"] == "1"]
        opened = self.lock_count(1)
        begin(attack)
        wait_until(self.insecure, f"an alarm {reason}", 60)
        attack.goes_on(goes_on_s)
        said = self.insecure()
        ensure(len(said) == 1 and said[0] in reasons, f"alarms: {said}, wanted one of {reasons}")
        lines = [line for line in self.log.splitlines() if "ALARM: OSDP reader 7: " in line]
        check(len(lines), 1, "alarms in the log")
        check(self.lock_count(1), opened, "openings of the door")
        check([row for row in records(self) if row["Status"] == "1"], granted, "grants")
        self.man.attack = None
        self.works()
        check(self.insecure(), said, "alarms at the end")
        self.keys_are_safe()

    def keys_are_safe(self):
        ensure(len(self.man.wire) > 1000, "the man has seen nothing")
        for key in (KEY, KEY[::-1], KEY[:8], KEY[8:]):
            ensure(key not in self.man.wire, "key bytes were on the wire")
        for frame in self.man.commands:
            ensure(frame.code != man.KEYSET, "KEYSET was sent")
            if frame.code == man.CHLNG:
                check(frame.block[2], 1, "the key that CHLNG is about")
        ensure(any(frame.code == man.CHLNG for frame in self.man.commands), "no CHLNG was seen")


class Attack(man.Attack):
    def goes_on(self, seconds):
        time.sleep(seconds)  # more alarms may not come, and nothing tells when


def raw_card():
    """A reply in clear with the card that opens."""
    bits = w34(CARD)
    data = int(bits.ljust(40, "0"), 2).to_bytes(5, "big")
    return bytes([0, 1, len(bits), 0]) + data


class NoSecurity(Attack):
    """PDCAP without AES; in the session that is made all the same polls are answered with a card in clear."""

    def command(self, line, frame):
        if frame.secured and frame.code == man.POLL:
            line.to_panel(man.build(0x80 | ADDRESS, frame.sequence, man.RAW, raw_card()))
            line.sent += 1
            return []
        return [frame.raw]

    def reply(self, _, frame):
        return [capability(frame, 1, 0)]


def capability(frame, offset, value):
    """A PDCAP in clear with another compliance (1) or number (2) of communication security."""
    if frame.code != man.PDCAP or frame.secured:
        return frame.raw
    for at in range(frame.at + 1, len(frame.raw) - 4, 3):
        if frame.raw[at] == 9:
            return frame.changed(at + offset, value)
    raise AssertionError("the reader has no communication security")


class RefuseChallenge(Attack):
    def command(self, line, frame):
        if frame.code == man.CHLNG:
            line.to_panel(man.build(0x80 | ADDRESS, frame.sequence, man.NAK, b"\x06"))
            return []
        if not frame.secured and frame.code == man.POLL:
            raise AssertionError("a poll in clear")
        return [frame.raw]


class OfferDefaultKey(Attack):
    """CCRYPT says that it was made with the key that everybody knows."""

    def reply(self, _, frame):
        if frame.code == man.CCRYPT and frame.block[1:2] == b"\x12":
            return [frame.changed(7, 0)]
        return [frame.raw]


class AskForKey(Attack):
    """PDCAP says that the default key is in use, and a KEYSET of somebody else is on the line."""

    def __init__(self):
        self.asked = False

    def reply(self, line, frame):
        if frame.secured and not self.asked:
            self.asked = True
            line.to_panel(man.build(ADDRESS, frame.sequence, man.KEYSET, b"\x01\x10" + SCBK_D))
        return [capability(frame, 2, 1)]


class SayNoKey(Attack):
    """In the session, polls are answered in clear with NAK 06: secure channel required."""

    def command(self, line, frame):
        if frame.secured and frame.code == man.POLL:
            line.to_panel(man.build(0x80 | ADDRESS, frame.sequence, man.NAK, b"\x06"))
            return []
        return [frame.raw]


class Replay(Attack):
    """Old replies of this session and of others, as fast as the line takes them."""

    def __init__(self, frames):
        self.frames = frames
        self.count = 0

    def burst(self, line):
        while self.count < REPLAYS and not line.stopping:
            part = [self.frames[(self.count + i) % len(self.frames)] for i in range(200)]
            line.write(line.panel, b"".join(b"\xff" + raw for raw in part))
            self.count += len(part)

    def goes_on(self, seconds):
        wait_until(lambda: self.count >= REPLAYS, "all old frames", 120)
        super().goes_on(seconds)


class FlipMac(Attack):
    """A bit of each MAC is another one, and the CRC is right."""

    def reply(self, _, frame):
        if not frame.secured:
            return [frame.raw]
        at = len(frame.raw) - 6
        return [frame.changed(at, frame.raw[at] ^ 1 << frame.sequence)]
