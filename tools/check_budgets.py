#!/usr/bin/env python3
"""Holds what keeps evaluations within their budgets (src/tensor/context.h).

Memory whose size follows from data is a Scratch, an Array or a Workspace; loops without a condition
are Rounds. What is bounded otherwise says so: // bounded: by what. Nothing hides in a thread, in any
of the sources: threads of an evaluation share its context, and what a thread did before is to show
nowhere.

usage: tools/check_budgets.py [SRC]
"""

import re
import sys

import checking

# What may be thread_local, and why nothing shows of it.
THREAD_LOCAL = {
    "source/spellings.cc": "a memo of a pure function of immutable trees: a thread that has it gets "
    "what the others work out; it is cleared when it is large",
}
NOT_KERNELS = {"array", "context", "convert", "dtype", "narrow", "npy", "tensor"}
RULES = re.compile(r"^(rules|ops_|op_table|evaluator|call|chlo|collectives|custom_calls|lapack)")
# How many dimensions, operands or results there are, or a number that stands there.
SMALL = re.compile(
    r"^(\d+|k[A-Z]\w*|([\w.>()-]*[.>])?rank(\(\))?"
    r"|[\w.>()-]*?(shape|dims|axes|sizes?|operands|results|permutation)_?(\(\))?\.size\(\))"
    r"( [+-] \d+)?$"
)
CONTAINER = r"\b(?:std::vector<[^;=()]*>|Ints|Shape|std::string)"
SIZED = re.compile(r"\b(?:std::vector<[^;=]*>|Ints|Shape|std::string)\s+\w+\(([^&;{]+)\)[,;]")
TEMPORARY = re.compile(rf"({CONTAINER})\(")
# A parameter: std::function<Ints(const Array& x)>.
TYPE = re.compile(rf"^(?:const )?(?:{CONTAINER}|Array|std::span<.*>)[&*]?(?: \w+)?$")
GROWN = re.compile(r"(\w+)\.(?:resize|reserve|assign)\(([^;]*)\)")
TAKEN = re.compile(
    r"\bnew (?!std::(?:vector|unordered_map|map)\b|Body\b)\w|\b[mcre]*alloc\("
    r"|\bmake_(?:unique|shared)\w*<[^(]*\[\]>"
)
BYTES = re.compile(r"\.tensor\(\)")
ENDLESS = re.compile(r"\bfor \([^;]*;;(?! rounds\.next)|\bwhile \((?:true|1)\)")
A_SCRATCH = "a Scratch, where the size is not that of a list of dimensions"


def lines_of(file):
    """Numbers of lines, their code, and whether they say what bounds them."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), file.read_text(), flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.split("//")[0], "// bounded:" in line


def arguments_of(text):
    """What stands between commas, up to the bracket that closes the list or to the line's end."""
    out, depth = [""], 0
    for before, c in zip(" " + text, text, strict=False):
        depth += (c in "(<{[") - (c in ")}]" or (c == ">" and before != "-"))
        if depth < 0:
            break
        if c == "," and depth == 0:
            out.append("")
        else:
            out[-1] += c
    return [argument.strip() for argument in out]


def is_large(size):
    size = re.sub(r"static_cast<std::size_t>\((.*)\)$", r"\1", size)
    return not SMALL.match(size) and ".begin()" not in size and ".end()" not in size


def has_large_temporary(line):
    for made in TEMPORARY.finditer(line):
        arguments = arguments_of(line[made.end() :])
        copy = made[1] == "std::string" and len(arguments) == 1
        if arguments[0] and not copy and not TYPE.match(arguments[0]) and is_large(arguments[0]):
            return True
    return False


def violations_of_kernel(line, scratch):
    """Yields what a line of a kernel takes that counts nowhere; `scratch`: names of what counts."""
    if TAKEN.search(line):
        yield "memory is taken by Scratch, Array or Workspace"
    if BYTES.search(line):
        yield "an array's bytes stand in a Workspace"
    sized = SIZED.search(line)
    grown = GROWN.search(line)
    declares = line.startswith(("Ints ", "Shape ", "std::"))
    if sized and not declares and is_large(arguments_of(sized[1])[0]):
        yield A_SCRATCH
    elif grown and grown[1] not in scratch and is_large(arguments_of(grown[2])[0]):
        yield A_SCRATCH
    elif has_large_temporary(line):
        yield A_SCRATCH


def violations_of_file(file, place):
    """Yields number of line and what is wrong; `place`: the path in the sources."""
    folder = place.parts[0]
    kernel = folder == "tensor" and file.stem not in NOT_KERNELS
    looping = kernel or (folder == "ir" and RULES.match(file.name))
    scratch = set(re.findall(r"(?:Scratch<[^;]*?>|Places|auto)&? (\w+)", file.read_text()))
    kept = place.as_posix() in THREAD_LOCAL
    for number, line, bounded in lines_of(file):
        if "thread_local" in line and not kept:
            yield number, "what a thread keeps is its context's, or handed on: no thread_local"
        if bounded:
            continue
        if looping and ENDLESS.search(line):
            yield number, "a loop without a condition goes by Rounds"
        if kernel:
            for what in violations_of_kernel(line, scratch):
                yield number, what


def violations(src):
    """Yields a line for each place that could escape a budget."""
    for file in sorted(p for p in src.rglob("*") if p.suffix in {".h", ".cc", ".def"}):
        for number, what in violations_of_file(file, file.relative_to(src)):
            yield f"{file}:{number}: {what}"
    for name in THREAD_LOCAL:
        if (src / name).exists() and "thread_local" not in (src / name).read_text():
            yield f"{src / name}: it keeps nothing in a thread: take it off the list of {__file__}"


if __name__ == "__main__":
    sys.exit(checking.run(violations, checking.ROOT / "src", __doc__))
