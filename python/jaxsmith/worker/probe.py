"""The runs that show what a function's outputs are worth: repeated, with arguments replaced,
nudged."""

from collections.abc import Callable, Sequence

import numpy as np

from jaxsmith.base import arrays
from jaxsmith.worker.function import Work

# Which input set each argument of a function is taken from in a run; NUDGED stands for set 0, moved
# by a few units in the last place.
Choice = list[int]
NUDGED = -1
# Runs functions, each on its choice, and gives the outputs of each.
Run = Callable[[Sequence[Choice]], list[list[np.ndarray]]]


def chosen(work: Work, argument: int, choice: int) -> np.ndarray:
    """The array that a choice stands for."""
    if choice == NUDGED:
        return arrays.nudged(work.inputs[0][argument], argument)
    return work.inputs[choice][argument]


def probe(works: Sequence[Work], used: Sequence[Sequence[int]], run: Run) -> None:
    """Fills outputs, argument_matters and stable of the functions, which run side by side: round r
    replaces argument r of each, so that a group costs a handful of runs. `used` are the arguments
    that the compiled functions still have; no other can matter."""
    recorded = [[0] * len(work.inputs[0]) for work in works]
    first, again = run(recorded), run(recorded)
    for work, outputs, repeated in zip(works, first, again, strict=True):
        work.outputs = outputs
        if not arrays.same_bytes(outputs, repeated):
            work.refuse("repeat", "differs", "two runs on the same inputs gave different bytes")
    _find_arguments_that_matter(works, used, run, recorded)
    _find_stable(works, used, run, recorded)


def _find_arguments_that_matter(
    works: Sequence[Work], used: Sequence[Sequence[int]], run: Run, recorded: list[Choice]
) -> None:
    matters = [[False] * len(work.inputs[0]) for work in works]
    for argument in range(max((len(m) for m in matters), default=0)):
        for replacement in (1, 2):
            asked = [
                argument in kept and not found[argument]
                for kept, found in zip(used, matters, strict=True)
            ]
            if not any(asked):
                break
            choices = [list(choice) for choice in recorded]
            for choice, ask in zip(choices, asked, strict=True):
                if ask:
                    choice[argument] = replacement
            for i, outputs in enumerate(run(choices)):
                if asked[i] and not arrays.same_bytes(works[i].outputs, outputs):
                    matters[i][argument] = True
    for work, found in zip(works, matters, strict=True):
        work.argument_matters = found


def _find_stable(
    works: Sequence[Work], used: Sequence[Sequence[int]], run: Run, recorded: list[Choice]
) -> None:
    choices = [list(choice) for choice in recorded]
    for work, kept, choice in zip(works, used, choices, strict=True):
        for argument in kept:
            if arrays.inexact(work.inputs[0][argument]):
                choice[argument] = NUDGED
    if choices == recorded:
        return
    for work, choice, outputs in zip(works, choices, run(choices), strict=True):
        # An argument of little precision is moved by much, and results of more precision follow it.
        moved = (x for x, c in zip(work.inputs[0], choice, strict=True) if c == NUDGED)
        least = max(map(arrays.tolerance, moved), default=0.0)
        pairs = zip(work.outputs, outputs, strict=True)
        work.stable = all(arrays.close(a, b, least) for a, b in pairs)
