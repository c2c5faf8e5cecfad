#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a shell's completions of a program, from the tables that `PROGRAM --describe` prints.

usage: gen_completions.py TEMPLATE PROGRAM OUT

The three functions that stand for @tables@ are plain sh, so that they are the same in bash and zsh:
_NAME_words GROUP: the words that may follow; _NAME_options GROUP VERB: options, with = where a value follows;
_NAME_choices GROUP VERB OPTION: the values, where they are few; FILE where a file or folder is wanted.
"""
import pathlib
import re
import subprocess
import sys

NOT_YET = {"rtsp"}  # refused in words: video is not in this version


def describe(program):
    """Rows of --describe as lists of columns."""
    done = subprocess.run([program, "--describe"], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def choices(usage):
    """{option: "a b c"} from `[--option a|b|c]`; {option: "FILE"} from `--option FILE` or DIR."""
    found = re.findall(r"--([a-z-]+) (FILE\b|DIR\b|[A-Za-z0-9-]+(?:\|[A-Za-z0-9-]+)+)", usage)
    return {option: values.replace("DIR", "FILE").replace("|", " ") for option, values in found}


class Tables:
    """words: by group; options: by (group, verb); values: by (group, verb, option)."""

    def __init__(self):
        self.words, self.options, self.values = {"": []}, {("", ""): []}, {}

    def add(self, where, key, word):
        where.setdefault(key, [])
        if word not in where[key]:
            where[key].append(word)

    def take_postern(self, rows):
        for row in rows:
            if row[0] == "option":
                self.add(self.options, ("", ""), row[1] + ("=" if row[2] else ""))
                self.take_values("", "", f"--{row[1]} {row[2]}")
                continue
            _, group, verb, options, usage, _ = row
            self.add(self.words, "", group)
            if verb:
                self.add(self.words, group, verb)
            for option in options.split():
                self.add(self.options, (group, verb), option)
                self.add(self.options, (group, ""), option)
            self.take_values(group, verb, usage)

    def take_values(self, group, verb, usage):
        for option, values in choices(usage).items():
            self.values[(group, verb, option)] = values
            if verb:
                self.values.setdefault((group, "", option), values)

    def take_posternd(self, rows, usage):
        for row in rows:
            if row[0] == "command" and row[1].startswith("--"):
                self.add(self.options, ("", ""), row[1][2:])
            elif row[0] == "command" and not row[1].startswith("-"):
                self.add(self.words, "", row[1])
            elif row[0] == "option" and row[1][2:] not in NOT_YET:
                for command in row[3].split():
                    group = "" if command == "run" else command
                    self.add(self.options, (group, ""), row[1][2:] + ("=" if row[2] else ""))
                    self.take_values(group, "", next(iter(re.findall(f"{row[1]} [A-Z]+", usage)), ""))

    def text(self, name):
        return "".join((
            function(f"_{name}_words", 1, {(key,): " ".join(words) for key, words in self.words.items()}),
            function(f"_{name}_options", 2, {key: " ".join(words) for key, words in self.options.items()}),
            function(f"_{name}_choices", 3, self.values)))


def function(name, count, rows):
    subject = " ".join(f"${i}" for i in range(1, count + 1))
    lines = [f"\t'{' '.join(key)}') echo '{words}' ;;\n" for key, words in rows.items()]
    return f"{name}() {{\n\tcase \"{subject}\" in\n{''.join(lines)}\tesac\n}}\n"


def main():
    template, program, out = map(pathlib.Path, sys.argv[1:])
    name, tables = program.name, Tables()
    rows = describe(program)
    if any(len(row) == 6 for row in rows):
        tables.take_postern(rows)
    else:
        usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
        tables.take_posternd(rows, usage)
    text = template.read_text(encoding="utf-8")
    for key, value in {"@tables@\n": tables.text(name), "@name@": name}.items():
        text = text.replace(key, value)
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
