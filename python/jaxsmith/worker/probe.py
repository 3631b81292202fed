"""The runs that show what a function's outputs are worth: repeated, with arguments replaced,
nudged; and those of further cases."""

import time
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


def with_signs(run: Run, sign: Callable[[], None]) -> Run:
    """These runs, with a sign of life before each, at most one a second: a group of functions with
    many arguments is run many times, and the time limit is one for a run."""
    last = time.monotonic()

    def run_with_sign(choices: Sequence[Choice]) -> list[list[np.ndarray]]:
        nonlocal last
        if time.monotonic() - last >= 1:
            sign()
            last = time.monotonic()
        return run(choices)

    return run_with_sign


def probe(works: Sequence[Work], used: Sequence[Sequence[int]], run: Run) -> None:
    """Fills outputs, recorded, argument_matters, stable and case_outputs of the functions, which
    run side by side: round r replaces argument r of each, so that a group costs a handful of runs.
    `used` are the arguments that the compiled functions still have; no other can matter."""
    recorded = [[0] * len(work.inputs[0]) for work in works]
    first, again = run(recorded), run(recorded)
    for work, outputs, repeated in zip(works, first, again, strict=True):
        work.outputs = outputs
        if not arrays.same_bytes(outputs, repeated):
            work.refuse("repeat", "differs", "two runs on the same inputs gave different bytes")
    stable = _find_stable(works, used, run, recorded, first)
    everyone = [True] * len(works)
    matters = _find_arguments_that_matter(works, used, run, recorded, first, everyone)
    for work, found, is_stable in zip(works, matters, stable, strict=True):
        work.argument_matters, work.stable = found, is_stable
    _record_others(works, used, run, recorded)
    _run_cases(works, used, run, recorded)


# How much the recorded inputs tell of what a function does, by _shown.
_TELLS_ALL = 2


def _shown(work: Work) -> int:
    """1 where outputs are numbers and stay where they are, and every argument shows in them;
    _TELLS_ALL where no output is level besides; else 0."""
    numbers = all(np.isfinite(x).all() for x in work.outputs if arrays.inexact(x))
    if not (numbers and work.stable and all(work.argument_matters)):
        return 0
    return 1 if _level(work.outputs) else _TELLS_ALL


def _level(outputs: Sequence[np.ndarray]) -> bool:
    return any(map(arrays.level, outputs))


def _record_others(
    works: Sequence[Work], used: Sequence[Sequence[int]], run: Run, recorded: list[Choice]
) -> None:
    """Where input set 0 happens to be one on which a limit binds everywhere, a branch leaves an
    argument out, a comparison is on the edge or most elements come out the same, the first further
    case that tells more is recorded in its place."""
    shown = [_shown(work) for work in works]
    for replacement in range(1, max((len(work.inputs) for work in works), default=0)):
        asked = [
            work.alive
            and replacement in work.cases
            and len(kept) == len(work.inputs[0])  # an argument that JAX drops never shows
            and tells < _TELLS_ALL
            for work, kept, tells in zip(works, used, shown, strict=True)
        ]
        if not any(asked):
            continue
        choices = [
            [replacement] * len(choice) if ask else choice
            for choice, ask in zip(recorded, asked, strict=True)
        ]
        outputs, again = run(choices), run(choices)
        stable = _find_stable(works, used, run, choices, outputs)
        asked = [
            ask and is_stable and arrays.same_bytes(x, y) and (tells == 0 or not _level(x))
            for ask, is_stable, tells, x, y in zip(
                asked, stable, shown, outputs, again, strict=True
            )
        ]
        if not any(asked):
            continue
        matters = _find_arguments_that_matter(works, used, run, choices, outputs, asked)
        for i, work in enumerate(works):
            if not asked[i]:
                continue
            before = work.outputs, work.argument_matters, work.stable
            work.outputs, work.argument_matters, work.stable = outputs[i], matters[i], True
            tells = _shown(work)
            if tells > shown[i]:
                work.recorded, recorded[i], shown[i] = replacement, choices[i], tells
            else:
                work.outputs, work.argument_matters, work.stable = before


def _find_arguments_that_matter(
    works: Sequence[Work],
    used: Sequence[Sequence[int]],
    run: Run,
    recorded: list[Choice],
    outputs: Sequence[Sequence[np.ndarray]],
    wanted: Sequence[bool],
) -> list[list[bool]]:
    """Of those that are wanted, which have these outputs on the recorded choice."""
    matters = [[False] * len(work.inputs[0]) for work in works]
    sets = max((len(work.inputs) for work in works), default=0)
    for argument in range(max((len(m) for m in matters), default=0)):
        for replacement in range(sets):
            asked = [
                want
                and argument in kept
                and replacement < len(work.inputs)
                and replacement != choice[argument]
                and not found[argument]
                for want, work, kept, choice, found in zip(
                    wanted, works, used, recorded, matters, strict=True
                )
            ]
            if not any(asked):
                continue
            choices = [list(choice) for choice in recorded]
            for choice, ask in zip(choices, asked, strict=True):
                if ask:
                    choice[argument] = replacement
            for i, found in enumerate(run(choices)):
                if asked[i] and not arrays.same_bytes(outputs[i], found):
                    matters[i][argument] = True
    return matters


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
    """Round r runs case r of each function that has so many; the others are on the recorded set
    again."""
    for work in works:
        work.case_outputs = {}
    for case in range(max((len(work.cases) for work in works), default=0)):
        has = [case < len(work.cases) and work.cases[case] != work.recorded for work in works]
        choices = [
            [work.cases[case]] * len(choice) if own else choice
            for work, own, choice in zip(works, has, recorded, strict=True)
        ]
        outputs = run(choices)
        stable = _find_stable(works, used, run, choices, outputs)
        for i, work in enumerate(works):
            if has[i] and stable[i]:
                work.case_outputs[work.cases[case]] = outputs[i]
