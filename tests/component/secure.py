# SPDX-License-Identifier: Apache-2.0
"""A daemon reached over TLS, and networks of a test's own.

secure(daemon) gives the same daemon with every request over https. own_network() puts this whole
program into a network namespace with addresses of 10.1.0.0/16, 10.2.0.0/16 and fd01::/64, fd02::/64,
where the machine allows that.
"""
import copy
import ctypes
import fcntl
import os
import re
import socket
import ssl
import struct

from harness import Connection, Skip, WAIT_S, ensure

PIN = re.compile(r"https on (\S+); public key (sha256//\S+); certificate SHA-256 (\S+)")


def https_line(daemon):
    """(address, pin, SHA-256) of the latest start."""
    found = PIN.findall(daemon.log)
    ensure(found, f"no line about https:\n{daemon.log}")
    return found[-1]


def context_of(path):
    """Trusts the certificate (or CA) of a file, names checked."""
    context = ssl.create_default_context(cafile=path)
    context.check_hostname = True
    return context


def wrap(connection, context, name="127.0.0.1"):
    connection.socket = context.wrap_socket(connection.socket, server_hostname=name)
    return connection


def secure(daemon, cafile=None):
    """A copy that speaks TLS; the daemon itself stays the caller's to close."""
    text = https_line(daemon)[0]
    host, port = text.rsplit(":", 1)
    view = copy.copy(daemon)
    view.address = (host.strip("[]"), int(port))
    view.host = text
    view.url = "https://" + text
    context = context_of(cafile or os.path.join(daemon.state, "tls.crt"))
    view.connect = lambda timeout_s=WAIT_S: wrap(Connection(view.address, timeout_s), context,
                                                 view.address[0])
    return view


CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
IFF_UP_RUNNING_LOOPBACK = 0x1 | 0x40 | 0x8


def _address4(name, address, mask):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for call, text in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, mask)):
            request = struct.pack("16sH2s4s8s", name, socket.AF_INET, b"", socket.inet_aton(text),
                                  b"")
            fcntl.ioctl(sock, call, request)


def more_address(address, bits):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        request = socket.inet_pton(socket.AF_INET6, address) + struct.pack(
            "Ii", bits, socket.if_nametoindex("lo"))
        fcntl.ioctl(sock, SIOCSIFADDR, request)


def own_network():
    """Before any thread and daemon. Skip where it is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if libc.unshare(flags) != 0:
        raise Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                           ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS,
                    struct.pack("16sH14s", b"lo", IFF_UP_RUNNING_LOOPBACK, b""))
    _address4(b"lo:1", "10.1.0.1", "255.255.0.0")
    _address4(b"lo:2", "10.2.0.1", "255.255.0.0")
    for address in ("fd01::1", "fd02::1"):
        more_address(address, 64)
