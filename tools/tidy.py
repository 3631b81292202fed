#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) on the C++ sources that have not passed it as they are now.

usage: tools/tidy.py [--build DIR] [--most N]

A source has passed as long as it, the headers of this project that it includes, its flags, the checks and
clang-tidy's version stay the same; BUILD/tidy keeps that. All of them take minutes, so at most N are looked
at (default: all), those that were changed last first (in git, where there is one: in a fresh clone all files
have the same age); how many are left is said. Exit status 1 on a finding.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = Path(sys.executable).parent / "clang-tidy"
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
FOLDERS = [ROOT / name for name in ("src", "include", "tools", "tests")]


@cache
def included(path: Path) -> tuple[Path, ...]:
    """The files of this project that a file includes."""
    found = []
    for name in INCLUDE.findall(path.read_bytes()):
        for folder in (path.parent, *FOLDERS):
            if (folder / name.decode()).is_file():
                found.append((folder / name.decode()).resolve())
                break
    return tuple(found)


def with_headers(source: Path) -> list[Path]:
    seen, waiting = {source}, [source]
    while waiting:
        for path in included(waiting.pop()):
            if path not in seen:
                seen.add(path)
                waiting.append(path)
    return sorted(seen)


def flags(command: str) -> list[str]:
    """What says how the source is read; the compiler's own options mean nothing to clang."""
    words, out = shlex.split(command), []
    for i, word in enumerate(words):
        if word.startswith(("-I", "-D", "-std=")):
            out.append(word)
        elif word in ("-isystem", "-I", "-D"):
            out += words[i : i + 2]
    return [*out, "-include", str(ROOT / "cmake" / "precompiled.h")]


def digest(source: Path, options: list[str], version: bytes) -> str:
    sha = hashlib.sha256(
        version + (ROOT / ".clang-tidy").read_bytes() + "\0".join(options).encode()
    )
    for path in with_headers(source):
        sha.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()


def changes() -> dict[Path, int]:
    """How many changes ago a file was changed: 0 is not committed yet."""
    ago: dict[Path, int] = {}
    for number, command in enumerate(
        (["diff", "--name-only", "HEAD"], ["log", "-n", "200", "--format=", "--name-only"])
    ):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True)
        for line, name in enumerate(done.stdout.split("\n")):
            ago.setdefault(ROOT / name, number * (line + 1))
    return ago


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--most", type=int, metavar="N", help="sources to look at (default: all)")
    options = parser.parse_args()
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    passed = options.build / "tidy"
    passed.mkdir(parents=True, exist_ok=True)
    waiting = []
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        if not any(source.is_relative_to(folder) for folder in (*FOLDERS, ROOT / "bench")):
            continue
        arguments = flags(entry["command"])
        stamp = passed / digest(source, arguments, version)
        if not stamp.exists():
            waiting.append((source, arguments, stamp))
    ago = changes()
    waiting.sort(key=lambda item: (ago.get(item[0], len(ago)), -item[0].stat().st_mtime))
    chosen = waiting[: options.most]

    def run(item: tuple[Path, list[str], Path]) -> str:
        source, arguments, stamp = item
        command = [TIDY, "--quiet", source, "--", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode == 0:
            stamp.touch()
            return ""
        return done.stdout or done.stderr

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        findings = [text for text in pool.map(run, chosen) if text]
    for text in findings:
        print(text, end="")
    if len(waiting) > len(chosen):
        left = len(waiting) - len(chosen)
        print(f"clang-tidy: {left} sources are left to the next times, or to make tidy")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
