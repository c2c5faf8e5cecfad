#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C file has the house format (.clang-format), and the check sees one that has not.

usage: test_format.py SOURCE_ROOT      (skipped where clang-format 14 is not installed)
"""
import os
import shutil
import subprocess
import sys

ROOT = os.path.abspath(sys.argv[1])
PROGRAM = shutil.which("clang-format-14")


def complaints(files, text=None):
    command = [PROGRAM, "--dry-run", "-Werror", "--style=file", *files]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if "error:" in line]


def c_files():
    for folder in ("src", "include", "tests", "fuzz", "bench", "examples", "tools"):
        for place, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(place, name), ROOT)


def main():
    print("1..2")
    if PROGRAM is None:
        for number in (1, 2):
            print(f"ok {number} - the house format # SKIP clang-format-14 is not installed (./dev fmt installs it)")
        return
    wrong = complaints(list(c_files()))
    print(("not " if wrong else "") + "ok 1 - every C file has the house format; `./dev fmt` gives it")
    for line in wrong[:20]:
        print("# " + line)
    planted = complaints(["--assume-filename=src/base/planted.c"], "int f( int a ){return a;}\n")
    print(("" if planted else "not ") + "ok 2 - the check sees a file that has not")
    sys.exit(1 if wrong or not planted else 0)


if __name__ == "__main__":
    main()
