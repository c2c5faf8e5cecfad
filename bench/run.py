#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The published figures: `./dev bench` runs every benchmark, `./dev bench NAME` one.

usage: run.py BUILD_FOLDER [NAME ...]     (a release build with -Dtests=true)

Each benchmark prints a table and says below what was measured and how. Nothing here judges: goals
stand in docs/figures.md beside the figures that were published.
"""
import os
import sys

sys.dont_write_bytecode = True  # nothing is left in the source tree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests", "component")]

import decision  # noqa: E402
import osdp  # noqa: E402
import store  # noqa: E402
import subscribers  # noqa: E402

BENCHMARKS = {
    "decision": (decision.run, "from a card's last bit to the commit request; from durable to the lock"),
    "store": (store.run, "a million people and ten million records, each cost beside its floor"),
    "osdp": (osdp.run, "how full an RS-485 line is kept, and what an exchange costs"),
    "subscribers": (subscribers.run, "how late the last of many event streams has an event"),
}


def main(arguments):
    build, names = os.path.abspath(arguments[0]), arguments[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"bench: no benchmark is called {', '.join(unknown)}; there are:", file=sys.stderr)
        for name, (_, about) in BENCHMARKS.items():
            print(f"  {name:12} {about}", file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}: {BENCHMARKS[name][1]} ==", flush=True)
        BENCHMARKS[name][0](build)
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
