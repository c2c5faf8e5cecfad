#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots an emulated board with a GPIO chip and runs the test programs of tests/vm on it.

usage: run.py BUILD_FOLDER VM_FOLDER [NAME ...]

Each NAME is a program BUILD_FOLDER/tests/vm/test_NAME; without names, all of them run, in one boot. The board
is Debian's kernel (kernel.py) with an initramfs of busybox, our module gpio_wires, posternd, postern, the tests and
their libraries. The first serial port is the kernel's console, the second carries TAP. The last line printed is
`N passed, N failed, N skipped`.

Time on the board. `-icount shift=2` makes an instruction take 4 ns of the board's time, whatever else the host
does: 250 million a second is about what a small ARM board does, and a pulse of 50 us is as long on a busy CI machine
as on an idle one. `sleep=off` lets the board's clock jump over idle time, so waiting costs nothing. With one
processor, a clock that begins at a fixed date and a fixed seed, two runs of the same programs do the same.
"""
import glob
import os
import resource
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import kernel  # noqa: E402
import run_tests  # noqa: E402

ORDER = ("wires", "door", "fail", "noise", "panel", "pin", "io")
SILENCE_LIMIT_S = 150  # nothing new from the tests; on a busy host one of them takes a minute
RUN_LIMIT_S = 900
SHOWN_LINES = 40
KERNEL_LINE = "console=ttyS0 quiet panic=1 oops=panic tsc=reliable cryptomgr.notests"


def libraries(program):
    """Paths of the shared libraries a program needs, its loader among them."""
    for line in kernel.run("ldd", program).splitlines():
        path = line.split("=>")[1].split()[0] if "=>" in line else line.split()[0]
        if path.startswith("/"):
            yield path


def place(root, source, target):
    path = os.path.join(root, target.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy(source, path)


def build_root(root, build, module, names):
    """The board's file system, as a folder."""
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("bin", "dev", "etc", "lib", "proc", "run", "sys", "tests", "tmp"):
        os.makedirs(os.path.join(root, folder))
    programs = {os.path.join(build, "src", "daemon", "posternd"): "/bin/posternd",
                os.path.join(build, "src", "cli", "postern"): "/bin/postern"}
    for name in names:
        programs[os.path.join(build, "tests", "vm", f"test_{name}")] = f"/tests/{name}"
    for source, target in programs.items():
        place(root, source, target)
        for library in libraries(source):
            place(root, library, library)
    place(root, "/bin/busybox", "/bin/busybox")
    place(root, module, "/lib/gpio_wires.ko")
    place(root, os.path.join(HERE, "init"), "/init")
    for config in glob.glob(os.path.join(HERE, "*.yaml")):
        place(root, config, f"/tests/{os.path.basename(config)}")
    with open(os.path.join(root, "tests", "environment"), "w", encoding="utf-8") as file:
        file.write("export CMOCKA_MESSAGE_OUTPUT=TAP\n")
        file.write(f"TESTS='{' '.join(names)}'\n")
    with open(os.path.join(root, "etc", "passwd"), "w", encoding="utf-8") as file:
        file.write("root:x:0:0:root:/root:/bin/sh\n")


def pack(root, image):
    found = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
    with open(image, "wb") as file:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, input=found, stdout=file,
                       check=True)


def last_lines(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return "\n".join(file.read().splitlines()[-SHOWN_LINES:])


def boot(vm, vmlinuz, image):
    """Runs the board to its end. Returns what the tests said, or raises RuntimeError with the last lines."""
    console, tap = os.path.join(vm, "console.log"), os.path.join(vm, "tap.log")
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", "512",
               "-icount", "shift=2,sleep=off", "-rtc", "base=2026-01-05T08:00:00,clock=vm", "-seed", "1",
               "-nodefaults", "-display", "none", "-no-reboot", "-kernel", vmlinuz, "-initrd", image,
               "-append", KERNEL_LINE, "-serial", f"file:{console}", "-serial", f"file:{tap}"]
    for path in (console, tap):
        with open(path, "w", encoding="utf-8"):
            pass
    emulator = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    began = heard = time.monotonic()
    with open(tap, encoding="utf-8", errors="replace") as said:
        while (emulator.poll() is None and time.monotonic() < heard + SILENCE_LIMIT_S and
               time.monotonic() < began + RUN_LIMIT_S):
            news = said.read()
            if news:
                heard = time.monotonic()
                sys.stdout.write(news)
                sys.stdout.flush()
            time.sleep(0.1)
        late = emulator.poll() is None
        emulator.kill()
        complaint = emulator.communicate()[1]
        sys.stdout.write(said.read())
    if late or emulator.returncode != 0:
        why = f"the board was stopped after {time.monotonic() - began:.0f} s" if late else complaint.strip()
        print(f"{why}; its last lines:\n{last_lines(console)}\n--\n{last_lines(tap)}")
    with open(tap, encoding="utf-8", errors="replace") as file:
        return file.read()


def split(said, names):
    """One entry a program, of the kind run_tests.sum_test takes."""
    parts = {name: {"name": f"vm/{name}", "stdout": "", "result": "NOT RUN OR CUT SHORT"} for name in names}
    current = None
    for line in said.splitlines():
        words = line.split()
        if words[:2] == ["#", "begin"] and words[2] in parts:
            current = parts[words[2]]
        elif words[:2] == ["#", "end"] and words[2] in parts:
            parts[words[2]]["result"] = "OK" if words[3] == "0" else f"EXIT STATUS {words[3]}"
            current = None
        elif current is not None:
            current["stdout"] += line + "\n"
    return parts.values()


def chosen(build, asked):
    """Names of the programs to run."""
    built = sorted(os.path.basename(path)[len("test_"):] for path in glob.glob(f"{build}/tests/vm/test_*")
                   if os.access(path, os.X_OK) and not os.path.isdir(path))
    if sorted(ORDER) != built:
        raise RuntimeError(f"ORDER of tests/vm/run.py is not what tests/vm/meson.build builds: {' '.join(built)}")
    for name in asked:
        if name not in ORDER:
            raise RuntimeError(f"no test program {name}; there are: {' '.join(ORDER)}")
    return [name for name in ORDER if not asked or name in asked]


def main():
    build, vm, asked = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    os.makedirs(vm, exist_ok=True)
    names = chosen(build, asked)
    folder, version = kernel.prepare_kernel(vm)
    module = kernel.build_module(vm, folder, version, os.path.join(HERE, "module"))
    root, image = os.path.join(vm, "root"), os.path.join(vm, "initramfs")
    build_root(root, build, module, names)
    pack(root, image)
    began = time.monotonic()
    kernel.say(f"booting the board with Linux {version}")
    said = boot(vm, os.path.join(folder, "boot", f"vmlinuz-{version}"), image)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    kernel.say(f"the board ran for {time.monotonic() - began:.0f} s and used a processor for {used:.0f} s")
    sums = [run_tests.sum_test(part) for part in split(said, names)]
    passed, failed, skipped = (sum(column) for column in zip(*sums))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except kernel.NotHere as missing:
        print(f"skipped test-vm: the kernel's packages cannot be had: {missing}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    except RuntimeError as error:
        print(f"FAILED  test-vm: {error}")
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)
