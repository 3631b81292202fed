#!/usr/bin/env python3
"""Fails where a test that guards a user's files was skipped though it could have run.

usage: .ci/guards.py LOG

LOG is what `make test` has printed: it names all tests that were skipped.
"""

import ctypes
import os
import re
import sys
from pathlib import Path

SKIPPED = re.compile(r"^\s*\d+ - (?P<cpp>\S+) \(Skipped\)|^SKIPPED \[\d+\] (?P<python>\S+): ", re.M)
# Of these the C++ ones trace themselves, and the Python ones give up what root may do.
CPP, PYTHON = "Folder.", ("tests/test_output_folder.py", "tests/test_capture_keeps_files.py")


def may_trace() -> bool:
    """Whether a process may be traced by its parent here (PTRACE_TRACEME)."""
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).ptrace(0, 0, None, None) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def without_need(log: str) -> list[str]:
    found = []
    for each in SKIPPED.finditer(log):
        if each["cpp"]:
            wrong = each["cpp"].startswith(CPP) and may_trace()
        else:
            wrong = each["python"].startswith(PYTHON) and os.getuid() != 0
        if wrong:
            found.append(each["cpp"] or each["python"])
    return found


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] == "--help":
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    found = without_need(Path(arguments[0]).read_text(errors="replace"))
    for name in found:
        print(f"skipped without need: {name} guards a user's files and could have run")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
