"""The runs that show what a function's outputs are worth: repeated, with arguments replaced,
nudged; and those of further cases."""

from collections.abc import Callable, Sequence

import numpy as np

from jaxsmith.base import arrays
from jaxsmith.worker.function import Work

# Which input set each argument of a function is taken from in a run; `moved(set)` stands for that
# set, moved by a few units in the last place.
Choice = list[int]
# Runs functions, each on its choice, and gives the outputs of each.
Run = Callable[[Sequence[Choice]], list[list[np.ndarray]]]


def moved(input_set: int) -> int:
    """The choice of an input set that is moved."""
    return -1 - input_set


def chosen(work: Work, argument: int, choice: int) -> np.ndarray:
    """The array that a choice stands for."""
    if choice < 0:
        return arrays.nudged(work.inputs[moved(choice)][argument], argument)
    return work.inputs[choice][argument]


def probe(works: Sequence[Work], used: Sequence[Sequence[int]], run: Run) -> None:
    """Fills outputs, argument_matters, stable and case_outputs of the functions, which run side by
    side: round r replaces argument r of each, so that a group costs a handful of runs. `used` are
    the arguments that the compiled functions still have; no other can matter."""
    recorded = [[0] * len(work.inputs[0]) for work in works]
    first, again = run(recorded), run(recorded)
    for work, outputs, repeated in zip(works, first, again, strict=True):
        work.outputs = outputs
        if not arrays.same_bytes(outputs, repeated):
            work.refuse("repeat", "differs", "two runs on the same inputs gave different bytes")
    _find_arguments_that_matter(works, used, run, recorded)
    stable = _find_stable(works, used, run, recorded, [work.outputs for work in works])
    for work, found in zip(works, stable, strict=True):
        work.stable = found
    _run_cases(works, used, run, recorded)


def _find_arguments_that_matter(
    works: Sequence[Work], used: Sequence[Sequence[int]], run: Run, recorded: list[Choice]
) -> None:
    matters = [[False] * len(work.inputs[0]) for work in works]
    sets = max((len(work.inputs) for work in works), default=0)
    for argument in range(max((len(m) for m in matters), default=0)):
        for replacement in range(1, sets):
            asked = [
                argument in kept and replacement < len(work.inputs) and not found[argument]
                for work, kept, found in zip(works, used, matters, strict=True)
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
    works: Sequence[Work],
    used: Sequence[Sequence[int]],
    run: Run,
    choices: list[Choice],
    outputs: Sequence[Sequence[np.ndarray]],
) -> list[bool]:
    """Whether the outputs of each, which it has on its choice of whole input sets, stay nearly the
    same when the inputs are moved."""
    nudged = [list(choice) for choice in choices]
    for work, kept, choice in zip(works, used, nudged, strict=True):
        for argument in kept:
            if arrays.inexact(work.inputs[0][argument]):
                choice[argument] = moved(choice[argument])
    if nudged == choices:
        return [True] * len(works)
    stable = []
    for work, choice, before, after in zip(works, nudged, outputs, run(nudged), strict=True):
        # An argument of little precision is moved by much, and results of more precision follow it.
        inexact = (x for x, c in zip(work.inputs[0], choice, strict=True) if c < 0)
        least = max(map(arrays.tolerance, inexact), default=0.0)
        pairs = zip(before, after, strict=True)
        stable.append(all(arrays.close(a, b, least) for a, b in pairs))
    return stable


def _run_cases(
    works: Sequence[Work], used: Sequence[Sequence[int]], run: Run, recorded: list[Choice]
) -> None:
    """Round r runs case r of each function that has so many; the others are on set 0 again."""
    for work in works:
        work.case_outputs = {}
    for case in range(max((len(work.cases) for work in works), default=0)):
        has = [case < len(work.cases) for work in works]
        choices = [
            [work.cases[case]] * len(choice) if own else choice
            for work, own, choice in zip(works, has, recorded, strict=True)
        ]
        outputs = run(choices)
        stable = _find_stable(works, used, run, choices, outputs)
        for i, work in enumerate(works):
            if has[i] and stable[i]:
                work.case_outputs[work.cases[case]] = outputs[i]
