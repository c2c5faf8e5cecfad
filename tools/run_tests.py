#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Meson tests of a build folder and sums their TAP lines.

usage: run_tests.py BUILD_FOLDER [TEST ...]

The last line is `N passed, N failed, N skipped` over all programs; a program that crashes, times out
or says less than it planned counts as a failure. Skipped cases are listed with their reason.
"""
import json
import os
import re
import subprocess
import sys

CASE = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s*-)?\s*(.*)$")
SKIP = re.compile(r"#\s*skip\b\s*(.*)$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)")


def count_tap(text):
    """(passed, failed, skipped reasons, planned or None) of a TAP stream."""
    passed, failed, skipped, planned = 0, [], [], None
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
        case = CASE.match(line)
        if not case:
            continue
        skip = SKIP.search(case.group(2))
        if case.group(1):
            failed.append(case.group(2))
        elif skip:
            skipped.append(case.group(2))
        else:
            passed += 1
    return passed, failed, skipped, planned


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
               "--num-processes", str(os.cpu_count() or 2)] + names
    status = subprocess.run(command, check=False).returncode
    passed, failed, skipped = 0, 0, 0
    log = os.path.join(folder, "meson-logs", "testlog.json")
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            cases = count_tap(test.get("stdout") or "")
            total = cases[0] + len(cases[1]) + len(cases[2])
            good = test["result"] in ("OK", "SKIP")
            passed += cases[0] + (1 if good and total == 0 and test["result"] == "OK" else 0)
            failed += len(cases[1])
            skipped += len(cases[2]) + (1 if total == 0 and test["result"] == "SKIP" else 0)
            for name in cases[1]:
                print(f"FAILED  {test['name']}: {name}")
            for name in cases[2]:
                print(f"skipped {test['name']}: {name}")
            short = cases[3] is not None and total < cases[3]
            if (not good or short) and not cases[1]:
                failed += 1
                print(f"FAILED  {test['name']}: {test['result']} after {total} of {cases[3]} cases")
    if status != 0 and failed == 0:
        failed = 1
        print(f"FAILED  meson test: exit status {status}")
    if passed == 0 and failed == 0:
        failed = 1
        print("FAILED  no test was run")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
