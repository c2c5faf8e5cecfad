#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the libFuzzer programs, two at a time.

usage: run_fuzz.py BUILD_FOLDER SECONDS [TARGET ...]

New inputs go to BUILD_FOLDER/corpus/TARGET, crashes to BUILD_FOLDER/crashes/TARGET-*. A crash becomes
a named file of fuzz/corpus/TARGET when it is mended.
"""
import concurrent.futures
import os
import re
import subprocess
import sys


def run(folder, target, seconds):
    corpus = os.path.join(folder, "corpus", target)
    crashes = os.path.join(folder, "crashes", target + "-")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(os.path.dirname(crashes), exist_ok=True)
    command = [os.path.join(folder, "fuzz", "fuzz_" + target), f"-max_total_time={seconds}",
               "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={crashes}",
               corpus, os.path.join("fuzz", "corpus", target)]
    if os.path.exists("fuzz/cgi.dict") and target in ("query", "cgi_method", "gate_request"):
        command.insert(1, "-dict=fuzz/cgi.dict")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    runs = re.search(r"stat::number_of_executed_units: (\d+)", done.stdout)
    return target, done.returncode, int(runs.group(1)) if runs else 0, done.stdout


def main():
    folder, seconds, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    known = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], check=True, capture_output=True,
                           text=True).stdout
    targets = names or sorted(re.findall(r"^fuzz/fuzz_(\w+): ", known, re.MULTILINE))
    subprocess.run(["ninja", "-C", folder, *[f"fuzz/fuzz_{target}" for target in targets]], check=True,
                   stdout=sys.stderr)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for target, status, runs, text in pool.map(lambda t: run(folder, t, seconds), targets):
            print(f"{'ok' if status == 0 else 'FAILED'} {target}: {runs} executions in {seconds} s", flush=True)
            if status != 0:
                failed += 1
                print(text[-4000:])
    print(f"{len(targets) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
