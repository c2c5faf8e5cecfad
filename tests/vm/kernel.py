# SPDX-License-Identifier: Apache-2.0
"""The emulator's kernel: Debian's own, fetched and unpacked below the build folder, and our module built for it.

Nothing is installed. `linux-image-amd64` depends on the newest image, whose name gives the version; the packages of
its headers follow from their own dependencies. Everything of one version is in build/vm/kernel-VERSION, which is
complete when it holds the file `complete`; older versions are removed.
"""
import glob
import os
import shutil
import subprocess
import sys

MODULE_SOURCES = ("Makefile", "gpio_wires.c")


def say(text):
    print(f"test-vm: {text}", file=sys.stderr, flush=True)


class NotHere(RuntimeError):
    """What the board is made of cannot be had here."""


def run(*command, **options):
    """Output of a command; what it said goes into the error when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def depends(package):
    """What a package depends on, first choices only, of those whose names begin with `linux-`."""
    lines = run("apt-cache", "depends", "--no-recommends", "--no-suggests", package).splitlines()
    names = [line.split("Depends:")[1].strip() for line in lines if "Depends:" in line]
    return [name for name in names if name.startswith("linux-")]


def packages():
    """(kernel version such as 6.1.0-56-amd64, names of all packages to unpack)."""
    images = [name for name in depends("linux-image-amd64") if name.startswith("linux-image-")]
    if not images:
        raise RuntimeError("apt knows no linux-image-amd64")
    version = images[0].removeprefix("linux-image-")
    headers = f"linux-headers-{version}"
    return version, [images[0], headers, *depends(headers)]


def candidate(package):
    for line in run("apt-cache", "policy", package).splitlines():
        if "Candidate:" in line:
            return line.split()[1]
    raise RuntimeError(f"apt knows no version of {package}")


def update():
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    say("apt-get update")
    run(*as_root, "apt-get", "update", "-q")


def unpack(folder, version):
    """The kernel file and the headers, from the packages in folder/debs."""
    for deb in glob.glob(os.path.join(folder, "debs", "*.deb")):
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        is_image = os.path.basename(deb).startswith("linux-image-")
        run("tar", "-x", "-C", folder, *(["--wildcards", "./boot/vmlinuz-*"] if is_image else []), stdin=tar.stdout)
        if tar.wait() not in (0, -13):
            raise RuntimeError(f"{deb}: dpkg-deb ended with {tar.returncode}")
    # The headers name their common part by where it would be installed.
    makefile = os.path.join(folder, "usr", "src", f"linux-headers-{version}", "Makefile")
    with open(makefile, encoding="utf-8") as file:
        text = file.read()
    with open(makefile, "w", encoding="utf-8") as file:
        file.write(text.replace("include /usr/src/", f"include {folder}/usr/src/"))


def fetch(folder, version, names):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "debs"))
    say(f"downloading the kernel {version} and its headers (90 MB)")
    run("apt-get", "download", "-q", *names, cwd=os.path.join(folder, "debs"))
    unpack(folder, version)
    shutil.rmtree(os.path.join(folder, "debs"))
    with open(os.path.join(folder, "complete"), "w", encoding="utf-8") as file:
        file.write(version + "\n")


def known(vm):
    """(folder, version) of a kernel that is there already, or None."""
    for mark in sorted(glob.glob(os.path.join(vm, "kernel-*", "complete"))):
        with open(mark, encoding="utf-8") as file:
            return os.path.dirname(mark), file.read().strip()
    return None


def wanted(vm):
    version, names = packages()
    return os.path.join(vm, f"kernel-{candidate(names[0])}"), version, names


def prepare_kernel(vm):
    """Folder and version of the newest kernel apt can give; of the one that is there when apt gives none."""
    for attempt in range(2):
        try:
            folder, version, names = wanted(vm)
            if not os.path.exists(os.path.join(folder, "complete")):
                fetch(folder, version, names)
            break
        except RuntimeError as error:
            # Lists that are missing, or name a version that the archive has replaced.
            if attempt == 1:
                if known(vm) is None:
                    raise NotHere(str(error)) from error
                say(f"{error}; taking the kernel that is here")
                return known(vm)
            try:
                update()
            except RuntimeError as update_error:
                say(str(update_error))
    for other in glob.glob(os.path.join(vm, "kernel-*")):
        if other != folder:
            shutil.rmtree(other)
    return folder, version


def build_module(vm, folder, version, sources):
    """Path of gpio_wires.ko for this kernel."""
    work = os.path.join(vm, "module")
    module = os.path.join(work, "gpio_wires.ko")
    newest = max(os.path.getmtime(os.path.join(sources, name)) for name in MODULE_SOURCES)
    newest = max(newest, os.path.getmtime(os.path.join(folder, "complete")))
    if os.path.exists(module) and os.path.getmtime(module) > newest:
        return module
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    for name in MODULE_SOURCES:
        shutil.copy(os.path.join(sources, name), work)
    headers = os.path.join(folder, "usr", "src", f"linux-headers-{version}")
    run("make", "-s", "-C", headers, f"M={work}", "KCFLAGS=-Werror", "modules")
    return module
