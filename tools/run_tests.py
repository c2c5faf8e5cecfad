#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Meson tests of three build folders and sums their TAP lines.

usage: run_tests.py SANITIZED_BUILD PLAIN_BUILD THREADS_BUILD [TEST ...]

The suite `torture` (kills, power cuts) runs from the plain build, where nothing slows the processes down;
what crosses threads runs under ThreadSanitizer as well; all else runs under AddressSanitizer and
UndefinedBehaviorSanitizer. The last line is `N passed, N failed, N skipped` over all programs; a program that crashes, times out
or says less than it planned counts as a failure. Skipped cases are listed with their reason.
"""
import json
import os
import re
import subprocess
import sys

CROSS_THREADS = ("spsc", "latest", "board", "panel_sender", "bus", "rt", "core", "core_panels", "pins", "gate_link",
                 "gate_streams", "gate_requests", "gate_commands", "gate_readers", "store_query", "store_journal")

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


def listed(folder, suite):
    """Names of the tests of a folder that a suite option chooses."""
    done = subprocess.run(["meson", "test", "-C", folder, "--list", *suite], capture_output=True, text=True,
                          check=False)
    return [line.split(" / ")[-1].strip() for line in done.stdout.splitlines() if " / " in line]


def run_folder(folder, suite, names):
    """Runs what is asked for; returns (passed, failed, skipped)."""
    chosen = [name for name in listed(folder, suite) if not names or name in names]
    if not chosen:
        return 0, 0, 0
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--num-processes",
               str(os.cpu_count() or 2), *suite, *(chosen if names else [])]
    status = subprocess.run(command, check=False).returncode
    passed, failed, skipped = 0, 0, 0
    with open(os.path.join(folder, "meson-logs", "testlog.json"), encoding="utf-8") as lines:
        for line in lines:
            counts = sum_test(json.loads(line))
            passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    if status != 0 and failed == 0:
        failed = 1
        print(f"FAILED  meson test: exit status {status}")
    return passed, failed, skipped


def sum_test(test):
    """(passed, failed, skipped) of one program; says what failed, what was skipped and what gave figures."""
    passed, failed, skipped, planned = count_tap(test.get("stdout") or "")
    total = passed + len(failed) + len(skipped)
    good = test["result"] in ("OK", "SKIP")
    for name in failed:
        print(f"FAILED  {test['name']}: {name}")
    for name in skipped:
        print(f"skipped {test['name']}: {name}")
    if total == 0 and good:
        return (1, 0, 0) if test["result"] == "OK" else (0, 0, 1)
    broken = not failed and (not good or (planned is not None and total < planned))
    if broken:
        print(f"FAILED  {test['name']}: {test['result']} after {total} of {planned} cases")
    return passed, len(failed) + broken, len(skipped)


def run_threads(folder, names):
    """The programs that cross threads, under ThreadSanitizer, where the kernel's address layout lets it run."""
    chosen = [name for name in CROSS_THREADS if not names or name in names]
    probe = subprocess.run([os.path.join(folder, "tests", "unit", "base", "test_spsc")], capture_output=True,
                           text=True, check=False)
    if chosen and "unexpected memory mapping" in probe.stderr:
        print(f"skipped {', '.join(chosen)} under ThreadSanitizer: it cannot run with this kernel's address layout")
        return 0, 0, len(chosen)
    return run_folder(folder, ["--suite", "unit"], chosen) if chosen else (0, 0, 0)


def main():
    sanitized, plain, threads, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    sums = [run_folder(sanitized, ["--no-suite", "torture"], names), run_threads(threads, names),
            run_folder(plain, ["--suite", "torture"], names)]
    passed, failed, skipped = (sum(column) for column in zip(*sums))
    if passed == 0 and failed == 0:
        failed = 1
        print("FAILED  no test was run")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
