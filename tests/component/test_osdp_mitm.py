#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody sits between posternd and a paired OSDP reader: no grant, no key, one alarm, and no harm that stays."""
import threading
import time

import osdp_man as man
from harness import check, ensure, main, test, wait_until
from man_house import (REPLAYS, AskForKey, FlipMac, ManHouse, NoSecurity, OfferDefaultKey,
                       RefuseChallenge, Replay, SayNoKey)


@test("a capability that is cleared and a card in clear: downgrade, and no grant")
def _():
    with ManHouse() as d:
        d.holds(NoSecurity(), "osdp_downgrade", d.reconnect)
        ensure(d.man.sent > 0, "no card in clear was sent")


@test("a refused CHLNG: the reader stays offline, nothing goes in clear")
def _():
    with ManHouse() as d:
        d.holds(RefuseChallenge(), "osdp_no_secure_channel", d.reconnect)


@test("SCBK-D is offered and not taken")
def _():
    with ManHouse() as d:
        d.holds(OfferDefaultKey(), "osdp_default_key", d.reconnect)


@test("a reader that asks to be given a key gets none")
def _():
    with ManHouse() as d:
        attack = AskForKey()
        d.holds(attack, "osdp_keyset", d.reconnect)
        ensure(attack.asked, "no KEYSET was on the line")


@test("a session that is denied over and over is made anew with the same key, or not at all")
def _():
    with ManHouse() as d:
        d.holds(SayNoKey(), "osdp_downgrade", lambda attack: setattr(d.man, "attack", attack))


@test(f"{REPLAYS} old frames, cards among them: one alarm, and no door")
def _():
    with ManHouse() as d:
        wait_until(lambda: len(d.man.replies) > 100, "replies to keep")
        attack = Replay(list(d.man.replies))
        ensure(any(raw[6] == man.SCS_18 for raw in attack.frames), "no reply with data was kept")
        began = time.monotonic()

        def begin(_):
            threading.Thread(target=attack.burst, args=(d.man,), daemon=True).start()
        d.holds(attack, ("osdp_replay", "osdp_mac"), begin)
        check(attack.count, REPLAYS)
        return f"{time.monotonic() - began:.1f} s"


@test("flipped bits of MACs: the session ends, the reader is held off, and is back after")
def _():
    with ManHouse() as d:
        d.holds(FlipMac(), "osdp_mac", lambda attack: setattr(d.man, "attack", attack))


if __name__ == "__main__":
    main()
