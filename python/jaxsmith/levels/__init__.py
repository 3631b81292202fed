"""The levels: the forms of a function, in the order in which they are made. The table is the
program's (src/levels/levels.def): the build writes `_table` from it."""

import importlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from jaxsmith.levels._table import ROWS

if TYPE_CHECKING:
    from jaxsmith.levels.producing import Producer


class Level(NamedTuple):
    """A row of the table."""

    name: str
    title: str  # for people: "StableHLO"
    reach: str  # how far JAX goes for it: "traced", "lowered", "compiled"
    derived_from: str  # the level that its text follows from; empty where a worker makes it
    gives_structure: bool  # duplicates and splits go by it
    runs_alone: bool  # it is compiled and run in its function's place
    official_parser: bool  # jaxlib has one

    @property
    def stage(self) -> str:
        """The stage of JAX's that has to succeed for it, as an ExtractionError calls it."""
        return {"traced": "trace", "lowered": "lower", "compiled": "compile"}[self.reach]


TABLE = {row[0]: Level(*row) for row in ROWS}
LEVELS = tuple(TABLE)
STRUCTURE = next(level.name for level in TABLE.values() if level.gives_structure)
RUN = next(level.name for level in TABLE.values() if level.runs_alone)
# Those that Python makes: `producer` has how.
MADE = tuple(level.name for level in TABLE.values() if not level.derived_from)
REACHES = ("traced", "lowered", "compiled")


@cache
def producer(name: str) -> "Producer":
    """How a level is made of JAX's stages: `PRODUCER` of the module of its name in this package."""
    return importlib.import_module(f"{__name__}.{name}").PRODUCER
