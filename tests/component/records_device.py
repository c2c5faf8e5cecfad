# SPDX-License-Identifier: Apache-2.0
"""A device that is not ours, with a ring of access records and event streams whose events carry no
RecNo, and a proxy that cuts connections. For test_records.py."""
import bisect
import hashlib
import http.server
import queue
import re
import select
import socket
import struct
import threading
import urllib.parse

REALM, USER, PASSWORD = "Login to 7J0A8D6PAJ00001", "admin", "admin123"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class RecordsDevice(http.server.ThreadingHTTPServer):
    """rows: [(CreateTime, RecNo)], oldest first. before_page(number of the page, from 1) may change
    the device, and may return "close": the connection ends without an answer."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, rows=(), total=True, before_page=None, one_connection=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.times = [row[0] for row in rows]
        self.numbers = [row[1] for row in rows]
        self.total, self.before_page = total, before_page
        self.one_connection = one_connection  # while a stream is open, nothing else is answered
        self.pages = 0
        self.boot = 0  # nonces are of one boot
        self.streams = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop_streams()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def restart(self):
        with self.lock:
            self.boot += 1
        self.drop_streams()

    def drop_streams(self):
        for stream in list(self.streams):
            stream.put(None)

    def overwrite(self, count):
        """The ring takes its oldest records."""
        with self.lock:
            del self.times[:count]
            del self.numbers[:count]

    def append(self, when, number=None, event=True):
        with self.lock:
            self.times.append(when)
            self.numbers.append(self.numbers[-1] + 1 if number is None else number)
        if event:
            for stream in list(self.streams):
                stream.put(when)

    def find(self, query):
        with self.lock:
            self.pages += 1
            page = self.pages
        if self.before_page is not None and self.before_page(page) == "close":
            return None
        with self.lock:
            first = bisect.bisect_left(self.times, int(query.get("StartTime", 0)))
            last = bisect.bisect_right(self.times, int(query.get("EndTime", 1 << 40)))
            found = max(0, min(last - first, int(query.get("count", 1024))))
            lines = [f"totalCount={max(0, last - first)}"] if self.total else []
            lines.append(f"found={found}")
            for i in range(found):
                lines.append(f"records[{i}].CardNo=12001\r\nrecords[{i}].CreateTime={self.times[first + i]}\r\n"
                             f"records[{i}].RecNo={self.numbers[first + i]}\r\nrecords[{i}].UserID=102")
        return ("\r\n".join(lines) + "\r\n").encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, body, extra=()):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def proven(self):
        header = self.headers.get("Authorization", "")
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        if not header.startswith("Digest ") or fields.get("nonce") != f"boot{self.server.boot}":
            return False
        wanted = md5(":".join([md5(f"{USER}:{REALM}:{PASSWORD}"), fields["nonce"], fields["nc"],
                               fields["cnonce"], "auth", md5("GET:" + self.path)]))
        return fields.get("response") == wanted

    def do_GET(self):
        device = self.server
        if device.one_connection and device.streams:
            return
        if not self.proven():
            self.reply(401, b"Error\r\nInvalid Authority!\r\n", [(
                "WWW-Authenticate", f'Digest realm="{REALM}",qop="auth",nonce="boot{device.boot}",opaque="9a"')])
            return
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if path.endswith("snapManager.cgi"):
            self.stream(int(query["heartbeat"]))
            return
        body = device.find(query)
        if body is not None:
            self.reply(200, body)

    def part(self, body):
        self.wfile.write(b"--myboundary\r\nContent-Type: text/plain\r\nContent-Length:%d\r\n\r\n%s\r\n\r\n"
                         % (len(body), body))

    def stream(self, heartbeat):
        events = queue.Queue()
        self.server.streams.append(events)
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\n"
                             b"Content-Type: multipart/x-mixed-replace; boundary=myboundary\r\n\r\n")
            waited = 0
            while True:
                try:
                    when = events.get(timeout=0.05)
                except queue.Empty:
                    if select.select([self.connection], [], [], 0)[0]:
                        return  # the client has closed it
                    waited += 0.05
                    if waited >= heartbeat:
                        waited = 0
                        self.part(b"Heartbeat")
                    continue
                if when is None:
                    return
                self.part(b"Events[0].EventBaseInfo.Code=AccessControl\r\nEvents[0].CreateTime=%d\r\n"
                          b"Events[0].UserID=102\r\n" % when)
        except OSError:
            pass
        finally:
            self.server.streams.remove(events)
            self.close_connection = True


class Proxy:
    """Hands bytes on between a client and (host, port), until cut() ends all connections."""

    def __init__(self, target):
        self.target, self.pairs, self.lock = target, set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def cut(self):
        """How many connections were cut."""
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            for end in pair:
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        return len(pairs)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            pair = (client, server)
            with self.lock:
                self.accepted += 1
                self.pairs.add(pair)
            for one, other in (pair, pair[::-1]):
                threading.Thread(target=self._copy, args=(one, other, pair), daemon=True).start()

    def _copy(self, source, sink, pair):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        with self.lock:
            self.pairs.discard(pair)
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
