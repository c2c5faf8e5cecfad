#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a controller does: postern status, and the same as metrics that a real parser of Prometheus'
text format reads. Values are compared with what was made to happen."""
import calendar
import json
import os
import re
import signal
import subprocess
import sys
import time

from harness import Daemon, Skip, check, ensure, free_port, main, program, run, test, wait_until
from people import CONFIG, House, insert, present

# Debian's package, which another python3 in front does not look for.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
METRICS = "/cgi-bin/accessControl.cgi?action=getMetrics"
OPEN = CONFIG.replace("  listen: {http}\n", "  listen: {http}\n  metrics: [127.0.0.1]\n")


def status(d, *words, code=0):
    """The JSON of postern status, with its exit status checked."""
    got, out, err = run([program("postern"), "--device", d.url, "--password-file",
                         os.path.join(d.state, "admin.password"), "status", "--json", *words])
    check((got, err), (code, ""), f"{words}: {out}")
    return json.loads(out)


def names(value):
    return sorted(alarm["name"] for alarm in value["alarms"])


def parsed(text):
    """{(name, labels): value} by a real parser, which refuses what is no such text."""
    if text_string_to_metric_families is None:
        raise Skip("python3-prometheus-client is not installed")
    values = {}
    for family in text_string_to_metric_families(text):
        ensure(family.documentation and family.type != "unknown", f"{family.name} has no HELP or TYPE")
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            ensure(key not in values, f"{key} stands twice")
            values[key] = sample.value
    return values


def metrics(d):
    return parsed(d.get(METRICS))


def of(values, name, **labels):
    return values[(name, tuple(sorted(labels.items())))]


@test("a sound controller is good, and its figures are those of what happened")
def _():
    with House() as d:
        insert(d, "one", 111)
        present(d, 1, 111)
        present(d, 1, 999)
        wait_until(lambda: status(d)["readers"][0]["frames"] == 2, "two frames")
        got = status(d)
        check((got["good"], got["alarms"], got["clock_trusted"], got["store_failed"]),
              (True, [], True, False))
        ensure(abs(got["clock_offset_ms"]) <= got["clock_within_ms"] + 2, got["clock_offset_ms"])
        check((got["records_first"], got["records_last"], got["records_kept"], got["records_max"]),
              (1, 2, 2, 1000000))
        check(got["records_days_left"], 36500, "two a day would take more than a century")
        check((got["persons"], got["persons_max"]), (1, 20000))
        ensure(0 < got["sync_p50_us"] <= got["sync_p99_us"], got)
        ensure(got["sync_count"] >= 3, got["sync_count"])
        check((got["backup_age_s"], got["backup_rec_no"], got["certificate_not_after_s"]),
              (None, None, None))
        check([(door["channel"], door["id"], door["forced"]) for door in got["doors"]],
              [(1, "front", False), (2, "back", False)])
        check([(r["number"], r["door"]) for r in got["readers"]],
              [(1, "front"), (2, "back"), (3, "front"), (4, "back")])
        check([(role["name"], role["restarts"], role["latest_ago_s"]) for role in got["roles"]],
              [("core", 0, None), ("gate", 0, None), ("sim", 0, None)])
        code, out, err = run([program("postern"), "--device", d.url, "--password-file",
                              os.path.join(d.state, "admin.password"), "status"])
        check((code, err), (0, ""))
        ensure("records      2 kept of at most 1000000" in out and out.endswith("\ngood\n"), out)


@test("postern(1) names every key of the JSON, and every alarm")
def _():
    with open(os.path.join(ROOT, "docs/man/postern.1.in"), encoding="utf-8") as file:
        page = file.read()
    page = page[page.index(".Sh MONITORING"):page.index(".Sh ENVIRONMENT")]
    with open(os.path.join(ROOT, "src/gate/status.c"), encoding="utf-8") as file:
        alarms = set(re.findall(r'"([A-Z][a-z]+[A-Z][A-Za-z]+)"', file.read()))
    alarms = {name for name in alarms if name not in (
        "LatestAgo", "HeldOpen")}
    with House() as d:
        got = status(d)
    keys = set(got) | {key for table in ("roles", "doors", "readers") for key in got[table][0]}
    told = set(re.findall(r"\w+", page))
    check((keys | alarms) - told, set(), "keys and alarms that the page leaves out")
    ensure(len(alarms) == 13, str(alarms))


@test("alarms stand while their cause does, and the exit status says so")
def _():
    with House(config=CONFIG.replace("readers:", "limits: {persons: 1}\nreaders:")) as d:
        d.sim("contact 2 closed")
        d.sim("contact 2 open")
        wait_until(lambda: status_any(d)["doors"][1]["forced"], "the door is forced")
        insert(d, "one", 111)
        got = status(d, code=1)
        check(names(got), ["DoorForced", "PersonsFull"])
        ensure("door back" in got["alarms"][1]["text"] or "door back" in got["alarms"][0]["text"], got)
        check(got["good"], False)
        d.sim("contact 2 closed")
        wait_until(lambda: names(status_any(d)) == ["PersonsFull"], "the alarm is over")
        d.sim("tamper 3")
        wait_until(lambda: "DoorTamper" in names(status_any(d)), "tampered")
        os.kill(d.pid("core"), signal.SIGKILL)
        wait_until(lambda: "RoleRestarted" in names(status_any(d)), "core was killed")
        core = status(d, code=1)["roles"][0]
        check((core["name"], core["restarts"]), ("core", 1))
        ensure(0 <= core["latest_ago_s"] < 60, core)


def status_any(d):
    """Whatever the exit status; {} while core restarts."""
    out = run([program("postern"), "--device", d.url, "--password-file",
               os.path.join(d.state, "admin.password"), "status", "--json"])[1]
    return json.loads(out) if out else {"alarms": [], "doors": [{}, {"forced": False}]}


@test("the latest backup is told over restarts, and too old a one is an alarm where that is asked")
def _():
    with House() as d:
        file = os.path.join(d.folder, "backup")
        check(names(status(d, "--max-backup-age", "100", code=1)), ["BackupOld"])
        present(d, 1, 7)
        check(run([program("posternd"), "backup", file, "--state", d.state])[0], 0)
        d.stop()
        d.start()
        got = status(d, "--max-backup-age", "100", "--max-offset", "5000")
        ensure(0 <= got["backup_age_s"] < 60, got["backup_age_s"])
        check(got["backup_rec_no"], 1)
        mark = os.path.join(d.state, "backup.latest")
        with open(mark, encoding="utf-8") as text:
            ensure(re.fullmatch(r"\d+ 1\n", text.read()), "two numbers")
        with open(mark, "w", encoding="utf-8") as text:
            text.write("1000000000 1\n")
        check(names(status(d, "--max-backup-age", "100", code=1)), ["BackupOld"])
        with open(mark, "w", encoding="utf-8") as text:
            text.write("rubbish\n")
        check(status(d)["backup_age_s"], None, "what cannot be read is not told")


@test("a certificate that ends soon is an alarm, the self-made one never ends")
def _():
    with Daemon(arguments=["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]) as d:
        check(status(d)["certificate_not_after_s"], None)
    with House() as d:
        key, crt = os.path.join(d.house, "k.pem"), os.path.join(d.house, "c.pem")
        check(run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                   "-nodes", "-days", "5", "-subj", "/CN=door", "-keyout", key, "-out", crt])[0], 0)
        text = CONFIG.replace("UNLOCK", "200ms") + (
            f"https:\n  listen: 127.0.0.1:0\n  certificate: {crt}\n  key: {key}\n").replace(
                "127.0.0.1:0", "127.0.0.1:" + str(free_port()))
        d.stop()
        with Daemon(state=d.state, config=text) as again:
            got = status(again, code=1)
            check(names(got), ["CertificateEnds"])
            end = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-enddate", "-dateopt",
                                  "iso_8601"], capture_output=True, text=True, check=True).stdout
            when = calendar.timegm(time.strptime(end.strip(), "notAfter=%Y-%m-%d %H:%M:%SZ"))
            check(got["certificate_not_after_s"], when)
            check(of(metrics(again), "postern_certificate_not_after_seconds"), when)


@test("metrics are read by Prometheus' parser and say what status says")
def _():
    with House() as d:
        insert(d, "one", 111)
        present(d, 1, 111)
        present(d, 1, 999)
        wait_until(lambda: status(d)["readers"][0]["frames"] == 2, "two frames")
        before, got = metrics(d), status(d)
        check(of(before, "postern_alarms"), 0)
        check(of(before, "postern_records_total"), got["records_last"])
        check(of(before, "postern_persons"), 1)
        check(of(before, "postern_decisions_total", reason="granted", granted="yes"), 1)
        check(of(before, "postern_decisions_total", reason="unknown_card", granted="no"), 1)
        check(of(before, "postern_entries_total", kind="door_unlocked"), 1)
        check(of(before, "postern_reader_frames_total", reader="1", door="front"), 2)
        check(of(before, "postern_door_forced", door="back"), 0)
        for name, least in (("decision", 2), ("record", 3), ("unlock", 1), ("disk_sync", 3)):
            name = f"postern_{name}_seconds"
            count = of(before, name + "_count")
            ensure(count >= least, f"{name}: {count}")
            buckets = sorted((float(key[1][0][1]), value) for key, value in before.items()
                             if key[0] == name + "_bucket")
            check(len(buckets), 16)
            check([value for _, value in buckets], sorted(value for _, value in buckets), "cumulative")
            check(buckets[-1], (float("inf"), count))
            seconds = of(before, name + "_sum")
            ensure(0 < seconds < 20, f"{name} took {seconds} s")
        for role in ("core", "gate"):
            ensure(of(before, "postern_role_resident_bytes", role=role) > 1 << 20, role)
            ensure(of(before, "postern_role_cpu_seconds_total", role=role) > 0, role)
        refused = of(before, "postern_http_requests_total", status="401")
        check(d.curl("/nothing")[0], 404)
        with d.stream("/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[All]"
                      "&heartbeat=1") as stream:
            present(d, 2, 111)
            stream.event()
            during = metrics(d)
            check(of(during, "postern_event_streams"), 1)
            ensure(of(during, "postern_events_sent_total") >= 1, "an event was sent")
        wait_until(lambda: of(metrics(d), "postern_event_streams") == 0, "the stream ended")
        after = metrics(d)
        check(of(after, "postern_event_streams_ended_total", cause="client"), 1)
        check(of(after, "postern_http_requests_total", status="404"), 1)
        ensure(of(after, "postern_http_requests_total", status="401") > refused, "challenges count")
        check([key for key in after if "999" in str(key) or "111" in str(key)], [], "nobody's card")


@test("docs/metrics.md lists every family with its type, and no other")
def _():
    with House() as d, open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") as file:
        check(run([program("posternd"), "backup", os.path.join(d.folder, "b"), "--state", d.state])[0], 0)
        told = set(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", d.get(METRICS)))
        told.add(("postern_certificate_not_after_seconds", "gauge"))
        check(set(re.findall(r"(?m)^\| `(postern_\w+)` \| (\w+) \|", file.read())), told)


def plain(d, target, *words):
    """(status, type, body) without an account."""
    out = run(["curl", "-s", "-w", "\n%{http_code} %{content_type}", *words, d.url + target])[1]
    body, _, last = out.rpartition("\n")
    code, _, kind = last.partition(" ")
    return int(code), kind, body


@test("without an account metrics are for the networks of http.metrics, and nothing else is")
def _():
    with House() as d:
        code, _, body = plain(d, "/metrics")
        check(code, 403)
        ensure("http.metrics" in body and "getMetrics" in body, body)
        check(plain(d, METRICS)[0], 401)
    with House(config=OPEN) as d:
        code, kind, body = plain(d, "/metrics")
        check((code, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        check(of(parsed(body), "postern_persons"), 0)
        check(plain(d, "/metrics?x=1")[0], 200)
        check(plain(d, "/metrics", "-X", "POST", "-d", "")[0], 405)
        check(plain(d, "/metrics/")[0], 404)
        check(plain(d, "/metrics", "-H", "Host: evil.example")[0], 421)
        for target in (METRICS, "/cgi-bin/accessControl.cgi?action=getControllerStatus",
                       "/metrics/../cgi-bin/accessControl.cgi?action=getControllerStatus"):
            code = plain(d, target, "--path-as-is")[0]
            ensure(code in (401, 404), f"{target}: {code}")
    with House(config=OPEN.replace("[127.0.0.1]", "[10.0.0.0/8]")) as d:
        check(plain(d, "/metrics")[0], 403)


@test("status says what it wants, and devices of others do not have it")
def _():
    with House() as d:
        for words, why in ((["--max-offset", "-1"], "--max-offset"), (["x"], "too many words"),
                           (["--max-backup-age", "1d"], "--max-backup-age")):
            code, out, err = run([program("postern"), "--device", d.url, "--password-file",
                                  os.path.join(d.state, "admin.password"), "status", *words])
            check((code, out), (2, ""), words)
            ensure(why in err, err)


main()
