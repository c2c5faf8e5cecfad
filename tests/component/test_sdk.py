#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs sdk_accounts and sdk_device, every function of libpostern, against a real controller; the
TAP of sdk_device is ours."""
import os
import sys

from harness import Failed, ensure, program, run
from people import GET_CONFIG, PASSWORD, House, size


def days(house):
    text = house.get(GET_CONFIG + "&name=AccessTimeSchedule[5]")
    ensure("table.AccessTimeSchedule[5].TimeSchedule[1][0]=1 08:00:00-12:00:00\r\n" in text and
           "table.AccessTimeSchedule[5].TimeSchedule[1][1]=1 13:00:00-17:30:00\r\n" in text and
           "table.AccessTimeSchedule[5].TimeSchedule[2][0]=0 " in text, text)


with House() as d:
    status, out, err = run([program("sdk_accounts")], env={
        **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": PASSWORD})
    if status != 0:  # its plan would stand beside the other's
        raise Failed(out + err)
    status, out, err = run([program("sdk_device")], env={
        **os.environ, "SDK_TEST_URL": d.url, "SDK_TEST_PASSWORD": PASSWORD,
        "SDK_TEST_SIM": os.path.join(d.state, "sim.sock"), "CMOCKA_MESSAGE_OUTPUT": "TAP"})
    sys.stdout.write(out)
    sys.stderr.write(err)
    if status == 0:
        days(d)
        if size(d) != 13:  # the last of a card that nobody enrolled
            raise Failed("records: other than the ones the test made")
sys.exit(status)
