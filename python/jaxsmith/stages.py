"""The stages that both routes share: from source text to a lowered module and its StableHLO
text."""

import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax import enable_x64

from jaxsmith import arrays
from jaxsmith.guard import Guard
from jaxsmith.work import Refused, Work, check_text

# Tells the supervisor what is being worked on: stage and positions.
Progress = Callable[[str, list[int]], None]

# The name that a function's module has while it runs: some libraries look themselves up by it.
_MODULE_NAME = "function"
_PROCESS = os.getpid()
# XLA names instructions after the Python functions that a location's traceback tells of; without it
# they are named after operations alone.
jax.config.update("jax_traceback_in_locations_limit", 0)
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
    with work.stage("exec"), user_code(work):
        exec(compile(work.source, f"<{_MODULE_NAME}>", "exec"), work.module.__dict__)
        work.function = work.module.__dict__.get(work.entry)
        if not callable(work.function):
            raise Refused("entry", f"the source defines no function {work.entry}")


def trace(work: Work) -> None:
    """trace: `jax.jit(function).trace(*inputs)`, and what the traced function says of its
    results."""
    with work.stage("trace"), user_code(work):
        work.traced = jax.jit(work.function).trace(*work.inputs[0])
        closed = work.traced.jaxpr
        # A value of another, finished trace becomes an argument that the function has not.
        if len(closed.in_avals) != len(work.inputs[0]):
            raise Refused("leaked_tracer", "a value of a finished trace is used again")
        work.constants = [_concrete(constant) for constant in closed.consts]
        paths, _ = jax.tree_util.tree_flatten_with_path(work.traced.out_info)
        work.result_paths = [jax.tree_util.keystr(path) for path, _ in paths]
        check_text("result path", "\n".join(work.result_paths))
        for aval in closed.out_avals:
            _supported(getattr(aval, "dtype", None))


def jaxpr_text(work: Work) -> None:
    with work.stage("text"), enable_x64(work.x64):
        keep_text(work, "jaxpr", str(work.traced.jaxpr))


def lower(work: Work) -> None:
    with work.stage("lower"), user_code(work):
        work.lowered = work.traced.lower()


def stablehlo_text(work: Work) -> None:
    with work.stage("text"):
        keep_text(work, "stablehlo", work.lowered.as_text())


def keep_text(work: Work, level: str, text: str) -> None:
    check_text(level, text)
    work.levels[level] = text


def alive(works: Iterable[Work]) -> list[Work]:
    return [work for work in works if work.alive]


def _concrete(constant: Any) -> np.ndarray:
    _supported(getattr(constant, "dtype", np.asarray(constant).dtype))
    return np.asarray(constant)


def _supported(dtype: Any) -> None:
    if arrays.dtype_name(dtype) is None:
        raise Refused("dtype", f"values of type {dtype} cannot be recorded")
