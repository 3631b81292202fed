"""What arguments are made of gives, in JAX, the type and the range that the planner says."""

import jax
import numpy as np
import pytest
from printed_functions import array, printed_by

OF_EACH = 8
# Of the magnitude of a range: what the last digits of a type may add to its ends.
DIGITS = {"f32": 1e-5, "f64": 1e-12, "bf16": 2e-2, "f16": 3e-3}


@pytest.fixture(scope="module")
def printed():
    return printed_by("print_preparations_main", 3, OF_EACH)


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
