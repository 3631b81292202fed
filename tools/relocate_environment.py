#!/usr/bin/env python3
"""Makes .venv work where the project's folder was moved or copied: the scripts in it name their
interpreter by its full path. Quick when there is nothing to do, and needs no network.

usage: tools/relocate_environment.py
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LONGEST_INTERPRETER = 127  # of a line that begins with #!, on Linux


def made_at():
    """Where the environment was made, as it says itself; None where it does not."""
    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name.strip() == "command" and " -m venv " in value:
                    return value.split(" -m venv ", 1)[1].replace("--clear ", "", 1).strip()
    except OSError:
        pass
    return None


def relocated(text, old, new):
    """A script's bytes with its interpreter, and what else names the environment, at the new place."""
    lines = text.split(b"\n", 3)
    if lines[0].startswith(b"#!" + old + b"/bin/"):
        interpreter = new + lines[0][2 + len(old) :]
        if b" " in interpreter or len(interpreter) + 2 > LONGEST_INTERPRETER:
            # A shell starts it, by a line that is an empty string to Python.
            lines[0] = b"#!/bin/sh\n'''exec' \"" + interpreter + b'" "$0" "$@"\n' + b"' '''"
        else:
            lines[0] = b"#!" + interpreter
    elif lines[0].rstrip() == b"#!/bin/sh" and len(lines) > 1:
        lines[1] = lines[1].replace(old + b"/", new + b"/")
    elif b"VIRTUAL_ENV" in text:  # activate, in its several languages
        return text.replace(old, new)
    return b"\n".join(lines)


def main():
    old = made_at()
    # One that is linked from elsewhere belongs to another folder.
    if old is None or os.path.islink(VENV) or os.path.realpath(old) == os.path.realpath(VENV):
        return
    sys.stderr.write(f"setup: .venv was moved from {old}\n")
    folder = os.path.join(VENV, "bin")
    for path in [os.path.join(folder, name) for name in sorted(os.listdir(folder))]:
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            text = file.read()
        changed = relocated(text, os.fsencode(old), os.fsencode(VENV))
        if changed != text and not text.startswith(b"\x7fELF"):
            replace(path, changed)
    # Last: until then it is to be done again.
    with open(os.path.join(VENV, "pyvenv.cfg"), "rb") as file:
        text = file.read()
    replace(
        os.path.join(VENV, "pyvenv.cfg"),
        text.replace(os.fsencode(old) + b"\n", os.fsencode(VENV) + b"\n"),
    )


def replace(path, text):
    mode = os.stat(path).st_mode & 0o777
    with open(path + ".new", "wb") as file:
        file.write(text)
    os.chmod(path + ".new", mode)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
