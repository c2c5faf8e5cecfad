#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each fence around the pure rooms, with a planted fault that must make it red (docs/ARCHITECTURE.md).

usage: test_fences.py SOURCE_ROOT BUILD_FOLDER
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT, BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def compile_planted(text, work):
    """Compiles a domain file with a planted first line, with the build's own command line."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entry = next(e for e in json.load(file) if e["file"].endswith("src/domain/schedule.c"))
    planted = os.path.join(work, "planted.c")
    with open(os.path.join(entry["directory"], entry["file"]), encoding="utf-8") as file:
        source = file.read()
    with open(planted, "w", encoding="utf-8") as file:
        file.write(text + "\n" + source)
    command = shlex.split(entry["command"])
    command[command.index("-o") + 1] = os.path.join(work, "planted.o")
    command[-1] = planted
    command = [c for c in command if not c.startswith(("-MD", "-MQ", "-MF")) and not c.endswith(".d")]
    command = [c for i, c in enumerate(command) if i == 0 or command[i - 1] != "-MQ"]
    command = [c for c in command if not c.endswith("schedule.c.o")]
    return subprocess.run(command + ["-Isrc"], cwd=entry["directory"], capture_output=True, text=True,
                          check=False)


def copy_of_tree(work):
    for folder in ("src", "tools", "include"):
        if os.path.isdir(os.path.join(ROOT, folder)):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(work, folder))
    return work


def layers(root):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "layers.py"), root],
                          capture_output=True, text=True, check=False)


def plant_include(work, line):
    with open(os.path.join(work, "src", "domain", "schedule.c"), "a", encoding="utf-8") as file:
        file.write(line + "\n")


@test
def an_unplanted_pure_file_compiles(work):
    done = compile_planted("", work)
    assert done.returncode == 0, done.stderr


@test
def include_roots_keep_the_store_out_of_the_domain(work):
    done = compile_planted('#include "store/store.h"', work)
    assert done.returncode != 0 and "store/store.h" in done.stderr, done.stderr


@test
def the_poison_refuses_the_clock(work):
    done = compile_planted("long planted(void); long planted(void) { return time(0); }", work)
    assert done.returncode != 0 and "poison" in done.stderr, done.stderr


@test
def the_poison_refuses_stdio(work):
    done = compile_planted("#include <stdio.h>", work)
    assert done.returncode != 0 and "poison" in done.stderr, done.stderr


@test
def the_tree_as_it_is_keeps_its_layers(work):
    done = layers(ROOT)
    assert done.returncode == 0, done.stderr


@test
def the_layer_check_sees_a_forbidden_room(work):
    plant_include(copy_of_tree(work), '#include "store/store.h"')
    done = layers(work)
    assert done.returncode == 1 and "domain may not use store" in done.stderr, done.stderr


@test
def the_layer_check_sees_a_way_around(work):
    plant_include(copy_of_tree(work), '#include "../store/include/store/store.h"')
    done = layers(work)
    assert done.returncode == 1 and "leaves the room" in done.stderr, done.stderr


@test
def the_layer_check_sees_gate_reach_for_the_store(work):
    copy_of_tree(work)
    with open(os.path.join(work, "src", "gate", "planted.c"), "w", encoding="utf-8") as file:
        file.write('#include "store/store.h"\n')
    done = layers(work)
    assert done.returncode == 1 and "gate may not use store" in done.stderr, done.stderr


@test
def the_layer_check_sees_a_room_nobody_declared(work):
    copy_of_tree(work)
    os.mkdir(os.path.join(work, "src", "cellar"))
    done = layers(work)
    assert done.returncode == 1 and "cellar" in done.stderr, done.stderr


@test
def the_architecture_page_shows_the_layers_that_are_checked(_):
    table = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "layers.py"), "--table"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout
    with open(os.path.join(ROOT, "docs", "ARCHITECTURE.md"), encoding="utf-8") as file:
        page = file.read()
    assert table in page, "docs/ARCHITECTURE.md: put the output of `python3 tools/layers.py --table` there"


def symbols(library):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "symbols.py"), library,
                           os.path.join(BUILD, "src", "base", "libbase.a")],
                          capture_output=True, text=True, check=False)


@test
def the_pure_libraries_need_only_base_and_mem(work):
    for room in ("domain", "protocols"):
        # Meson makes thin archives: nm reads the objects they name.
        done = symbols(os.path.join(BUILD, "src", room, f"lib{room}.a"))
        assert done.returncode == 0, done.stderr


@test
def the_symbol_check_sees_a_call_declared_by_hand(work):
    source, thing = os.path.join(work, "p.c"), os.path.join(work, "p.o")
    with open(source, "w", encoding="utf-8") as file:
        file.write("extern int nanosleep(const void *, void *);\nint f(void);\n"
                   "int f(void) { return nanosleep(0, 0); }\n")
    subprocess.run(["cc", "-c", source, "-o", thing], check=True)
    library = os.path.join(work, "libplanted.a")
    subprocess.run(["ar", "rc", library, thing], check=True)
    done = symbols(library)
    assert done.returncode == 1 and "nanosleep" in done.stderr, done.stderr


def main():
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as work:
            try:
                function(work)
                print(f"ok {number} - {name}")
            except AssertionError as fault:
                failed += 1
                print(f"not ok {number} - {name}")
                print("# " + str(fault).replace("\n", "\n# "))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
