"""One function on its way through the worker: what is known so far, or why it left."""

import itertools
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jaxsmith.base import arrays, package
from jaxsmith.base.terminal import without_escapes
from jaxsmith.provenance import alignment

MOST_SPAN_VALUES = 8_000_000  # half of what the supervisor takes in a message


class Refused(Exception):
    """Raised where a function cannot go on for a reason that is not an exception of Python or
    JAX."""

    def __init__(self, reason: str, detail: str):
        super().__init__(detail)
        self.reason = reason


@dataclass
class Work:
    """A function of a chunk. Each stage adds to it until `refusal` is set."""

    position: int
    source: str
    entry: str
    x64: bool
    devices: int
    inputs: list[list[np.ndarray]]
    # What the function takes, with positions of inputs in place of arrays; empty: each by itself.
    argument_tree: str = ""
    treedef: Any = None  # of the arguments
    # Input sets that may be recorded beside set 0, or for it.
    cases: list[int] = field(default_factory=list)
    # Of a function that came with its texts: which of its arguments they still have.
    kept: list[int] = field(default_factory=list)
    runs: bool = True  # else its texts are parsed only
    refusal: dict | None = None
    function: Callable | None = None
    module: Any = None  # keeps the globals of the function
    traced: Any = None
    lowered: Any = None
    compiled: Any = None
    levels: dict[str, str] = field(default_factory=dict)
    constants: list[np.ndarray] = field(default_factory=list)
    file: str = ""  # what the module is compiled as
    spans: dict[str, list] = field(default_factory=dict)  # by level, as alignment.as_json has them
    # Of levels by which others are placed in the source.
    placing: dict[str, Sequence[alignment.Located]] = field(default_factory=dict)
    result_paths: list[str] = field(default_factory=list)
    result_dtypes: list[str] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    flops: float = 0.0
    bytes_accessed: float = 0.0
    argument_matters: list[bool] = field(default_factory=list)
    stable: bool = True
    recorded: int = 0  # the input set that `outputs` are of
    case_outputs: dict[int, list[np.ndarray]] = field(default_factory=dict)  # of the stable ones

    @property
    def alive(self) -> bool:
        return self.refusal is None

    def refuse(self, stage: str, reason: str, detail: str) -> None:
        self.refusal = {"ok": False, "stage": stage, "reason": reason, "detail": detail}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Within it, whatever is raised refuses this function and goes no further."""
        try:
            yield
        except Refused as refused:
            self.refuse(name, refused.reason, one_line(str(refused)))
        except BaseException as error:  # functions may raise SystemExit and KeyboardInterrupt too
            self.refuse(name, _kind(error), one_line(_message(error)))

    def forget(self) -> None:
        """Lets go of what JAX made."""
        self.function = self.module = self.treedef = None
        self.traced = self.lowered = self.compiled = None
        self.placing.clear()

    def check_size(self, most_bytes: int, packed_bytes: int = 0) -> None:
        """Raises Refused where the texts and arrays take more than so many bytes, or the spans
        hold more than a message may."""
        if not self.alive:
            return
        further = itertools.chain.from_iterable(self.case_outputs.values())
        size = sum(array.nbytes for array in [*self.constants, *self.outputs, *further])
        size = max(packed_bytes, size + sum(len(text) for text in self.levels.values()))
        if size > most_bytes:
            raise Refused(
                "size",
                f"its texts and arrays take {size:,} bytes, more than {most_bytes:,}",
            )
        values = sum(5 + 5 * len(span[2]) for spans in self.spans.values() for span in spans)
        if values > MOST_SPAN_VALUES:
            raise Refused("size", f"its alignment takes {values:,} numbers, more than there may be")

    def outcome(self) -> dict:
        """What the protocol says of this function."""
        if self.refusal is not None:
            return self.refusal
        return {
            "ok": True,
            "levels": self.levels,
            "spans": self.spans,
            "constants": [arrays.encode(array) for array in self.constants],
            "outputs": [arrays.encode(array) for array in self.outputs],
            "result_paths": self.result_paths,
            "flops": self.flops,
            "bytes_accessed": self.bytes_accessed,
            "argument_matters": self.argument_matters,
            "stable": self.stable,
            "recorded": self.recorded,
            "cases": [
                {"set": case, "outputs": [arrays.encode(array) for array in outputs]}
                for case, outputs in self.case_outputs.items()
            ],
        }


def work_of(position: int, message: dict) -> Work:
    """A function of a request; `{"skip": true}` in its place leaves the position empty."""
    if message.get("skip"):
        work = Work(position, "", "", False, 1, [])
        work.refuse("exec", "skipped", "left out by the request")
        return work
    inputs = [[arrays.decode(array) for array in case] for case in message["inputs"]]
    return Work(
        position,
        message["source"],
        message["entry"],
        bool(message["x64"]),
        int(message.get("devices", 1)),
        inputs,
        argument_tree=message.get("argument_tree", ""),
        cases=message.get("cases", []),
        kept=message.get("kept", []),
        runs=message.get("run", True),
        levels=message.get("texts", {}),
    )


_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")
_PATH = re.compile(r"(?<![\w./])(?:/[\w.+@~-]+){2,}/?")
_FILE = re.compile(r"<function \d+>")  # stages.load
_DETAIL_LENGTH = 300


def _kind(error: BaseException) -> str:
    """The type's name, of which refusals are counted; a function may make types of any name."""
    name = type(error).__name__
    return name if name.isidentifier() and len(name) <= 60 else "Exception"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a function's own exception class may fail to print
        return ""


def one_line(message: str) -> str:
    """The first line of a message that says something, without paths and addresses."""
    lines = without_escapes(message).splitlines()
    line = next((line.strip() for line in lines if line.strip()), "")
    line = _ADDRESS.sub("<address>", _PATH.sub("<path>", line))
    line = _FILE.sub("<function>", line)
    line = "".join(c if c.isprintable() else " " for c in line)
    line = line.encode("utf-8", "replace").decode()
    line = line.strip()
    return line if len(line) <= _DETAIL_LENGTH else line[: _DETAIL_LENGTH - 1] + "…"


# What Python's and JAX's representations of objects put into texts. StableHLO holds constants as
# `dense<"0x…">`, which is no address.
_ADDRESS_IN_TEXT = re.compile(r"\bat 0x[0-9a-fA-F]+|(?<!\")\b0x[0-9a-fA-F]{8,}")


def _machine_paths() -> re.Pattern:
    folders = {sys.prefix, sys.base_prefix, os.getcwd(), os.path.expanduser("~")}
    folders |= {tempfile.gettempdir(), package.PARENT}
    roots = "|".join(re.escape(folder) for folder in sorted(folders) if folder.count("/") > 1)
    common = r"/(?:usr|home|root|tmp|opt|var|etc|proc|dev|mnt|Users)/\w"
    return re.compile(f"{roots}|{common}|\\.py:\\d" if roots else f"{common}|\\.py:\\d")


_PATH_IN_TEXT = _machine_paths()


def check_text(level: str, text: str, of_python: bool = False) -> None:
    """Raises Refused where a text holds something of this machine or process, or is no Unicode."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Refused("encoding", f"the {level} text is not valid Unicode") from None
    if " at 0x" in text or of_python and "0x" in text:
        found = _ADDRESS_IN_TEXT.search(text)
        if found:
            raise Refused("address", f"the {level} text holds a memory address")
    if ("/" in text or ".py:" in text) and _PATH_IN_TEXT.search(text):
        raise Refused("path", f"the {level} text holds a path of this machine")
