#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Man pages are well formed and say all that programs, header and code have, and nothing else; completions offer it.

usage: test_man.py BUILD_ROOT SOURCE_ROOT
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "component"))
from harness import Skip, check, ensure, main, program, run, test  # noqa: E402

BUILD, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
PAGES = ["postern.1", "libpostern.3", "posternd.yaml.5", "posternd.8"]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Refused in words, because there is nothing behind it yet.
NOT_YET = {"--rtsp"}
LINTERS = {"groff": ["groff", "-ww", "-z", "-Tutf8", "-mandoc", "-rLL=78n"],
           "mandoc": ["mandoc", "-Tlint", "-Wwarning"]}


def source(page):
    return (BUILD / "docs" / page).read_text(encoding="utf-8")


def plain(page):
    """The page's words as a reader has them: escapes and the macro of options undone."""
    text = source(page).replace("\\-", "-").replace("\\e", "\\").replace("\\(dq", '"').replace("\\&", "")
    return re.sub(r"\b(?:Fl|\|) -(?=[a-z])", "--", text)


def output(name, *arguments):
    status, out, err = run([program(name), *arguments])
    check((status, err), (0, ""), f"{name} {arguments}")
    return out


def described(name):
    return [line.split("\t") for line in output(name, "--describe").splitlines()]


def lint(tool, path):
    if shutil.which(tool) is None:
        raise Skip(f"{tool} is not installed")
    done = subprocess.run([*LINTERS[tool], path], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if "can't break line" not in line)  # a long name in C


@test
def pages_give_no_warning():
    for tool in LINTERS:
        for page in PAGES:
            check(lint(tool, BUILD / "docs" / page), "", f"{tool} {page}")


@test
def a_page_with_a_fault_gives_a_warning():
    with tempfile.NamedTemporaryFile("w", suffix=".8") as file:
        file.write(source("posternd.8").replace(".It Cm io", ".Itt Cm io"))
        file.flush()
        for tool in LINTERS:
            ensure("Itt" in lint(tool, file.name), f"{tool} lets a macro pass that is none")


@test
def postern_1_has_every_command_and_option_of_the_help():
    text, rows = plain("postern.1"), described("postern")
    commands = {f"{row[1]} {row[2]}".strip() for row in rows if row[0] == "command"}
    ensure(len(commands) >= 25, f"commands are described: {commands}")
    check(set(re.findall(r"(?m)^\.It Ic (\w+(?: (?!No\b)\w+)?)", text)), commands, "commands of the page")
    check(set(re.findall(r"(?m)^  ([a-z]+ [a-z]+|status)(?= [^ ]|$)", output("postern", "--help"))), commands, "--help")
    known = {f"--{row[1]}" for row in rows if row[0] == "option"}
    for row in (row for row in rows if row[0] == "command"):
        takes = {f"--{word.rstrip('=')}" for word in row[3].split()} - {"--json"}
        check(set(OPTION.findall(row[4])), takes, f"usage of {row[1]} {row[2]} against what it takes")
        known |= takes
    known_elsewhere = {row[1] for row in described("posternd")}
    named = set(OPTION.findall(text))
    check((known - named, named - known - known_elsewhere), (set(), set()), "options missing, unknown")


@test
def posternd_8_has_every_command_and_option_of_the_help():
    text, usage, rows = plain("posternd.8"), output("posternd", "--help"), described("posternd")
    usage = usage[:usage.index("\nconfiguration file:")]
    commands = {row[1] for row in rows if row[0] == "command" and not row[1].startswith("-")}
    options = {row[1] for row in rows} - commands - NOT_YET - {"-h"}
    ensure(len(commands) >= 3 and len(options) >= 10, f"they are described: {commands} {options}")
    for name, words in (("--help", usage), ("the page", text)):
        named = set(OPTION.findall(words))
        check((options - named, named - options), (set(), set()), f"{name}: options missing, unknown")
    check(set(re.findall(r"(?m)^  posternd ([a-z][a-z-]*) ", usage)), commands, "commands of --help")
    check(set(re.findall(r"(?m)^\.It Cm ([a-z][a-z-]*)$", text)), commands, "commands of the page")
    ensure(re.search(r"(?m)^\.It Fl -help , h$|^\.It --help , h$", text), "-h")


@test
def posternd_yaml_5_has_every_setting():
    usage = output("posternd", "--help")
    usage = usage[usage.index("\nconfiguration file:"):]
    settings = re.findall(r"(?m)^ {0,2}(\w+):(?=\n)", usage)
    ensure(len(settings) > 70, f"settings are found: {settings}")
    check(re.findall(r"(?m)^\.(?:Ss|It Cm) (\w+)$", plain("posternd.yaml.5")), settings, "sections and settings")


@test
def libpostern_3_has_every_function_and_error():
    status, out, err = run(["nm", "-D", "--defined-only", BUILD / "src/sdk/libpostern.so"])
    check(status, 0, err)
    exported = {line.split()[2].split("@")[0] for line in out.splitlines() if line.split()[1] == "T"}
    ensure(len(exported) > 30, f"functions are exported: {exported}")
    text = plain("libpostern.3")
    named = set(re.findall(r"(?m)^\.Fo (\w+)$", text))
    check({name for name in named if not name.endswith("_fn")}, exported, "functions of the page")
    header = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "include/postern").glob("*.h")))
    check({name for name in named if name.endswith("_fn")}, set(re.findall(r"\b(postern_\w+_fn)\(", header)),
          "callbacks")
    check(re.findall(r"(?m)^\.It Dv (\w+)", text),
          re.findall(r"(?m)^\t(POSTERN_(?:OK|E_\w+)) =", header), "errors")


@test
def pages_name_every_variable_of_the_environment():
    for page, folders in (("postern.1", ["src/cli"]), ("posternd.8", ["src/daemon", "src/platform"])):
        code = "".join(path.read_text("utf-8") for folder in folders for path in (ROOT / folder).rglob("*.c"))
        used = set(re.findall(r'(?:getenv\(|or_environment\([^,;]*,\s*)"(\w+)"', code))
        ensure(len(used) >= 3, f"{page}: variables are found: {used}")
        entries = " ".join(re.findall(r"(?m)^\.It Ev (.*)", plain(page)))
        check(used - set(re.findall(r"\w+", entries)), set(), f"{page}: variables not told")


@test
def pages_lead_to_pages_that_are_there():
    for page in PAGES:
        for name, section in re.findall(r"(?m)^\.Xr (\S+) (\d)", source(page)):
            ensure(f"{name}.{section}" in PAGES or name == "systemd", f"{page} leads to {name}({section})")


def complete(name, line, folder):
    """What bash offers behind the line."""
    script = f'. "$0"; _{name}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-u", "-c", script, str(BUILD / "docs" / name)], cwd=folder, check=True,
                          env={**os.environ, "COMP_LINE": line, "COMP_POINT": str(len(line))},
                          capture_output=True, text=True)
    check(done.stderr, "", line)
    return set(done.stdout.split())


@test
def bash_completes_every_command_and_option():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "secret").touch()

        def offers(line, want):
            check(complete(line.split(" ")[0], line, folder), set(want.split()), line)
        rows = described("postern")
        for row in (row for row in rows if row[0] == "command"):
            ensure(row[1] in complete("postern", "postern ", folder), row[1])
            if row[2]:
                ensure(row[2] in complete("postern", f"postern {row[1]} ", folder), f"{row[1]} {row[2]}")
            check(complete("postern", " ".join(f"postern {row[1]} {row[2]} --".split()), folder),
                  {f"--{word.rstrip('=')}" for word in row[3].split()}, f"{row[1]} {row[2]}")
        for row in described("posternd"):
            if row[1] not in NOT_YET | {"-h"}:
                words = {place for word in ([""] if len(row) < 4 else row[3].split())
                         for place in complete("posternd", f"posternd {word.replace('run', '')}"
                                               + ("" if word in ("", "run") else " ")
                                               + ("--" if row[1].startswith("--") else ""), folder)}
                ensure(row[1] in words, f"posternd {row}: {words}")
        offers("postern us", "user")
        offers("postern --device http://127.0.0.1:80 user add --va", "--valid --valid-from --valid-to")
        offers("postern user add 7 --valid ", "yes no")
        offers("postern sim --state secret keys 1 1# --bits ", "4 6 8")
        offers("postern --password-file se", "secret")
        offers("postern --user se", "")
        offers("posternd --config se", "secret")


@test
def zsh_reads_its_completions():
    if shutil.which("zsh") is None:
        raise Skip("zsh is not installed")
    for name in ("postern", "posternd"):
        path = str(BUILD / "docs" / f"_{name}")
        status, _, err = run(["zsh", "-n", path])
        check((status, err), (0, ""), name)
        both = []
        for shell, file in (("zsh", path), ("bash", str(BUILD / "docs" / name))):
            text = pathlib.Path(file).read_text("utf-8")
            tables = text[text.index(f"_{name}_words()"):text.index(f"\n_{name}()")]
            both.append(run([shell, "-c", f"{tables}\n_{name}_words ''; _{name}_options '' ''"]))
        check(both[0], both[1])
        ensure(both[0][1], "the tables say something")


if __name__ == "__main__":
    main()
