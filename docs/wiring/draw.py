#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the wiring diagrams of this folder: `docs/wiring/draw.py` writes every SVG beside itself.

One function a drawing, made of the few parts below. Positions are pixels; a part is named by where its pins
are. `draw.py --check` writes nothing and fails when a file differs from what would be written.
"""
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
STYLE = """<style>
.w{fill:none;stroke:#222;stroke-width:2;stroke-linejoin:round}
.p{fill:none;stroke:#b3261e;stroke-width:2;stroke-linejoin:round}
.g{fill:none;stroke:#555;stroke-width:2}
.b{fill:#fff;stroke:#222;stroke-width:2}
.f{fill:#222;stroke:#222;stroke-width:1}
text{font-family:DejaVu Sans,Verdana,sans-serif;font-size:14px;fill:#111}
.k{font-family:DejaVu Sans Mono,monospace}.t{font-size:18px;font-weight:bold}.s{font-size:12px;fill:#444}.m{text-anchor:middle}.e{text-anchor:end}
</style>"""


class Drawing:
    """A sheet with a title; parts add themselves to it."""

    def __init__(self, title, width, height):
        self.title, self.width, self.height, self.parts = title, width, height, []
        self.text(20, 32, title, "t")

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, words, kind=""):
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        self.add(f'<text x="{x}" y="{y}" class="{kind}">{words}</text>')

    def wire(self, *points, kind="w"):
        self.add(f'<polyline class="{kind}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>')

    def dot(self, x, y):
        self.add(f'<circle cx="{x}" cy="{y}" r="4" class="f"/>')

    def box(self, x, y, width, height, name, pins=(), note=""):
        """pins: (side l|r, offset from the top, label)."""
        self.add(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" class="b"/>')
        self.text(x + width // 2, y - 8, name, "m")
        if note:
            self.text(x + width // 2, y + height + 18, note, "m s")
        for side, offset, label in pins:
            if side == "l":
                self.text(x + 8, y + offset + 5, label, "s")
            else:
                self.text(x + width - 8, y + offset + 5, label, "s e")

    def resistor(self, x, y, value, upright=True):
        """60 long from (x, y), downwards or to the right."""
        if upright:
            self.wire((x, y), (x, y + 12))
            self.add(f'<rect x="{x - 7}" y="{y + 12}" width="14" height="36" class="b"/>')
            self.wire((x, y + 48), (x, y + 60))
            self.text(x + 12, y + 35, value, "s")
        else:
            self.wire((x, y), (x + 12, y))
            self.add(f'<rect x="{x + 12}" y="{y - 7}" width="36" height="14" class="b"/>')
            self.wire((x + 48, y), (x + 60, y))
            self.text(x + 30, y - 12, value, "s m")

    def ground(self, x, y):
        self.wire((x, y), (x, y + 10), kind="g")
        for step, half in enumerate((14, 9, 4)):
            self.wire((x - half, y + 10 + 5 * step), (x + half, y + 10 + 5 * step), kind="g")

    def supply(self, x, y, label):
        self.wire((x, y), (x, y - 10), kind="p")
        self.wire((x - 8, y - 10), (x + 8, y - 10), kind="p")
        self.text(x, y - 16, label, "m s")

    def diode_up(self, x, y, label):
        """80 long from (x, y) down; the cathode is at the top."""
        self.wire((x, y), (x, y + 30))
        self.wire((x - 12, y + 30), (x + 12, y + 30))
        self.add(f'<polygon class="f" points="{x},{y + 30} {x - 11},{y + 50} {x + 11},{y + 50}"/>')
        self.wire((x, y + 50), (x, y + 80))
        self.text(x + 18, y + 45, label, "s")

    def switch(self, x, y, label, closed, length=80):
        """From (x, y) to the right; drawn as it stands at rest."""
        self.wire((x, y), (x + 20, y))
        self.wire((x + length - 20, y), (x + length, y))
        self.dot(x + 20, y)
        self.dot(x + length - 20, y)
        self.wire((x + 20, y), (x + length - 18, y - (0 if closed else 18)))
        self.text(x + length // 2, y - 24, label, "m s")

    def changeover(self, x, y):
        """A relay contact: COM at (x, y); NO at (x+90, y-20), NC at (x+90, y+20), drawn at rest (NC made)."""
        self.wire((x, y), (x + 20, y))
        self.dot(x + 20, y)
        self.wire((x + 20, y), (x + 62, y + 20))
        for label, dy in (("NO", -20), ("NC", 20)):
            self.dot(x + 64, y + dy)
            self.wire((x + 64, y + dy), (x + 90, y + dy))
            self.text(x + 66, y + dy - 8, label, "s")
        self.text(x + 2, y - 8, "COM", "s")

    def transistor(self, x, y, label):
        """An N-channel MOSFET: gate at (x, y), drain at (x+40, y-40), source at (x+40, y+40)."""
        self.wire((x, y), (x + 18, y))
        self.wire((x + 18, y - 18), (x + 18, y + 18))
        self.wire((x + 26, y - 22), (x + 26, y + 22))
        self.wire((x + 26, y - 16), (x + 40, y - 16), (x + 40, y - 40))
        self.wire((x + 26, y + 16), (x + 40, y + 16), (x + 40, y + 40))
        self.add(f'<polygon class="f" points="{x + 27},{y + 16} {x + 36},{y + 11} {x + 36},{y + 21}"/>')
        self.text(x + 48, y + 5, label, "s")

    def captions(self, y, left, right, *lines):
        """The settings that go with the drawing, and sentences below them."""
        self.text(30, y, left, "k")
        self.text(400, y, right, "k")
        for at, line in enumerate(lines):
            self.text(30, y + 24 + 18 * at, line, "s")

    def svg(self):
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img">',
            f"<title>{self.title}</title>", STYLE,
            f'<rect width="{self.width}" height="{self.height}" fill="#fff"/>', *self.parts, "</svg>", ""])


def relay_side(d, pin):
    """Board, pull resistor and relay module on the left of a lock drawing; the contact begins at (430, 220)."""
    d.box(30, 150, 130, 140, "controller board", [("r", 40, pin), ("r", 110, "GND")])
    d.wire((160, 190), (290, 190))
    d.dot(210, 190)
    d.resistor(210, 190, "10 k")
    d.wire((210, 250), (210, 260))
    d.wire((160, 260), (290, 260))
    d.dot(210, 260)
    d.box(290, 150, 250, 140, "", [("l", 40, "IN"), ("l", 110, "GND")], "relay module, opto-coupled")
    d.changeover(430, 220)
    d.text(40, 330, "The resistor holds IN low while nobody", "s")
    d.text(40, 346, "drives the pin: reset, boot, power-up.", "s")


def coil(d, name):
    """The lock with its diode on the right; fed at (520, 200), returns at (720, 280)."""
    d.box(800, 190, 120, 110, name, [("l", 10, "+"), ("l", 90, "−")])
    d.wire((520, 200), (800, 200), kind="p")
    d.dot(720, 200)
    d.diode_up(720, 200, "1N4007")
    d.wire((720, 280), (800, 280))
    d.dot(720, 280)


def strike_fail_secure():
    d = Drawing("Electric strike, fail-secure: locked without power", 960, 440)
    relay_side(d, "GPIO 17")
    coil(d, "strike")
    d.box(600, 70, 150, 60, "12 V supply, with battery", [("l", 20, "+"), ("r", 40, "−")])
    d.wire((600, 90), (400, 90), (400, 220), (430, 220), kind="p")
    d.wire((750, 110), (940, 110), (940, 330), (720, 330), (720, 280))
    d.captions(385, "lock: gpiochip0:17", "fail: secure",
               "Relay at rest: no current, locked. Fit the diode at the strike, its bar to +: it takes the coil's kick, which else",
               "resets boards and burns contacts. A strike for alternating current takes a varistor instead.")
    return d


def magnetic_lock_fail_safe():
    d = Drawing("Magnetic lock, fail-safe: unlocked without power", 960, 500)
    relay_side(d, "GPIO 27")
    coil(d, "magnetic lock")
    d.box(30, 70, 130, 50, "12 V supply, with battery", [("r", 15, "+"), ("l", 35, "−")])
    d.wire((160, 85), (270, 85), kind="p")
    d.switch(270, 85, "fire alarm contact", True, 120)
    d.wire((390, 85), (480, 85), kind="p")
    d.switch(480, 85, "emergency exit button", True, 120)
    d.wire((600, 85), (640, 85), (640, 120), (400, 120), (400, 220), (430, 220), kind="p")
    d.wire((720, 280), (720, 370), (15, 370), (15, 105), (30, 105))
    d.captions(410, "lock: gpiochip0:27 active-low", "fail: safe",
               "Pin high, relay pulled: current, locked. Unlocked is the low level, so an undriven pin, a dead board and a lost supply",
               "all unlock. The fire contact and the emergency button open the lock's circuit themselves: no program has a part in it.",
               "Leave the diode out where the lock has a suppressor of its own (most have): with both it releases slowly.")
    return d


def inputs():
    d = Drawing("Exit button (REX), door contact, tamper", 960, 430)
    d.box(30, 90, 150, 250, "controller board", [
        ("r", 20, "3.3 V"), ("r", 90, "GPIO 22"), ("r", 160, "GPIO 23"), ("r", 230, "GND")])
    d.wire((180, 110), (310, 110), kind="p")
    for x, cap, y, rest, closed, name in ((240, 440, 180, "pressed: closes", False, "exit button"),
                                          (310, 540, 250, "door closed: closed", True, "door contact")):
        d.dot(x, 110)
        d.wire((x, 110), (x, y - 60))
        d.resistor(x, y - 60, "10 k")
        d.dot(x, y)
        d.wire((180, y), (350, y))
        d.resistor(350, y, "1 k", upright=False)
        d.wire((410, y), (640, y))
        d.switch(640, y, rest, closed, 120)
        d.text(790, y + 5, name)
        d.wire((760, y), (775, y), (775, 320))
        d.dot(cap, y)
        d.wire((cap, y), (cap, 280))
        d.wire((cap - 12, 280), (cap + 12, 280))
        d.wire((cap - 12, 288), (cap + 12, 288))
        d.wire((cap, 288), (cap, 320))
        d.dot(cap, 320)
        d.text(cap + 18, 290, "100 n", "s")
    d.wire((180, 320), (775, 320))
    d.text(450, 222, "(crosses, not joined)", "s")
    d.captions(375, "rex_line: gpiochip0:22 active-low", "contact_line: gpiochip0:23",
               "A cut wire reads as button at rest and as door open: it shows. A tamper switch that opens with the housing is wired like",
               "the contact. Over 10 m put an opto-coupler at the board. What must open always is the handle or an emergency button.")
    return d


def wiegand_input():
    d = Drawing("Wiegand reader (5 V) to a 3.3 V board", 960, 500)
    d.box(30, 90, 150, 270, "reader", [
        ("r", 30, "+12 V (red)"), ("r", 110, "DATA0 (green)"), ("r", 180, "DATA1 (white)"), ("r", 240, "GND (black)")])
    d.box(790, 90, 140, 270, "controller board", [
        ("l", 20, "5 V"), ("l", 50, "3.3 V"), ("l", 110, "GPIO 5"), ("l", 180, "GPIO 6"), ("l", 240, "GND")])
    d.wire((180, 120), (240, 120), kind="p")
    d.supply(240, 120, "12 V supply +")
    d.box(460, 170, 150, 185, "", [
        ("l", 30, "HV1"), ("l", 100, "HV2"), ("r", 30, "LV1"), ("r", 100, "LV2"), ("l", 160, "GND"), ("r", 160, "GND")])
    d.text(535, 240, "level shifter", "m s")
    d.text(535, 256, "2 × BSS138", "m s")
    for y, high, low in ((200, 340, 660), (270, 410, 720)):
        d.wire((180, y), (250, y))
        d.resistor(250, y, "100 R", upright=False)
        d.wire((310, y), (460, y))
        d.wire((610, y), (790, y))
        d.dot(high, y)
        d.wire((high, 110), (high, 120))
        d.resistor(high, 120, "2.2 k")
        d.wire((high, 180), (high, y))
        d.dot(low, y)
        d.wire((low, 140), (low, 145))
        d.resistor(low, 145, "10 k")
        d.wire((low, 205), (low, y))
    d.wire((340, 110), (790, 110), kind="p")
    d.dot(410, 110)
    d.wire((660, 140), (790, 140), kind="p")
    d.dot(720, 140)
    d.wire((180, 330), (460, 330))
    d.wire((610, 330), (790, 330))
    d.dot(270, 330)
    d.ground(270, 330)
    d.text(300, 352, "supply −, reader, board", "s")
    d.captions(400, "data0: gpiochip0:5", "data1: gpiochip0:6",
               "Both lines rest high and pulse low for 20 to 100 µs. 5 V on a 3.3 V pin destroys it, soon or late. Without the common",
               "ground the frames are noise. Shielded cable, shield to ground at the board only, at most 150 m of 0.5 mm²; too long or too",
               "thin shows as jitter in `postern reader test`. Who reaches these wires can record and replay cards: prefer OSDP, or card",
               "and PIN.")
    return d


def wiegand_output():
    d = Drawing("Wiegand output: posternd as the reader of another panel", 960, 460)
    d.box(30, 90, 150, 260, "controller board", [("r", 60, "GPIO 12"), ("r", 150, "GPIO 13"), ("r", 240, "GND")])
    d.box(780, 70, 150, 280, "other maker's panel", [("l", 40, "DATA0"), ("l", 130, "DATA1"), ("l", 260, "GND")],
          "pulls both lines up to 5 V")
    for y, gate, hold in ((150, 460, 230), (240, 600, 290)):
        d.wire((180, y), (330, y))
        d.dot(hold, y)
        d.wire((hold, y), (hold, 250))
        d.resistor(hold, 255, "10 k")
        d.wire((hold, 250), (hold, 255))
        d.wire((hold, 315), (hold, 330))
        d.dot(hold, 330)
        d.resistor(330, y, "100 R", upright=False)
        d.wire((390, y), (gate, y))
        d.transistor(gate, y, "2N7002")
        d.wire((gate + 40, y - 40), (780, y - 40))
        d.wire((gate + 40, y + 40), (gate + 40, 330))
        d.dot(gate + 40, 330)
    d.wire((180, 330), (780, 330))
    d.text(376, 262, "(crosses, not joined)", "s")
    d.captions(395, "data0: gpiochip0:12", "data1: gpiochip0:13",
               "A high pin pulls its line low. The 10 k resistors keep both lines at rest while the board boots, and the transistors",
               "make the output open-drain, as a reader's is. Join the grounds of the two devices.")
    return d


DRAWINGS = {
    "strike-fail-secure.svg": strike_fail_secure, "magnetic-lock-fail-safe.svg": magnetic_lock_fail_safe,
    "inputs.svg": inputs, "wiegand-input.svg": wiegand_input, "wiegand-output.svg": wiegand_output,
}


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for name, draw in DRAWINGS.items():
        text = draw().svg()
        if check:
            if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            (FOLDER / name).write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name} is not what draw.py draws: run docs/wiring/draw.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
