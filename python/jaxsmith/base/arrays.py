"""Arrays as the protocol carries them, and what is done to inputs and asked of outputs.

An array of the protocol is `{"dtype": "f32", "shape": [2, 3], "data": bytes}`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np


class Numbers(NamedTuple):
    """How close two computations of an inexact dtype have to come."""

    epsilon: float  # distance from 1 to the next number
    nudge: int  # by how many epsilons inputs are moved to see whether outputs are stable
    tolerance: (
        float  # how far outputs may move then, relative to the largest magnitude in the output
    )


# A complex dtype has the numbers of its parts. The 16-bit types are moved by less, because
# compilations differ by single roundings and one rounding of these types is large already.
NUMBERS = {
    "f16": Numbers(2.0**-10, 1, 3e-2),
    "bf16": Numbers(2.0**-7, 1, 1e-1),
    "f32": Numbers(2.0**-23, 4, 1e-3),
    "f64": Numbers(2.0**-52, 4, 1e-8),
    "c64": Numbers(2.0**-23, 4, 1e-3),
    "c128": Numbers(2.0**-52, 4, 1e-8),
    # One step of a number with so few bits is a large part of it.
    "f8_e3m4": Numbers(2.0**-4, 0, 0.5),
    "f8_e4m3": Numbers(2.0**-3, 0, 0.5),
    "f8_e4m3b11fnuz": Numbers(2.0**-3, 0, 0.5),
    "f8_e4m3fn": Numbers(2.0**-3, 0, 0.5),
    "f8_e4m3fnuz": Numbers(2.0**-3, 0, 0.5),
    "f8_e5m2": Numbers(2.0**-2, 0, 0.5),
    "f8_e5m2fnuz": Numbers(2.0**-2, 0, 0.5),
    "f8_e8m0fnu": Numbers(1.0, 0, 1.0),
    "f6_e2m3fn": Numbers(2.0**-3, 0, 0.5),
    "f6_e3m2fn": Numbers(2.0**-2, 0, 0.5),
    "f4_e2m1fn": Numbers(2.0**-1, 0, 1.0),
}

# JAX's short names of the element types that a row can hold values of.
DTYPES = {
    "bool": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "u8": np.dtype(np.uint8),
    "u16": np.dtype(np.uint16),
    "u32": np.dtype(np.uint32),
    "u64": np.dtype(np.uint64),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "c64": np.dtype(np.complex64),
    "c128": np.dtype(np.complex128),
    # Narrow types: one byte an element here and in rows, as NumPy has them.
    "i2": np.dtype(ml_dtypes.int2),
    "i4": np.dtype(ml_dtypes.int4),
    "u2": np.dtype(ml_dtypes.uint2),
    "u4": np.dtype(ml_dtypes.uint4),
    "f8_e3m4": np.dtype(ml_dtypes.float8_e3m4),
    "f8_e4m3": np.dtype(ml_dtypes.float8_e4m3),
    "f8_e4m3b11fnuz": np.dtype(ml_dtypes.float8_e4m3b11fnuz),
    "f8_e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "f8_e4m3fnuz": np.dtype(ml_dtypes.float8_e4m3fnuz),
    "f8_e5m2": np.dtype(ml_dtypes.float8_e5m2),
    "f8_e5m2fnuz": np.dtype(ml_dtypes.float8_e5m2fnuz),
    "f8_e8m0fnu": np.dtype(ml_dtypes.float8_e8m0fnu),
    "f6_e2m3fn": np.dtype(ml_dtypes.float6_e2m3fn),
    "f6_e3m2fn": np.dtype(ml_dtypes.float6_e3m2fn),
    "f4_e2m1fn": np.dtype(ml_dtypes.float4_e2m1fn),
}
# The same by NumPy's names: "float32".
NUMPY_NAMES = {dtype.name: dtype for dtype in DTYPES.values()}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def dtype_name(dtype: Any) -> str | None:
    """JAX's short name of an element type; None where a row cannot hold its values."""
    try:
        return _NAMES.get(np.dtype(dtype))
    except TypeError:  # dtypes that JAX adds to NumPy's, such as random keys
        return None


def decode(message: dict) -> np.ndarray:
    dtype = DTYPES[message["dtype"]]
    return np.frombuffer(message["data"], dtype).reshape(message["shape"])


def encode(array: np.ndarray) -> dict:
    return {
        "dtype": _NAMES[array.dtype],
        "shape": list(array.shape),
        "data": array.tobytes(),
    }


def same_bytes(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


# Of fewer elements half are soon one value.
_LEVEL_FROM = 4


def level(array: np.ndarray) -> bool:
    """Whether half or more of its elements, which are four at least, are one value, bit by bit."""
    if array.size < _LEVEL_FROM:
        return False
    elements = np.ascontiguousarray(array).reshape(-1).view(np.dtype((np.void, array.itemsize)))
    counts = np.unique(elements, return_counts=True)[1]
    return 2 * int(counts.max()) >= array.size


def nudged(array: np.ndarray, argument: int) -> np.ndarray:
    """The array with each inexact element moved by a few units in the last place: up at even
    positions, down at odd ones, and the other way round in every second argument. Other arrays as
    they are."""
    numbers = NUMBERS.get(_NAMES[array.dtype])
    if numbers is None or not array.size:
        return array
    signs = 1.0 - 2.0 * ((np.arange(array.size) + argument) % 2)
    factors = (1.0 + signs * numbers.nudge * numbers.epsilon).reshape(array.shape)
    if array.dtype.kind == "c":
        moved = array.real.astype(np.float64) * factors + 1j * (array.imag / factors)
        return np.asarray(moved).astype(array.dtype)
    return np.asarray(array.astype(np.float64) * factors).astype(array.dtype)


def inexact(array: np.ndarray) -> bool:
    return _NAMES[array.dtype] in NUMBERS


def tolerance(array: np.ndarray) -> float:
    """The tolerance of the array's element type, 0 for exact ones."""
    return NUMBERS[_NAMES[array.dtype]].tolerance if inexact(array) else 0.0


def close(expected: np.ndarray, found: np.ndarray, least: float = 0.0) -> bool:
    """Whether two outputs agree: equal where exact; the same NaNs and infinities, and the other
    elements within the dtype's tolerance or `least`, whichever is more, where inexact."""
    numbers = NUMBERS.get(_NAMES[expected.dtype])
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return False
    if expected.tobytes() == found.tobytes():
        return True
    if numbers is None:
        return False
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    a, b = expected.astype(wide).ravel(), found.astype(wide).ravel()
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)):
        return False
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    if not a.size:
        return True
    return bool(np.abs(a - b).max() <= max(numbers.tolerance, least) * np.abs(a).max())
