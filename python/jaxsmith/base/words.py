"""Words of a row's columns that something here goes by; the program has them as enumerations
(src/base/words.h)."""

from enum import StrEnum


class Origin(StrEnum):
    """Where a row's function comes from: the column `origin`."""

    GENERATED = "generated"
    EXTRACTED = "extracted"
    CAPTURED = "captured"


class CheckStatus(StrEnum):
    """How a check came out: `status` in the column `checks`."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DONE = "not done"


class LevelCheck(StrEnum):
    """Checks of one level, which are named `KIND:LEVEL`: that there is its text, and where its lines
    come from."""

    MADE = "made"
    SPANS = "spans"


# The check that there is the function's source, and that part in `missing`.
SOURCE = "source"
