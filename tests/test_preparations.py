"""What arguments are made of gives, in JAX, the type and the range that the planner says."""

import json
import os
import re
import subprocess
from pathlib import Path

import jax
import ml_dtypes
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))).parent
OF_EACH = 8
NAMES = {
    "f32": np.float32,
    "f64": np.float64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "i32": np.int32,
    "i64": np.int64,
    "i8": np.int8,
    "u8": np.uint8,
    "u32": np.uint32,
    "bool": np.bool_,
}
# Of the magnitude of a range: what the last digits of a type may add to its ends.
DIGITS = {"f32": 1e-5, "f64": 1e-12, "bf16": 2e-2, "f16": 3e-3}


def array(argument):
    name, sizes = re.fullmatch(r"(\w+)\[([\d,]*)\]", argument["aval"]).groups()
    shape = [int(n) for n in sizes.split(",") if n]
    return np.frombuffer(bytes.fromhex(argument["bytes"]), NAMES[name]).reshape(shape)


@pytest.fixture(scope="module")
def printed():
    command = [str(BINARIES / "print_preparations_main"), "3", str(OF_EACH)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_preparation_applies_to_something(printed):
    assert not [p["preparation"] for p in printed if "source" not in p]


def test_jax_gives_the_type_and_the_range_that_are_wanted(printed):
    wrong = []
    for p in printed:
        scope = {}
        with jax.enable_x64(p["x64"]):
            exec(p["source"], scope)  # noqa: S102
            for inputs in p["arguments"]:
                out = scope[p["entry"]](*[jax.numpy.asarray(array(a)) for a in inputs])
                aval = jax.typeof(out)
                name = p["aval"].partition("[")[0]
                short = aval.str_short(short_dtypes=True)
                if short != p["aval"] or aval.weak_type:
                    wrong.append((p["preparation"], f"{short} for {p['aval']}", p["source"]))
                    break
                values = np.asarray(out, np.float64)
                slack = DIGITS.get(name, 0) * max(abs(p["low"]), abs(p["high"]))
                if values.min() < p["low"] - slack or values.max() > p["high"] + slack:
                    reached = f"{values.min()} to {values.max()}"
                    wrong.append(
                        (
                            p["preparation"],
                            f"{reached} for {p['aval']} {p['low']} {p['high']}",
                            p["source"],
                        )
                    )
                    break
    assert not wrong, f"{len(wrong)}:\n" + "\n".join("\n".join(w) for w in wrong[:12])
