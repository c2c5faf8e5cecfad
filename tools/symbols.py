#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the pure rooms' libraries need nothing but base and the C library's mem*.

usage: symbols.py NEEDING_LIBRARY BASE_LIBRARY   (static libraries; the list is in tools/layers.toml)
"""
import os
import subprocess
import sys
import tomllib


def symbols(library, undefined):
    text = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 2 and len(parts[-2]) == 1:
            if (parts[-2] == "U") == undefined and (undefined or parts[-2] in "TRDBVW"):
                found.add(parts[-1])
    return found


def main():
    with open(os.path.join(os.path.dirname(__file__), "layers.toml"), "rb") as file:
        allowed = set(tomllib.load(file)["pure"]["symbols"])
    library, base = sys.argv[1], sys.argv[2]
    needed = symbols(library, True) - symbols(library, False) - symbols(base, False) - allowed
    # Sanitizers put their own names into a test build.
    needed = {name for name in needed if not name.startswith(("__asan", "__ubsan", "__tsan", "__odr"))}
    for name in sorted(needed):
        print(f"{library}: needs `{name}`, which a pure room may not", file=sys.stderr)
    sys.exit(1 if needed else 0)


if __name__ == "__main__":
    main()
