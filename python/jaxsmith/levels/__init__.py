"""The levels: the forms of a function, in the order in which they are made. The table is the
program's (src/levels/levels.def): the build writes `_table` from it."""

import importlib
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxsmith.levels._table import ROWS

if TYPE_CHECKING:
    from jaxsmith.levels.producing import Producer


class Reach(StrEnum):
    """How far JAX goes for a level, in the order of its stages."""

    TRACED = "traced"
    LOWERED = "lowered"
    COMPILED = "compiled"


# The stage of JAX's that brings a function so far, as an ExtractionError calls it.
_STAGES = {Reach.TRACED: "trace", Reach.LOWERED: "lower", Reach.COMPILED: "compile"}


class Level(NamedTuple):
    """A row of the table."""

    name: str
    title: str  # for people: "StableHLO"
    reach: Reach
    derived_from: str  # the level that its text follows from; empty where a worker makes it
    gives_structure: bool  # duplicates and splits go by it
    runs_alone: bool  # it is compiled and run in its function's place
    official_parser: bool  # jaxlib has one

    @property
    def stage(self) -> str:
        """The stage of JAX's that has to succeed for it, as an ExtractionError calls it."""
        return _STAGES[self.reach]


def _level(name: str, title: str, reach: str, *rest: Any) -> Level:
    return Level(name, title, Reach(reach), *rest)


TABLE = {row[0]: _level(*row) for row in ROWS}
LEVELS = tuple(TABLE)
STRUCTURE = next(level.name for level in TABLE.values() if level.gives_structure)
RUN = next(level.name for level in TABLE.values() if level.runs_alone)
# Those that Python makes: `producer` has how.
MADE = tuple(level.name for level in TABLE.values() if not level.derived_from)


def spans_column(name: str) -> str:
    """The column of a dataset with a level's alignment; what is missing of it goes by that too."""
    return f"spans_{name}"


@cache
def placing() -> frozenset[str]:
    """The levels by which others are placed in the source: workers make them for all functions."""
    found = frozenset(by for name in MADE if (by := producer(name).placed_by) is not None)
    for by in found:
        assert producer(by).always, f"level {by}: others are placed by it, so it is always made"
    return found


@cache
def producer(name: str) -> "Producer":
    """How a level is made of JAX's stages: `PRODUCER` of the module of its name in this package."""
    return importlib.import_module(f"{__name__}.{name}").PRODUCER
