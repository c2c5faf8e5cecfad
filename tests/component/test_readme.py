#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that README.md and the man pages show is run, as it stands there, against a demo in a home of its own.

What is shown is text for a person's machine. Here build/bin and PATH lead to the programs of this build, port 8080
and /var/lib/postern are others, and that is all that is changed (Home.here).
"""
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from fake_gpio import FakeGpio
from harness import BUILD, Daemon, Skip, check, ensure, main, program, run, test, wait_until
from people import CONFIG, size
from secure import https_line

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PASSWORD = "correct horse battery"

# Lines that are not run here, and why. `./dev` commands are looked up in ./dev.
NOT_RUN = {
    "./dev run": "installs packages and builds; the demo it starts is what all else here runs against",
    "./dev test": "this test is a part of it",
    "./dev test-vm": "downloads an emulator and a kernel",
    "./dev build": "installs packages and builds",
    "meson install -C build/release": "changes the machine: run below, on one of its own",
    "ldconfig": "likewise",
    "systemd-sysusers": "likewise",
    "systemctl daemon-reload": "likewise",
    "systemctl enable --now posternd": "likewise; test_unit.py has the unit",
}
# Lines of programs that run until they are ended: what they must have said by then, and what makes them say it.
ENDLESS = {
    "snapManager.cgi": ("Events[0].Code=AccessControl", "card 1 12345678"),
    "posternd --config posternd.yaml --state": ("ready: http://", None),
    "posternd --config posternd.yaml": ("ready: http://", None),
    "posternd --demo": ("Ctrl-C ends the demo.", None),
    "posternd io": ("door `front`", None),
    "events watch": ("AccessControl", "card 1 12345678"),
}
# What README says a command answers.
PROMISED = {
    "user add 1001": r"enrolled 1001 as RecNo \d+\n",
    "sim lock 1": r"unlocked \d+\n",
    "name=AccessControlCard&CardNo=12345": r"RecNo=\d+\s+",
    "action=openDoor": r"OK\s*",
    "AccessTimeSchedule[100]": r"OK\s*",
    "name=AccessControlCardRec'": r"found=\d+\s+totalCount=\d+\s+records\[0\](?s:.*)UserID=1001(?s:.*)",
    "posternd check": r"posternd.yaml is good: \d+ doors?, \d+ readers?\n(?s:.*)",
    "posternd init": r"made account `admin` in \S+\n",
}


def blocks(text):
    """Fenced blocks without a language: shell."""
    return [body for language, body in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text) if not language]


def examples(page):
    """Literal blocks of a man page's EXAMPLES."""
    text = pathlib.Path(BUILD, "docs", page).read_text(encoding="utf-8")
    text = text[text.index("\n.Sh EXAMPLES"):text.index("\n.Sh SEE ALSO")]
    found = re.findall(r"(?ms)^\.Bd -literal.*?\n(.*?)^\.Ed$", text)
    return [one.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "") for one in found]


def commands(block):
    """Lines, those that end in a backslash with the next."""
    return [line for line in block.replace("\\\n\t", "").splitlines() if line.strip()]


def quiet_port():
    """A free port below those that the kernel gives to connections, so that nobody takes it before its server does."""
    while True:
        port = 20000 + secrets.randbelow(10000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Home:
    """A home folder with a demo, and a working folder in it where build/bin leads to the programs."""

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="postern-readme-")
        self.state = os.path.join(self.root, ".local/state/postern-demo")
        self.work = os.path.join(self.root, "work")
        self.port = quiet_port()
        self.assignments = []
        self.gpio = FakeGpio(os.path.join(self.root, "gpio"))
        for offset in (5, 6, 22, 27):  # the lines of posternd.yaml(5)'s example, at rest
            self.gpio.line(offset).physical = 1
        os.makedirs(os.path.join(self.work, "build/bin"))
        os.makedirs(os.path.dirname(self.state))
        for name, built in (("postern", "postern"), ("posternd", "posternd_gpio")):
            os.symlink(program(built), os.path.join(self.work, "build/bin", name))
        config = (ROOT / "packaging/posternd.yaml").read_text(encoding="utf-8")
        for shown in ("127.0.0.1:8080", "0.0.0.0:8443"):
            config = config.replace(f"listen: {shown}", f"listen: 127.0.0.1:{quiet_port()}")
        for name, text in (("posternd.yaml", self.here(config)), ("FILE", PASSWORD), ("secret", PASSWORD),
                           ("gpio.yaml", examples("posternd.yaml.5")[1])):
            with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
                file.write(text + "\n")
        bare = {key: value for key, value in os.environ.items()
                if not key.startswith(("POSTERN", "XDG_", "NOTIFY", "WATCHDOG"))}
        self.env = {**bare, "HOME": self.root, "PATH": f"{self.work}/build/bin:{bare['PATH']}",
                    "FAKE_GPIO": self.gpio.folder, "MANPATH": ""}
        self.https = f"https://127.0.0.1:{quiet_port()}"
        self.daemon = Daemon(state=self.state, arguments=("--http", f"127.0.0.1:{self.port}", "--https",
                                                          self.https.removeprefix("https://")))
        return self

    def __exit__(self, *_):
        self.daemon.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def here(self, text):
        """What is shown, with the ports, folders and files that it has here."""
        if text.endswith("posternd --demo"):
            return f"env HOME={self.root}/second {text} --http 127.0.0.1:0"
        if re.match(r"(build/bin/)?posternd io ", text):
            return text.replace("posternd.yaml", "gpio.yaml")
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace("/var/lib/postern", f"{self.root}/var")
        text = text.replace(" packaging/", f" {ROOT}/packaging/").replace("/etc/postern", f"{self.root}/etc")
        # The default device, which is the demo, and the one that stands for any other.
        secret = f"--password-file {self.state}/admin.password "
        device = f"--device http://127.0.0.1:{self.port} {secret}"
        text = text.replace("https://192.168.1.108", getattr(self, "https", "")).replace("--password-file secret ", secret)
        return re.sub(r"(^|\| )((?:build/bin/)?postern) (?!--device|sim |format )", rf"\1\2 {device}", text)

    def script(self, text):
        return ["bash", "-c", "\n".join([*self.assignments, text])]

    def run(self, text):
        """One command or script, which must succeed; what it printed."""
        status, out, err = run(self.script(self.here(text)), cwd=self.work, env=self.env)
        ensure(status == 0, f"{text}\nexit status {status}: {out}{err}")
        ensure("Sanitizer" not in err and "runtime error" not in err, err)
        if re.match(r"[A-Z]+=", text):
            self.assignments.append(self.here(text.splitlines()[0]))
        for key, promise in PROMISED.items():
            if key in text:
                ensure(re.fullmatch(promise, out), f"{text}\nprinted {out!r}, promised {promise!r}")
        return out

    def run_endless(self, text, words, action):
        """A command that runs until it is ended says words; action makes it."""
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(self.script("exec " + self.here(text)), cwd=self.work, env=self.env, stdout=out,
                                       stderr=out, stdin=subprocess.DEVNULL)

            def said():
                ended = process.poll()
                out.seek(0)
                printed = out.read()
                ensure(ended is None, f"{text}\nended with {ended}: {printed}")
                if action is not None and words not in printed:
                    self.daemon.sim(action)
                return words in printed
            try:
                wait_until(said, f"{words!r} from: {text}", 60)
            finally:
                process.terminate()
                process.wait(30)

    def run_block(self, block):
        """Runs a block's commands, or the script it is; what they printed, a text each."""
        printed = []
        for line in [block] if "\nwhile " in block else commands(block):
            endless = next((value for key, value in ENDLESS.items() if key in line), None)
            if line in NOT_RUN:
                name = "command_" + line.split()[-1].replace("-", "_")
                ensure(not line.startswith("./dev ") or
                       f"\n{name}() {{" in (ROOT / "dev").read_text(encoding="utf-8"), line)
            elif endless:
                self.run_endless(line, *endless)
            else:
                printed.append(self.run(line))
        return printed


def show_cards(daemon, count):
    """Ann's card at all four readers at once: count records, many of them in one second."""
    with ThreadPoolExecutor(4) as readers:
        jobs = [readers.submit(lambda reader: [daemon.sim(f"card {reader} 12345678") for _ in range(count // 4)], n)
                for n in (1, 2, 3, 4)]
        for job in jobs:
            job.result()
    wait_until(lambda: size(daemon) >= count, f"{count} records")


@test("README: every command runs and answers as it says")
def _():
    with Home() as home:
        count = 0
        for block in blocks(README):
            if "\nwhile " in block or "https://DEVICE" in block:
                continue  # below
            printed = home.run_block(block)
            count += len(commands(block))
            if "sim card 1" in block:
                check(home.daemon.lock_count(1), 1)
                home.daemon.wait_lock(1, False)
                ensure(re.search(r"\b1001\b.*\bAnn\b", printed[-1]), printed[-1])
            if "sim keys" in block:
                ensure("method pin" in printed[-1].splitlines()[-1], printed[-1])
        ensure(count >= 15, f"README shows commands: {count}")
        return f"{count} commands"


# This machine with a layer over it that takes all writes, where systemd does not run, and in it a script. $3 and
# behind it: folders that may lie on file systems of their own.
MACHINE = """set -e
machine=$1 script=$2
shift 2
mount -t tmpfs tmpfs "$machine"
mkdir "$machine/upper" "$machine/work" "$machine/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$machine/upper,workdir=$machine/work" "$machine/root"
mount --rbind /proc "$machine/root/proc"
mount --rbind /dev "$machine/root/dev"
for folder; do
	[ -e "$machine/root$folder" ] && continue
	mkdir -p "$machine/root$folder"
	mount --rbind "$folder" "$machine/root$folder"
done
SYSTEMD_OFFLINE=1 exec chroot "$machine/root" bash -ec "$script"
"""
# What the service's commands have done, on that machine.
INSTALLED = """
systemctl is-enabled posternd
for user in gate sim; do grep "^postern-$user:" /etc/passwd; done
ldconfig -p | grep libpostern
/usr/local/sbin/posternd check --config /etc/postern/posternd.yaml
"""


def on_a_machine(folder, script):
    """A script as root where it changes nothing here; its exit status and what it said."""
    machine = os.path.join(folder, "machine")
    os.mkdir(machine)
    try:
        return run(["unshare", "--mount", "--propagation", "private", "bash", "-c", MACHINE, "machine", machine, script,
                    str(ROOT), BUILD, folder], timeout_s=120)
    finally:
        os.rmdir(machine)


@test("README: what makes a service of it does so, on a machine laid over this one")
def _():
    for tool in ("unshare", "meson", "systemctl", "systemd-sysusers"):
        if shutil.which(tool) is None:
            raise Skip(f"no {tool}")
    block = next(block for block in blocks(README) if "systemctl enable" in block)
    # Without systemd nothing is started now.
    shown = [line.replace(" --now ", " ") for line in commands(block) if not line.startswith("./dev ")]
    ensure(len(shown) >= 6, str(shown))
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = on_a_machine(folder, "true")
        if status != 0:
            raise Skip(f"no file system can be laid over this one: {err.strip()}")
        os.mkdir(os.path.join(folder, "build"))
        os.symlink(BUILD, os.path.join(folder, "build/release"))
        os.symlink(ROOT / "packaging", os.path.join(folder, "packaging"))
        status, out, err = on_a_machine(folder, "\n".join([f"cd {folder}", *shown, INSTALLED]))
        ensure(status == 0, f"exit status {status}: {out}{err}")
        ensure("\nenabled\n" in out and "posternd.yaml is good: " in out, out)


@test("README: a device over https is claimed and asked as it says")
def _():
    lines = [line for block in blocks(README) if "https://DEVICE" in block for line in commands(block)]
    claims = [line for line in lines if "device claim" in line]
    check((len(lines), len(claims)), (3, 1), "commands")
    with Home() as home, Daemon(config=CONFIG.replace("UNLOCK", "3s")
                                + f"https:\n  listen: 127.0.0.1:{quiet_port()}\n") as d:
        address, pin, _ = https_line(d)
        here = {"https://DEVICE:8443": f"https://{address}", "tls.crt": f"{d.state}/tls.crt", "sha256//...": pin,
                "-u admin ": f"-u admin:'{PASSWORD}' ",
                "ABCDE-FGHIJ": re.search(r"claim code (\S+) ", d.log).group(1)}
        for line in claims + [line for line in lines if line not in claims]:
            for shown, real in here.items():
                line = line.replace(shown, real)
            out = home.run(line)
            ensure("curl" not in line or out.startswith("type="), f"{line}: {out!r}")
        # Another key is refused.
        line = line.replace(pin, "sha256//" + "A" * 43 + "=")
        check(run(home.script(line), cwd=home.work, env=home.env)[0], 90, "curl: the key is another")


@test("README: settings it shows are good")
def _():
    shown = re.findall(r"(?ms)^```yaml\n(.*?)^```$", README)
    ensure(len(shown) >= 2, "README shows settings")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "posternd.yaml")
        for block in shown:
            with open(path, "w", encoding="utf-8") as file:
                file.write("lines: simulated\ndoors:\n  - {index: 0, id: front}\n" + block)
            status, out, err = run([program("posternd"), "check", "--config", path])
            check((status, err), (0, ""), block + out)


@test("README: the loop with curl pulls each of 440 records once, in order, as `postern records pull` does")
def _():
    procedure = next(block for block in blocks(README) if "\nwhile " in block)
    with Home() as home:
        home.run("build/bin/postern user add 1001 --card 12345678 --name Ann --doors 1,2")
        show_cards(home.daemon, 440)
        check(home.run(procedure).split(), ["440"])
        with open(os.path.join(home.work, "records"), encoding="utf-8") as file:
            got = [tuple(line.split()) for line in file]
        rows = [json.loads(line) for line in home.run("build/bin/postern records pull --json").splitlines()]
        check(got, [(str(row["RecNo"]), str(row["CreateTime"]), row["UserID"]) for row in rows])
        seconds = len({create_time for _, create_time, _ in got})
        ensure(seconds < 220, f"records share their seconds: {seconds} seconds")
        # The text is what is tested: without dropping what came twice it does not end well.
        doubled = procedure.replace("sort -n -u -k 1,1", "sort -n -k 1,1")
        status, out, _ = run(["timeout", "5", *home.script(home.here(doubled))], cwd=home.work, env=home.env)
        ensure((status, out.split()) != (0, ["440"]), "the loop without de-duplication")
        # More records in a second than a page holds: said, and not looped on.
        crowded = home.script(home.here(procedure.replace("count=100", "count=2")))
        status, out, err = run(crowded, cwd=home.work, env=home.env)
        ensure(status == 1 and "than count" in err, f"{status} {out} {err}")
        return f"{len(got)} records in {seconds} s"


@test("man pages: every example of postern(1) runs")
def _():
    with Home() as home:
        found = examples("postern.1")
        check(len(found), 2, "blocks of postern(1)")
        printed = home.run_block(found[0])
        ensure(len(printed) >= 10, found[0])
        home.run("postern user add 1001 --card 12345678 --name Ann --doors 1,2")
        home.run_block(found[1])


@test("man pages: every example of posternd(8) runs")
def _():
    with Home() as home:
        found = examples("posternd.8")
        check(len(found), 6, "blocks of posternd(8)")
        for block in found:
            home.run_block(block)
        ensure(os.path.exists(f"{home.root}/second/.local/state/postern-demo/admin.password"),
               "a demo's state and password are where the documents look for them")


@test("man pages: the files of STATE are those that posternd(8) names")
def _():
    page = pathlib.Path(BUILD, "docs/posternd.8").read_text(encoding="utf-8")
    told = set(re.findall(r"STATE/([a-z.]+)(?=\s)", page))  # without those of an upgrade
    with Home() as home:
        status, _, err = run([program("posternd"), "backup", f"{home.work}/backup", "--state", home.state])
        check(status, 0, err)
        there = {re.sub(r"-(wal|shm|journal)$", "", name) for name in os.listdir(home.state)}
        check((there - told, told - there), (set(), set()), "files not told, files not there")


@test("man pages: exit statuses are as told")
def _():
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, "posternd.yaml")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("doors: none\n")
        for want, name, *words in ((0, "posternd", "--version"), (1, "posternd", "check", "--config", bad),
                                   (2, "posternd", "--config", bad), (2, "posternd", "--colour"),
                                   (1, "posternd", "init", "--state", folder + "/s", "--admin-password-file", folder),
                                   (0, "postern", "--version"), (2, "postern", "frobnicate"),
                                   (1, "postern", "format", "test", "W26", "00000000000000000000000000"),
                                   (3, "postern", "sim", "--state", folder, "lock", "1"),
                                   (3, "postern", "--device", "http://127.0.0.1:1", "--password-file", bad, "door",
                                    "list")):
            status, out, err = run([program(name), *words])
            check(status, want, f"{name} {words}: {out}{err}")
            check(err == "", want == 0, f"{name} {words}: words on standard error")


@test("man pages: every example of posternd.yaml(5) is good")
def _():
    found = examples("posternd.yaml.5")
    check(len(found), 3, "blocks of posternd.yaml(5)")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "posternd.yaml")
        for block in found:
            with open(path, "w", encoding="utf-8") as file:
                file.write(block)
            status, out, err = run([program("posternd"), "check", "--config", path])
            check((status, err), (0, ""), block)
            ensure("is good" in out, out)


@test("every `postern ...` in the documents names a command that there is")
def _():
    described = (line.split("\t") for line in run([program("postern"), "--describe"])[1].splitlines())
    known = {(row[1], row[2]) for row in described if row[0] == "command"}
    groups, seen = {group for group, _ in known}, 0
    for path in [ROOT / "README.md", ROOT / "NEWS.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for group, verb in re.findall(r"\bpostern (?:--state \S+ )?([a-z]+)(?: --state \S+)? ([a-z]+)", text):
            if group in groups:
                seen += 1
                ensure((group, verb) in known, f"{path.name}: there is no `postern {group} {verb}`")
    ensure(seen > 10, "commands in the documents are found")


if __name__ == "__main__":
    main()
