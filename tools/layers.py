#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include below src/ against tools/layers.toml.

usage: layers.py [ROOT] [--table]

Refused: a room that is not on the allow-list, `../`, and another room's private header. --table
prints the allow-list as Markdown for docs/ARCHITECTURE.md.
"""
import os
import re
import sys
import tomllib

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_rooms(root):
    with open(os.path.join(root, "tools", "layers.toml"), "rb") as file:
        return tomllib.load(file)["rooms"]


def room_files(root, room):
    for folder, _, names in os.walk(os.path.join(root, "src", room)):
        for name in names:
            if name.endswith((".c", ".h")):
                yield os.path.join(folder, name)


def judge(root, rooms, room, path, target):
    """A sentence that says what is wrong with one include, or None."""
    if ".." in target.split("/"):
        return "`../` leaves the room"
    if "/" in target:
        first = target.split("/")[0]
        if first in rooms:
            if first != room and first not in rooms[room]:
                return f"{room} may not use {first}"
            if first != "postern" and not os.path.exists(
                    os.path.join(root, "src", first, "include", target)):
                return f"no public header of {first}"
            return None
    beside = os.path.join(os.path.dirname(path), target)
    inside = os.path.join(root, "src", room, target)
    return None if os.path.exists(beside) or os.path.exists(inside) else f"not a header of {room}"


def check(root):
    rooms = read_rooms(root)
    faults = []
    for room in sorted(os.listdir(os.path.join(root, "src"))):
        if room not in rooms:
            faults.append(f"src/{room}: this room is not in tools/layers.toml")
            continue
        for path in room_files(root, room):
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    match = INCLUDE.match(line)
                    fault = match and judge(root, rooms, room, path, match.group(1))
                    if fault:
                        faults.append(f"{os.path.relpath(path, root)}:{number}: {match.group(1)}: {fault}")
    return faults


def main():
    arguments = [a for a in sys.argv[1:] if a != "--table"]
    root = arguments[0] if arguments else "."
    if "--table" in sys.argv:
        print("| room | may use |\n|---|---|")
        for room, may_use in read_rooms(root).items():
            print(f"| {room} | {', '.join(may_use) or 'nothing'} |")
        return
    faults = check(root)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
