#!/usr/bin/env python3
"""Derives rows of a dataset again with JAX alone: nothing of jaxsmith is used.

usage: replay.py DATASET [--rows 300] [--seed 0]

Runs the source of random rows on the recorded inputs of all cases and compares: the outputs within the tolerance of their
type, the texts of all levels byte for byte. Prints each difference, and a closing line; exit status 1 where
there is one.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Functions over several devices need them; one of the settings is to be fixed before JAX starts.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax  # noqa: E402
import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from jax.extend.core import ClosedJaxpr  # noqa: E402
from jaxlib import _hlo  # noqa: E402

DTYPES = {
    "bool": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "u16": np.uint16,
    "u32": np.uint32,
    "u64": np.uint64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
    "c64": np.complex64,
    "c128": np.complex128,
}
# How far outputs of another compilation may lie, relative to the largest magnitude of the output.
TOLERANCES = {"f16": 3e-2, "bf16": 1e-1, "f32": 1e-3, "f64": 1e-8, "c64": 1e-3, "c128": 1e-8}


def array(record):
    dtype = np.dtype(DTYPES[record["dtype"]])
    return np.frombuffer(record["data"], dtype).reshape(record["shape"])


def close(expected, found, dtype, least):
    if expected.dtype != found.dtype or expected.shape != found.shape:
        return False
    if dtype not in TOLERANCES:
        return np.array_equal(expected, found)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    a, b = expected.astype(wide), found.astype(wide)
    scale = np.max(np.abs(a), initial=0.0)
    return bool(np.all(np.abs(a - b) <= max(TOLERANCES[dtype], least) * scale))


def cases_of(row):
    """Inputs and outputs of the recorded case, then of the further ones."""
    return [row, *(row.get("further_cases") or [])]


def constants_of(closed, seen=None):
    """Values of a jaxpr's own variables, then of those of the jaxprs within it, each of which counts
    once however often it is called."""
    seen = set() if seen is None else seen
    found = [] if closed.jaxpr in seen else list(closed.consts)
    if closed.jaxpr not in seen:
        seen.add(closed.jaxpr)
        for equation in closed.jaxpr.eqns:
            for _, value in sorted(equation.params.items()):
                for inner in value if isinstance(value, tuple) else (value,):
                    if isinstance(inner, ClosedJaxpr):
                        found += constants_of(inner, seen)
    return found


def derive(row):
    """The texts that JAX gives for a row's source, and the outputs on each case's inputs."""
    namespace = {"__name__": "function"}
    exec(compile(row["source"], "<function>", "exec"), namespace)
    cases = [[array(record) for record in case["inputs"]] for case in cases_of(row)]
    numbers = eval(row["argument_tree"], namespace)
    if jax.tree.leaves(numbers) != list(range(len(row["inputs"]))):
        raise ValueError(f"{row['argument_tree']} are not the {len(row['inputs'])} inputs in order")
    tree = jax.tree.structure(numbers)
    with jax.enable_x64(row["x64"]):
        traced = jax.jit(namespace[row["entry"]]).trace(*tree.unflatten(cases[0]))
        lowered = traced.lower()
        compiled = lowered.compile()
        options = _hlo.HloPrintOptions()
        options.print_large_constants = True
        options.print_metadata = False
        module = compiled.runtime_executable().hlo_modules()[0]
        texts = {
            "jaxpr": str(traced.jaxpr),
            "stablehlo": lowered.as_text(),
            "hlo": lowered.as_text(dialect="hlo"),
            "hlo_optimized": module.to_string(options),
        }
        constants = [np.asarray(constant) for constant in constants_of(traced.jaxpr)]
        outputs = [
            [
                np.asarray(leaf)
                for leaf in jax.tree_util.tree_leaves(compiled(*tree.unflatten(inputs)))
            ]
            for inputs in cases
        ]
    return texts, constants, outputs


def differences(row):
    """Yields what is not as recorded."""
    texts, constants, outputs = derive(row)
    for level, text in texts.items():
        if row[level] is not None and row[level] != text:
            yield f"the text of {level}"
    recorded = [array(record) for record in row["constants"]]
    if [c.tobytes() for c in recorded] != [c.tobytes() for c in constants]:
        yield "the captured constants"
    # A result is no more accurate than the narrowest type that it went through.
    dtypes = [record["dtype"] for record in row["inputs"] + row["outputs"]]
    least = max((TOLERANCES.get(dtype, 0.0) for dtype in dtypes), default=0.0)
    for number, (case, found) in enumerate(zip(cases_of(row), outputs, strict=True)):
        if len(found) != len(case["outputs"]):
            yield "the number of outputs"
            return
        for record, values in zip(case["outputs"], found, strict=True):
            if not close(array(record), values, record["dtype"], least):
                yield f"output {record['name']} of case {number}"


def listed(row: dict) -> list[str]:
    return list(differences(row))


def rows_of(dataset):
    for path in sorted(Path(dataset, "data").glob("*.parquet")):
        yield from pq.read_table(path).to_pylist()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = list(rows_of(options.dataset))
    chosen = np.random.default_rng(options.seed).permutation(len(rows))[: options.rows]
    different = 0
    for position in sorted(chosen):
        row = rows[position]
        found = list(differences(row))
        different += bool(found)
        if found:
            print(f"{row['id']}: {', '.join(found)}")
        jax.clear_caches()  # what JAX keeps of one row would show in the next one's names
    print(f"{len(chosen)} rows derived again: {different} differ")
    return 1 if different or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
