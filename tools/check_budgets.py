#!/usr/bin/env python3
"""Holds what keeps evaluations within their budgets (src/tensor/context.h).

Memory whose size follows from data is a Scratch, an Array or a Workspace; loops without a condition
are Rounds; nothing hides in a thread. What is bounded otherwise says so: // bounded: by what.

usage: tools/check_budgets.py [SRC]
"""

import re
import sys
from pathlib import Path

NOT_KERNELS = {"array", "context", "convert", "dtype", "narrow", "npy", "tensor"}
EVALUATION = ("tensor", "ir", "check", "score")
RULES = re.compile(r"^(rules|ops_|op_table|evaluator|call|chlo|collectives|custom_calls|lapack)")
# How many dimensions, operands or results there are, or a number that stands there.
SMALL = re.compile(
    r"^(\d+|k[A-Z]\w*|([\w.>()-]*[.>])?rank(\(\))?"
    r"|[\w.>()-]*?(shape|dims|axes|sizes?|operands|results|permutation)_?(\(\))?\.size\(\))"
    r"( [+-] \d+)?$"
)
SIZED = re.compile(r"\b(?:std::vector<[^;=]*>|Ints|Shape|std::string)\s+\w+\(([^&;{]+)\)[,;]")
GROWN = re.compile(r"(\w+)\.(?:resize|reserve|assign)\(([^;]*)\)")
TAKEN = re.compile(r"\bnew (?!std::(?:vector|unordered_map|map)\b|Body\b)\w|\b[mcre]*alloc\(")
ENDLESS = re.compile(r"\bfor \([^;]*;;(?! rounds\.next)|\bwhile \((?:true|1)\)")


def lines_of(file):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), file.read_text(), flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        if "// bounded:" not in line:
            yield number, line.split("//")[0]


def first_argument(text):
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "(<{[") - (c in ")>}]")
        if c == "," and depth == 0:
            return text[:i]
    return text


def is_large(arguments):
    size = re.sub(r"static_cast<std::size_t>\((.*)\)$", r"\1", first_argument(arguments).strip())
    return not SMALL.match(size) and ".begin()" not in size


def violations(src):
    """Yields a line for each place that could escape a budget."""
    for file in sorted(p for p in src.rglob("*") if p.suffix in {".h", ".cc"}):
        parts = file.relative_to(src).parts
        if parts[0] not in EVALUATION:
            continue
        kernel = parts[0] == "tensor" and file.stem not in NOT_KERNELS
        looping = kernel or (parts[0] == "ir" and RULES.match(file.name))
        scratch = set(re.findall(r"(?:Scratch<[^;]*?>|Places|auto)&? (\w+)", file.read_text()))
        for number, line in lines_of(file):
            where = f"{file}:{number}"
            if "thread_local" in line:
                yield f"{where}: threads of an evaluation share a context: no thread_local"
            if looping and ENDLESS.search(line):
                yield f"{where}: a loop without a condition goes by Rounds"
            if not kernel:
                continue
            if TAKEN.search(line):
                yield f"{where}: memory is taken by Scratch, Array or Workspace"
            sized = SIZED.search(line)
            grown = GROWN.search(line)
            if sized and is_large(sized[1]) and not line.startswith(("Ints ", "Shape ", "std::")):
                yield f"{where}: a Scratch, where the size is not that of a list of dimensions"
            elif grown and grown[1] not in scratch and is_large(grown[2]):
                yield f"{where}: a Scratch, where the size is not that of a list of dimensions"


def main(arguments):
    if "--help" in arguments:
        print(__doc__)
        return 0
    src = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "src"
    found = list(violations(src))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
