#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody sits on the line while an OSDP reader is given a key: by a first pairing, and by a rotation.

What a rotation hides: everything. The new key goes through a session that rests on the old one.

What a first pairing hides: the key from who looks for it on the line, and nothing from who knows
OSDP. The session in which KEYSET goes rests on SCBK-D, which everybody knows, and on random numbers
that stand on the line in clear. Who has recorded it works out the session's keys and has the new
one: recorded() does, from the man's recording alone. That is why a window is short, is opened by an
admin for one reader, and is told to be used on the bench; `postern osdp key` needs none of it.
"""
import subprocess
import threading

import osdp_man as man
from harness import check, ensure, main, test, wait_until
from man_house import (ADDRESS, KEY, SCBK_D, AskForKey, Attack, FlipMac, ManHouse, NoSecurity,
                       OfferDefaultKey, RefuseChallenge, SayNoKey)
from people import records

PAIR = "/cgi-bin/accessControl.cgi?action=pairReader&reader=7&window="
ROTATE = "/cgi-bin/accessControl.cgi?action=rotateReaderKey&reader=7"
UNPAIR = "/cgi-bin/accessControl.cgi?action=unpairReader&reader=7"
SCS_17, RMAC_I = 0x17, 0x78
WINDOW_S = 4


# --- what is on the wire ---

def pieces(key, size):
    """All runs of so many bytes of a key: as they are, backwards, and in hexadecimal digits."""
    for way in (key, key[::-1]):
        for at in range(len(way) - size + 1):
            piece = way[at:at + size]
            yield from (piece, piece.hex().encode(), piece.hex().upper().encode())


def leaked(line, key):
    """Whether the recording has a piece of the key.

    4 bytes of it in what a frame says, 6 anywhere: MACs and CRCs are chance, and 4 bytes of them are
    a piece of some key once in a few thousand runs.
    """
    said = b"\0".join(frame.raw[frame.at:-6 if frame.secured else -2]
                      for frame in line.commands + line.answers)
    return any(piece in said for piece in pieces(key, 4)) or \
        any(piece in line.wire for piece in pieces(key, 6))


def is_hidden(d, *keys):
    """No key in the recording nor in the log, and each KEYSET encrypted. Gives the KEYSETs."""
    ensure(len(d.man.wire) > 1000, "the man has seen nothing")
    for key in keys:
        check(len(key), 16, "a key")
        ensure(not leaked(d.man, key), "a piece of a key is on the wire")
        ensure(key.hex() not in d.log.lower(), "a key is in the log")
    sets = [frame for frame in d.man.commands if frame.code == man.KEYSET]
    for frame in sets:
        check(frame.block[1:2], bytes([SCS_17]), "the security block of KEYSET")
        check(len(frame.raw) - 6 - frame.at - 1, 32, "bytes of KEYSET, encrypted")
    return sets


def held(d):
    text = d.reader.ask("held")
    return None if text == "none" else bytes.fromhex(text)


@test("a piece of a key that is on the wire is found")
def _():
    key = bytes.fromhex("00112233445566778899aabbccddeeff")

    class Line:
        def __init__(self, data):
            frame = man.Frame(man.build(ADDRESS, 1, man.POLL, data))
            self.commands, self.answers, self.wire = [frame], [], bytearray(frame.raw)

    for piece in (key[3:7], key[::-1][9:13], key[12:].hex().encode(), b"44556677", b"CCDDEEFF",
                  key):
        ensure(leaked(Line(b"x" + piece + b"y"), key), f"{piece!r} was not found")
    for piece in (b"", key[3:6], bytes(16), KEY):
        ensure(not leaked(Line(b"x" + piece + b"y"), key), f"{piece!r} was found")


# --- what can be worked out from it ---

def aes(key, data, *options):
    return subprocess.run(["openssl", "enc", *options, "-nopad", "-K", key.hex()], input=data,
                          stdout=subprocess.PIPE, check=True).stdout


def mac(keys, chain, text):
    """The MAC of a frame up to its data, all 16 bytes."""
    text += b"\x80" + bytes(-len(text) - 1 & 15) if len(text) % 16 else b""
    if len(text) > 16:
        chain = aes(keys[0], text[:-16], "-aes-128-cbc", "-iv", chain.hex())[-16:]
    return aes(keys[1], text[-16:], "-aes-128-cbc", "-iv", chain.hex())


def recorded(line, scbk):
    """The key that the first KEYSET on the line carried, for somebody who knows scbk; None: it is not that one."""
    chlng = next(frame for frame in line.commands if frame.code == man.CHLNG)
    keyset = next(frame for frame in line.commands if frame.code == man.KEYSET)
    rmac = next(frame for frame in line.answers if frame.code == RMAC_I)
    start = chlng.raw[chlng.at + 1:chlng.at + 7]
    mac_1, mac_2, enc = (aes(scbk, bytes([1, what]) + start + bytes(8), "-aes-128-ecb")
                         for what in (1, 2, 0x82))
    chain = rmac.raw[rmac.at + 1:rmac.at + 17]
    session = [frame for frame in line.both if frame.secured]
    for frame in session[:session.index(keyset)]:
        chain = mac((mac_1, mac_2), chain, frame.raw[:-6])
        if chain[:4] != frame.raw[-6:-2]:
            return None  # another key
    iv = bytes(255 - byte for byte in chain)
    data = keyset.raw[keyset.at + 1:-6]
    return aes(enc, data, "-d", "-aes-128-cbc", "-iv", iv.hex())[2:18]


@test("a first pairing: the key is encrypted on the wire, and open to who recorded it and knows OSDP")
def _():
    with ManHouse(paired=False) as d:
        d.reader.do("install on")
        d.get(PAIR + "60")
        wait_until(lambda: d.row()["Online"] == "true", "the reader is paired", 20)
        key = held(d)
        sets = is_hidden(d, key)
        ensure(sets, "no KEYSET was seen")
        selectors = [frame.block[2] for frame in d.man.commands if frame.code == man.CHLNG]
        check((selectors[0], selectors[-1]), (0, 1), "SCBK-D, then the new key")
        check(recorded(d.man, SCBK_D), key, "what a recording and SCBK-D tell")
        d.works()
        check(d.insecure(), [])


@test("a rotation: neither key is on the wire, SCBK-D does not open it, a new one takes its place")
def _():
    with ManHouse() as d:
        d.man.forget()
        d.reconnect(None)  # so that the recording has the handshake too
        d.works()
        d.get(ROTATE)
        wait_until(lambda: held(d) != KEY, "the reader has another key")
        wait_until(lambda: d.row()["Online"] == "true", "online", 20)
        check(len(is_hidden(d, KEY, held(d))), 1, "KEYSETs")
        for frame in d.man.commands:
            if frame.code == man.CHLNG:
                check(frame.block[2], 1, "the key that CHLNG is about")
        check(recorded(d.man, KEY), held(d), "what a recording and the old key tell")
        check(recorded(d.man, SCBK_D), None, "what a recording and SCBK-D tell")
        d.works()
        is_hidden(d, KEY, held(d))


# --- what a man can do meanwhile ---

class DropAnswer(Attack):
    """The reader takes the key, and its answer never comes."""

    last = None

    def command(self, _, frame):
        self.last = frame.code
        return [frame.raw]

    def reply(self, _, frame):
        return [] if self.last == man.KEYSET else [frame.raw]


class ReplayKeyset(Attack):
    """KEYSET goes to the reader again and again, also in later sessions."""

    kept = None

    def command(self, _, frame):
        if frame.code == man.KEYSET:
            self.kept = frame.raw
            return [frame.raw, frame.raw]
        if self.kept is None or not frame.secured:
            return [frame.raw]
        raw = bytearray(self.kept)
        raw[4] = raw[4] & 0xfc | frame.sequence
        return [bytes(raw[:-2]) + man.crc(raw[:-2]), frame.raw]


class FlipKeyset(Attack):
    """A bit of the encrypted key is another one, and the CRC is right."""

    def command(self, _, frame):
        if frame.code != man.KEYSET:
            return [frame.raw]
        at = frame.at + 5
        return [frame.changed(at, frame.raw[at] ^ 0x10)]


class FlipAnswer(DropAnswer):
    """The same of the MAC of its answer."""

    def reply(self, _, frame):
        at = len(frame.raw) - 5
        return [frame.changed(at, frame.raw[at] ^ 4) if self.last == man.KEYSET else frame.raw]


class RefuseKeyset(Attack):
    """KEYSET never comes to the reader, and is refused in its name."""

    code = b"\x06"

    def command(self, line, frame):
        if frame.code != man.KEYSET:
            return [frame.raw]
        line.to_panel(man.build(0x80 | ADDRESS, frame.sequence, man.NAK, self.code))
        return []


class DenyKeyset(DropAnswer):
    """KEYSET comes to the reader, which takes the key; the panel hears that it is unknown to it."""

    def reply(self, line, frame):
        if self.last != man.KEYSET:
            return [frame.raw]
        return [man.build(0x80 | ADDRESS, frame.sequence, man.NAK, b"\x03")]


class ConfirmKeyset(Attack):
    """KEYSET never comes to the reader; the panel hears in clear that it was taken."""

    def command(self, line, frame):
        if frame.code != man.KEYSET:
            return [frame.raw]
        line.to_panel(man.build(0x80 | ADDRESS, frame.sequence, man.ACK))
        return []


class ReplayReplies(Attack):
    """Each reply is preceded by one of before."""

    def __init__(self):
        self.kept = []

    def reply(self, _, frame):
        if not frame.secured:
            return [frame.raw]
        self.kept.append(frame.raw)
        return [self.kept[len(self.kept) // 2], frame.raw]


ATTACKS = (DropAnswer, ReplayKeyset, FlipKeyset, FlipAnswer, RefuseKeyset, DenyKeyset,
           ConfirmKeyset, NoSecurity, RefuseChallenge, OfferDefaultKey, AskForKey, SayNoKey, FlipMac,
           ReplayReplies)


def over(d):
    """The panel has come to an end with the key, one or the other way."""
    return d.row()["Pairing"] == "none"


def undisturbed(d, opened, granted, attack):
    check(d.lock_count(1), opened, f"openings of the door during {type(attack).__name__}")
    check([row for row in records(d) if row["Status"] == "1"], granted, "grants")


def doors(d):
    return d.lock_count(1), [row for row in records(d) if row["Status"] == "1"]


@test("a man in a pairing: no grant, no key in clear, and the reader is paired or can be")
def _():
    with ManHouse(paired=False) as d:
        for kind in ATTACKS:
            attack = kind()
            opened, granted = doors(d)
            d.reader.do("key none")
            d.reader.do("install on")
            d.man.attack = attack
            d.get(PAIR + str(WINDOW_S))
            wait_until(lambda: over(d), f"the window is over: {kind.__name__}", WINDOW_S + 10)
            undisturbed(d, opened, granted, attack)
            row = d.row()
            ensure(row["HasKey"] == "true" or row.get("PairFailed"),
                   f"no clear state after {kind.__name__}: {row}")
            d.man.attack = None
            ended = usable(d, kind)
            print(f"# {kind.__name__}: {row.get('PairFailed', 'paired')}, then online {ended}")
            is_hidden(d, held(d))
            d.works()
            d.get(UNPAIR)
            wait_until(lambda: d.row()["State"] == "not paired", "the reader is forgotten")
            d.man.forget()


def usable(d, kind):
    """A reader that was paired is online by itself. Another pairing of one that was not, asked for at
    once, ends well: with the key that the reader took, or with another one if it took none."""
    before = held(d)
    paired = d.row()["HasKey"] == "true"
    if not paired:
        reply = d.request(PAIR + "60")
        ensure(reply.status == 200 or "is online with its key" in reply.text, reply.text)
    wait_until(lambda: d.row()["Online"] == "true", f"online after {kind.__name__}", 20)
    wait_until(lambda: over(d), "the pairing ends")
    if before:
        check(held(d), before, f"the key of the reader after {kind.__name__}")
    return "by itself" if paired else "with the key that it took" if before else "with another key"


class Armed(Attack):
    """Passes everything on until KEYSET comes, and is then what it arms."""

    def __init__(self, attack):
        self.attack = attack
        self.begun = threading.Event()

    def command(self, line, frame):
        if frame.code == man.KEYSET:
            self.begun.set()
        return self.attack.command(line, frame) if self.begun.is_set() else [frame.raw]

    def reply(self, line, frame):
        return self.attack.reply(line, frame) if self.begun.is_set() else [frame.raw]


@test("a man in a rotation: no grant, neither key on the wire, and the reader is back with one of them")
def _():
    with ManHouse() as d:
        for kind in ATTACKS:
            attack = Armed(kind())
            opened, granted = doors(d)
            before = held(d)
            d.man.attack = attack
            d.get(ROTATE)
            ensure(attack.begun.wait(10), "no KEYSET came")
            attack.goes_on(1.5)
            undisturbed(d, opened, granted, attack)
            d.man.attack = None
            d.works()
            wait_until(lambda: over(d), f"the rotation ends: {kind.__name__}", 70)
            is_hidden(d, before, held(d))
            for frame in d.man.commands:
                if frame.code == man.CHLNG:
                    check(frame.block[2], 1, f"the key that CHLNG is about: {kind.__name__}")
            said = "kept" if held(d) == before else "changed"
            print(f"# {kind.__name__}: the key is {said}, {d.row().get('PairFailed', 'done')}")
            d.man.forget()


if __name__ == "__main__":
    main()
