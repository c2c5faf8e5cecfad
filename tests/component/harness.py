# SPDX-License-Identifier: Apache-2.0
"""Tests that talk to the real daemon: a TAP runner, the daemon, sim, HTTP with digest, streams.

A test program:

    from harness import Daemon, check, main, test

    @test("a card opens the door")
    def _():
        with Daemon() as d:
            d.curl_ok("/cgi-bin/...")
            check(d.sim("lock 1"), "locked 0")

    main()

and is run as `python3 test_x.py BUILD_DIR`. Python 3.11, standard library only. Nothing sleeps
blindly: everything that is waited for has a limit.
"""
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ASK = "/cgi-bin/magicBox.cgi?action=getDeviceType"  # a request that changes nothing

WAIT_S = 15  # for what should be quick; a sanitized build on a busy machine is slow

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.getcwd()


# --- TAP ---

class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


class Failed(Exception):
    """A check that did not hold."""


_tests = []
_alive = []


def test(name):
    """@test("what holds"), or @test alone: then the function's name says it."""
    if callable(name):
        _tests.append((name.__name__.replace("_", " "), name))
        return name

    def add(function):
        _tests.append((name, function))
        return function
    return add


def check(got, want, what=""):
    """got equals want, or the test fails and says both."""
    if got != want:
        raise Failed(f"{what + ': ' if what else ''}got {got!r}, wanted {want!r}")


def ensure(condition, what):
    if not condition:
        raise Failed(what)


def wait_until(condition, what, timeout_s=WAIT_S):
    """Calls condition until it gives something true, and returns that."""
    limit = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > limit:
            raise Failed(f"waited {timeout_s} s in vain for: {what}")
        time.sleep(0.005)


def _run(number, name, function):
    try:
        figures = function()  # a test may return figures for its line
    except Skip as skip:
        print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        return True
    except Exception as error:  # a broken test is a failed test
        print(f"not ok {number} - {name}", flush=True)
        text = str(error) if isinstance(error, Failed) else ""
        for line in (text + "\n" + traceback.format_exc()).strip().splitlines():
            print(f"# {line}", flush=True)
        return False
    print(f"ok {number} - {name}" + (f": {figures}" if figures else ""), flush=True)
    return True


def main():
    """Runs every test in order and ends the program."""
    print(f"1..{len(_tests)}", flush=True)
    good = True
    try:
        for number, (name, function) in enumerate(_tests, 1):
            good = _run(number, name, function) and good
    finally:
        for daemon in list(_alive):
            daemon.close()
    sys.exit(0 if good else 1)


# --- programs ---

def program(name):
    """Path of a built program, wherever the build put it."""
    for place in ("src/daemon", "src/cli", "bin", "tests/component", "examples"):
        path = os.path.join(BUILD, place, name)
        if os.access(path, os.X_OK):
            return path
    raise Failed(f"{name} is not below {BUILD}: build it first")


def run(arguments, timeout_s=60, **options):
    """A command to its end: (status, stdout, stderr)."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout_s,
                          stdin=subprocess.DEVNULL, **options)
    return done.returncode, done.stdout, done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- HTTP ---

class Reply:
    """status, headers (names in lower case; a list of values each), body (bytes), raw head."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.head = head
        self.status = int(lines[0].split(" ")[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def values(self):
        """key=value lines as a dict."""
        pairs = (line.partition("=") for line in self.text.splitlines() if "=" in line)
        return {key: value for key, _, value in pairs}


class Connection:
    """One TCP connection, read byte-exact with a limit."""

    def __init__(self, address, timeout_s=WAIT_S):
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        """False at the end of the connection."""
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise EOFError(f"the connection ended before {mark!r}: {self.buffer[-200:]!r}")
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise EOFError("the connection ended within a body")
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def read_reply(self):
        head = self.read_until(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length:[ \t]*(\d+)", head)
        if length:
            return Reply(head, self.read_exactly(int(length.group(1))))
        if re.match(rb"HTTP/1\.[01] (1..|204|304)", head):
            return Reply(head, b"")
        while self.fill():
            pass
        body, self.buffer = self.buffer, b""
        return Reply(head, body)


class Digest:
    """Answers to one server's challenge; nc counts up as RFC 7616 wants."""

    def __init__(self, challenge, user, password):
        self.fields = dict(
            (key.lower(), quoted or plain)
            for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', challenge))
        self.user = user
        self.password = password
        self.count = 0

    def hash(self, text):
        sha = self.fields.get("algorithm", "MD5").upper().startswith("SHA-256")
        return (hashlib.sha256 if sha else hashlib.md5)(text.encode()).hexdigest()

    def header(self, method, target, uri=None):
        """Value of Authorization. uri: what is signed, when it is not the target as sent."""
        self.count += 1
        uri = target if uri is None else uri
        count = f"{self.count:08x}"
        cnonce = secrets.token_hex(8)
        field = self.fields
        first = self.hash(f"{self.user}:{field['realm']}:{self.password}")
        second = self.hash(f"{method}:{uri}")
        response = self.hash(f"{first}:{field['nonce']}:{count}:{cnonce}:auth:{second}")
        parts = [f'username="{self.user}"', f'realm="{field["realm"]}"',
                 f'nonce="{field["nonce"]}"', f'uri="{uri}"', f"nc={count}",
                 f'cnonce="{cnonce}"', "qop=auth", f'response="{response}"']
        if "algorithm" in field:
            parts.append(f"algorithm={field['algorithm']}")
        if "opaque" in field:
            parts.append(f'opaque="{field["opaque"]}"')
        return "Digest " + ", ".join(parts)


class Stream:
    """A multipart event stream that stays open. Iterating gives each part's dict or text."""

    def __init__(self, daemon, target, user, password, timeout_s):
        digest = daemon.digest(user, password)
        self.connection = daemon.connect(timeout_s)
        self.connection.send(
            f"GET {target} HTTP/1.1\r\nHost: {daemon.host}\r\n"
            f"Authorization: {digest.header('GET', target)}\r\n\r\n".encode())
        head = self.connection.read_until(b"\r\n\r\n")
        self.reply = Reply(head, b"")
        if self.reply.status != 200:
            raise Failed(f"stream refused: {head!r}")
        kind = self.reply.headers["content-type"][0]
        self.boundary = re.search(r'boundary="?([^";]+)', kind).group(1).encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def part(self):
        """(head lines, payload bytes) of the next part."""
        before = self.connection.read_until(b"--" + self.boundary + b"\r\n")
        ensure(before.strip() == b"", f"bytes between parts: {before!r}")
        head = self.connection.read_until(b"\r\n\r\n").decode().split("\r\n")
        length = [line.split(":")[1] for line in head if line.lower().startswith("content-length")]
        return head, self.connection.read_exactly(int(length[0]))

    def next(self):
        """The next event, or the text Heartbeat.

        snapManager: a dict of the lines. eventManager: a dict of Code, action, index and the JSON
        of data, parsed.
        """
        payload = self.part()[1].decode()
        if payload.strip() == "Heartbeat":
            return "Heartbeat"
        event = re.match(r"Code=([^;]*);action=([^;]*);index=([^;]*)(?:;data=(.*))?\Z", payload,
                         re.DOTALL)
        if event:
            code, action, index, data = event.groups()
            return {"Code": code, "action": action, "index": index,
                    "data": json.loads(data) if data else None}
        pairs = (line.partition("=") for line in payload.splitlines() if "=" in line)
        return {key: value for key, _, value in pairs}

    def event(self):
        """The next event, heartbeats left out."""
        while True:
            got = self.next()
            if got != "Heartbeat":
                return got

    def __iter__(self):
        while True:
            try:
                yield self.next()
            except EOFError:
                return


# --- the daemon ---

class Daemon:
    """`posternd --demo` in a folder of its own, ready when the constructor returns.

    state: a folder to use (again); it is not removed then. config: text of a configuration file to
    use instead of --demo ({http} is replaced by a free address). arguments: more of them.
    """

    def __init__(self, state=None, config=None, arguments=(), env=None, wait_ready=True,
                 binary="posternd"):
        self.folder = tempfile.mkdtemp(prefix="postern-")
        self.state = state or os.path.join(self.folder, "state")
        self.lines = []
        self.banner = ""
        self.changed = threading.Condition()
        self.ended = False
        self.command = [program(binary), "--state", self.state, *arguments]
        if config is None:
            self.command += ["--demo"]
            if "--http" not in arguments:
                self.command += ["--http", "127.0.0.1:0"]
        else:
            path = os.path.join(self.folder, "posternd.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config.replace("{http}", f"127.0.0.1:{free_port()}"))
            self.command += ["--config", path]
        self.env = {**os.environ, **(env or {})}
        self.start(wait_ready)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, wait_ready=True):
        """Starts (again), with the same command."""
        self.ended = False
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, env=self.env,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        _alive.append(self)
        first = len(self.lines)
        self.readers = [
            threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True),
            threading.Thread(target=self._read_banner, args=(self.process.stdout,), daemon=True)]
        for thread in self.readers:
            thread.start()
        if wait_ready:
            line = self.wait_log("ready: http://", first)
            self.url = "http://" + line.split("http://", 1)[1].strip()
            self.host = self.url[len("http://"):]
            address, port = self.host.rsplit(":", 1)
            self.address = (address.strip("[]"), int(port))
            self.wait_answer()

    def _read_log(self, pipe):
        for line in pipe:
            with self.changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _read_banner(self, pipe):
        for line in pipe:
            with self.changed:
                self.banner += line.decode("utf-8", "replace")
                self.changed.notify_all()

    @property
    def log(self):
        with self.changed:
            return "\n".join(self.lines)

    def wait_log(self, words, first=0, timeout_s=WAIT_S):
        """The first line from line number first on that holds words."""
        limit = time.monotonic() + timeout_s
        at = first
        with self.changed:
            while True:
                while at < len(self.lines):
                    if words in self.lines[at]:
                        return self.lines[at]
                    at += 1
                left = limit - time.monotonic()
                if left <= 0 or self.ended:
                    raise Failed(f"no log line with {words!r}; the log:\n" + "\n".join(self.lines))
                self.changed.wait(left)

    def mark(self):
        """Number of the next log line, for wait_log's first."""
        with self.changed:
            return len(self.lines)

    def wait_banner(self, words, timeout_s=WAIT_S):
        with self.changed:
            if not self.changed.wait_for(lambda: words in self.banner, timeout_s):
                raise Failed(f"no {words!r} on standard output:\n{self.banner}")
            return self.banner

    # processes

    def pid(self, role):
        """The role's process now (of its latest start)."""
        found = re.findall(rf"{role} started as process (\d+)", self.log)
        ensure(found, f"{role} was never started")
        return int(found[-1])

    def kill_role(self, role, number=signal.SIGKILL):
        pid = self.pid(role)
        os.kill(pid, number)
        return pid

    def wait_answer(self, timeout_s=WAIT_S):
        """Waits until HTTP answers: gate says 503 until it has greeted core."""
        def answers():
            try:
                return self.raw(f"GET {ASK} HTTP/1.1\r\nHost: {self.host}\r\n"
                                "Connection: close\r\n\r\n".encode()).status != 503
            except OSError:
                return False
        wait_until(answers, "an answer over HTTP", timeout_s)

    def wait_restart(self, role, first):
        """Waits until role is ready again, from log line first on, and HTTP answers."""
        self.wait_log(f"{role} is ready", first)
        self.wait_answer()

    def wait_end(self, timeout_s=WAIT_S):
        """The daemon's exit status, when it ends by itself."""
        status = self.process.wait(timeout_s)
        for thread in self.readers:
            thread.join(timeout_s)
        if self in _alive:
            _alive.remove(self)
        return status

    def stop(self, number=signal.SIGTERM, timeout_s=WAIT_S):
        """Ends the daemon in order (or by SIGKILL) and gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait_end(timeout_s)

    def close(self):
        """Ends what is left and removes the folder."""
        try:
            if self in _alive:
                self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait_end()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # people

    @property
    def password(self):
        with open(os.path.join(self.state, "admin.password"), encoding="utf-8") as file:
            return file.readline().rstrip("\n")

    def sim(self, command, fail_ok=False, timeout_s=70):
        """One request (a capture may have several lines); the reply's words after `ok`."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout_s)
            sock.connect(os.path.join(self.state, "sim.sock"))
            sock.sendall(command.encode() + b"\n")
            with sock.makefile("r", encoding="utf-8") as lines:
                reply = lines.readline().rstrip("\n")
        if reply == "ok" or reply.startswith("ok "):
            return reply[3:]
        if fail_ok:
            return reply
        raise Failed(f"sim {command!r}: {reply!r}")

    def locked(self, door):
        return self.sim(f"lock {door}").startswith("locked")

    def lock_count(self, door):
        return int(self.sim(f"lock {door}").split(" ")[1])

    def wait_lock(self, door, unlocked, timeout_s=WAIT_S):
        wait_until(lambda: self.locked(door) != unlocked,
                   f"door {door} {'unlocked' if unlocked else 'locked'}", timeout_s)

    # HTTP

    def connect(self, timeout_s=WAIT_S):
        return Connection(self.address, timeout_s)

    def raw(self, data, timeout_s=WAIT_S):
        """Sends bytes as they are and reads one reply."""
        with self.connect(timeout_s) as connection:
            connection.send(data)
            return connection.read_reply()

    def challenges(self):
        """Values of WWW-Authenticate."""
        reply = self.raw(f"GET {ASK} HTTP/1.1\r\nHost: {self.host}\r\n"
                         "Connection: close\r\n\r\n".encode())
        check(reply.status, 401, "a request without credentials")
        return reply.headers["www-authenticate"]

    def digest(self, user="admin", password=None, algorithm="MD5"):
        """A fresh Digest to sign requests with."""
        for challenge in self.challenges():
            digest = Digest(challenge, user, self.password if password is None else password)
            if digest.fields.get("algorithm", "MD5").upper() == algorithm.upper():
                return digest
        raise Failed(f"no {algorithm} challenge")

    def request(self, target, method="GET", body=None, headers=None, user="admin", password=None,
                digest=None, timeout_s=WAIT_S):
        """One signed request on a connection of its own."""
        digest = digest or self.digest(user, password)
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}",
                 f"Authorization: {digest.header(method, target)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""), timeout_s)

    def get(self, target, **options):
        """Body of a request that must be answered 200."""
        reply = self.request(target, **options)
        ensure(reply.status == 200, f"{target}: {reply.status} {reply.text!r}")
        return reply.text

    def curl(self, target, *arguments, user="admin", password=None):
        """curl as people use it: (HTTP status, body)."""
        if shutil.which("curl") is None:
            raise Skip("curl is not installed")
        secret = self.password if password is None else password
        status, out, err = run(["curl", "-sS", "-g", "--max-time", "30", "--digest", "-u",
                                f"{user}:{secret}", "-w", "\n%{http_code}", *arguments,
                                self.url + target])
        ensure(status == 0, f"curl {target}: exit {status}: {err}")
        body, _, code = out.rpartition("\n")
        return int(code), body

    def curl_ok(self, target, *arguments, **options):
        code, body = self.curl(target, *arguments, **options)
        ensure(code == 200, f"curl {target}: {code} {body!r}")
        return body

    def stream(self, target, user="admin", password=None, timeout_s=WAIT_S):
        """An open event stream; use it in `with`."""
        return Stream(self, target, user, password, timeout_s)

    def postern(self, *arguments, user="admin", **options):
        """The CLI against this daemon: (status, stdout, stderr)."""
        secret = os.path.join(self.state, "admin.password")
        return run([program("postern"), "--device", self.url, "--user", user, "--password-file",
                    secret, *arguments], **options)
