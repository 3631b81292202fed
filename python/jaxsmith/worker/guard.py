"""Puts back what a function may have changed of the process, so that it reaches no other
function."""

import builtins
import os
import random
import sys
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Our own use of these must survive a function that replaces them.
_update_config = jax.config.update

_NAMESPACES = (builtins, jax, jnp, jax.lax, jax.nn, jax.random, np)


class Guard:
    """Remembers the state of the process when it is made."""

    def __init__(self) -> None:
        self._config = _config_values()
        self._namespaces = [(module.__dict__, dict(module.__dict__)) for module in _NAMESPACES]
        self._filters = list(warnings.filters)
        self._recursion_limit = sys.getrecursionlimit()
        self._folder = os.getcwd()
        self._path = list(sys.path)

    def restore(self) -> None:
        """To be called after each run of a function's code. It costs some twenty microseconds."""
        self._restore_config()
        for now, before in self._namespaces:
            _restore_namespace(now, before)
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]
            warnings._filters_mutated()  # type: ignore[attr-defined]
        if sys.getrecursionlimit() != self._recursion_limit:
            sys.setrecursionlimit(self._recursion_limit)
        if sys.path != self._path:
            sys.path[:] = self._path
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            _restore_stream(name, descriptor)
        self._restore_folder()
        # Not to put back, but to be the same for every function, whatever ran before it.
        random.seed(0)
        np.random.seed(0)

    def _restore_config(self) -> None:
        now = _config_values()
        if now != self._config:
            for name, value in self._config.items():
                if now.get(name) != value:
                    _update_config(name, value)

    def _restore_folder(self) -> None:
        try:
            if os.getcwd() == self._folder:
                return
        except OSError:  # the folder that it went to is gone
            pass
        os.chdir(self._folder)


def _config_values() -> dict[str, Any]:
    return dict(jax.config.values)


def _restore_namespace(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Names that were there get their values back; new ones, such as modules imported, stay."""
    try:
        if now == before:
            return
    except Exception:  # a value put there cannot be compared
        pass
    for name, value in before.items():
        if now.get(name) is not value:
            now[name] = value
    before.update((name, value) for name, value in list(now.items()) if name not in before)


def _restore_stream(name: str, descriptor: int) -> None:
    stream, original = getattr(sys, name, None), getattr(sys, f"__{name}__")
    if original is None or original.closed:
        try:
            original = open(descriptor, "w", closefd=False)
        except OSError:  # the descriptor itself is closed
            original = open(os.devnull, "w")
        setattr(sys, f"__{name}__", original)
    if stream is not original:
        setattr(sys, name, original)
