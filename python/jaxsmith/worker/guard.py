"""Puts back what a function may have changed of the process, so that it reaches no other
function."""

import builtins
import os
import random
import sys
import warnings
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsmith import jax_private

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
        self._environment = dict(os.environ._data)  # type: ignore[attr-defined]
        self._numpy = np.geterr(), np.get_printoptions()
        self._settings = jax_private.thread_settings()
        _seed()

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
        self._restore_settings()
        _seed()

    def _restore_config(self) -> None:
        now = _config_values()
        if now != self._config:
            for name, value in self._config.items():
                if now.get(name) != value:
                    _update_config(name, value)

    def _restore_settings(self) -> None:
        """Of the environment, of NumPy, and of contexts of JAX that were entered and not left."""
        if os.environ._data != self._environment:  # type: ignore[attr-defined]
            os.environ.clear()
            os.environ.update(
                {os.fsdecode(k): os.fsdecode(v) for k, v in self._environment.items()}
            )
        if (np.geterr(), np.get_printoptions()) != self._numpy:
            np.seterr(**self._numpy[0])
            np.set_printoptions(**self._numpy[1])
        if jax_private.thread_settings() != self._settings:
            jax_private.reset_thread_settings()

    def _restore_folder(self) -> None:
        try:
            if os.getcwd() == self._folder:
                return
        except OSError:  # the folder that it went to is gone
            pass
        os.chdir(self._folder)


def _seed() -> None:
    """Not to put back, but to be the same for every function, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)


def _config_values() -> dict[str, Any]:
    return dict(jax.config.values)


def _restore_namespace(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Names that were there get their values back; new ones go, but for modules that were
    imported."""
    try:
        if now == before:
            return
    except Exception:  # a value put there cannot be compared
        pass
    for name, value in before.items():
        if now.get(name) is not value:
            now[name] = value
    for name in [name for name in now if name not in before]:
        if isinstance(now[name], ModuleType):
            before[name] = now[name]
        else:
            del now[name]


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
