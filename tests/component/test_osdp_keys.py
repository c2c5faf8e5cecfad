#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of OSDP readers, by the command line: pairing, rotation, forgetting, a swapped reader, and a
core that is killed at any instant of it."""
import os
import random
import re
import sqlite3
import tempfile
import threading
import time

from harness import Failed, check, ensure, main, program, run, test, wait_until
from osdp_reader import Reader, presented, w34
from people import PASSWORD, House, insert, last_rec_no, rows_of

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
  - {index: 1, id: back, unlock: UNLOCK}
readers:
  - {number: 1, door: back, formats: [W34]}
  - number: 7
    door: front
    formats: [W34]
    osdp: {line: east, address: 3}
  - number: 8
    door: back
    formats: [W34]
    osdp: {line: east, address: 4}
  - number: 9
    door: back
    formats: [W34]
    osdp: {line: west, address: 0, secure_channel: off}
osdp:
  - {id: east, port: PORT, baud: 115200}
  - {id: west, port: NOBODY, baud: 9600}
"""
KEY = "9e116cf0237ad548b102ee3d945f80c7"


class KeyHouse(House):
    def __init__(self, key="none", **options):
        self.port = f"/tmp/postern-keys-{os.getpid()}-{time.monotonic_ns()}"
        self.reader = Reader(self.port, 3, key)
        super().__init__(config=CONFIG.replace("PORT", self.port).replace(
            "NOBODY", self.port + "-none"), **options)

    def close(self):
        super().close()
        self.reader.close()

    def cli(self, *words, status=0):
        """Runs postern as admin; standard output and standard error."""
        ended, out, err = self.postern(*words)
        check(ended, status, out + err)
        return out + err

    def row(self, number=7):
        """What getReaders says of a reader."""
        body = self.get(f"/cgi-bin/accessControl.cgi?action=getReaders&reader={number}")
        return dict(re.findall(r"readers\[0\]\.(\w+)=(.*?)\r?\n", body))

    def online(self, timeout_s=15):
        wait_until(lambda: self.row().get("Online") == "true", "reader 7 is online", timeout_s)
        # What waited in the reader before its first empty answer is dropped as old.
        asked = int(self.reader.ask("commands"))
        wait_until(lambda: int(self.reader.ask("commands")) > asked + 10, "polls of the reader")

    def pair(self):
        self.reader.do("install on")
        said = self.cli("osdp", "pair", "7")
        ensure("install mode" in said and "online, secure" in said, said)


def audit(daemon):
    rows = rows_of(daemon.get("/cgi-bin/recordFinder.cgi?action=find&name=PosternAudit"))[2]
    return [(row["Act"], row["Target"], row["Account"]) for row in rows
            if row["Act"].startswith("reader_")]


def keys_on_disk(daemon):
    with sqlite3.connect(f"file:{daemon.state}/postern.db?mode=ro", uri=True) as db:
        return db.execute("SELECT reader, slot FROM reader_key ORDER BY 1, 2").fetchall()


@test("a reader is paired by the command line, and its cards open")
def _():
    with KeyHouse() as d:
        insert(d, "101", 4711)
        wait_until(lambda: d.row().get("State") == "not paired", "the reader answers")
        row = d.row()
        check((row["Kind"], row["Online"], row["HasKey"], row["Assurance"], row["Why"]),
              ("OSDP", "false", "false", "secure", "not paired"))
        before = last_rec_no(d)
        d.pair()
        row = d.row()
        check((row["Online"], row["Secure"], row["HasKey"], row["Pairing"], row["Vendor"],
               row["Firmware"], row["Line"], row["Address"], row["Baud"]),
              ("true", "true", "true", "none", "ca446c", "1.2.3", "east", "3", "115200"))
        d.online()
        check(last_rec_no(d), before)
        check(presented(d, w34(4711))["Status"], "1")
        check(d.reader.ask("link"), "secure")
        check(keys_on_disk(d), [(7, 0)])
        check(audit(d), [("reader_pair", "reader 7", "admin")])
        text = d.cli("osdp", "status", "7")
        ensure("online, secure" in text and "ca446c" in text, text)
        ensure("ReaderOffline" not in [row["Name"] for row in alarms(d) if "7" in row["Text"]],
               "an alarm for a reader that is online")


def alarms(daemon):
    body = daemon.get("/cgi-bin/accessControl.cgi?action=getControllerStatus")
    return [{"Name": name, "Text": text} for name, text in
            re.findall(r"alarms\[\d+\]\.Name=(.*?)\r\nalarms\[\d+\]\.Text=(.*?)\r\n", body)]


@test("a restart keeps the key, a rotation changes it, unpairing ends it")
def _():
    with KeyHouse() as d:
        insert(d, "101", 4711)
        d.pair()
        check(d.stop(), 0)
        d.start()
        d.online()
        check(presented(d, w34(4711))["Status"], "1")
        check(d.reader.ask("keysets"), "1")
        said = d.cli("osdp", "rotate", "7")
        ensure("online, secure" in said, said)
        check(d.reader.ask("keysets"), "2")
        check(keys_on_disk(d), [(7, 0)])
        d.online()
        check(presented(d, w34(4711))["Status"], "1")
        d.cli("osdp", "unpair", "7")
        wait_until(lambda: d.row()["State"] == "not paired", "the reader is forgotten")
        check(keys_on_disk(d), [])
        before = last_rec_no(d)
        d.reader.do(f"card {w34(4711)}")
        time.sleep(1)
        check(last_rec_no(d), before)
        check([act for act, _, _ in audit(d)], ["reader_pair", "reader_rotate", "reader_unpair"])
        wait_until(lambda: "ReaderOffline" in [row["Name"] for row in alarms(d)], "an alarm")


@test("what cannot be is refused by words, and is not in the audit")
def _():
    with KeyHouse(key=KEY) as d:
        wait_until(lambda: d.row().get("State") == "not paired", "the reader answers")
        for words, said in ((("pair", "1"), "no OSDP reader"), (("pair", "9"), "secure_channel"),
                            (("rotate", "7"), "not online in its secure channel"),
                            (("pair", "2"), "names no reader"),
                            (("pair", "7", "--cancel"), "not being paired")):
            ensure(said in d.cli("osdp", *words, status=1), said)
        ensure("1 to 600" in d.cli("osdp", "pair", "7", "--window", "601", status=2), "the window")
        d.cli("osdp", "pair", "7", "--no-wait", "--window", "60")
        row = d.row()
        check(row["Pairing"], "open")
        ensure(0 < int(row["WindowLeft"]) <= 60, row["WindowLeft"])
        ensure("just getting a key" in d.cli("osdp", "pair", "7", status=1), "twice")
        ensure("another reader of the same line" in d.cli("osdp", "pair", "8", status=1), "line")
        d.cli("osdp", "pair", "7", "--cancel")
        row = d.row()
        check((row["Pairing"], row["PairFailed"]), ("none", "pairing window is over"))
        check([act for act, _, _ in audit(d)], ["reader_pair", "reader_pair_cancel"])
        d.cli("osdp", "pair", "8", "--no-wait", "--window", "5")
        wait_until(lambda: d.row(8)["Pairing"] == "none", "the window closes by itself", 10)


@test("a key that was loaded elsewhere is taken from a file, and a simple one is refused")
def _():
    with KeyHouse(key=KEY) as d, tempfile.TemporaryDirectory() as folder:
        insert(d, "101", 4711)
        path = os.path.join(folder, "key")
        for text, status, said in (("303132333435363738393a3b3c3d3e3f", 1, "well-known"),
                                   ("00" * 16, 1, "well-known"), ("abc", 2, "32 hexadecimal")):
            with open(path, "w", encoding="utf8") as file:
                file.write(text + "\n")
            ensure(said in d.cli("osdp", "key", "7", "--key-file", path, status=status), said)
        with open(path, "w", encoding="utf8") as file:
            file.write(KEY + "\n")
        d.cli("osdp", "key", "7", "--key-file", path)
        d.online()
        check(presented(d, w34(4711))["Status"], "1")
        check(d.reader.ask("keysets"), "0")
        wait_until(lambda: keys_on_disk(d) == [(7, 0)], "the key has proved itself")
        check(audit(d), [("reader_key", "reader 7", "admin")])
        reply = d.request(f"/cgi-bin/accessControl.cgi?action=setReaderKey&reader=7&key={KEY}")
        check(reply.status, 400)
        ensure("in the body" in reply.text and KEY not in reply.text, reply.text)
        ensure(KEY not in d.log and bytes.fromhex(KEY) not in database(d), "the key leaked")


def database(daemon):
    data = b""
    for name in os.listdir(daemon.state):
        if name.startswith("postern.db"):
            with open(os.path.join(daemon.state, name), "rb") as file:
                data += file.read()
    return data


@test("the library has all of it")
def _():
    with KeyHouse(key=KEY) as d:
        wait_until(lambda: d.row().get("State") == "not paired", "the reader answers")
        status, out, err = run([program("sdk_osdp")], env={
            **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": PASSWORD})
        check(status, 0, out + err)


@test("another reader in the place of the paired one gives nothing, and is an alarm")
def _():
    with KeyHouse() as d:
        insert(d, "101", 4711)
        d.pair()
        d.online()
        d.reader.do("swap 99")
        wait_until(lambda: d.row()["Online"] == "false" and d.row()["Why"].startswith("another"),
                   "the other reader is offline")
        before = last_rec_no(d)
        d.reader.do(f"card {w34(4711)}")
        time.sleep(2)
        check(last_rec_no(d), before)
        names = [row["Name"] for row in alarms(d)]
        ensure("ReaderInsecure" in names, str(names))
        d.wait_log("ALARM: OSDP reader 7: the reader says that it is another one")


def rotate(daemon):
    """Asks for another key; core may be killed meanwhile."""
    try:
        daemon.request("/cgi-bin/accessControl.cgi?action=rotateReaderKey&reader=7")
    except (OSError, Failed):
        pass


@test("core is killed at any instant of a rotation: the reader is back with one of its keys")
def _():
    with KeyHouse() as d:
        insert(d, "101", 4711)
        d.pair()
        seed = int(os.environ.get("POSTERN_SEED", time.time_ns()))
        print(f"# POSTERN_SEED={seed}")
        chance = random.Random(seed)
        keysets = int(d.reader.ask("keysets"))
        for _ in range(int(os.environ.get("POSTERN_KILLS", "15"))):
            mark = d.mark()
            rotation = threading.Thread(target=rotate, args=(d,))
            rotation.start()
            time.sleep(chance.random() * 0.12)
            d.kill_role("core")
            rotation.join()
            d.wait_restart("core", mark)
            wait_until(lambda: d.row().get("Online") == "true", "online again", 20)
        ensure(int(d.reader.ask("keysets")) > keysets, "the kills came before any key")
        d.online()
        check(presented(d, w34(4711))["Status"], "1")


if __name__ == "__main__":
    main()
