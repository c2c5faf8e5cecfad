#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files for an OSDP reader of a running posternd, in its secure channel: whole, refused, cancelled,
and with cards meanwhile."""
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.parse

from harness import check, ensure, main, program, run, test, wait_until
from osdp_reader import Reader, presented, w34
from people import PASSWORD, House, insert, rows_of

CONFIG = """lines: simulated
clock: trust
http:
  listen: {http}
doors:
  - {index: 0, id: front, unlock: UNLOCK}
readers:
  - {number: 1, door: front, formats: [W34]}
  - number: 7
    door: front
    formats: [W34]
    osdp: {line: east, address: 3}
  - number: 8
    door: front
    formats: [W34]
    osdp: {line: east, address: 4}
osdp:
  - {id: east, port: PORT, baud: 115200}
"""
CGI = "/cgi-bin/accessControl.cgi?action="
DATA = bytes(i * 7 % 251 for i in range(40001))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sum_of(data):
    """What the reader says of a file that it has taken."""
    return f"{len(data)} {sum((i + 1) * byte for i, byte in enumerate(data)) % 2**32}"


class FileHouse(House):
    """A device whose reader 7 is paired; the key is known to the two of them only."""

    def __init__(self, **options):
        self.files = tempfile.TemporaryDirectory()
        self.port = os.path.join(self.files.name, "port")
        self.reader = Reader(self.port, 3, "none")
        super().__init__(config=CONFIG.replace("PORT", self.port), **options)
        self.file = self.written("file", DATA)
        self.reader.do("install on")
        self.cli("osdp", "pair", "7")

    def close(self):
        super().close()
        self.reader.close()
        self.files.cleanup()

    def written(self, name, data):
        path = os.path.join(self.files.name, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def cli(self, *words, status=0):
        """Runs postern as admin; standard output and standard error."""
        ended, out, err = self.postern(*words)
        check(ended, status, out + err)
        return out + err

    def started(self, *words):
        """The CLI in the background."""
        return subprocess.Popen([program("postern"), "--device", self.url, "--user", "admin",
                                 "--password-file", os.path.join(self.state, "admin.password"),
                                 "osdp", "firmware", *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def taken(self):
        return int(self.reader.ask("taken").split()[0])

    def state_of(self, number=7):
        return dict(re.findall(r"Info\.(\w+)=(.*?)\r?\n",
                               self.get(f"{CGI}getReaderFile&reader={number}")))

    def ask(self, target, form=None, **options):
        body = urllib.parse.urlencode(form).encode() if form else b""
        return self.request(CGI + target, method="POST" if form else "GET",
                            headers=FORM if form else None, body=body, **options)

    def part(self, offset, data, **options):
        return self.ask("addReaderFile", {"reader": 7, "offset": offset, "data": data.hex()},
                        **options)

    def refused(self, reply, words):
        check(reply.status, 400, reply.text)
        ensure(words in reply.text, reply.text)


def audit(daemon):
    rows = rows_of(daemon.get("/cgi-bin/recordFinder.cgi?action=find&name=PosternAudit"))[2]
    return [(row["Act"], row["Target"], row["Account"]) for row in rows
            if row["Act"] == "reader_file"]


@test("a file goes whole to the reader, and a card is read meanwhile")
def _():
    with FileHouse() as d:
        insert(d, "101", 4711)
        d.reader.do("file 50000 1")
        process = d.started("7", d.file)
        wait_until(lambda: d.taken() > 2000, "the file is on its way")
        check(presented(d, w34(4711))["Status"], "1")
        ensure(d.taken() < len(DATA), "the card came after the file")
        out, said = process.communicate(timeout=60)
        check(process.returncode, 0, said)
        check(out, "taken and processed\n")
        ensure(re.search(r"(?m)^[1-9]0 % sent\n(.*\n)*100 % sent$", said), said)
        check(d.reader.ask("taken"), sum_of(DATA))
        check(d.reader.ask("link"), "secure")
        check(d.state_of(), {"State": "Done", "Type": "1", "Size": "40001", "Received": "40001",
                             "Sent": "40001", "Status": "1", "Text": "taken and processed"})
        check(d.state_of(8)["State"], "None")
        check(audit(d), [("reader_file", "reader 7, 40001 bytes", "admin")])


@test("what the reader refuses is told in its words")
def _():
    with FileHouse() as d:
        short = d.written("short", DATA[:3000])
        for size, status, words in ((5000, -2, "status -2"), (5000, -3, "status -3"),
                                    (1000, 1, "refused the file")):
            d.reader.do(f"file {size} {status}")
            ensure(words in d.cli("osdp", "firmware", "7", short, status=1), words)
            check(d.state_of()["State"], "Refused")
        d.reader.do("file 0 1")
        ensure("refused the file" in d.cli("osdp", "firmware", "7", short, status=1), "no files")
        d.reader.do("file 5000 1")
        check(d.postern("osdp", "firmware", "7", short, "--json")[1].strip(),
              '{"result":"processed","bytes":3000,"text":"taken and processed"}')
        check(d.reader.ask("taken"), sum_of(DATA[:3000]))


@test("a file is cancelled by an interrupt and by somebody else")
def _():
    with FileHouse() as d:
        d.reader.do("file 50000 1")
        process = d.started("7", d.file)
        wait_until(lambda: d.taken() > 1000, "the file is on its way")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        check(process.returncode, 1, said)
        ensure(re.search(r"ended after [1-9]\d+ of 40001 bytes", said), said)
        check(d.state_of()["State"], "Broken")
        taken = d.taken()
        ensure(taken < len(DATA), "it is whole")
        d.reader.do("file 50000 1")
        process = d.started("7", d.file)
        wait_until(lambda: d.state_of()["State"] == "Sending", "the second file")
        ensure("another file is under way" in d.cli("osdp", "firmware", "7", d.file, status=1),
               "two at once")
        d.cli("osdp", "firmware", "7", "--cancel")
        said = process.communicate(timeout=20)[1]
        check(process.returncode, 1, said)
        ensure("somebody cancelled it" in said, said)
        ensure("no file of yours" in d.cli("osdp", "firmware", "7", "--cancel", status=1), "twice")


@test("what cannot be is refused in words, and so are operators")
def _():
    with FileHouse() as d:
        d.reader.do("file 50000 1")
        for number, words in ((1, "no OSDP reader"), (2, "names no reader"), (8, "not online")):
            d.refused(d.ask(f"beginReaderFile&reader={number}&size=10"), words)
        for size in ("0", "1048577", "x"):
            d.refused(d.ask(f"beginReaderFile&reader=7&size={size}"), "size")
        d.refused(d.part(0, b"abc"), "no file of yours")
        check(d.ask("beginReaderFile&reader=7&size=10").status, 200)
        d.refused(d.ask("beginReaderFile&reader=7&size=10"), "another file is under way")
        d.refused(d.part(3, b"abc"), "not the next one")
        d.refused(d.part(0, b"0123456789a"), "beyond the size")
        d.refused(d.ask("addReaderFile", {"reader": 7, "offset": 0, "data": "0x"}), "hexadecimal")
        d.refused(d.ask("addReaderFile", {"reader": 7, "offset": 0, "data": "012"}), "hexadecimal")
        d.refused(d.ask("addReaderFile&reader=7&offset=0&data=0123"), "in the body")
        check(d.part(0, b"01234").status, 200)
        d.refused(d.part(0, b"01234"), "not the next one")
        check(d.state_of()["Received"], "5")
        path = d.written("password", b"a long enough word\n")
        d.cli("account", "add", "olga", "--role", "operator", "--new-password-file", path)
        d.cli("account", "add", "anna", "--role", "admin", "--new-password-file", path)
        for target in ("beginReaderFile&reader=7&size=10", "getReaderFile&reader=7",
                       "cancelReaderFile&reader=7"):
            check(d.ask(target, user="olga", password="a long enough word").status, 403)
        check(d.part(5, b"56789", user="olga", password="a long enough word").status, 403)
        d.refused(d.part(5, b"56789", user="anna", password="a long enough word"),
                  "no file of yours")
        check(d.part(5, b"56789").status, 200)
        wait_until(lambda: d.state_of()["State"] == "Done", "the file")
        check(d.reader.ask("taken"), sum_of(b"0123456789"))
        check(audit(d), [("reader_file", "reader 7, 10 bytes", "admin")])


@test("a restart of gate changes nothing for a file that is on its way, nor for the next one")
def _():
    with FileHouse() as d:
        d.reader.do("file 50000 1")
        process = d.started("7", d.file)
        wait_until(lambda: d.taken() > 1000, "the file is on its way")
        process.kill()
        process.communicate()
        mark = d.mark()
        d.kill_role("gate")
        d.wait_restart("gate", mark)
        wait_until(lambda: d.reader.ask("taken") == sum_of(DATA), "the whole file", 60)
        wait_until(lambda: d.state_of()["State"] == "Done", "its end")
        check(d.ask("beginReaderFile&reader=7&size=10").status, 200)
        mark = d.mark()
        d.kill_role("gate")
        d.wait_restart("gate", mark)
        begun = time.monotonic()
        d.refused(d.ask("beginReaderFile&reader=7&size=10"), "another file is under way")
        wait_until(lambda: d.state_of()["State"] == "Broken", "its parts stay away", 70)
        ensure(time.monotonic() - begun > 45, "dropped too early")
        check(d.ask("beginReaderFile&reader=7&size=10").status, 200)


@test("the library has all of it")
def _():
    with FileHouse() as d:
        d.reader.do("file 50000 1")
        status, out, err = run([program("sdk_osdp_file")], env={
            **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": PASSWORD})
        check(status, 0, out + err)


if __name__ == "__main__":
    main()
