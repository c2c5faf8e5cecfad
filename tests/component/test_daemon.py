#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""posternd as a person meets it: its command line, its first account, the demo's welcome."""
import os
import signal
import socket
import stat
import tempfile
import time

from harness import Daemon, Failed, Skip, check, ensure, free_port, main, program, run, test

CONFIG = """lines: simulated
http:
  listen: {http}
doors:
  - index: 0
    id: front
readers:
  - number: 1
    door: front
"""
INFO = "/cgi-bin/magicBox.cgi?action=getDeviceType"


def posternd(*arguments, **options):
    return run([program("posternd"), *arguments], **options)


def refused(words, *arguments, status=2):
    got, out, err = posternd(*arguments)
    check(got, status, " ".join(arguments))
    check(out, "")
    ensure(words in err, f"{arguments}: {err!r} does not say {words!r}")


@test("the command line says what is wrong with it")
def _():
    refused("say either --config FILE or --demo")
    refused("unknown word `frobnicate`", "frobnicate")
    refused("unknown word `--colour`", "--demo", "--colour")
    refused("say either --config FILE or --demo", "--demo", "--config", "x")
    refused("--config needs a value", "--config")
    refused("--state needs a value", "--demo", "--state=")
    refused("does not go with this command", "check", "--config", "x", "--demo")
    refused("--http, --https and --insecure-demo go with --demo", "--config", "x", "--http", "127.0.0.1:1")
    refused("video is not in this version", "--demo", "--rtsp", "127.0.0.1:8554")
    refused("usage: posternd init --state DIR --admin-password-file FILE", "init")
    refused("usage: posternd check --config FILE", "check")
    refused("usage: posternd certificate [--config FILE] [--state DIR]", "certificate", "--renew")
    refused("--renew does not go with this command", "check", "--config", "x", "--renew")
    refused("cannot read /nowhere/tls.crt: posternd makes it", "certificate", "--state", "/nowhere", status=1)
    refused("--role is for posternd's own processes", "--role", "core")
    refused("there is no role `door`", "--role", "door")


@test("help names every command and every setting")
def _():
    status, out, err = posternd("--help")
    check((status, err), (0, ""))
    for word in ("--config FILE", "--demo", "init --state", "check --config", "--insecure-demo",
                 "--https ADDR:PORT", "certificate [--config", "compat_http", "open_door",
                 "lines", "unlock", "listen", "commit_wait"):
        ensure(word in out, f"--help does not name {word}")
    status, out, _ = posternd("--version")
    check(status, 0)
    ensure(out.startswith("posternd ") and out.strip()[-1].isdigit(), f"version: {out!r}")


@test("the demo stays on loopback unless it is told otherwise")
def _():
    with tempfile.TemporaryDirectory() as folder:
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8080"):
            refused("listens on loopback only", "--demo", "--state", folder, "--http", address)
            refused("listens on loopback only", "--demo", "--state", folder, "--https", address)
        for address in ("nonsense", "8080", "127.0.0.1:65536", "localhost:8080", "127.0.0.1"):
            refused("is no IP address and port", "--demo", "--state", folder, "--http", address)
        check(os.listdir(folder), [])
    with Daemon(arguments=("--http", "0.0.0.0:0", "--insecure-demo")) as d:
        ensure(d.url.startswith("http://0.0.0.0:"), d.url)


@test("a port that is taken is told before a database is made")
def _():
    with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused("another program uses this port", "--demo", "--state", folder,
                "--http", f"127.0.0.1:{port}", status=1)
        check(os.listdir(folder), ["posternd.lock"])


@test("check judges a configuration file")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "posternd.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG.replace("{http}", "127.0.0.1:8080"))
        status, out, err = posternd("check", "--config", path)
        check((status, out, err), (0, f"{path} is good: 1 door, 1 reader\n", ""))
        with open(path, "a", encoding="utf-8") as file:
            file.write("dors: []\n")
        refused(f"{path}:10:1: ", "check", "--config", path, status=1)
        refused("cannot read /nonexistent/x: No such file", "check", "--config", "/nonexistent/x",
                status=1)


THIRD_PARTY = CONFIG + """    formats: [acme-40, W26]
formats:
  - name: acme-40
    bits: 40
    card: 17-36
    facility: 1-8
    issue: 37-38
    constant: 9-16=00000001
    parity: [0 even 1-19, 39 odd 20-38]
    facilities: [57]
"""


@test("check remarks on what a card format leaves open")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "posternd.yaml", THIRD_PARTY.replace("{http}", "127.0.0.1:8080"))
        status, out, err = posternd("check", "--config", path)
        check((status, out, err), (0, f"{path} is good: 1 door, 1 reader\n"
              "format acme-40: `issue` is read but not part of the number a card is enrolled by\n", ""))


@test("a card of a format that only the file describes opens; other sites and torn frames do not")
def _():
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state")
        posternd("init", "--state", state, "--admin-password-file", write(folder, "password", "correct horse"))
        with Daemon(state=state, config=THIRD_PARTY) as d:
            for number in (57 * 1048576 + 654321, 58 * 1048576 + 654321):
                card = ENROL.replace("305419896&UserID=7", f"{number}&UserID={number}")
                ensure(d.get(card, password="correct horse").startswith("RecNo="), "enrolled")
            before = d.lock_count(1)
            for bits in ("0001110010000000110011111101111110001010",    # parity
                         "0001110010000001010011111101111110001011",    # constant
                         "0001110100000000110011111101111110001011",    # site 58
                         "000111001000000011001111110111111000101",     # 39 bits
                         "10111101110110010011011101"):                 # a W26 card nobody has
                check(d.sim("bits 1 " + bits), "")
            check(d.lock_count(1), before)
            check(d.sim("bits 1 0001110010000000110011111101111110001011"), "")
            d.wait_lock(1, True, timeout_s=2)
            check(d.lock_count(1), before + 1)
            d.wait_lock(1, False, timeout_s=5)
            check(d.sim("card 1 60423153 ACME-40"), "")
            d.wait_lock(1, True, timeout_s=2)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@test("init makes the first account, once")
def _():
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state")

        def init(text):
            return posternd("init", "--state", state, "--admin-password-file",
                            write(folder, "password", text))

        for text, words in (("1234567\n", "8 to 128 bytes, not 7"), ("", "not 0"),
                            ("\nlong enough\n", "not 0"), ("x" * 129, "not 129"),
                            ("tab\tin password\n", "no readable text")):
            status, _, err = init(text)
            check(status, 1, repr(text))
            ensure(words in err, err)
        ensure(not os.path.exists(state), "a refused password made STATE")
        status, out, err = init("correct horse\r\nanother line\n")
        check((status, out, err), (0, f"made account `admin` in {state}\n", ""))
        status, _, err = init("something else\n")
        check(status, 1)
        ensure("has an account already" in err, err)
        with Daemon(state=state, config=CONFIG) as d:
            ensure("nobody can log in" not in d.log, d.log)
            check(d.request(INFO, password="correct horse").status, 200)
            check(d.request(INFO, password="something else").status, 401)
            status, _, err = init("correct horse\n")
            check(status, 1)
            ensure("another posternd uses" in err, err)


@test("a device without account starts and says how to claim it")
def _():
    with Daemon(config=CONFIG) as d:
        d.wait_log(f"run `posternd init --state {d.state} --admin-password-file FILE`")
        ensure(not os.path.exists(os.path.join(d.state, "admin.password")), "a password was made")


@test("the demo makes a password that only its user can read")
def _():
    with Daemon() as d:
        path = os.path.join(d.state, "admin.password")
        check(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        check(stat.S_IMODE(os.stat(os.path.join(d.state, "sim.sock")).st_mode), 0o600)
        check(stat.S_IMODE(os.stat(d.state).st_mode), 0o700)
        first = d.password
        ensure(len(first) == 20, first)
        ensure(first not in d.log and first not in d.banner, "the password was printed")
        check(d.request(INFO).status, 200)
        check(d.stop(), 0)
        d.start()
        check(d.password, first)
        check(d.request(INFO).status, 200)


@test("the commands of the demo's welcome work as they are")
def _():
    with tempfile.TemporaryDirectory(prefix="it's a test ") as folder:
        with Daemon(state=os.path.join(folder, "state")) as d:
            banner = d.wait_banner("Ctrl-C ends the demo")
            commands = [line.strip() for line in banner.splitlines()
                        if line.startswith("  ") and line.strip()]
            check(len(commands), 4)
            path = os.path.dirname(program("postern")) + ":" + os.environ["PATH"]

            def paste(command):
                if command.startswith("curl") and run(["sh", "-c", "command -v curl"])[0] != 0:
                    raise Skip("curl is not installed")
                status, out, err = run(["sh", "-c", command], env={**os.environ, "PATH": path})
                check(status, 0, f"{command}: {err}")
                return out

            ensure(paste(commands[0]).startswith("RecNo="), commands[0])
            paste(commands[1])
            d.wait_lock(1, True)
            ensure(paste(commands[2]).startswith("unlocked 1"), commands[2])
            ensure("records[0].UserID=1001" in paste(commands[3]), commands[3])


ENROL = ("/cgi-bin/recordUpdater.cgi?action=insert&name=AccessControlCard"
         "&CardNo=305419896&UserID=7&Doors[0]=0")


@test("a card opens within 2 s after any role was killed, and no relay clicks twice")
def _():
    with Daemon() as d:
        ensure(d.get(ENROL).startswith("RecNo="), "enrolled")
        for role in ("sim", "gate", "core"):
            before = d.lock_count(1)
            first = d.mark()
            d.kill_role(role)
            d.wait_restart(role, first)
            check(d.lock_count(1), before, f"openings by the restart of {role}")
            check(d.sim("card 1 305419896"), "")
            d.wait_lock(1, True, timeout_s=2)
            check(d.lock_count(1), before + 1)
            check(d.get("/cgi-bin/accessControl.cgi?action=closeDoor&channel=1").strip(), "OK")
            d.wait_lock(1, False, timeout_s=2)


@test("a card reaches every subscriber and the records under one RecNo")
def _():
    snap = "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[All]&heartbeat=5"
    event = "/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=5"
    with Daemon() as d:
        d.get(ENROL)
        with d.stream(snap) as one, d.stream(snap) as other, d.stream(event) as third:
            d.sim("card 1 305419896")
            first = one.event()
            check(other.event(), first)
            check(first["Events[0].Code"], first["Events[0].EventBaseInfo.Code"])
            number = [value for key, value in first.items() if key.endswith(".RecNo")][0]
            check(str(third.event()["data"]["RecNo"]), number)
            rows = d.get("/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec")
            ensure("found=1" in rows and f"records[0].RecNo={number}" in rows, rows)


@test("an open door is locked when core is killed or stopped")
def _():
    with Daemon() as d:
        for number in (signal.SIGKILL, signal.SIGSTOP):
            opened = d.get("/cgi-bin/accessControl.cgi?action=openDoor&channel=2&UserID=1&Type=Remote")
            check(opened.strip(), "OK")
            d.wait_lock(2, True)
            first = d.mark()
            d.kill_role("core", number)
            d.wait_log("door 2 driven to its fail state: locked", first, timeout_s=3)
            check(d.locked(2), True)
            d.wait_restart("core", first)
            check(d.locked(2), True)


@test("the end of the daemon leaves no process and no open door")
def _():
    for number, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)):
        with Daemon() as d:
            pids = [d.pid(role) for role in ("core", "gate", "sim")]
            d.get("/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID=1&Type=Remote")
            d.wait_lock(1, True)
            handles = [os.pidfd_open(pid) for pid in pids]
            check(d.stop(number), status)
            for handle in handles:
                wait_ended(handle)
            d.start()
            check(d.sim("lock 1"), "locked 1")


def wait_ended(handle):
    import select
    ended, _, _ = select.select([handle], [], [], 5)
    os.close(handle)
    if not ended:
        raise Failed("a role outlived its supervisor")


@test("systemd is told READY, and WATCHDOG while the daemon lives")
def _():
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = os.path.join(folder, "notify")
            notify.bind(path)
            notify.settimeout(10)
            with Daemon(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}) as d:
                got = set()
                while not {"READY=1", "WATCHDOG=1"} <= got:
                    got.add(notify.recv(4096).decode().split("\n")[0])
                with open(f"/proc/{d.pid('gate')}/environ", "rb") as file:
                    ensure(b"NOTIFY_SOCKET" not in file.read(), "gate may speak to systemd")
                check(d.stop(), 0)
                while "STOPPING=1" not in got:
                    got.add(notify.recv(4096).decode().split("\n")[0])


@test("systemd hears no WATCHDOG while gate does not answer, and hears it again when it does")
def _():
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path, late = os.path.join(folder, "notify"), os.path.join(folder, "late")
            notify.bind(path)
            notify.settimeout(10)
            with Daemon(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000", "FAKE_CORE": "beat",
                             "FAKE_GATE": "late", "FAKE_GATE_LATE": late},
                        wait_ready=False, binary="posternd_fake") as d:
                while notify.recv(4096) != b"READY=1":
                    pass
                d.wait_log("gate is ready")
                with open(late, "w", encoding="utf-8"):
                    pass
                os.kill(d.pid("gate"), signal.SIGKILL)
                d.wait_log("gate was ended by signal 9")
                limit = time.monotonic() + 20
                notify.settimeout(1.5)  # more than seven times the interval
                fed = 0
                try:  # while it is given time to start, then no more
                    while time.monotonic() < limit:
                        check(notify.recv(4096), b"WATCHDOG=1")
                        fed += 1
                except TimeoutError:
                    pass
                ensure(time.monotonic() < limit and fed > 10, f"told {fed} times")
                os.remove(late)
                os.kill(d.pid("gate"), signal.SIGKILL)
                notify.settimeout(10)
                check(notify.recv(4096), b"WATCHDOG=1")


@test("a configuration with a free port serves there")
def _():
    port = free_port()
    with Daemon(config=CONFIG.replace("{http}", f"127.0.0.1:{port}")) as d:
        check(d.address, ("127.0.0.1", port))
        check(len(d.challenges()) >= 1, True)


main()
