#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Examples of the library, compiled and run against a real controller: the paper's whole list, the one of
libpostern(3), and a CMake project as README shows it."""
import functools
import json
import os
import pathlib
import re
import shutil
import tempfile

from harness import BUILD, Skip, check, ensure, main, run, test
from people import House, person, records

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHOLE_LIST = ROOT / "examples/whole_list.c"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


@functools.cache
def sanitize_flags():
    text = pathlib.Path(BUILD, "meson-info/intro-buildoptions.json").read_text(encoding="utf-8")
    chosen = next(one["value"] for one in json.loads(text) if one["name"] == "b_sanitize")
    chosen = chosen if isinstance(chosen, str) else ",".join(chosen)
    return [] if chosen in ("", "none") else [f"-fsanitize={chosen}"]


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Skip(f"{tool} is not installed")


def whole_list_runs(d, path):
    """The example does all four, in order; its events and records are those of the controller."""
    before = d.lock_count(1)
    status, out, err = run([path, d.url, "admin", os.path.join(d.state, "admin.password")])
    check((status, err), (0, ""), out)
    lines = out.splitlines()
    kinds = [line.split(" ")[0] for line in lines]
    check(lines[0], "enrolled 102")
    check((person(d, "102")["CardNo"], person(d, "102")["CardName"]), ("12345", "ZhangSan"))
    ensure("event AccessControl 102" in lines, out)
    check(d.lock_count(1), before + 1, "the door was opened")
    ensure(kinds.index("opened") < kinds.index("closed") < kinds.index("record"), out)
    rows = records(d)
    check([line for line in lines if line.startswith("record ")],
          [f"record {row['RecNo']} {row['CreateTime']} {row['UserID']} {'ok' if row['Status'] == '1' else 'refused'}"
           for row in rows])
    check(lines[-1], f"{len(rows)} records, complete")


@test
def the_papers_whole_list_against_one_device():
    with House(unlock="5min") as d:
        path = os.path.join(BUILD, "examples/whole_list")
        whole_list_runs(d, path)
        d.wait_lock(1, False)  # closed by the example, not by the door's time
        whole_list_runs(d, path)  # enrolled before is as good
        ensure(len(records(d)) >= 2, "records of both")
        secret = os.path.join(d.house, "wrong")
        pathlib.Path(secret).write_text("not the password\n", encoding="utf-8")
        status, out, err = run([path, d.url, "admin", secret])
        check((status, out), (1, ""))
        ensure(err.startswith("enrol: ") and err.count("\n") == 1, err)
        d.stop()
        status, _, err = run([path, d.url, "admin", os.path.join(d.state, "admin.password")])
        ensure(status == 1 and "enrol: " in err, err)


@test
def the_example_of_libpostern_3():
    need("cc")
    text = pathlib.Path(BUILD, "docs/libpostern.3").read_text(encoding="utf-8")
    code = re.search(r"(?ms)^\.Sh EXAMPLES\n\.Bd.*?\n(.*?)^\.Ed", text).group(1)
    with House() as d, tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "example.c"), os.path.join(folder, "example")
        with open(source, "w", encoding="utf-8") as file:
            file.write(code.replace("\\-", "-").replace("\\e", "\\"))
        library = os.path.join(BUILD, "src/sdk")
        status, _, err = run(["cc", *STRICT, *sanitize_flags(), source, f"-I{ROOT}/include", f"-L{library}",
                              f"-Wl,-rpath,{library}", "-lpostern", "-o", program])
        check((status, err), (0, ""))
        d.get("/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID=7")
        rows = records(d)
        status, out, err = run([program, d.url, "admin", d.password])
        check((status, err), (0, ""))
        check(out.splitlines(), [f"{row['RecNo']} {row['UserID']}" for row in rows])
        ensure(rows, "there are records")
        check(run([program, d.url, "admin", "wrong"])[0], 1)


def configure(folder, prefix, words):
    """cmake of README's project, with what find_package is told replaced."""
    text = re.search(r"(?ms)^```cmake\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8")).group(1)
    ensure("postern 0.1 REQUIRED" in text, "README shows a CMake project")
    pathlib.Path(folder, "CMakeLists.txt").write_text(text.replace("postern 0.1 REQUIRED", words), encoding="utf-8")
    shutil.copy(WHOLE_LIST, folder)
    return run(["cmake", "-S", folder, "-B", os.path.join(folder, "build"), f"-DCMAKE_PREFIX_PATH={prefix}",
                "-DCMAKE_C_FLAGS=" + " ".join(STRICT + sanitize_flags())], timeout_s=120)


@test
def a_cmake_project_as_readme_shows_it():
    need("cmake", "meson", "cc", "make")
    with House(unlock="5min") as d, tempfile.TemporaryDirectory() as root:
        status, out, err = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root, "--tags",
                                "devel,runtime"])
        check(status, 0, out + err)
        moved = os.path.join(root, "moved")  # the package's paths count from its own place
        config = next(pathlib.Path(root).rglob("postern-config.cmake"))
        prefix = next(parent for parent in config.parents if (parent / "include/postern/postern.h").exists())
        os.rename(prefix, moved)
        folder = os.path.join(root, "project")
        os.mkdir(folder)
        status, out, err = configure(folder, moved, "postern 0.1 REQUIRED")
        check(status, 0, out + err)
        status, out, err = run(["cmake", "--build", os.path.join(folder, "build")], timeout_s=120)
        check(status, 0, out + err)
        whole_list_runs(d, os.path.join(folder, "build/whole_list"))
        for words in ("postern 0.99 REQUIRED", "postern 1.0 REQUIRED"):
            shutil.rmtree(os.path.join(folder, "build"))
            status, _, err = configure(folder, moved, words)
            ensure(status != 0 and "version" in err, f"{words}: {err}")
        os.remove(next(pathlib.Path(moved).rglob("libpostern.so")))
        shutil.rmtree(os.path.join(folder, "build"))
        status, _, err = configure(folder, moved, "postern 0.1 REQUIRED")
        ensure(status != 0 and "install postern again" in err, err)


if __name__ == "__main__":
    main()
