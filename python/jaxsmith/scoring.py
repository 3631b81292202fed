"""What texts of IR that a model wrote are worth: the grading of `jaxsmith score`, for a loop that
trains one.

The work is done in C++ without Python's lock, without JAX, and within a budget: a text may be
anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from jaxsmith import _core
from jaxsmith.errors import IRError, checked_text
from jaxsmith.levels import LEVELS, RUN
from jaxsmith.sample import Row

# What one text may use.
STEPS = 1_000_000_000
MEMORY = 1 << 30


@dataclass(frozen=True)
class Verdict:
    """What was found of a text. Its truth is the credit: `bool(verdict)` is `verdict.agrees`."""

    parses: bool  # it is a text of its level
    verifies: bool  # it keeps to its language's rules: types, shapes, regions, attributes
    signature: bool  # it takes and gives what the row's text does
    canonical: bool  # it says the same as the row's text in other words: it is not run then
    runs: bool  # on the recorded inputs
    recorded: bool  # it gives on these, and in further cases, what JAX gave
    agrees: bool  # and on drawn inputs what the row's text gives
    gradable: bool  # whether the row tells right texts from wrong ones by execution
    unsupported: bool  # it has an operation that jaxsmith does not know
    cases: int  # drawn inputs
    cases_passed: int  # of these, before the first on which it does not agree
    steps: int  # elementary operations that it took; 0 where it was not run
    reason: str  # why it has no credit

    def __bool__(self) -> bool:
        return self.agrees


class Grader:
    """Grades texts for one level of a row; what the row's own text gives is computed once. Threads
    may use one at a time."""

    def __init__(
        self,
        row: Row | Mapping[str, Any],
        level: str = RUN,
        *,
        seed: int = 0,
        steps: int = STEPS,
        memory: int = MEMORY,
    ):
        if level not in LEVELS:
            raise IRError(f"there is no level {level!r}; there are {', '.join(LEVELS)}")
        fields = row.fields if isinstance(row, Row) else row
        if not isinstance(fields, Mapping):
            raise TypeError(f"row: give a row of a dataset, not {type(row).__name__}")
        wanted = ("id", level, "constants", "inputs", "outputs", "kept_arguments", "equations")
        missing = [name for name in wanted if name not in fields]
        if missing:
            raise IRError(f"this is no row of a dataset: it has no {', '.join(missing)}")
        if not fields[level]:
            raise IRError(f"row {fields['id']} has no {level}")
        self._grader = _core.Grader(
            fields["id"],
            level,
            fields[level],
            _arrays(fields["constants"]),
            _arrays(fields["inputs"]),
            _arrays(fields["outputs"]),
            [
                (_arrays(case["inputs"]), _arrays(case["outputs"]))
                for case in fields.get("further_cases") or []  # a dataset may be older than these
            ],
            [int(i) for i in fields["kept_arguments"]],
            int(fields["equations"]),
            seed,
            steps,
            memory,
        )

    @property
    def not_gradable(self) -> str:
        """Why nothing is graded by execution; empty where it is."""
        return self._grader.not_gradable()

    def __call__(self, text: str) -> Verdict:
        """The verdict on one text. Raises TypeError for what is none."""
        return Verdict(**self._grader.grade(checked_text(text, "text")))


def _arrays(arrays: Iterable[Mapping[str, Any]] | None) -> list[tuple[str, list[int], bytes]]:
    return [(a["dtype"], [int(n) for n in a["shape"]], bytes(a["data"])) for a in arrays or []]


@overload
def score(row: Row | Mapping[str, Any], text: str, level: str = ..., **options: int) -> Verdict: ...
@overload
def score(
    row: Row | Mapping[str, Any],
    text: list[str] | tuple[str, ...],
    level: str = ...,
    **options: int,
) -> list[Verdict]: ...
def score(
    row: Row | Mapping[str, Any],
    text: str | list[str] | tuple[str, ...],
    level: str = RUN,
    **options: int,
) -> Verdict | list[Verdict]:
    """Grades what a model wrote for a level of a row: one text, or several at the cost of one
    reference.

    `row`: of `jaxsmith.load`, or a mapping with a dataset's columns, as `datasets` or pyarrow's
    `to_pylist()` give it. Options are those of `Grader`: `seed` draws other further inputs, `steps`
    and `memory` bound one text. Raises TypeError for what is no row or no text, IRError for a level that
    there is not or that the row lacks.

        dataset = jaxsmith.load("dataset")
        reward = float(bool(jaxsmith.score(dataset[0], text)))
    """
    if not isinstance(text, (str, list, tuple)):
        raise TypeError(f"text: give a str or a list of them, not {type(text).__name__}")
    grader = Grader(row, level, **options)
    return grader(text) if isinstance(text, str) else [grader(each) for each in text]
