# SPDX-License-Identifier: Apache-2.0
"""A virtual OSDP reader at a pseudo terminal, and what it is shown."""
import subprocess

from harness import check, program, wait_until
from people import last_rec_no, records


def w34(number):
    """The bits of a card in W34: 32 bits between an even and an odd parity bit."""
    bits = f"{number:032b}"
    return str(bits[:16].count("1") % 2) + bits + str(1 - bits[16:].count("1") % 2)


def w26(number):
    bits = f"{number:024b}"
    return str(bits[:12].count("1") % 2) + bits + str(1 - bits[12:].count("1") % 2)


class Reader:
    """A reader at the other end of a pseudo terminal whose port is `path`."""

    def __init__(self, path, address=3, key=None):
        """key: 32 hexadecimal digits, or `none`: it wants a secure channel, and has no key yet."""
        words = [program("osdp_pd"), path, str(address)] + ([key] if key else [])
        self.process = subprocess.Popen(words, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.process.stdout.readline(), "ready\n")

    def ask(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def do(self, words):
        check(self.ask(words), "ok", words)

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def presented(daemon, bits):
    """The record of a card that is shown at reader 7."""
    before = last_rec_no(daemon)
    daemon.reader.do(f"card {bits}")
    return wait_until(lambda: records(daemon, AfterRecNo=before), "a record of the card")[0]
