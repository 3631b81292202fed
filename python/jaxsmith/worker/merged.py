"""Compiling and running many functions as one module, which costs a tenth of doing so one by
one."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jaxsmith import jax_private, levels
from jaxsmith.worker import probe
from jaxsmith.worker.function import Work, one_line
from jaxsmith.worker.stages import Progress

# Functions that are compiled as one module. A function's group is its position in the chunk divided
# by this, whatever becomes of the others, so that its outputs do not depend on which of them fail.
GROUP_SIZE = 48

# What is longer, in characters of the text that is run, is a module of its own: XLA's time goes up
# faster than sizes do.
LARGE_TEXT = 150_000

# XLA's options for the runs: code of little quality that is quick to generate, as it runs a few times
# only. Outputs depend on them, so that a dataset's rows name them.
RUN_OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
}


@dataclass
class Member:
    """A function of a group: `module` is its StableHLO text, parsed; merging uses it up."""

    work: Work
    kept: list[int]
    module: Any = None


def is_large(member: Member) -> bool:
    """Whether a function is a group of its own, which it is by its own text alone."""
    return len(member.work.levels[levels.RUN]) > LARGE_TEXT


@dataclass
class _Failure:
    stage: str
    error: Exception


class GroupRunner:
    """Compiles and runs groups; one for a process."""

    def __init__(self) -> None:
        self._compiler = jax_private.Compiler(RUN_OPTIONS)

    def run(self, members: Sequence[Member], context: Any, progress: Progress) -> None:
        """Fills outputs, argument_matters and stable of the members. A member that fails is found
        by bisection, refused, and left out when the group is done again."""
        if self._attempt(members, context, progress) is None:
            return
        self._refuse_culprits(members, context, progress)
        rest = [member for member in members if member.work.alive]
        if self._attempt(rest, context, progress) is not None:  # they fail only together
            for member in rest:
                self._refuse_culprits([member], context, progress)

    def _refuse_culprits(self, members: Sequence[Member], context: Any, progress: Progress) -> None:
        failure = self._attempt(members, context, progress)
        if failure is None:
            return
        if len(members) == 1:
            kind = type(failure.error).__name__
            members[0].work.refuse(failure.stage, kind, one_line(str(failure.error)))
            return
        middle = len(members) // 2
        self._refuse_culprits(members[:middle], context, progress)
        self._refuse_culprits(members[middle:], context, progress)

    def _attempt(
        self, members: Sequence[Member], context: Any, progress: Progress
    ) -> _Failure | None:
        if not members:
            return None
        positions = [member.work.position for member in members]
        stage = "compile"
        progress(stage, positions)
        try:
            modules = [self._module(member, context) for member in members]
            merged, results = jax_private.merge(modules, context)
            arguments = sum(len(member.kept) for member in members)
            executable = self._compiler.compile(merged, arguments, sum(results))
            stage = "run"
            sign = functools.partial(progress, stage, positions)
            sign()
            run = probe.with_signs(_Run(self._compiler, executable, members, results), sign)
            probe.probe([m.work for m in members], [m.kept for m in members], run)
        except Exception as error:
            for member in members:
                member.work.refusal = None  # what a run cut short has found is worth nothing
            return _Failure(stage, error)
        return None

    def _module(self, member: Member, context: Any) -> Any:
        module, member.module = member.module, None
        if module is None:
            module = levels.producer(levels.RUN).parse(member.work.levels[levels.RUN], context)
        return module


class _Run:
    """Runs a merged module on choices of inputs; arrays go to the device once."""

    def __init__(
        self,
        compiler: jax_private.Compiler,
        executable: Any,
        members: Sequence[Member],
        results: Sequence[int],
    ):
        self._compiler, self._executable = compiler, executable
        self._members, self._results = members, results
        self._arrays: dict[tuple[int, int, int], Any] = {}

    def __call__(self, choices: Sequence[probe.Choice]) -> list[list[np.ndarray]]:
        arguments = [
            self._array(i, argument, choices[i][argument])
            for i, member in enumerate(self._members)
            for argument in member.kept
        ]
        flat = iter(self._compiler.run(self._executable, arguments))
        return [[next(flat) for _ in range(count)] for count in self._results]

    def _array(self, member: int, argument: int, choice: int) -> Any:
        key = (member, argument, choice)
        if key not in self._arrays:
            work = self._members[member].work
            self._arrays[key] = self._compiler.put(probe.chosen(work, argument, choice))
        return self._arrays[key]
