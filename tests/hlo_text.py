"""HLO's text as instructions that can be changed: computations, and in each the instructions with
their types, operands and attributes. Layouts, comments and literals stay as they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_START = re.compile(r"\s+(?:ROOT )?%?[\w.-]+ = ")
_HEADER = re.compile(r"(?:ENTRY )?%?([\w.-]+) (?:\(.*)?\{$")


def closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes."""
    depth, i = 0, start
    while i < len(text):
        if text[i] == '"':
            i = text.index('"', i + 1)
            while text[i - 1] == "\\":
                i = text.index('"', i + 1)
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
        i += 1
    raise ValueError("a bracket is not closed")


def split_list(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts, start, i = [], 0, 0
    while i < len(text):
        if text[i] in "([{":
            i = closing(text, i)
        elif text[i] == '"':
            i = text.index('"', i + 1)
        elif text.startswith(", ", i):
            parts.append(text[start:i])
            start = i + 2
        i += 1
    return [*parts, text[start:]] if text else []


@dataclass
class Instruction:
    prefix: str  # blanks and ROOT
    name: str
    type: str
    opcode: str
    arguments: str  # between the parentheses: names of operands, a literal, a number
    attributes: dict[str, str] = field(default_factory=dict)
    computation: str = ""

    @property
    def root(self) -> bool:
        return "ROOT" in self.prefix

    @property
    def operands(self) -> list[str]:
        if self.opcode in ("constant", "parameter", "iota"):
            return []
        return split_list(re.sub(r"/\*.*?\*/", "", self.arguments))

    @operands.setter
    def operands(self, names: list[str]) -> None:
        self.arguments = ", ".join(names)

    def __str__(self) -> str:
        attributes = "".join(f", {k}={v}" if v else f", {k}" for k, v in self.attributes.items())
        return f"{self.prefix}{self.name} = {self.type} {self.opcode}({self.arguments}){attributes}"


def _instruction(text: str, computation: str) -> Instruction:
    start = _START.match(text)
    assert start is not None
    prefix = text[: len(text) - len(text.lstrip())]
    name = start[0].strip().removesuffix(" =")
    if name.startswith("ROOT "):
        prefix, name = prefix + "ROOT ", name[5:]
    at = start.end()
    end = closing(text, at) + 1 if text[at] == "(" else text.index(" ", at)
    opening = text.index("(", end)
    close = closing(text, opening)
    pairs = (part.partition("=") for part in split_list(text[close + 1 :].removeprefix(", ")))
    return Instruction(
        prefix,
        name,
        text[at:end],
        text[end:opening].strip(),
        text[opening + 1 : close],
        {key: value for key, _, value in pairs},
        computation,
    )


class Module:
    """Lines of other kinds than instructions are kept as text."""

    def __init__(self, text: str):
        self.lines: list[str | Instruction] = []
        computation, pending = "", ""
        for line in text.split("\n"):
            if pending or _START.match(line):
                pending = f"{pending}\n{line}" if pending else line
                if _balanced(pending):
                    self.lines.append(_instruction(pending, computation))
                    pending = ""
                continue
            if header := _HEADER.match(line):
                computation = header[1]
            self.lines.append(line)

    def instructions(self) -> list[Instruction]:
        return [line for line in self.lines if isinstance(line, Instruction)]

    def by_name(self) -> dict[tuple[str, str], Instruction]:
        return {(i.computation, i.name): i for i in self.instructions()}

    def computations(self) -> Iterator[str]:
        yield from dict.fromkeys(i.computation for i in self.instructions())

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))


def _balanced(text: str) -> bool:
    without = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return sum(map(without.count, "([{")) == sum(map(without.count, ")]}"))
