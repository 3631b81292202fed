"""The stages that both routes share: from source text to a lowered module, and the texts of
levels."""

import itertools
import os
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax import enable_x64

from jaxsmith import jax_private, levels
from jaxsmith.base import arrays, calls
from jaxsmith.provenance import alignment
from jaxsmith.provenance.source import SourceText
from jaxsmith.worker.function import Refused, Work, check_text
from jaxsmith.worker.guard import Guard

# Tells the supervisor what is being worked on: stage and positions.
Progress = Callable[[str, list[int]], None]

# The name that a function's module has while it runs: some libraries look themselves up by it.
_MODULE_NAME = "function"
_PROCESS = os.getpid()
_numbers = itertools.count()
_guard = Guard()


@contextmanager
def user_code(work: Work) -> Iterator[None]:
    """Around everything that runs code of the function: at its setting of jax_enable_x64, its
    module importable, and what it changed of the process put back."""
    sys.modules[_MODULE_NAME] = work.module
    try:
        with enable_x64(work.x64):
            yield
    finally:
        if os.getpid() != _PROCESS:  # the function has forked, and this is the child
            os._exit(1)
        sys.modules.pop(_MODULE_NAME, None)
        _guard.restore()


def load(work: Work) -> None:
    """exec: the source, a complete module, and its entry point."""
    work.module = types.ModuleType(_MODULE_NAME)
    # No two functions share it: a lowering that is used again holds places of another function.
    work.file = f"<function {next(_numbers)}>"
    with work.stage("exec"), user_code(work):
        exec(compile(work.source, work.file, "exec"), work.module.__dict__)
        work.function = work.module.__dict__.get(work.entry)
        if not callable(work.function):
            raise Refused("entry", f"the source defines no function {work.entry}")


def trace(work: Work) -> None:
    """trace: `jax.jit(function).trace(*arguments)`, and what the traced function says of its
    results."""
    with work.stage("trace"), user_code(work):
        assert work.function is not None
        arguments = calls.arguments(work.argument_tree, work.module.__dict__, work.inputs[0])
        leaves, work.treedef = jax.tree.flatten(arguments)
        if list(map(id, leaves)) != list(map(id, work.inputs[0])):
            raise Refused("arguments", "its argument tree does not hold each input in its place")
        work.traced = jax.jit(work.function).trace(*arguments)
        closed = work.traced.jaxpr
        # A value of another, finished trace becomes an argument that the function has not.
        if len(closed.in_avals) != len(work.inputs[0]):
            raise Refused("leaked_tracer", "a value of a finished trace is used again")
        work.constants = [_concrete(constant) for constant in jax_private.constants(closed)]
        paths, _ = jax.tree_util.tree_flatten_with_path(work.traced.out_info)
        work.result_paths = [jax.tree_util.keystr(path) for path, _ in paths]
        check_text("result path", "\n".join(work.result_paths))
        for aval in closed.out_avals:
            _supported(getattr(aval, "dtype", None))


def lower(work: Work) -> None:
    with work.stage("lower"), user_code(work), jax_private.naming_of_rules(work.traced.jaxpr):
        work.lowered = work.traced.lower()


def compile_lowered(work: Work) -> None:
    if work.compiled is None:
        with work.stage("compile"), enable_x64(work.x64):
            work.compiled = work.lowered.compile()


def make_texts(work: Work, names: Iterable[str]) -> None:
    """text: these levels, of the stages that are there."""
    for name in names:
        if work.alive:
            with work.stage("text"), enable_x64(work.x64):
                keep(work, name, *levels.producer(name).made(work))


def of_stages(wanted: Collection[str], reach: levels.Reach) -> list[str]:
    """The levels to make that take JAX so far and no further, but for those `of_compiles`."""
    return [
        name
        for name in _to_make(wanted)
        if levels.TABLE[name].reach == reach and levels.producer(name).module_of_compile is None
    ]


def of_compiles(wanted: Collection[str]) -> list[str]:
    """The levels to make that the chunk route takes out of its compiles."""
    return [
        name for name in _to_make(wanted) if levels.producer(name).module_of_compile is not None
    ]


def _to_make(wanted: Collection[str]) -> list[str]:
    return [name for name in levels.MADE if name in wanted or levels.producer(name).always]


def keep(work: Work, level: str, text: str, located: Sequence[alignment.Located]) -> None:
    """A level's text, and where its lines come from."""
    # What is traced shows Python objects as these show themselves.
    check_text(level, text, of_python=levels.TABLE[level].reach == levels.Reach.TRACED)
    work.levels[level] = text
    lines = work.source.count("\n") + 1
    origin = tuple((line, 0) for line in range(1, lines + 1))
    source = SourceText(work.source, work.entry, work.file, 1, origin)
    if level in levels.placing():
        work.placing[level] = located
    by = levels.producer(level).placed_by
    whole = () if by is None else work.placing[by]
    work.spans[level] = alignment.as_json(alignment.spans(located, source, whole))


def alive(works: Iterable[Work]) -> list[Work]:
    return [work for work in works if work.alive]


def _concrete(constant: Any) -> np.ndarray:
    _supported(getattr(constant, "dtype", np.asarray(constant).dtype))
    return np.asarray(constant)


def _supported(dtype: Any) -> None:
    if arrays.dtype_name(dtype) is None:
        raise Refused("dtype", f"values of type {dtype} cannot be recorded")
