#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents show is there: drawings, files behind links, settings named in drawings.

usage: test_docs.py SOURCE_ROOT POSTERND
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "component"))
from harness import ensure, main, test  # noqa: E402

ROOT = pathlib.Path(sys.argv[1])
POSTERND = sys.argv[2]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
CAPTION = re.compile(r'class="k">([a-z0-9_]+): ')


def documents():
    return [ROOT / "README.md", ROOT / "NEWS.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")),
            *sorted((ROOT / "tests").rglob("*.md"))]


def missing_targets(path, text):
    """Relative links of a document that lead to nothing."""
    links = [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if not (path.parent / link).exists()]


@test
def links_lead_somewhere():
    seen = 0
    for path in documents():
        text = path.read_text(encoding="utf-8")
        seen += len(LINK.findall(text))
        ensure(not missing_targets(path, text), f"{path.relative_to(ROOT)}: {missing_targets(path, text)}")
    ensure(seen > 10, "the links of the documents are found")


@test
def a_link_that_leads_nowhere_is_found():
    ensure(missing_targets(ROOT / "README.md", "[x](docs/no-such-file.md)") == ["docs/no-such-file.md"],
          "a planted broken link")


@test
def drawings_are_what_is_drawn():
    done = subprocess.run([sys.executable, ROOT / "docs/wiring/draw.py", "--check"], capture_output=True, text=True,
                          check=False)
    ensure(done.returncode == 0, done.stdout + done.stderr)


@test
def settings_in_drawings_exist():
    described = subprocess.run([POSTERND, "--help"], capture_output=True, text=True, check=True).stdout
    keys = {key for svg in (ROOT / "docs/wiring").glob("*.svg") for key in CAPTION.findall(svg.read_text("utf-8"))}
    ensure(len(keys) >= 6, f"settings are named in the drawings: {sorted(keys)}")
    for key in sorted(keys):
        ensure(re.search(rf"^\s+{key}:", described, re.M) is not None, f"`{key}` is no setting")


@test
def dev_help_has_a_line_for_each_command():
    done = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True)
    head, *lines = done.stdout.splitlines()
    ensure(head == "usage: ./dev COMMAND [ARGUMENT ...]", head)
    made = re.findall(r"(?m)^command_(\w+)\(\) \{ # \S", (ROOT / "dev").read_text(encoding="utf-8"))
    told = [re.fullmatch(r"  ([a-z-]+) +\S.*", line) for line in lines]
    ensure(all(told) and [one.group(1).replace("-", "_") for one in told] == made, f"{lines} for {made}")
    ensure(max(map(len, lines)) <= 100, "a line of help fits a terminal")


if __name__ == "__main__":
    main()
