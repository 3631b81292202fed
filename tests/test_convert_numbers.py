"""C++'s floating-point formats against those of NumPy and ml_dtypes, value by value."""

import os
import subprocess
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).parent

NARROW = [
    "float8_e3m4",
    "float8_e4m3",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float6_e2m3fn",
    "float6_e3m2fn",
    "float4_e2m1fn",
]


def converted(name, numbers):
    line = f"{name} {' '.join(repr(float(n)) for n in numbers)}\n"
    done = subprocess.run(
        [PROGRAM / "convert_numbers_main"], input=line, capture_output=True, text=True, check=True
    )
    words = done.stdout.split()
    return np.array(words[::2], np.uint64), np.array(words[1::2], np.float64)


@pytest.mark.parametrize("name", [*NARROW, "bfloat16", "float16"])
def test_every_value_and_every_middle_between_two_is_rounded_as_there(name):
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    unsigned = np.dtype(f"u{dtype.itemsize}")
    bits = 16 if name in ("bfloat16", "float16") else int(name[5]) if name[5] in "46" else 8
    every = np.arange(2**bits, dtype=unsigned).view(dtype).astype(np.float64)
    numbers = np.unique(every[np.isfinite(every)])
    if bits == 16:
        numbers = numbers[:: len(numbers) // 4001]
    middles = (numbers[1:] + numbers[:-1]) / 2
    numbers = np.concatenate(
        [
            numbers,
            middles,
            np.nextafter(middles, np.inf),
            np.nextafter(middles, -np.inf),
            numbers[[0, -1]] * [[1.01], [1.06], [1.2], [2], [1e30]],
            [np.inf, -np.inf, 0.0, -0.0, 1e-300, -1e-300],
        ],
        axis=None,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        # Through f32, as JAX's own arrays go; a double is rounded once here, so only exact ones.
        exact = numbers.astype(np.float32).astype(np.float64) == numbers
        numbers = numbers[exact]
        expected = numbers.astype(np.float32).astype(dtype)
    found, values = converted(name, numbers)
    np.testing.assert_array_equal(values, expected.astype(np.float64))
    same = found == expected.view(unsigned).astype(np.uint64)
    assert (same | np.isnan(expected.astype(np.float64))).all()
