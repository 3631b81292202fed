"""Places in a function's source, and the lines of IR that come from them."""

from typing import NamedTuple


class Range(NamedTuple):
    """A place in the source text: lines from 1, columns from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Span(NamedTuple):
    """A line of IR (from 1) that holds an operation, and where that comes from.

    `kind` is "exact" (one place), "merged" (several places became one operation, or cannot be told
    apart) or "none", and
    then `reason` says why.
    """

    line: int
    kind: str
    sources: tuple[Range, ...]
    reason: str


class Frame(NamedTuple):
    """One call of a Python traceback: the file and, lines from 1 and columns from 0, the expression."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    function: str  # qualified name, as far as it is known


# Frames of one traceback, the innermost first.
Stack = tuple[Frame, ...]
