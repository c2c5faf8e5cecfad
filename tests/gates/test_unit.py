#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit: systemd takes it, and it forbids nothing that posternd does."""
import os
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../component"))
from harness import BUILD, Daemon, Skip, check, ensure, main, program, run, test  # noqa: E402

ROOT = pathlib.Path(sys.argv[2])
UNIT = pathlib.Path(BUILD, "packaging/posternd.service").read_text(encoding="utf-8")


def value(name):
    found = re.findall(rf"(?m)^{name}=(.*)$", UNIT)
    check(len(found), 1, f"lines of {name}")
    return found[0]


def calls_of(group):
    status, out, err = run(["systemd-analyze", "syscall-filter", group])
    check(status, 0, err)
    names = set()
    for word in re.findall(r"(?m)^    (\S+)$", out):
        names |= calls_of(word) if word.startswith("@") else {word}
    return names


def needs_systemd():
    if shutil.which("systemd-analyze") is None:
        raise Skip("no systemd-analyze")


@test("systemd takes every line")
def _():
    needs_systemd()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "posternd.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=" + program("posternd"), UNIT))
        status, out, err = run(["systemd-analyze", "verify", "--man=no", path])
        mine = [line for line in (out + err).splitlines() if "posternd.service" in line]
        check(mine, [], f"what systemd says (status {status})")


@test("every system call that posternd allows itself is allowed by the unit")
def _():
    needs_systemd()
    text = (ROOT / "src/platform/sandbox_seccomp.c").read_text(encoding="utf-8")
    table = text[text.index("calls[] = {"):text.index("killing_calls[] = {")]
    own = set(re.findall(r'\{"(\w+)", [A-Z |]+\}', table))
    ensure(len(own) > 100 and "adjtimex" in own, f"{len(own)} calls in the table")
    allowed = set()
    for word in value("SystemCallFilter").split():
        allowed |= calls_of(word) if word.startswith("@") else {word}
    check(own - allowed, set(), "calls that the unit forbids")
    ensure("mount" not in allowed and "bpf" not in allowed, "the unit forbids something")


@test("with the capabilities of the unit alone it stands behind the same fences and serves doors")
def _():
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise Skip("needs root and setpriv")
    names = [word.removeprefix("CAP_").lower() for word in value("CapabilityBoundingSet").split()]

    def run_one(prefix):
        with Daemon(wait_ready=False) as d:
            d.stop(9)
            d.command = prefix + d.command
            d.lines.clear()
            d.start()
            d.sim("card 1 1234")
            return sorted(re.findall(r"\w+ is ready; fences: .*", d.log))
    bounded = run_one(["setpriv", "--no-new-privs", "--bounding-set",
                       ",".join(["-all"] + [f"+{name}" for name in names])])
    check(bounded, run_one([]), "start lines about fences")
    ensure(bounded != [], "they tell fences")


@test("beside the unit stand an example of its configuration and the users of its parts")
def _():
    if shutil.which("meson") is None:
        raise Skip("no meson")
    with tempfile.TemporaryDirectory() as root:
        status, out, err = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root, "--tags", "doc,runtime"])
        check(status, 0, out + err)
        found = {path.name: path for path in pathlib.Path(root).rglob("*") if path.is_file()}
        prefix = pathlib.Path(value("ExecStart").split()[0]).parents[1]
        for name, folder in (("posternd", "sbin"), ("posternd.yaml", "share/doc/postern/examples"),
                             ("postern.conf", "lib/sysusers.d"), ("posternd.service", "lib/systemd/system")):
            ensure(name in found, f"{name} among {sorted(found)}")
            path = prefix / folder
            check(str(found[name].parent), root + str(path), name)
            ensure(name != "posternd.yaml" or f"{path}/{name}:" in UNIT.replace("):", ":"), "the unit names the example")
        status, out, err = run([program("posternd"), "check", "--config", str(found["posternd.yaml"])])
        check((status, err), (0, ""), out)
        users = re.findall(r"(?m)^u (\S+) - \".+\"$", found["postern.conf"].read_text(encoding="utf-8"))
        check(users, ["postern-gate", "postern-sim"])
        ensure(all(user in UNIT for user in users), "the unit names the users")
        if shutil.which("systemd-sysusers") is not None:
            status, out, err = run(["systemd-sysusers", "--dry-run", str(found["postern.conf"])])
            check(status, 0, out + err)


main()
