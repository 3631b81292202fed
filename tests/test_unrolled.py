"""Loops that Python repeats: they compute what lax.fori_loop, lax.scan and lax.map of the same programs do."""

import json
import os
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes  # noqa: F401  names NumPy's small floats
import numpy as np
import pytest
from jaxsmith.base import calls

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).parent
# One step after another or fused: sums and products of a few dozen elements differ in their last bits.
TOLERANCES = {"float64": 1e-9, "complex128": 1e-9, "float32": 2e-3, "complex64": 2e-3}


def values(function, source):
    namespace = {}
    exec(compile(source, function["id"], "exec"), namespace)
    inputs = [
        jnp.asarray(
            np.frombuffer(bytes.fromhex(i["bytes"]), dtype=np.dtype(i["dtype"])).reshape(i["shape"])
        )
        for i in function["inputs"]
    ]
    arguments = calls.arguments(function["argument_tree"], namespace, inputs)
    entry = namespace[function["entry"]]
    text = str(jax.make_jaxpr(entry)(*arguments))

    def in_order(*arguments):  # of the source: a dict's keys go by variables, and JAX sorts them
        out = entry(*arguments)
        return list(out.values()) if isinstance(out, dict) else out

    return text, jax.tree.leaves(jax.jit(in_order)(*arguments))


@pytest.fixture(scope="module")
def functions():
    command = [str(BINARIES / "print_loops_main"), "8", "320"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 6
    return found


def test_python_loops_come_in_every_form(functions):
    sources = "\n".join(f["source"] for f in functions)
    for form in (" in range(", ".append(", "    for _ in ", "jnp.stack("):
        assert form in sources, form


def test_unrolled_and_rolled_loops_agree(functions):
    for f in functions[:: max(1, len(functions) // 24)]:  # compiling them all takes minutes
        with jax.enable_x64(f["x64"]):
            unrolled, there = values(f, f["source"])
            rolled, here = values(f, f["rolled"])
        assert unrolled != rolled, f["source"]
        for x, y in zip(there, here, strict=True):
            assert x.dtype == y.dtype and x.shape == y.shape and x.weak_type == y.weak_type, f[
                "source"
            ]
            x, y = np.asarray(x), np.asarray(y)
            if x.dtype.kind in "biu":
                agree = np.mean(x == y) > 0.9  # a sum's last bit may decide a comparison
            else:
                within = TOLERANCES.get(x.dtype.name, 0.1)
                agree = np.allclose(
                    x.astype(complex), y.astype(complex), rtol=within, atol=within, equal_nan=True
                )
            assert agree, f["source"] + str((x, y))
