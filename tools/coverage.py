#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which branches of a part of the source no test and no corpus has taken: coverage.py BUILD_DIR PART

BUILD_DIR is a build with -Db_coverage=true (gcc) in which the tests of the part have been run. Prints
each line with a branch, or without any, that was never taken, and a last line with the sum. Ends with
1 when there is one.

The side of an ASSERT that ends the process is no branch that a test may take, so conditions of
ASSERTs are left out; how many is told.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys

# What the decoders, encoders and secure channel of OSDP are made of; who speaks when is not here.
PARTS = {
    "osdp-codec": ["src/protocols/osdp_" + name for name in (
        "card.c", "code.c", "command.c", "fields.h", "frame.c", "key.c", "part.c", "pcap.c",
        "reply.c", "secure.c", "trace.c", "transfer.c", "wrap.c")],
}


def assert_lines(path):
    """Numbers of the lines on which an ASSERT stands, to the last of its condition."""
    with open(path, encoding="utf8") as file:
        text = file.read()
    lines = set()
    for found in re.finditer(r"\bASSERT\(", text):
        at, depth = found.end(), 1
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        lines.update(range(text.count("\n", 0, found.start()) + 1, text.count("\n", 0, at) + 2))
    return lines


def counted(build, wanted):
    """{(file, line): [how often the line ran, then each of its branches]} of all objects together."""
    counts = collections.defaultdict(list)
    notes = glob.glob(os.path.join(os.path.abspath(build), "src", "**", "*.gcda"), recursive=True)
    for note in notes:
        text = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", note],
                              cwd=build, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True).stdout
        for file in (file for one in text.splitlines() for file in json.loads(one)["files"]):
            name = os.path.relpath(os.path.join(build, file["file"]))
            for line in file["lines"] if name in wanted else ():
                mine = [line["count"]] + [branch["count"] for branch in line["branches"]]
                every = counts[name, line["line_number"]]
                every.extend([0] * (len(mine) - len(every)))
                for i, count in enumerate(mine):
                    every[i] += count
    return counts


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in PARTS:
        sys.exit(f"usage: coverage.py BUILD_DIR {'|'.join(PARTS)}")
    wanted = PARTS[sys.argv[2]]
    counts = counted(sys.argv[1], wanted)
    asserted = {name: assert_lines(name) for name in wanted}
    taken = every = left_out = 0
    for (name, number), line in sorted(counts.items()):
        if number in asserted[name]:
            left_out += len(line) - 1
            continue
        every += len(line) - 1
        taken += sum(count > 0 for count in line[1:])
        if 0 in line:
            print(f"{name}:{number}: {line[1:].count(0)} of {len(line) - 1} branches never taken"
                  if line[0] else f"{name}:{number}: never run")
    missing = [name for name in wanted if not any(name == key[0] for key in counts)]
    for name in missing:
        print(f"{name}: nothing of it was counted")
    print(f"{sys.argv[2]}: {taken} of {every} branches taken; {left_out} of ASSERTs left out")
    return taken != every or bool(missing) or any(
        line[0] == 0 for (name, number), line in counts.items() if number not in asserted[name])


if __name__ == "__main__":
    sys.exit(main())
