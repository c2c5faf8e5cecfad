#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The raw view of a reader and its wiring test, from virtual wires to the command line."""
import json
import os
import re
import signal
import stat
import subprocess

from harness import Daemon, check, ensure, main, program, run, test, wait_until
from people import House

FRAMES = "/cgi-bin/accessControl.cgi?action=getReaderFrames"

US, MS = 1000, 1000000


def w26(facility, card):
    """Bits of an H10301 card."""
    data = [(facility << 16 | card) >> (23 - i) & 1 for i in range(24)]
    return "".join(map(str, [sum(data[:12]) % 2] + data + [1 - sum(data[12:]) % 2]))


CARDS = [w26(123, 45678), w26(123, 45679), w26(1, 1), w26(200, 777)]


def flipped(bits, at):
    return bits[:at] + str(1 - int(bits[at])) + bits[at + 1:]


def turned(bits):
    return "".join("10"[int(bit)] for bit in bits)


def pulses(bits, at=0, width=50 * US, every=2 * MS):
    """(ns, line, level) of a frame; width and every may be functions of the bit's place."""
    edges = []
    for place, bit in enumerate(bits):
        length = width(place) if callable(width) else width
        edges += [(at, int(bit), 0), (at + length, int(bit), 1)]
        at += every(place) if callable(every) else every
    return edges


def edges_text(edges):
    return "".join(f"{at} {line} {level}\n" for at, line, level in edges)


def play(d, reader, edges):
    d.sim(f"edges {reader}\n{edges_text(edges)}end")


def last_frame(d):
    return int(re.search(r"lastFrame=(\d+)", d.get(FRAMES + "&reader=1")).group(1))


def settle(d, count):
    """Waits until so many frames have ended since the start."""
    wait_until(lambda: last_frame(d) >= count, f"{count} frames")
    check(last_frame(d), count)


def watch(d, *arguments):
    """What `reader watch --past` says, as dicts."""
    status, out, err = d.postern("--json", "reader", "watch", *arguments)
    check(status, 0, err)
    return [json.loads(line) for line in out.splitlines()]


def with_test(d, reader, shown, count):
    """Names of the findings of `reader test` over count frames that shown() makes meanwhile."""
    process = subprocess.Popen(
        [program("postern"), "--device", d.url, "--user", "admin", "--password-file",
         os.path.join(d.state, "admin.password"), "--json", "reader", "test", str(reader), "--count",
         str(count), "--seconds", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ensure("show cards" in process.stderr.readline(), "no word to who shows the cards")
        shown()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    report = json.loads(out)
    check(report["reader"], reader)
    check(report["frames"], count, err)
    names = [finding["name"] for finding in report["findings"]]
    check(process.returncode, 1 if names else 0, out)
    return names


@test("a good frame is shown with its bits, verdicts, number, lengths and edges")
def _():
    with House() as d:
        d.sim(f"bits 1 {CARDS[0]}")
        frame, = watch(d, "1", "--past", "--count", "1", "--edges")
        check(frame["Kind"], "Card")
        check(frame["Fit"], "Yes")
        check(frame["Data"], CARDS[0])
        check(frame["Format"], "W26")
        check(frame["Number"], str(123 << 16 | 45678))
        ensure(frame["Verdict[0]"].startswith("W34: ") and frame["Verdict[1]"].startswith("W26: "), frame)
        check((frame["Pulse0MinNs"], frame["Pulse1MaxNs"], frame["IntervalMeanNs"]), ("50000", "50000", "2000000"))
        check(frame["EdgeList"].count(","), 51)
        status, out, err = d.postern("reader", "watch", "1", "--past", "--count", "1")
        check(status, 0, err)
        ensure(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z frame, 26 bits 1011 1101 1101 1001 0011 0111 01; "
                        r".*W26: card number 8106606; .*DATA0 50 us \(50 to 50\); DATA1 50 us \(50 to 50\); "
                        r"interval 2\.00 ms \(2\.00 to 2\.00\)$", out), out)


@test("a frame is shown as it comes")
def _():
    with House() as d:
        process = subprocess.Popen(
            [program("postern"), "--device", d.url, "--password-file", os.path.join(d.state, "admin.password"),
             "reader", "watch", "2", "--count", "2", "--past"], stdout=subprocess.PIPE, text=True)
        d.sim(f"bits 2 {CARDS[0]}")
        ensure("26 bits" in process.stdout.readline(), "the first frame")
        d.sim(f"bits 1 {CARDS[1]}")  # another reader's
        d.sim(f"bits 2 {CARDS[1]}")
        ensure(f"card number {123 << 16 | 45679}" in process.stdout.readline(), "the second frame")
        check(process.wait(20), 0)


@test("the wrong parity bit is named, and a dropped edge")
def _():
    with House() as d:
        d.sim(f"bits 1 {flipped(CARDS[0], 3)}")
        d.sim(f"bits 1 {flipped(CARDS[0], 20)}")
        edges = pulses(CARDS[0])
        play(d, 1, edges[:20] + edges[21:])
        first, second, torn = watch(d, "1", "--past", "--count", "3")
        check(first["Verdict[1]"], "W26: a parity bit is wrong, bit 0")
        check(second["Verdict[1]"], "W26: a parity bit is wrong, bit 25")
        check((first["Kind"], first["Fit"], "Number" in first), ("Card", "WrongCheck", False))
        check((torn["Kind"], torn["Faults"], torn["Bits"]), ("Dropped", "LostEdges:1", "25"))
        check(torn["Data"], CARDS[0][:10] + CARDS[0][11:])
        ensure("an edge was lost" in d.postern("reader", "watch", "1", "--past", "--count", "3")[1], "in words")


@test("keys of a keypad show no digit, however they are looked at")
def _():
    with House() as d:
        for key in ("0001", "1011", "000111", "11100001", "01101001"):
            d.sim(f"bits 1 {key}")
        # Two keys that were disturbed: an edge lost, a pulse too many.
        play(d, 1, pulses("11100001")[:-3] + pulses("11100001")[-2:])
        settle(d, 6)
        frames = watch(d, "1", "--past", "--count", "6", "--edges")
        check([frame["Kind"] for frame in frames], ["Key"] * 5 + ["Dropped"])
        for frame in frames:
            ensure("Data" not in frame and "EdgeList" not in frame, frame)
            check((frame["Pulse0Count"], frame["Pulse1Count"]), ("0", "0"))
        # Those of one length differ in nothing but number and time.
        same = [{key: value for key, value in frame.items() if key not in ("No", "UTC", "UTCMS")} for frame in frames]
        check(same[0], same[1])
        check(same[3], same[4])
        name = os.path.join(d.folder, "keys")
        status, out, err = d.postern("reader", "watch", "1", "--past", "--count", "6", "--capture", name)
        check(status, 0, err)
        ensure(out.count("which one is never shown") == 5, out)
        with open(name, encoding="utf-8") as file:
            ensure(all(line.startswith("#") or line == "\n" for line in file), "a capture without edges")


@test("what was captured is played again and gives the same frames")
def _():
    with House() as d:
        sent = [CARDS[0], flipped(CARDS[1], 7), "1" * 40]
        for bits in sent:
            d.sim(f"bits 3 {bits}")
        name = os.path.join(d.folder, "capture")
        status, _, err = d.postern("reader", "watch", "3", "--past", "--count", "3", "--capture", name)
        check(status, 0, err)
        check(stat.S_IMODE(os.stat(name).st_mode), 0o600)
        secret = os.path.join(d.state, "admin.password")
        status, _, err = run([program("postern"), "--device", d.url, "--password-file", secret, "sim", "--state",
                              d.state, "edges", "4", name])
        check(status, 0, err)
        frames = watch(d, "4", "--past", "--count", "3", "--edges")
        check([frame["Data"] for frame in frames], sent)
        before = watch(d, "3", "--past", "--count", "3", "--edges")
        check([frame["EdgeList"] for frame in frames], [frame["EdgeList"] for frame in before])
        check([frame["Fit"] for frame in frames], ["Yes", "WrongCheck", "NoLength"])


def show_bits(d, reader, frames):
    for bits in frames:
        d.sim(f"bits {reader} {bits}")


def show_edges(d, reader, frames):
    for edges in frames:
        play(d, reader, edges)


@test("the wiring test finds nothing at a sound reader, and names each fault")
def _():
    jitter = [pulses(bits, every=lambda place: 2 * MS + (place * 7 % 5) * 250 * US) for bits in CARDS]
    cut = [[edge for edge in pulses(bits) if edge[1] == 1] for bits in CARDS]
    cross = []
    for bits in CARDS:
        edges = pulses(bits)
        at, line, _ = edges[10]
        cross.append(edges[:11] + [(at + 5 * US, 1 - line, 0), (at + 40 * US, 1 - line, 1)] + edges[11:])
    cases = [
        (lambda d: show_bits(d, 1, CARDS), []),
        (lambda d: show_bits(d, 1, [turned(bits) for bits in CARDS]), ["swapped"]),
        (lambda d: show_edges(d, 1, jitter), ["jitter"]),
        (lambda d: show_edges(d, 1, cut), ["data0_dead"]),
        (lambda d: show_edges(d, 1, cross), ["crosstalk"]),
        (lambda d: show_edges(d, 1, [pulses(bits, width=300 * US) for bits in CARDS]), ["long_pulses"]),
        (lambda d: show_bits(d, 1, CARDS[:3] + [CARDS[3] + "0101"]), ["unknown_format"]),
        (lambda d: show_bits(d, 1, CARDS[:3] + [flipped(CARDS[3], 5)]), ["wrong_bits"]),
        (lambda d: show_edges(d, 1, [pulses(CARDS[0])[:21] + pulses(CARDS[0])[22:]] +
                              [pulses(bits) for bits in CARDS[1:]]), ["torn"]),
    ]
    with House() as d:
        for shown, wanted in cases:
            check(with_test(d, 1, lambda shown=shown: shown(d), 4), wanted)


@test("silence and a line that stays low are found without a frame")
def _():
    with House() as d:
        status, out, err = d.postern("reader", "test", "1", "--seconds", "1")
        check(status, 1, err)
        ensure("silent: nothing came" in out, out)
        play(d, 1, [(0, 1, 0)])
        wait_until(lambda: "reader.Held1=true" in d.get(FRAMES + "&reader=1"), "DATA1 held")
        status, out, err = d.postern("reader", "test", "1", "--seconds", "1")
        check(status, 1, err)
        ensure("data1_held: " in out and "silent" not in out, out)
        play(d, 1, [(0, 1, 1)])
        wait_until(lambda: "reader.Held1=false" in d.get(FRAMES + "&reader=1"), "DATA1 high again")


def read_past(stream, words):
    """Reads lines up to one that holds words, and gives them."""
    lines = []
    while not lines or words not in lines[-1]:
        line = stream.readline()
        ensure(line, f"no {words!r} in {lines}")
        lines.append(line)
    return "".join(lines)


def learner(d, *arguments):
    return subprocess.Popen(
        [program("postern"), "--device", d.url, "--password-file", os.path.join(d.state, "admin.password"), "--json",
         "format", "learn", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@test("a format is learned from cards that are shown, with the numbers that are typed")
def _():
    with House() as d:
        d.sim(f"bits 2 {CARDS[3]}")  # before anybody asked: no card of it
        settle(d, 1)
        process = learner(d, "--reader", "2", "--count", "4")
        cards = [(123, 45678), (123, 45679), (1, 1), (200, 777)]
        for number, (facility, card) in enumerate(cards, 1):
            read_past(process.stderr, f"show card {number} of 4 at reader 2")
            if number == 2:
                d.sim("bits 2 0111")  # a key, another reader's card, a torn one, a short one
                d.sim(f"bits 1 {CARDS[0]}")
                edges = pulses(CARDS[0])
                play(d, 2, edges[:20] + edges[21:])
                d.sim(f"bits 2 {CARDS[0][:20]}")
                said = read_past(process.stderr, "20 bits came; a card has 24 to 66")
                ensure("came with a fault in it" in said, said)
            d.sim(f"bits 2 {w26(facility, card)}")
            read_past(process.stderr, "it came: 26 bits")
            if number == 3:
                process.stdin.write("one/two\n")
                process.stdin.flush()
                read_past(process.stderr, "one/two")
            process.stdin.write(f"{facility}/{card}\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=60)
        check(process.returncode, 0, err)
        best = json.loads(out.splitlines()[0])
        check((best["name"], best["built_in"], best["fits"]), ("W26", True, [1, 2, 3, 4]))


@test("learning ends with what there is, and says when no card comes")
def _():
    with House() as d:
        process = learner(d, "--reader", "1", "--seconds", "60", f"{CARDS[0]}=123/45678",
                          f"{CARDS[1]}=123/45679")
        read_past(process.stderr, "show card 1 of 3")
        d.sim(f"bits 1 {CARDS[2]}")
        read_past(process.stderr, "it came")
        process.stdin.write("\n")  # left out
        process.stdin.flush()
        read_past(process.stderr, "show card 1 of 3")
        d.sim(f"bits 1 {CARDS[3]}")
        read_past(process.stderr, "it came")
        process.stdin.write("200/777\n")
        process.stdin.flush()
        read_past(process.stderr, "show card 2 of 3")
        d.sim(f"bits 1 {CARDS[2]}")
        read_past(process.stderr, "it came")
        out, err = process.communicate(timeout=60)  # the end of the input
        check(process.returncode, 0, err)
        check(json.loads(out.splitlines()[0])["fits"], [1, 2, 3])
        status, out, err = d.postern("format", "learn", "--reader", "1", "--seconds", "1")
        check((status, out), (1, ""))
        ensure("no card came within 1 s; `postern reader test 1`" in err, err)
        check(d.postern("format", "learn", "--count", "2")[0], 2)
        check(d.postern("format", "learn", "--reader", "1", "--count", "17")[0], 2)


@test("watching goes on over a restart of core and says so")
def _():
    with House() as d:
        d.sim(f"bits 1 {CARDS[0]}")
        settle(d, 1)
        process = subprocess.Popen(
            [program("postern"), "--device", d.url, "--password-file", os.path.join(d.state, "admin.password"),
             "--json", "reader", "watch", "1", "--past", "--count", "2"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        check(json.loads(process.stdout.readline())["No"], "1")
        mark = d.mark()
        d.kill_role("core")
        d.wait_restart("core", mark)
        d.sim(f"bits 1 {CARDS[1]}")
        frame = json.loads(process.stdout.readline())
        check((frame["No"], frame["Data"]), ("1", CARDS[1]))
        ensure("was started again" in process.stderr.read(), "it is said")
        check(process.wait(20), 0)


@test("frames that went by while nobody asked are said to be missing")
def _():
    with House() as d:
        d.sim(f"bits 1 {CARDS[0]}")
        settle(d, 1)
        process = subprocess.Popen(
            [program("postern"), "--device", d.url, "--password-file", os.path.join(d.state, "admin.password"),
             "--json", "reader", "watch", "1", "--past", "--count", "66"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        play(d, 1, [edge for n in range(70) for edge in pulses("1", at=n * 40 * MS)])
        settle(d, 71)
        os.kill(process.pid, signal.SIGCONT)
        seen = [json.loads(process.stdout.readline())["No"] for _ in range(64)]
        check((seen[0], seen[-1]), ("8", "71"))
        d.sim(f"bits 1 {CARDS[0]}")
        ensure("up to 6 frames went by unseen" in process.communicate(timeout=30)[1], "it is said")


@test("a short watch ends with fewer frames and says so by its status")
def _():
    with House() as d:
        check(d.postern("reader", "watch", "1", "--seconds", "1")[0], 0)
        check(d.postern("reader", "watch", "1", "--seconds", "1", "--count", "1")[0], 1)


@test("who may not, and readers that are not there, get nothing")
def _():
    with Daemon() as d:
        d.sim(f"bits 1 {CARDS[0]}")
        reply = d.raw(f"GET {FRAMES}&reader=1 HTTP/1.1\r\nHost: {d.host}\r\nConnection: close\r\n\r\n".encode())
        check(reply.status, 401)
        check(d.request(FRAMES + "&reader=1", password="wrong").status, 401)
        for words in ("", "&reader=0", "&reader=129", "&reader=99", "&reader=1&count=0", "&reader=1&edges=7"):
            check(d.request(FRAMES + words).status, 400, words)
        status, _, err = d.postern("reader", "watch", "99")
        check(status, 1)
        ensure("names no reader" in err, err)
        check(d.postern("reader", "watch", "129")[0], 2)
        check(d.postern("reader", "watch", "1", "--capture", "/proc/none/x")[0], 2)


main()
