"""What the mutators of all levels share: the kinds of changes, how one is drawn, numbers and words
that take the place of others."""

import enum
import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar


class Kind(enum.StrEnum):
    """Of changes, as the table names them."""

    SWAPPED = "operands swapped"
    OPERAND = "another operand"
    CONSTANT = "another constant"
    ATTRIBUTE = "another attribute"
    OPERATION = "another operation"
    REDUCTION = "another reduction"
    DIRECTION = "another direction"
    COMPARATOR = "another comparator"
    DROPPED = "a dropped update"
    CARRIED = "a carry not updated"
    CONVERTED = "another conversion"
    BRANCHES = "branches exchanged"
    TRIPS = "another trip count"


# Operations of the same type, by the words of HLO; StableHLO and jaxprs have names of their own.
ALIKE = [
    ["add", "subtract", "multiply", "divide", "maximum", "minimum", "remainder"],
    ["sine", "cosine", "tanh", "exponential", "logistic", "tan", "cbrt", "log", "sqrt", "rsqrt",
     "exponential-minus-one", "log-plus-one"],
    ["negate", "abs", "sign"],
    ["floor", "ceil", "round-nearest-even", "round-nearest-afz"],
    ["and", "or", "xor"],
    ["shift-left", "shift-right-logical", "shift-right-arithmetic"],
    ["popcnt", "count-leading-zeros", "not"],
    ["power", "atan2"],
]  # fmt: skip
# Those that reductions may combine with, in whatever order and number of partial results.
ASSOCIATIVE = ["add", "multiply", "maximum", "minimum"]
COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "and", "or", "xor"}
DIRECTIONS = ["EQ", "NE", "LT", "LE", "GT", "GE"]
FFT_TYPES = ["FFT", "IFFT", "RFFT", "IRFFT"]
# Words of which one stands where another may.
WORDS = [
    DIRECTIONS,
    FFT_TYPES,
    ["FLOAT", "TOTALORDER"],
    ["SIGNED", "UNSIGNED"],
    ["true", "false"],
    ["NO_TRANSPOSE", "TRANSPOSE", "ADJOINT"],
]


class Change(NamedTuple):
    kind: Kind
    operation: str  # rare operations are drawn as often as common ones
    make: Callable[[], object]  # gives the changed subject


def drawn(changes: Iterable[Change], rng: random.Random, kind: str = "") -> Change | None:
    """First the kind is drawn, if there is none of the kind that is wanted, then the operation, then
    the place."""
    all_changes = list(changes)
    left = [change for change in all_changes if change.kind == kind] or all_changes
    for field in ("kind", "operation"):
        groups = sorted({getattr(change, field) for change in left})
        if not groups:
            return None
        chosen = rng.choice(groups)
        left = [change for change in left if getattr(change, field) == chosen]
    return rng.choice(left)


T = TypeVar("T")


def other(values: Sequence[T], value: T, rng: random.Random) -> T:
    return rng.choice([v for v in values if v != value])


def other_integer(value: int, rng: random.Random) -> int:
    return other([value - 1, value + 1, value + 2, 0, 1], value, rng)


# Whole numbers that are not parts of names, types or floats.
_WHOLE = re.compile(r"(?<![\w.+-])-?\d+(?![\w.])")
# Digits wherever they stand: HLO has padding=0_1_0x1_1.
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"(?<![\w.+=-])-?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf|nan)(?![\w.])", re.I)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_TRUTH = re.compile(r"\b(?:true|false)\b")


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def other_attribute(text: str, rng: random.Random, digits: bool = False) -> str | None:
    """The attribute with one of its numbers or words changed, or two numbers exchanged."""
    words = [
        (match, group)
        for group in WORDS
        for match in re.finditer(rf"\b(?:{'|'.join(group)})\b", text)
    ]
    if words:
        match, group = rng.choice(words)
        return _put(text, match, other(group, match[0], rng))
    numbers = list((_DIGITS if digits else _WHOLE).finditer(text))
    if not numbers:
        return None
    unlike = [(a, b) for a in numbers for b in numbers if a.start() < b.start() and a[0] != b[0]]
    if unlike and rng.random() < 0.4:
        first, second = rng.choice(unlike)
        changed = _put(text, second, first[0])
        return _put(changed, first, second[0])
    match = rng.choice(numbers)
    return _put(text, match, str(max(other_integer(int(match[0]), rng), 0 if digits else -1)))


def other_constant(text: str, whole: bool, rng: random.Random) -> str | None:
    """A literal with one of its numbers changed."""
    if places := list(_TRUTH.finditer(text)):
        match = rng.choice(places)
        return _put(text, match, "false" if match[0] == "true" else "true")
    if text.startswith('"0x'):  # MLIR's bytes of an array: the last digits of an element change it
        at = rng.randrange(3, len(text) - 1)
        return text[:at] + other("0123456789ABCDEF", text[at], rng) + text[at + 1 :]
    if places := list(_HEXADECIMAL.finditer(text)):  # of a float: infinities and NaNs
        return _put(text, rng.choice(places), "0" if whole else "1.000000e+00")
    places = list(_NUMBER.finditer(text))
    if not places:
        return None
    match = rng.choice(places)
    if whole:
        return _put(text, match, str(other_integer(int(match[0]), rng)))
    return _put(text, match, f"{other_float(float(match[0]), rng):e}")


def other_float(value: float, rng: random.Random) -> float:
    if abs(value) == float("inf") or value != value:
        return 1.0
    return other([value * 2 if abs(value) < 1e4 else value / 2, -value, value + 1, 0.0], value, rng)
