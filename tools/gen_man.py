#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a man page's frame with what a program or a header says of itself.

usage: gen_man.py FRAME OUT [--postern PROGRAM] [--posternd PROGRAM] [--header FILE...]

Lines of the frame that are replaced: @options@ and @commands@ (postern --describe), @settings@
(posternd --describe-settings), @functions@ and @errors@ (the public headers).
"""
import argparse
import pathlib
import re
import subprocess

SECTION = re.compile(r"/\* --- (.*?) ---")
COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
# In the order of the header: a section, a comment with the declarations right behind it, a bare declaration.
PIECE = re.compile(r"^/\* --- (?P<section>.*?) ---(?P<about>.*?)\*/\n"
                   r"|^/\*(?P<comment>(?:[^*]|\*(?!/))*)\*/\n(?=POSTERN_API|typedef)"
                   r"|^(?:POSTERN_API |typedef (?=[a-z]+ postern_\w+_fn\())(?P<declaration>[^;{]*);"
                   r"|^(?P<other>(?:struct|enum)[^;{]*\{.*?^\};)", re.S | re.M)
FUNCTION = re.compile(r"^(?P<type>.*?[ *])(?P<name>\w+)\((?P<arguments>.*)\)$", re.S)


def roff(text):
    """Text that stands for itself in roff, each sentence on a line of its own."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    text = re.sub(r"(?<=[^.\s])([.?]) (?=[A-Z`])", r"\1\n", text)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def described(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def rows(program, kind):
    lines = (line.split("\t") for line in described(program, "--describe").splitlines())
    return [line[1:] for line in lines if line[0] == kind]


def options(program):
    items = (f".It Fl \\-{roff(name)}{' Ar ' + value if value else ''}\n{sentence(text)}\n"
             for name, value, text in rows(program, "option"))
    return f".Bl -tag -width Ds\n{''.join(items)}.El\n"


def sentence(text):
    """'one JSON object a line' as a sentence."""
    first = text[:1] if "://" in text.split(" ")[0] else text[:1].upper()
    return roff(first + text[1:] + ("" if text.endswith(".") else "."))


def commands(program):
    out, last = [], None
    for group, verb, _, usage, text in rows(program, "command"):
        if group != last:
            out.append((".El\n" if last else "") + f".Ss {group}\n.Bl -tag -width Ds\n")
        last = group
        usage = f' No "{roff(usage)}"' if usage else ""
        out.append(f".It Ic {f'{group} {verb}'.strip()}{usage}\n{sentence(text)}\n")
    return "".join(out) + ".El\n"


def plain(comment):
    return re.sub(r"^\s*\*", "", comment, flags=re.M).strip()


def arguments_of(text):
    """The arguments of a declaration; those of a function that is handed over stay together."""
    return re.split(r",\s*(?![^()]*\))", " ".join(text.split()))


def head(declaration):
    found = FUNCTION.match(declaration)
    fields = "".join(f'.Fa "{one}"\n' for one in arguments_of(found["arguments"]))
    return f".It Xo\n.Ft {found['type'].strip()}\n.Fo {found['name']}\n{fields}.Fc\n.Xc\n"


def functions(header):
    """One item for each comment and the declarations under it."""
    out, heads, comment, is_open = [".Ss Contexts and devices\n.Bl -tag -width Ds\n"], [], "", True

    def close_item():
        if heads:
            out.append("".join(heads) + (roff(comment) + "\n" if comment else ""))
        heads.clear()

    for piece in PIECE.finditer(header):
        if piece["section"]:
            close_item()
            title = roff(piece["section"][:1].upper() + piece["section"][1:])
            about = "\n.Pp\n".join(map(roff, re.split(r"\n\s*\n", plain(piece["about"]))))
            out.append((".El\n" if is_open else "") + f".Ss {title}\n{about.lstrip()}"
                       + ("\n" if about.strip() else "") + ".Bl -tag -width Ds\n")
            comment, is_open = "", True
        elif piece["comment"]:
            close_item()
            comment = plain(piece["comment"])
        elif piece["declaration"]:
            heads.append(head(piece["declaration"]))
        else:  # a struct or an enum: what is said above it is not about functions
            close_item()
            comment = ""
    close_item()
    return "".join(out) + (".El\n" if is_open else "")


def errors(header):
    body = re.search(r"^enum postern_error \{(.*?)^\};", header, re.S | re.M).group(1)
    items = re.findall(r"(POSTERN_\w+) = (\d+),?(?:\s*/\*(.*?)\*/)?", body, re.S)
    return ".Bl -tag -width Ds\n" + "".join(
        f".It Dv {name} Pq {number}\n" + (sentence(text.strip()) + "\n" if text.strip() else "")
        for name, number, text in items) + ".El\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frame", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    for name in ("postern", "posternd"):
        parser.add_argument("--" + name)
    parser.add_argument("--header", nargs="+", default=[])
    given = parser.parse_args()
    text = given.frame.read_text(encoding="utf-8")
    header = "".join(pathlib.Path(name).read_text(encoding="utf-8") for name in given.header)
    makers = {"@options@\n": lambda: options(given.postern), "@commands@\n": lambda: commands(given.postern),
              "@settings@\n": lambda: described(given.posternd, "--describe-settings"),
              "@functions@\n": lambda: functions(header), "@errors@\n": lambda: errors(header)}
    for mark, make in makers.items():
        if mark in text:
            text = text.replace(mark, make())
    given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
