"""Arguments written as JAX writes them: `f32[8,8]`, `bool[3]`, `i32[]`, `key<fry>[2]`."""

import math
import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxsmith.base import arrays
from jaxsmith.errors import JaxsmithError

_AVAL = re.compile(r"(?P<dtype>key<\w+>|\w+)\[(?P<shape>[\d,\s]*)\]")
# Beyond so many elements an argument of a function that is not run has no values: JAX needs none.
_MOST_ELEMENTS = 1 << 24
# What JAX counts the elements of an array with.
_MOST_OF_JAX = (1 << 63) - 1
_KEY_IMPLEMENTATIONS = {"fry": "threefry2x32", "rbg": "rbg", "urbg": "unsafe_rbg"}


def example(text: str, position: int, *, for_run: bool = True) -> Any:
    """An array of the aval that `text` writes; the same text and position give the same values.

    Floating point is drawn from the standard normal distribution, integers from 0 to 7, so that
    they do as indices and sizes; keys come from `jax.random.key(position)`. Large ones that are not
    `for_run` are described only.
    """
    match = _AVAL.fullmatch(text.strip())
    if match is None:
        raise JaxsmithError(f"'{text}' is no type: write it as JAX does, for example f32[8,8]")
    try:
        shape = tuple(int(size) for size in match["shape"].split(",") if size.strip())
    except ValueError:
        raise JaxsmithError(
            f"'{text}': a shape is numbers and commas, for example f32[8,8]"
        ) from None
    if math.prod(shape) > _MOST_OF_JAX or max(shape, default=0) > _MOST_OF_JAX:
        raise _too_large(text)
    described = not for_run and math.prod(shape) > _MOST_ELEMENTS
    name = match["dtype"]
    if name.startswith("key<"):
        return _made(text, lambda: _keys(name[4:-1], shape, position, described))
    dtype = arrays.DTYPES.get(name) or arrays.NUMPY_NAMES.get(name)
    if dtype is None:
        known = ", ".join(arrays.DTYPES)
        raise JaxsmithError(f"'{text}': there is no element type {name}; JAX has {known}")
    if not jax.config.read("jax_enable_x64") and jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise JaxsmithError(f"'{text}': {name} needs --x64")
    if described:
        return jax.ShapeDtypeStruct(shape, dtype)
    return _made(text, lambda: values(dtype, shape, position))


def _made(text: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except JaxsmithError:
        raise
    except (MemoryError, ValueError, OverflowError, jax.errors.JaxRuntimeError):
        # By its size alone: NumPy and JAX have several ways to say so.
        raise _too_large(text) from None


def _too_large(text: str) -> JaxsmithError:
    return JaxsmithError(
        f"'{text}' is too large: there is no memory for its values; give a smaller one"
    )


def values(dtype: np.dtype, shape: tuple[int, ...], position: int) -> np.ndarray:
    """Deterministic values of a NumPy or ml_dtypes type."""
    random = np.random.default_rng(position)
    if dtype == np.bool_:
        return random.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return random.integers(0, 8, shape).astype(dtype)
    if jax.dtypes.issubdtype(dtype, np.integer):  # the narrow ones of ml_dtypes
        return random.integers(0, 2, shape).astype(dtype)
    numbers = random.standard_normal(shape)
    if dtype.kind == "c":
        numbers = numbers + 1j * random.standard_normal(shape)
    return np.asarray(numbers).astype(dtype)


def _keys(implementation: str, shape: tuple[int, ...], position: int, described: bool) -> Any:
    full = _KEY_IMPLEMENTATIONS.get(implementation)
    if full is None:
        raise JaxsmithError(f"'key<{implementation}>' is no key type: JAX has key<fry>, key<rbg>")
    key = jax.random.key(position, impl=full)
    if described:
        return jax.ShapeDtypeStruct(shape, key.dtype)
    return jax.random.split(key, math.prod(shape)).reshape(shape) if shape else key
